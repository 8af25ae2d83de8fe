//! The gateway through the client that calls the real one.

use std::path::Path;

use domain::Money;
use domain::gateway::{GatewayOrder, PaymentStatus, RefundStatus};
use domain::money::Currency;
use errors::Code;
use providers::razorpay::{Razorpay, Settings, reported};

use super::*;

mod checkout;
mod delivery;
mod rules;
mod trouble;

const KEY: &str = "key-0123456789";

fn options() -> Options {
    Options {
        port: 0,
        key_id: "rzp_test_key".to_owned(),
        key_secret: "key secret".to_owned(),
        webhook_secret: "webhook secret".to_owned(),
        seed: 7,
        clock: env::Clock::at("2027-03-01T08:00:00Z".parse().unwrap()),
        file: None,
        webhooks: Delivery::Held,
    }
}

fn client(url: &str, key_secret: &str) -> Razorpay {
    let settings = Settings {
        base: url.to_owned(),
        key_id: "rzp_test_key".to_owned(),
        key_secret: key_secret.to_owned(),
        webhook_secrets: vec!["next secret".to_owned(), "webhook secret".to_owned()],
    };
    Razorpay::new(settings).unwrap()
}

async fn started() -> (Fake, Razorpay) {
    let fake = Fake::start(options()).await.unwrap();
    let razorpay = client(fake.url(), "key secret");
    (fake, razorpay)
}

fn rupees(minor: i64) -> Money {
    Money::new(minor, Currency::INR)
}

async fn ordered(razorpay: &Razorpay) -> GatewayOrder {
    razorpay.create_order(rupees(49_900), "pay_01040g2081040g2081040g2081", &[("of", "ord_1")]).await.unwrap()
}

fn events(webhooks: &[Webhook]) -> Vec<&str> {
    webhooks.iter().map(|webhook| webhook.event.as_str()).collect()
}

#[tokio::test]
async fn an_order_is_paid_proved_and_told() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    assert_eq!((order.amount, order.status.as_str()), (rupees(49_900), "created"));
    assert_eq!(order.receipt.as_deref(), Some("pay_01040g2081040g2081040g2081"));
    assert_eq!(fake.order_of("pay_01040g2081040g2081040g2081").as_deref(), Some(order.id.as_str()));

    let paid = fake.pay(&order.id).unwrap();
    assert!(razorpay.proves(&order.id, &paid.payment_id, &paid.signature));
    let payments = razorpay.payments_of(&order.id).await.unwrap();
    let [payment] = payments.as_slice() else { panic!("{payments:?}") };
    assert_eq!((payment.id.as_str(), payment.status), (paid.payment_id.as_str(), PaymentStatus::Captured));
    assert_eq!((payment.order.as_deref(), payment.amount), (Some(order.id.as_str()), order.amount));
    assert_eq!(razorpay.payment(&payment.id).await.unwrap(), *payment);

    let webhooks = fake.held();
    assert_eq!(events(&webhooks), ["payment.authorized", "payment.captured", "order.paid"]);
    for (webhook, status) in
        webhooks.iter().zip([PaymentStatus::Authorized, PaymentStatus::Captured, PaymentStatus::Captured])
    {
        assert!(razorpay.signed(&webhook.body, &webhook.signature));
        let report = reported(&webhook.body).unwrap().unwrap();
        assert_eq!(
            report.payment.map(|payment| (payment.id, payment.status)),
            Some((paid.payment_id.clone(), status))
        );
        let text = String::from_utf8(webhook.body.clone()).unwrap();
        assert!(text.contains(PAYER[0]), "what must not be kept is there to be found");
    }
    assert!(fake.held().is_empty());
    assert!(fake.pay(&order.id).is_err());
}

#[tokio::test]
async fn an_authorized_payment_is_captured_once_and_in_full() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    let first = fake.authorize(&order.id).unwrap().payment_id;
    let second = fake.authorize(&order.id).unwrap().payment_id;
    let wrong = razorpay.capture(&first, rupees(100)).await.unwrap_err();
    assert_eq!(wrong.code(), Code::BadRequest, "{}", wrong.chain());
    for _ in 0..2 {
        let captured = razorpay.capture(&first, order.amount).await.unwrap();
        assert_eq!(captured.status, PaymentStatus::Captured);
    }
    assert_eq!(razorpay.capture(&second, order.amount).await.unwrap_err().code(), Code::BadRequest);
    let told = fake.held();
    assert_eq!(events(&told), ["payment.authorized", "payment.authorized", "payment.captured", "order.paid"]);
}

#[tokio::test]
async fn a_payment_is_given_back_in_parts_and_never_beyond_itself() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    let payment = fake.pay(&order.id).unwrap().payment_id;
    let first = razorpay.refund(&payment, rupees(10_000), KEY).await.unwrap();
    assert_eq!(razorpay.refund(&payment, rupees(10_000), KEY).await.unwrap(), first);
    assert_eq!(razorpay.refund(&payment, rupees(9_999), KEY).await.unwrap_err().code(), Code::BadRequest);
    let beyond = razorpay.refund(&payment, rupees(39_901), "key-beyond-it").await.unwrap_err();
    assert!(!beyond.is_transient() && beyond.chain().contains("BAD_REQUEST_ERROR"), "{}", beyond.chain());
    let rest = razorpay.refund(&payment, rupees(39_900), "key-the-rest").await.unwrap();
    assert_eq!(razorpay.refunds_of(&payment).await.unwrap(), [rest, first]);
    let payment = razorpay.payment(&payment).await.unwrap();
    assert_eq!((payment.status, payment.refunded), (PaymentStatus::Refunded, 49_900));
    assert_eq!(fake.totals().orders[&order.id], Total { captured: 49_900, refunded: 49_900 });
    assert_eq!(fake.totals().currencies["INR"], Total { captured: 49_900, refunded: 49_900 });
    let told = fake.held();
    assert_eq!(
        events(&told)[3..],
        ["refund.created", "refund.processed", "refund.created", "refund.processed"]
    );
    let report = reported(&told.last().unwrap().body).unwrap().unwrap();
    assert_eq!(report.refund.unwrap().status, RefundStatus::Processed);
    assert_eq!(report.payment.unwrap().refunded, 49_900);
}

#[tokio::test]
async fn a_refund_that_fails_leaves_the_money_where_it_was() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    let payment = fake.pay(&order.id).unwrap().payment_id;
    fake.refunds_wait(true);
    let refund = razorpay.refund(&payment, order.amount, KEY).await.unwrap();
    assert_eq!(refund.status, RefundStatus::Pending);
    fake.settle(&refund.id, false).unwrap();
    assert!(fake.settle(&refund.id, true).is_err());
    assert_eq!(razorpay.refunds_of(&payment).await.unwrap()[0].status, RefundStatus::Failed);
    let payment = razorpay.payment(&payment).await.unwrap();
    assert_eq!((payment.status, payment.refunded), (PaymentStatus::Captured, 0));
    assert_eq!(events(&fake.held()).last(), Some(&"refund.failed"));
}

#[tokio::test]
async fn a_failed_payment_may_be_granted_late() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    let (failed, another) = (fake.fail(&order.id).unwrap(), fake.fail(&order.id).unwrap());
    let seen = razorpay.payment(&failed).await.unwrap();
    assert_eq!((seen.status, seen.error.as_deref()), (PaymentStatus::Failed, Some("BAD_REQUEST_ERROR")));
    fake.late(&failed).unwrap();
    assert_eq!(razorpay.payment(&failed).await.unwrap().status, PaymentStatus::Captured);
    // The order is paid by then: this one goes back to where it came from, and was never ours.
    fake.late(&another).unwrap();
    assert_eq!(razorpay.payment(&another).await.unwrap().status, PaymentStatus::Refunded);
    assert_eq!(fake.totals().currencies["INR"], Total { captured: 49_900, refunded: 0 });
    assert_eq!(
        events(&fake.held()),
        [
            "payment.failed",
            "payment.failed",
            "payment.authorized",
            "payment.captured",
            "order.paid",
            "payment.authorized",
            "refund.created",
            "refund.processed",
        ]
    );
}

#[tokio::test]
async fn strangers_and_what_does_not_exist_are_refused_as_documented() {
    let (fake, razorpay) = started().await;
    let stranger = client(fake.url(), "another secret");
    let error = stranger.create_order(rupees(100), "pay_1", &[]).await.unwrap_err();
    assert_eq!(error.code(), Code::UpstreamFailed);
    assert!(!error.chain().contains("another secret"), "{}", error.chain());
    for error in [
        razorpay.payments_of("order_DESonUyvHVVAyv").await.unwrap_err(),
        razorpay.capture("pay_DESp9fNnu0RoNc", rupees(100)).await.unwrap_err(),
        razorpay.refund("pay_DESp9fNnu0RoNc", rupees(100), KEY).await.unwrap_err(),
        razorpay.create_order(rupees(99), "pay_1", &[]).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), Code::BadRequest, "{}", error.chain());
    }
    let order = ordered(&razorpay).await;
    let failed = fake.fail(&order.id).unwrap();
    assert!(razorpay.refund(&failed, rupees(100), KEY).await.is_err());
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids() {
    let mut ids = Vec::new();
    for seed in [7, 7, 8] {
        let fake = Fake::start(Options { seed, ..options() }).await.unwrap();
        let order = ordered(&client(fake.url(), "key secret")).await;
        let paid = fake.pay(&order.id).unwrap();
        ids.push((order.id, paid, fake.held()));
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0].0, ids[2].0);
    assert!(domain::gateway::is_id("order_", &ids[0].0) && ids[0].0.len() == 20, "{}", ids[0].0);
}

async fn in_file(file: &Path) -> Fake {
    Fake::start(Options { file: Some(file.to_owned()), ..options() }).await.unwrap()
}

#[tokio::test]
async fn what_is_kept_in_a_file_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.json");
    let fake = in_file(&file).await;
    let razorpay = client(fake.url(), "key secret");
    let order = ordered(&razorpay).await;
    let payment = fake.pay(&order.id).unwrap().payment_id;
    let refund = razorpay.refund(&payment, rupees(100), KEY).await.unwrap();
    let before = fake.totals();
    drop(fake);

    let fake = in_file(&file).await;
    let razorpay = client(fake.url(), "key secret");
    assert_eq!(fake.totals(), before);
    assert_eq!(razorpay.refund(&payment, rupees(100), KEY).await.unwrap(), refund);
    assert_eq!(fake.held().len(), 5);
    assert_ne!(ordered(&razorpay).await.id, order.id);
    assert!(!std::fs::read_to_string(&file).unwrap().contains("secret"));
    drop(fake);

    std::fs::write(&file, "{").unwrap();
    assert!(Fake::start(Options { file: Some(file), ..options() }).await.is_err());
}

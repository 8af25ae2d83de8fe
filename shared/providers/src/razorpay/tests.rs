//! Signatures, what a webhook says, and what it must not say.

use domain::gateway::{RefundStatus, Report};
use domain::money::Currency;
use proptest::prelude::*;

use super::*;
use crate::http::tests::{answer, server};

fn razorpay(webhook_secrets: &[&str]) -> Result<Razorpay> {
    Razorpay::new(Settings {
        base: "http://127.0.0.1:1".to_owned(),
        key_id: "rzp_test_key".to_owned(),
        key_secret: "s3cret".to_owned(),
        webhook_secrets: webhook_secrets.iter().map(|&secret| secret.to_owned()).collect(),
    })
}

fn signature(secret: &str, text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text);
    let digest = mac.finalize().into_bytes();
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn payment() -> Value {
    json!({
        "id": "pay_DESp9fNnu0RoNc", "entity": "payment", "amount": 49_900, "currency": "INR", "status": "captured",
        "order_id": "order_DESonUyvHVVAyv", "amount_refunded": 100, "captured": true, "method": "card",
        "card": {"last4": "0153", "name": "Asha Rao"}, "email": "asha@example.com", "contact": "+919876543210",
        "vpa": null, "notes": [], "error_code": "", "created_at": 1_567_674_797,
    })
}

fn refund() -> Value {
    json!({
        "id": "rfnd_FS8TWyPrCsa0OB", "entity": "refund", "amount": 100, "currency": "INR", "status": "processed",
        "payment_id": "pay_DESp9fNnu0RoNc", "acquirer_data": {"arn": null}, "created_at": 1_597_734_071,
    })
}

fn webhook(event: &str, payload: &[(&str, Value)]) -> Vec<u8> {
    let entities: Map<String, Value> =
        payload.iter().map(|(name, entity)| ((*name).to_owned(), json!({"entity": entity}))).collect();
    let contains: Vec<&str> = payload.iter().map(|(name, _)| *name).collect();
    json!({"entity": "event", "account_id": "acc_x", "event": event, "contains": contains, "payload": entities})
        .to_string()
        .into_bytes()
}

fn with(mut entity: Value, field: &str, value: Value) -> Value {
    entity[field] = value;
    entity
}

#[test]
fn a_signature_proves_one_payment_of_one_order_under_the_key_s_secret() {
    // As another implementation of HMAC-SHA256 computes it over "order|payment".
    let fine = "020dae83034fefe27288fe5fd2141a56c75040df998f640d00612fa2a61e3612";
    let (order, payment) = ("order_IluGWxBm9U8zJ8", "pay_IH4NVgf4Dreq1l");
    let razorpay = razorpay(&["hook"]).unwrap();
    assert!(razorpay.proves(order, payment, fine));
    assert!(!razorpay.proves(order, "pay_IH4NVgf4Dreq1m", fine));
    assert!(!razorpay.proves("order_IluGWxBm9U8zJ9", payment, fine));
    assert!(!razorpay.proves(order, payment, &fine.replacen('0', "1", 1)));
    let other = signature("hook", format!("{order}|{payment}").as_bytes());
    assert!(!razorpay.proves(order, payment, &other));
}

#[test]
fn a_webhook_holds_under_either_of_two_secrets_and_no_other() {
    let razorpay = razorpay(&["new", "old"]).unwrap();
    for (secret, holds) in [("new", true), ("old", true), ("s3cret", false)] {
        assert_eq!(razorpay.signed(b"{}", &signature(secret, b"{}")), holds, "{secret}");
    }
    let fine = signature("new", b"{}");
    assert!(!razorpay.signed(b"{ }", &fine));
    for bad in
        ["", "0", &fine[1..], &fine.replace(&fine[..2], "zz"), &format!("{fine}00"), "é".repeat(32).as_str()]
    {
        assert!(!razorpay.signed(b"{}", bad), "{bad}");
    }
}

#[test]
fn secrets_are_one_or_two_and_never_shown() {
    for bad in [&[][..], &[""], &["a", ""], &["a", "b", "c"]] {
        assert!(razorpay(bad).is_err(), "{bad:?}");
    }
    let shown = format!("{:?}", razorpay(&["hook"]).unwrap());
    assert!(
        shown.contains("rzp_test_key") && !shown.contains("s3cret") && !shown.contains("hook"),
        "{shown}"
    );
}

#[test]
fn the_environment_names_an_account_or_none() {
    let told = |variables: &[(&str, &str)]| {
        let variables: std::collections::BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| (format!("HOLDFAST_RAZORPAY_{name}"), (*value).to_owned()))
            .collect();
        Razorpay::told(|name| variables.get(name).cloned())
    };
    let (id, secret, hooks) =
        (("KEY_ID", "rzp_test_key"), ("KEY_SECRET", "s3cret"), ("WEBHOOK_SECRETS", "new, old"));
    assert!(told(&[secret, hooks]).unwrap().is_none());
    let razorpay = told(&[id, secret, hooks]).unwrap().unwrap();
    assert_eq!(
        (razorpay.key_id(), razorpay.settings.base.as_str()),
        ("rzp_test_key", "https://api.razorpay.com")
    );
    assert_eq!(razorpay.settings.webhook_secrets, ["new", "old"]);
    let elsewhere = ("URL", "http://127.0.0.1:4000");
    assert_eq!(
        told(&[id, secret, hooks, elsewhere]).unwrap().unwrap().settings.base,
        "http://127.0.0.1:4000"
    );
    for (wrong, names) in [
        (vec![id, hooks], "KEY_SECRET"),
        (vec![id, secret], "WEBHOOK_SECRETS"),
        (vec![id, secret, ("WEBHOOK_SECRETS", "a,b,c")], "WEBHOOK_SECRETS"),
        (vec![id, secret, ("WEBHOOK_SECRETS", "s3cret,")], "WEBHOOK_SECRETS"),
        (vec![id, secret, hooks, ("URL", "http://s3cret@api.razorpay.com")], "URL"),
    ] {
        let error = told(&wrong).unwrap_err();
        assert!(error.chain().contains(names) && !error.chain().contains("s3cret"), "{}", error.chain());
    }
}

#[tokio::test]
async fn what_razorpay_would_refuse_is_refused_before_it_is_sent() {
    let razorpay = razorpay(&["hook"]).unwrap();
    let rupee = Money::new(100, Currency::INR);
    let (order, pay) = ("order_DESonUyvHVVAyv", "pay_DESp9fNnu0RoNc");
    for id in ["", order, "pay_x/../y", "pay_x?a"] {
        assert_eq!(razorpay.payment(id).await.unwrap_err().code(), Code::NotFound);
        assert_eq!(razorpay.refund(id, rupee, "key-0123456789").await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(razorpay.payments_of(pay).await.unwrap_err().code(), Code::NotFound);
    for key in ["short", "key 0123456789", ""] {
        assert_eq!(razorpay.refund(pay, rupee, key).await.unwrap_err().code(), Code::Internal);
    }
    for minor in [0, -1, MOST_MINOR + 1] {
        let amount = Money::new(minor, Currency::INR);
        assert_eq!(razorpay.create_order(amount, "pay_1", &[]).await.unwrap_err().code(), Code::Internal);
        assert_eq!(razorpay.capture(pay, amount).await.unwrap_err().code(), Code::Internal);
    }
    let long = "x".repeat(41);
    assert_eq!(razorpay.create_order(rupee, &long, &[]).await.unwrap_err().code(), Code::Internal);
}

/// The account at a server that answers once with this.
fn at(url: String) -> Razorpay {
    let settings = razorpay(&["hook"]).unwrap().settings;
    Razorpay::new(Settings { base: url, ..settings }).unwrap()
}

#[tokio::test]
async fn a_refund_is_asked_for_under_its_key_and_waits_for_the_first_to_end() {
    let rupee = Money::new(100, Currency::INR);
    let (url, told) = server(answer("200 OK", "", &refund().to_string()));
    let given_back = at(url).refund("pay_DESp9fNnu0RoNc", rupee, "key-0123456789").await.unwrap();
    assert_eq!((given_back.status, given_back.amount), (RefundStatus::Processed, rupee));
    let told = told.join().unwrap();
    assert!(told.starts_with("POST /v1/payments/pay_DESp9fNnu0RoNc/refund HTTP/1.1\r\n"), "{told}");
    assert!(told.contains("\r\nx-refund-idempotency: key-0123456789\r\n"), "{told}");

    let (url, _told) = server(answer("409 Conflict", "", ""));
    let busy = at(url).refund("pay_DESp9fNnu0RoNc", rupee, "key-0123456789").await.unwrap_err();
    assert!(busy.code() == Code::Unavailable && busy.is_transient(), "{}", busy.chain());
}

#[tokio::test]
async fn an_order_asks_to_be_captured_by_itself() {
    let order = json!({"id": "order_DaZlswtdcn9UNV", "amount": 49_900, "currency": "INR", "receipt": null, "status": "created"});
    let (url, told) = server(answer("200 OK", "", &order.to_string()));
    let made =
        at(url).create_order(Money::new(49_900, Currency::INR), "pay_1", &[("of", "ord_1")]).await.unwrap();
    assert_eq!((made.receipt, made.status.as_str()), (None, "created"));
    let told = told.join().unwrap();
    let body: Value = serde_json::from_str(told.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["payment"]["capture"], "automatic");
    assert_eq!(
        (&body["amount"], &body["receipt"], &body["notes"]["of"]),
        (&json!(49_900), &json!("pay_1"), &json!("ord_1"))
    );
}

#[tokio::test]
async fn an_answer_that_is_not_razorpay_s_is_the_gateway_s_failure() {
    let (url, _told) = server(answer("200 OK", "", &with(payment(), "currency", json!("98765")).to_string()));
    let error = at(url).payment("pay_DESp9fNnu0RoNc").await.unwrap_err();
    assert!(error.code() == Code::UpstreamFailed && !error.chain().contains("98765"), "{}", error.chain());
}

#[test]
fn each_event_reports_its_entities_and_nothing_about_people() {
    let raw = webhook("payment.captured", &[("payment", payment())]);
    let report = reported(&raw).unwrap().unwrap();
    let expected = GatewayPayment {
        id: "pay_DESp9fNnu0RoNc".to_owned(),
        order: Some("order_DESonUyvHVVAyv".to_owned()),
        amount: Money::new(49_900, Currency::INR),
        status: PaymentStatus::Captured,
        captured: true,
        refunded: 100,
        error: None,
    };
    assert_eq!(report, Report { payment: Some(expected.clone()), refund: None });
    let shown = format!("{report:?}");
    assert!(
        ["0153", "Asha", "98765", "example.com"].iter().all(|private| !shown.contains(private)),
        "{shown}"
    );

    let raw = webhook("refund.processed", &[("refund", refund()), ("payment", payment())]);
    let report = reported(&raw).unwrap().unwrap();
    assert_eq!(report.payment.as_ref(), Some(&expected));
    assert_eq!(report.refund.unwrap().status, RefundStatus::Processed);

    let failed = with(with(payment(), "status", json!("failed")), "error_code", json!("BAD_REQUEST_ERROR"));
    let report = reported(&webhook("payment.failed", &[("payment", failed)])).unwrap().unwrap();
    assert_eq!(report.payment.unwrap().error.as_deref(), Some("BAD_REQUEST_ERROR"));

    for other in ["payment.dispute.created", "refund.speed_changed", "subscription.charged", ""] {
        assert_eq!(reported(&webhook(other, &[("payment", json!(7))])).unwrap(), None, "{other}");
    }
}

#[test]
fn what_is_not_valid_is_refused_without_repeating_it() {
    let paid =
        |field: &str, value: Value| webhook("order.paid", &[("payment", with(payment(), field, value))]);
    let back = |field: &str, value: Value| {
        webhook("refund.created", &[("refund", with(refund(), field, value)), ("payment", payment())])
    };
    for bad in [
        b"".to_vec(),
        b"[]".to_vec(),
        b"{\"event\": \"order.paid\"}".to_vec(),
        webhook("order.paid", &[]),
        webhook("refund.created", &[("payment", payment())]),
        paid("id", json!("pay_98765/43210")),
        paid("order_id", json!("+919876543210")),
        paid("amount", json!(0)),
        paid("amount", json!(MOST_MINOR + 1)),
        paid("amount", json!(987.65)),
        paid("amount_refunded", json!(49_901)),
        paid("amount_refunded", json!(-1)),
        paid("currency", json!("98765")),
        paid("status", json!("98765")),
        back("payment_id", json!("pay_another")),
        back("amount", json!(-5)),
        back("currency", json!("EUR")),
        back("status", json!("reversed")),
    ] {
        let error = reported(&bad).unwrap_err();
        assert_eq!(error.code(), Code::MalformedBody);
        assert!(!error.chain().contains("98765"), "{}", error.chain());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = reported(&raw);
    }

    #[test]
    fn no_damage_to_a_webhook_makes_it_panic_or_lets_an_amount_out_of_bounds(
        at in 0..2000_usize,
        put in "\\PC{0,3}",
        amount in any::<i64>(),
        given_back in any::<i64>(),
        currency in "[A-Z]{3}|\\PC{0,4}",
    ) {
        let entity = with(with(payment(), "amount", json!(amount)), "amount_refunded", json!(given_back));
        let whole = webhook("payment.captured", &[("payment", with(entity, "currency", json!(currency)))]);
        if let Ok(Some(report)) = reported(&whole) {
            let read = report.payment.unwrap();
            prop_assert!((1..=MOST_MINOR).contains(&read.amount.minor) && read.amount.minor == amount);
            prop_assert!((0..=amount).contains(&read.refunded));
            prop_assert_eq!(read.amount.currency.code(), currency);
        }
        let mut damaged = whole;
        let at = at % damaged.len();
        damaged.splice(at..=at, put.bytes());
        let _ = reported(&damaged);
    }

    #[test]
    fn no_signature_makes_it_panic(raw in proptest::collection::vec(any::<u8>(), 0..20), text in "\\PC{0,70}|[0-9a-f]{64}") {
        let razorpay = razorpay(&["hook"]).unwrap();
        prop_assert!(!razorpay.signed(&raw, &text));
        prop_assert!(!razorpay.proves(&text, &text, &text));
    }
}

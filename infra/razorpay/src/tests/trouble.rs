//! Every trouble, and that the client gets through them without paying twice.

use super::*;

#[tokio::test]
async fn a_broken_gateway_is_transient_and_half_of_the_time_has_done_the_work() {
    let (fake, razorpay) = started().await;
    fake.trouble(Trouble { broken: 100, ..Trouble::default() });
    for at in 0..20 {
        let error = razorpay.create_order(rupees(100), &format!("pay_{at}"), &[]).await.unwrap_err();
        assert!(error.code() == Code::UpstreamFailed && error.is_transient(), "{}", error.chain());
        assert!(error.chain().contains("SERVER_ERROR"), "{}", error.chain());
    }
    let done = (0..20).filter(|at| fake.order_of(&format!("pay_{at}")).is_some()).count();
    assert!((1..20).contains(&done), "{done}");
}

#[tokio::test]
async fn a_silent_gateway_is_transient_and_has_done_the_work() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    let payment = fake.pay(&order.id).unwrap().payment_id;
    fake.trouble(Trouble { silent: 100, ..Trouble::default() });
    let error = razorpay.refund(&payment, rupees(100), KEY).await.unwrap_err();
    assert!(error.code() == Code::UpstreamFailed && error.is_transient(), "{}", error.chain());
    fake.trouble(Trouble::default());
    let refund = razorpay.refund(&payment, rupees(100), KEY).await.unwrap();
    assert_eq!(razorpay.refunds_of(&payment).await.unwrap(), [refund]);
    assert_eq!(fake.totals().currencies["INR"], Total { captured: 49_900, refunded: 100 });
}

#[tokio::test]
async fn whoever_tries_again_with_the_key_gives_back_once_whatever_breaks() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    let payment = fake.authorize(&order.id).unwrap().payment_id;
    fake.trouble(Trouble { broken: 30, silent: 30, duplicated: 50 });
    let mut failures = 0;
    loop {
        match razorpay.capture(&payment, order.amount).await {
            Ok(captured) => break assert_eq!(captured.status, PaymentStatus::Captured),
            // Where the capture got through and asking for it did not, it is tried again as well.
            Err(_) => failures += 1,
        }
    }
    for part in 0..10 {
        let key = format!("refund-part-{part}");
        loop {
            match razorpay.refund(&payment, rupees(1_000), &key).await {
                Ok(refund) => break assert_eq!(refund.amount, rupees(1_000)),
                Err(error) => assert!(error.is_transient(), "{}", error.chain()),
            }
            failures += 1;
        }
    }
    assert!(failures > 5, "{failures}");
    assert_eq!(fake.totals().orders[&order.id], Total { captured: 49_900, refunded: 10_000 });
}

#[tokio::test]
async fn a_duplicated_webhook_comes_with_the_same_id() {
    let (fake, razorpay) = started().await;
    fake.trouble(Trouble { duplicated: 100, ..Trouble::default() });
    let order = ordered(&razorpay).await;
    fake.fail(&order.id).unwrap();
    let told = fake.held();
    assert_eq!(events(&told), ["payment.failed", "payment.failed"]);
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn the_same_seed_breaks_the_same_requests() {
    let mut courses = Vec::new();
    for seed in [7, 7, 8] {
        let fake = Fake::start(Options { seed, ..options() }).await.unwrap();
        let razorpay = client(fake.url(), "key secret");
        fake.trouble(Trouble { broken: 30, silent: 20, ..Trouble::default() });
        let mut course = Vec::new();
        for _ in 0..30 {
            course
                .push(razorpay.create_order(rupees(100), "pay_1", &[]).await.map_err(|error| error.chain()));
        }
        courses.push(course);
    }
    assert!(courses[0].iter().zip(&courses[1]).all(|(one, other)| one.is_ok() == other.is_ok()));
    assert!(courses[0].iter().zip(&courses[2]).any(|(one, other)| one.is_ok() != other.is_ok()));
}

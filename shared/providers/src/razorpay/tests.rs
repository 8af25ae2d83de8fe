//! Signatures, what a webhook says, and what it must not say.

use domain::gateway::RefundStatus;
use domain::money::Currency;
use proptest::prelude::*;

use super::*;

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

#[test]
fn each_event_reports_its_entities_and_nothing_about_people() {
    let raw = webhook("payment.captured", &[("payment", payment())]);
    let report = reported(&raw).unwrap().unwrap();
    let expected = GatewayPayment {
        id: "pay_DESp9fNnu0RoNc".to_owned(),
        order: Some("order_DESonUyvHVVAyv".to_owned()),
        amount: Money::new(49_900, Currency::INR),
        status: PaymentStatus::Captured,
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

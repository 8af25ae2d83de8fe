//! The checkout page.

use super::*;

async fn get(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn press(fake: &Fake, order: &str, how: &str, callback: &str) -> (u16, String) {
    let body = serde_urlencoded::to_string([("how", how), ("callback_url", callback)]).unwrap();
    let answer = reqwest::Client::new().post(fake.checkout(order, None)).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// What a form of the page would send under this name.
fn field<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    page.split(&format!("name=\"{name}\" value=\"")).nth(1)?.split('"').next()
}

const SHOP: &str = "http://127.0.0.1:8080/payments/return";

#[tokio::test]
async fn the_page_shows_what_is_paid_and_four_ways_on() {
    let (fake, razorpay) = started().await;
    let order = razorpay.create_order(rupees(49_900), "<b>&\"receipt\"", &[]).await.unwrap();
    let (status, page) = get(&fake.checkout(&order.id, Some(SHOP))).await;
    assert_eq!(status, 200);
    for shown in ["INR 499.00", "Pay by card", "Pay by UPI", ">Fail<", "Pay, but tell nobody yet", &order.id]
    {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(!page.contains("<b>") && page.contains("&lt;b&gt;"), "{page}");
    for outside in ["src=", "href=", "url(", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(get(&fake.checkout("order_none", None)).await.0, 404);
}

#[tokio::test]
async fn paying_hands_back_what_proves_it_to_the_shop() {
    let (fake, razorpay) = started().await;
    for how in ["card", "upi"] {
        let order = ordered(&razorpay).await;
        let (status, page) = press(&fake, &order.id, how, SHOP).await;
        assert_eq!(status, 200);
        assert!(
            page.contains("action=\"http:&#x2f;&#x2f;127.0.0.1:8080&#x2f;payments&#x2f;return\""),
            "{page}"
        );
        let [id, payment, signature] = ["razorpay_order_id", "razorpay_payment_id", "razorpay_signature"]
            .map(|name| field(&page, name).unwrap());
        assert!(id == order.id && razorpay.proves(id, payment, signature), "{page}");
        assert_eq!(razorpay.payment(payment).await.unwrap().status, PaymentStatus::Captured);
        let (_, page) = get(&fake.checkout(&order.id, Some(SHOP))).await;
        assert!(page.contains("paid already") && !page.contains("Pay by card"), "{page}");
        assert_eq!(press(&fake, &order.id, how, SHOP).await.0, 400);
    }
}

#[tokio::test]
async fn failing_hands_back_why_and_leaves_the_order_open() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    let (status, page) = press(&fake, &order.id, "fail", SHOP).await;
    assert_eq!(status, 200);
    assert_eq!(field(&page, "error[code]"), Some("BAD_REQUEST_ERROR"));
    assert!(page.contains("Pay by card") && field(&page, "razorpay_signature").is_none(), "{page}");
    assert_eq!(razorpay.payments_of(&order.id).await.unwrap()[0].status, PaymentStatus::Failed);
}

#[tokio::test]
async fn paying_quietly_hands_back_nothing_and_is_seen_by_who_asks() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    let (_, page) = press(&fake, &order.id, "quiet", SHOP).await;
    assert!(page.contains("nobody is told yet") && !page.contains("razorpay_payment_id"), "{page}");
    assert_eq!(razorpay.payments_of(&order.id).await.unwrap()[0].status, PaymentStatus::Captured);
}

#[tokio::test]
async fn the_page_never_leads_elsewhere() {
    let (fake, razorpay) = started().await;
    let order = ordered(&razorpay).await;
    let (status, page) = get(&fake.checkout(&order.id, Some("https://evil.example/"))).await;
    assert!(status == 400 && !page.contains("evil.example"), "{page}");
    assert_eq!(press(&fake, &order.id, "card", "javascript:alert(1)").await.0, 400);
    assert!(razorpay.payments_of(&order.id).await.unwrap().is_empty());
    assert_eq!(press(&fake, &order.id, "other", "").await.0, 400);
}

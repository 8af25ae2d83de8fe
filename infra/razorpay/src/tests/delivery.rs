//! Webhooks that are delivered.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use http::HeaderMap;
use tokio::sync::Notify;

use super::*;

/// A merchant that refuses the first webhooks, and keeps the others.
#[derive(Default)]
struct Merchant {
    refuses: AtomicUsize,
    came: Mutex<Vec<(String, String, Vec<u8>)>>,
    woken: Notify,
}

async fn take(State(merchant): State<Arc<Merchant>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let left = |n: usize| n.checked_sub(1);
    if merchant.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok() {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let came = (header("x-razorpay-event-id"), header("x-razorpay-signature"), body.to_vec());
    merchant.came.lock().unwrap().push(came);
    merchant.woken.notify_one();
    StatusCode::OK
}

#[tokio::test]
async fn a_webhook_is_delivered_until_it_is_taken() {
    let merchant = Arc::new(Merchant { refuses: 1.into(), ..Merchant::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let router = Router::new().fallback(take).with_state(Arc::clone(&merchant));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let fake = Fake::start(Options { webhooks: Delivery::Background(url), ..options() }).await.unwrap();
    let razorpay = client(fake.url(), "key secret");
    let order = ordered(&razorpay).await;
    let payment = fake.pay(&order.id).unwrap().payment_id;
    let all = async {
        while merchant.came.lock().unwrap().len() < 3 {
            merchant.woken.notified().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.unwrap();
    let mut came = merchant.came.lock().unwrap().clone();
    for (_, signature, body) in &came {
        assert!(razorpay.signed(body, signature));
        assert_eq!(reported(body).unwrap().unwrap().payment.unwrap().id, payment);
    }
    came.sort();
    came.dedup_by(|one, other| one.0 == other.0);
    assert_eq!(came.len(), 3, "three events, each with its own id");
    assert!(fake.held().is_empty());
}

#[tokio::test]
async fn what_was_not_delivered_is_kept_and_delivered_by_the_next_process() {
    let directory = tempfile::tempdir().unwrap();
    let file = Some(directory.path().join("gateway.json"));
    // Nobody listens there.
    let nowhere = Delivery::Background("http://127.0.0.1:1/hooks".to_owned());
    let fake = Fake::start(Options { file: file.clone(), webhooks: nowhere, ..options() }).await.unwrap();
    let order = ordered(&client(fake.url(), "key secret")).await;
    fake.fail(&order.id).unwrap();
    drop(fake);
    let fake = Fake::start(Options { file, ..options() }).await.unwrap();
    assert_eq!(events(&fake.held()), ["payment.failed"]);
}

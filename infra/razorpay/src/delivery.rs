//! Delivers webhooks: each at least once, until it is taken within five seconds.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::Webhook;
use crate::shared::Shared;

/// How long a webhook may take (<https://razorpay.com/docs/webhooks/best-practices>).
const PATIENCE: Duration = Duration::from_secs(5);

/// Delivers for as long as it is polled.
pub(crate) async fn deliver(shared: Arc<Shared>, client: reqwest::Client, url: String) {
    loop {
        let now = Instant::now();
        let next = shared.look(|state| state.webhooks.due(now).cloned());
        match next {
            Ok(waiting) => {
                let number = waiting.number();
                let taken = taken(&client, &url, waiting.signed(&shared.webhook_secret)).await;
                let kept = shared.change(|state, _| {
                    if taken {
                        state.webhooks.delivered(number);
                    } else {
                        state.webhooks.failed(number, Instant::now());
                    }
                    Ok(())
                });
                if kept.is_err() {
                    // The file cannot be written: what was not noted is delivered again, but not in a rush.
                    sleep_until(Instant::now() + PATIENCE).await;
                }
            }
            Err(None) => shared.told.notified().await,
            Err(Some(at)) => {
                tokio::select! {
                    () = shared.told.notified() => {}
                    () = sleep_until(at) => {}
                }
            }
        }
    }
}

async fn taken(client: &reqwest::Client, url: &str, webhook: Webhook) -> bool {
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("x-razorpay-signature", webhook.signature)
        .header("x-razorpay-event-id", webhook.event_id)
        .body(webhook.body)
        .timeout(PATIENCE);
    request.send().await.is_ok_and(|answer| answer.status().is_success())
}

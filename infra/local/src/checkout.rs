//! What stands for Razorpay on a laptop: its API and checkout, with keys that are this installation's.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use database::Data;
use domain::gateway::is_id;
use env::Clock;
use providers::razorpay::{Razorpay, Settings};
use razorpay::{Delivery, Fake, Options};
use sha2::{Digest, Sha256};

/// The public id of the key.
const KEY_ID: &str = "rzp_test_laptop";
/// The file with its orders and payments, beside the other data.
const FILE: &str = "razorpay.json";

/// Starts it, with the client that speaks to it. Webhooks go to the address, or wait.
///
/// # Errors
/// When its file cannot be read.
pub(crate) async fn start(
    data: &Data,
    clock: &Clock,
    secret: &[u8; 32],
    webhooks: Option<String>,
) -> io::Result<(Razorpay, Fake)> {
    let (key_secret, webhook_secret) = (derived(secret, "key"), derived(secret, "webhook"));
    let fake = Fake::start(Options {
        port: 0,
        key_id: KEY_ID.to_owned(),
        key_secret: key_secret.clone(),
        webhook_secret: webhook_secret.clone(),
        seed: u64::from_be_bytes(env::random()),
        clock: clock.clone(),
        file: match data {
            Data::Dir(dir) => Some(dir.join(FILE)),
            Data::Memory => None,
        },
        webhooks: webhooks.map_or(Delivery::Held, Delivery::Background),
    })
    .await
    .map_err(io::Error::other)?;
    let settings = Settings {
        base: fake.url().to_owned(),
        key_id: KEY_ID.to_owned(),
        key_secret,
        webhook_secrets: vec![webhook_secret],
    };
    Ok((Razorpay::new(settings).map_err(io::Error::other)?, fake))
}

/// A secret that follows from the installation's.
fn derived(secret: &[u8; 32], what: &str) -> String {
    let digest = Sha256::new().chain_update(secret).chain_update("razorpay ").chain_update(what).finalize();
    digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The checkout at this server's own address, wherever the other listens.
pub(crate) fn routes(fake: Arc<Fake>) -> Router {
    Router::new().route("/checkout/{order}", get(show)).with_state(fake)
}

/// Leads to the checkout, which returns to the query's `callback_url` as Razorpay's does: with a form that has what proves the
/// payment. It returns to addresses of this machine alone.
async fn show(State(fake): State<Arc<Fake>>, params: RawPathParams, RawQuery(query): RawQuery) -> Response {
    let order = params.iter().map(|(_, order)| order).find(|order| is_id("order_", order));
    let pairs: Vec<(String, String)> =
        query.and_then(|query| serde_urlencoded::from_str(&query).ok()).unwrap_or_default();
    let callback = pairs.iter().find(|(name, _)| name == "callback_url").map(|(_, url)| url.as_str());
    order.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |order| Redirect::temporary(&fake.checkout(order, callback)).into_response(),
    )
}

//! Stands for Razorpay on a laptop and in tests: its API, a checkout page, webhooks, and its troubles.
//!
//! It speaks what <https://razorpay.com/docs/api> documents, on 127.0.0.1 alone. Ids and troubles follow from the seed.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use errors::{Error, Result};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

mod api;
mod chance;
mod checkout;
mod delivery;
mod entity;
mod shared;
mod state;
mod webhooks;

pub use entity::PAYER;
pub use webhooks::Webhook;

use entity::Method;
use shared::Shared;

/// The largest body that is read.
const MOST_BYTES: usize = 1 << 20;

/// How the gateway is set up.
#[derive(Clone)]
pub struct Options {
    /// Where it listens on 127.0.0.1; 0 is any free port.
    pub port: u16,
    /// The merchant's key.
    pub key_id: String,
    /// The key's secret.
    pub key_secret: String,
    /// What signs webhooks.
    pub webhook_secret: String,
    /// What ids and troubles follow from. A new gateway with the seed of another gives the ids that the other gave.
    pub seed: u64,
    /// What tells when something was made.
    pub clock: env::Clock,
    /// Where its state is kept, so that it outlives the process; it takes precedence over the seed.
    pub file: Option<PathBuf>,
    /// What becomes of webhooks.
    pub webhooks: Delivery,
}

/// What becomes of webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// They are delivered to this address, each until it is taken.
    Background(String),
    /// They wait for [`Fake::held`].
    Held,
}

/// What goes wrong, in how many of a hundred cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Answers that are 500; half of them have done the work.
    pub broken: u8,
    /// Requests whose work is done and whose connection closes without an answer.
    pub silent: u8,
    /// Webhooks that come twice, with the same id.
    pub duplicated: u8,
}

/// A payment that the checkout hands back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// `pay_…`
    pub payment_id: String,
    /// What proves it to the merchant.
    pub signature: String,
}

/// Sums in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// Captured, ever.
    pub captured: i64,
    /// Given back of that, or on its way.
    pub refunded: i64,
}

impl AddAssign for Total {
    fn add_assign(&mut self, other: Self) {
        self.captured += other.captured;
        self.refunded += other.refunded;
    }
}

/// What was captured and given back. A payment that was given back because it was never captured is in no sum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// By the code of the currency.
    pub currencies: BTreeMap<String, Total>,
    /// By order, where anything was captured.
    pub orders: BTreeMap<String, Total>,
}

/// The gateway; it is gone when this is dropped.
pub struct Fake {
    shared: Arc<Shared>,
    url: String,
    holds: bool,
    tasks: Vec<JoinHandle<()>>,
}

impl Fake {
    /// Starts the gateway.
    ///
    /// # Errors
    /// `internal` when the port is taken or the file cannot be read.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(Error::internal)?;
        let url = format!("http://{}", listener.local_addr().map_err(Error::internal)?);
        let shared = Arc::new(Shared::new(&options)?);
        let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        let mut tasks = vec![tokio::spawn(async move { drop(axum::serve(listener, router).await) })];
        let holds = match options.webhooks {
            Delivery::Held => true,
            Delivery::Background(to) => {
                let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
                let client = client.build().map_err(Error::internal)?;
                tasks.push(tokio::spawn(delivery::deliver(Arc::clone(&shared), client, to)));
                false
            }
        };
        Ok(Self { shared, url, holds, tasks })
    }

    /// Its address, `http://127.0.0.1:…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where an order is paid; the checkout returns to `callback`, if one is given.
    pub fn checkout(&self, order_id: &str, callback: Option<&str>) -> String {
        let query = callback.and_then(|url| serde_urlencoded::to_string([("callback_url", url)]).ok());
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}/checkout/{order_id}{query}", self.url)
    }

    /// The latest order with this receipt, if there is one.
    pub fn order_of(&self, receipt: &str) -> Option<String> {
        self.shared.look(|state| state.order_of(receipt).map(|order| order.id.clone()))
    }

    /// Pays an order: authorized, then captured.
    ///
    /// # Errors
    /// `wrong_state` when there is no such order or it is paid.
    pub fn pay(&self, order_id: &str) -> Result<Paid> {
        let payment_id = self.shared.change(|state, now| {
            let payment = state.attempt(order_id, Method::Card, true, now)?;
            state.capture(&payment, None, now)?;
            Ok(payment)
        })?;
        Ok(self.handed_back(order_id, payment_id))
    }

    /// Pays an order, authorized and not captured.
    ///
    /// # Errors
    /// `wrong_state` when there is no such order or it is paid.
    pub fn authorize(&self, order_id: &str) -> Result<Paid> {
        let payment_id = self.shared.change(|state, now| state.attempt(order_id, Method::Upi, true, now))?;
        Ok(self.handed_back(order_id, payment_id))
    }

    /// Captures an authorized payment.
    ///
    /// # Errors
    /// `wrong_state` when there is no such payment, it is not authorized, or its order is paid.
    pub fn capture(&self, payment_id: &str) -> Result<()> {
        self.shared.change(|state, now| state.capture(payment_id, None, now))?;
        Ok(())
    }

    /// Tries to pay an order, and fails; gives the payment's id.
    ///
    /// # Errors
    /// `wrong_state` when there is no such order or it is paid.
    pub fn fail(&self, order_id: &str) -> Result<String> {
        Ok(self.shared.change(|state, now| state.attempt(order_id, Method::Card, false, now))?)
    }

    /// The bank grants a failed payment after all: authorized, then captured, or given back at once when another payment
    /// of the order was captured.
    ///
    /// # Errors
    /// `wrong_state` when there is no such payment or it has not failed.
    pub fn late(&self, payment_id: &str) -> Result<()> {
        Ok(self.shared.change(|state, now| state.late(payment_id, now))?)
    }

    /// Lets refunds stay pending from now on, or be processed at once as at first.
    pub fn refunds_wait(&self, wait: bool) {
        self.shared.set(|state| state.refunds_wait = wait);
    }

    /// Ends a pending refund: processed, or failed, and the money is the payment's again.
    ///
    /// # Errors
    /// `wrong_state` when there is no such refund or it is not pending.
    pub fn settle(&self, refund_id: &str, processed: bool) -> Result<()> {
        Ok(self.shared.change(|state, now| state.settle(refund_id, processed, now))?)
    }

    /// Takes the webhooks that wait, in the order in which they were written. None where they are delivered.
    pub fn held(&self) -> Vec<Webhook> {
        if !self.holds {
            return Vec::new();
        }
        let taken = self.shared.change(|state, _| Ok(state.webhooks.take())).unwrap_or_default();
        taken.into_iter().map(|waiting| waiting.signed(&self.shared.webhook_secret)).collect()
    }

    /// What goes wrong from now on.
    pub fn trouble(&self, trouble: Trouble) {
        self.shared.set(|state| state.trouble = trouble);
    }

    /// What was captured and given back so far.
    pub fn totals(&self) -> Totals {
        self.shared.look(state::State::totals)
    }

    fn handed_back(&self, order_id: &str, payment_id: String) -> Paid {
        let text = format!("{order_id}|{payment_id}");
        Paid { signature: webhooks::signature(&self.shared.key_secret, text.as_bytes()), payment_id }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return api::error(StatusCode::PAYLOAD_TOO_LARGE, "BAD_REQUEST_ERROR", "The body is too large");
    };
    let path: Vec<&str> = head.uri.path().trim_matches('/').split('/').collect();
    match path.as_slice() {
        ["v1", rest @ ..] => api::answer(&shared, &head, rest, &body),
        ["checkout", order] => checkout::answer(&shared, &head, order, &body),
        _ => api::error(
            StatusCode::NOT_FOUND,
            "BAD_REQUEST_ERROR",
            "The requested URL was not found on the server.",
        ),
    }
}

#[cfg(test)]
mod tests;

//! An installation with a paid session, and seats of it that are about to be proved paid.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::load::Ask;
use domain::message::{MessageState, Subject};
use domain::text::{Email, UserName};
use domain::{Message, OrderId, OrderState, UserId};
use env::Clock;
use http::{Method, StatusCode};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span};
use local::database::Data;
use local::{Front, Options, Server};
use providers::razorpay::{Razorpay, Settings};
use providers::{Mail, Texts};
use queue::Job;
use razorpay::{Delivery, Fake};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::super::child::Directory;
use super::providers::Providers;

const EMAIL: &str = "anna@people.example";
/// Whose seats they are.
pub(super) const PHONE: &str = "+919876543210";
/// Workers of messages beside the server's own; each takes ten at a time. On AWS there would be as many as are needed.
const WORKERS: usize = 15;
/// How long messages may take that follow from one figure.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often it is looked whether they are there.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The same, for the clock of the installation.
const LOOKS: SignedDuration = SignedDuration::from_millis(250);

/// What was counted of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) due: usize,
    pub(super) sent: usize,
    /// More than once.
    pub(super) twice: usize,
}

impl Counted {
    pub(super) fn lost(&self) -> usize {
        self.due.saturating_sub(self.sent)
    }
}

/// A seat whose payment is about to be proved.
pub(super) struct Held {
    pub(super) order: OrderId,
    path: String,
    body: String,
}

/// The installation.
pub(super) struct Scene {
    server: Server,
    pub(super) clock: Clock,
    pub(super) providers: Arc<Providers>,
    gateway: Fake,
    password: String,
    user: UserId,
    session: String,
    begun: usize,
    workers: Vec<JoinHandle<()>>,
    // Removed when everything else is gone.
    _data: Directory,
}

impl Scene {
    /// Starts one with its data in a file. Its clock stands still unless it is moved.
    pub(super) async fn start() -> io::Result<Self> {
        let (data, clock) = (Directory::new()?, Clock::at(Clock::system().now()));
        let providers = Arc::new(Providers::start().await?);
        let (gateway, client) = gateway(&clock).await?;
        let server = local::start(Options {
            clock: clock.clone(),
            background: true,
            mail: Some(Arc::clone(&providers.post) as Arc<dyn Mail>),
            sms: Some(Arc::clone(&providers.sms) as Arc<dyn Texts>),
            whatsapp: Some(Arc::clone(&providers.whatsapp) as Arc<dyn Texts>),
            gateway: Some(client),
            ..Options::new(Data::Dir(data.path().to_owned()))
        })
        .await?;
        let app = auth::App::new(server.core());
        let email: Email = EMAIL.parse().map_err(io::Error::other)?;
        let name: UserName = "anna".parse().map_err(io::Error::other)?;
        let password = format!("{:032x}", u128::from_be_bytes(env::random()));
        let user = auth::make_admin(&app, email, name, &password).await.map_err(io::Error::other)?.id;
        let front = signed_in(&server, &password).await?.0;
        let profile = json!({ "phone": PHONE, "preferences": { "whatsapp": true, "quiet_hours": null } });
        let changed = front.patch("/v2/auth/me", &profile).await;
        if changed.status != StatusCode::OK {
            return Err(io::Error::other(changed.problem()));
        }
        let place = made(&front, "/v2/locations", &json!({ "name": "Pune", "zone": "Asia/Kolkata" })).await?;
        let offering = json!({
            "location_id": place, "name": "Evening lamp ceremony", "currency": "INR",
            "plans": [{ "code": "seat", "name": "A seat", "price": 49_900 }],
        });
        let offering = made(&front, "/v2/offerings", &offering).await?;
        let day = clock.now().to_zoned(TimeZone::UTC).date().saturating_add(Span::new().days(7));
        let session = json!({ "local_start": format!("{day}T18:30:00"), "minutes": 60, "capacity": 100_000 });
        let session = made(&front, &format!("/v2/offerings/{offering}/sessions"), &session).await?;
        let workers =
            (0..WORKERS).map(|_| tokio::spawn(working(server.workers().notify().clone()))).collect();
        Ok(Self {
            server,
            clock,
            providers,
            gateway,
            password,
            user,
            session,
            begun: 0,
            workers,
            _data: data,
        })
    }

    pub(super) async fn stop(self) -> io::Result<()> {
        self.workers.iter().for_each(JoinHandle::abort);
        self.server.stop().await
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.server.url().trim_start_matches("http://").parse().map_err(io::Error::other)
    }

    pub(super) fn front(&self) -> Front {
        self.server.front(String::new())
    }

    /// Holds so many seats, begins to pay them, and pays them at the gateway: what is left is to prove it.
    pub(super) async fn held(&mut self, seats: usize) -> io::Result<(Vec<Held>, Arc<str>)> {
        let (front, token) = signed_in(&self.server, &self.password).await?;
        let mut all = Vec::with_capacity(seats);
        for _ in 0..seats {
            self.begun += 1;
            let key = format!("seat {}", self.begun);
            let line = json!({ "pool_id": self.session, "quantity": 1 });
            let order =
                front.post("/v2/orders", &key, &json!({ "lines": [line], "hold_seconds": 600 })).await;
            let order = order.text("id").ok_or_else(|| io::Error::other(order.problem()))?;
            let begun = front.post(&format!("/v2/orders/{order}/payments"), &key, &json!({})).await;
            let told = (begun.text("id"), begun.text("checkout/order_id"));
            let (Some(payment), Some(wanted)) = told else { return Err(io::Error::other(begun.problem())) };
            let paid = self.gateway.pay(&wanted).map_err(io::Error::other)?;
            let body = json!({
                "razorpay_order_id": wanted, "razorpay_payment_id": paid.payment_id,
                "razorpay_signature": paid.signature,
            });
            all.push(Held {
                order: order.parse().map_err(io::Error::other)?,
                path: format!("/v2/payments/{payment}/verify"),
                body: body.to_string(),
            });
        }
        Ok((all, token.into()))
    }

    /// How many of the orders are sold.
    pub(super) async fn sold(&self, held: &[Held]) -> io::Result<usize> {
        let mut sold = 0;
        for one in held {
            let order = self.server.core().store.order(one.order).await.map_err(io::Error::other)?;
            sold += usize::from(order.state == OrderState::Confirmed);
        }
        Ok(sold)
    }

    /// Waits until every message of these orders is over, or waits for a better time.
    pub(super) async fn tried(&self, held: &[Held]) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            let messages = self.messages(held).await?;
            let settled =
                |message: &Message| message.state.is_final() || message.state == MessageState::Failed;
            if messages.len() >= 2 * held.len() && messages.iter().all(settled) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(io::Error::other("messages are neither sent nor given up"));
            }
            tokio::time::sleep(LOOK_EVERY).await;
            // A job that failed comes back by the clock, which would stand still otherwise.
            self.clock.advance(LOOKS);
        }
    }

    /// Lets time pass until nothing waits for a better time any more.
    pub(super) async fn recover(&self, held: &[Held]) -> io::Result<()> {
        for _ in 0..MOST_WAITS {
            if self.messages(held).await?.iter().all(|message| message.state.is_final()) {
                return Ok(());
            }
            self.clock.advance(SignedDuration::from_mins(4));
            notify::sweep(self.server.workers().notify()).await.map_err(io::Error::other)?;
            self.tried(held).await?;
        }
        Ok(())
    }

    /// What became of the messages of these orders: for each of them one by mail and one on the phone.
    pub(super) async fn counted(&self, held: &[Held]) -> io::Result<Counted> {
        let handed = self.providers.handed();
        let mut news: BTreeMap<(Option<OrderId>, bool), usize> = BTreeMap::new();
        for message in self.messages(held).await? {
            let of = news.entry((order_of(&message), message.channel.rings())).or_default();
            *of += handed.get(&message.id).copied().unwrap_or_default();
        }
        Ok(Counted {
            due: news.len(),
            sent: news.values().filter(|times| **times > 0).count(),
            twice: news.values().filter(|times| **times > 1).count(),
        })
    }

    async fn messages(&self, held: &[Held]) -> io::Result<Vec<Message>> {
        let orders: BTreeSet<OrderId> = held.iter().map(|one| one.order).collect();
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.server.core().store.messages_to(self.user, 500, after).await;
            let page = page.map_err(io::Error::other)?;
            all.extend(
                page.items.into_iter().filter(|one| order_of(one).is_some_and(|id| orders.contains(&id))),
            );
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }
}

/// Times that [`Scene::recover`] lets time pass.
const MOST_WAITS: usize = 20;

impl Held {
    /// The request that proves the payment: the order is sold by it, and its messages are due.
    pub(super) fn ask(&self, token: &Arc<str>) -> Ask {
        Ask {
            method: Method::POST,
            path: self.path.clone(),
            token: Arc::clone(token),
            key: None,
            body: Some(self.body.clone()),
            expected: StatusCode::OK,
        }
    }
}

fn order_of(message: &Message) -> Option<OrderId> {
    match message.subject {
        Subject::Order { id } => Some(id),
        _ => None,
    }
}

/// A payment gateway whose webhooks wait for ever: what sells an order here is the proof that its customer brings.
async fn gateway(clock: &Clock) -> io::Result<(Fake, Razorpay)> {
    let secret = || "a-secret-of-the-bench".to_owned();
    let fake = Fake::start(razorpay::Options {
        port: 0,
        key_id: "rzp_test_bench".to_owned(),
        key_secret: secret(),
        webhook_secret: secret(),
        seed: u64::from_be_bytes(env::random()),
        clock: clock.clone(),
        file: None,
        webhooks: Delivery::Held,
    });
    let fake = fake.await.map_err(io::Error::other)?;
    let client = Razorpay::new(Settings {
        base: fake.url().to_owned(),
        key_id: "rzp_test_bench".to_owned(),
        key_secret: secret(),
        webhook_secrets: vec![secret()],
    });
    Ok((fake, client.map_err(io::Error::other)?))
}

async fn working(app: notify::App) {
    let work = |job: Job, attempt| notify::work(&app, job, attempt);
    queue::poll(&app.queue, |event| queue::consume(&app.queue, event, work), std::future::pending()).await;
}

async fn signed_in(server: &Server, password: &str) -> io::Result<(Front, String)> {
    let anybody = server.front(String::new());
    let body = json!({ "login": EMAIL, "password": password });
    let signed = anybody.post("/v2/auth/login", "", &body).await;
    let token = signed.text("access_token").ok_or_else(|| io::Error::other(signed.problem()))?;
    Ok((anybody.with_token(token.clone()), token))
}

async fn made(front: &Front, path: &str, body: &Value) -> io::Result<String> {
    let came = front.post(path, &format!("make {path}"), body).await;
    came.text("id").or_else(|| came.text("0/id")).ok_or_else(|| io::Error::other(came.problem()))
}

//! Payments: beginning them, believing what proves them, and all that follows.
//!
//! A request asks the gateway for nothing but an order's id, which the client needs. Everything else is told to us: by the
//! customer's browser ([`verify`]), by webhooks, which are stored and answered at once, or by the gateway when [`ask`] asks it.
//! Each is a fact, and [`settle::tell`] is the one place where facts meet the order: it joins them, sees what follows
//! (`domain::payment`), and writes payment, order, ledger and events in one transaction. What only the gateway can do, the
//! worker asks it to ([`settle::settle`]), under keys that make asking twice harmless.

mod ask;
mod begin;
mod desk;
mod settle;
mod told;
mod v1;
mod v2;
mod verify;

use domain::{Caller, LocationId, Order, OrderId, Payment, PaymentId, Permission, UserId};
use env::Clock;
use errors::{Error, Result};
use lambda_runtime::LambdaEvent;
use providers::razorpay::Razorpay;
use queue::{Attempt, Job, Queue};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{Store, Work};
use web::{Api, Core, Version};

pub use ask::sweep;

/// What the group's use cases need. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Who takes payments from afar, if anybody.
    pub gateway: Option<Razorpay>,
}

impl App {
    /// With the edge's tables and clock.
    pub fn new(core: &Core, gateway: Option<Razorpay>) -> Self {
        Self { store: core.store.clone(), clock: core.clock.clone(), gateway }
    }

    /// With the gateway of [`Razorpay::from_env`].
    ///
    /// # Errors
    /// `internal` when a variable is wrong.
    pub fn from_env(core: &Core) -> Result<Self> {
        Ok(Self::new(core, Razorpay::from_env()?))
    }

    /// The gateway.
    ///
    /// # Errors
    /// `wrong_state` where none is set up.
    fn gateway(&self) -> Result<&Razorpay> {
        let message = "this installation takes no payments from afar; pay at the desk";
        self.gateway.as_ref().ok_or_else(|| Error::new(errors::Code::WrongState, message))
    }
}

/// What works off what follows from payments.
#[derive(Debug, Clone)]
pub struct Worker {
    /// What payments need.
    pub app: App,
    /// Where jobs wait.
    pub queue: Queue,
}

impl Worker {
    /// As Lambda runs it.
    pub fn new(store: Store, gateway: Option<Razorpay>, queue: Queue) -> Self {
        Self { app: App { store, clock: Clock::system(), gateway }, queue }
    }
}

/// The group's routes.
pub fn api(app: &App) -> Api {
    Api::new().version(Version::V2, v2::routes(), app).version(Version::V1, v1::routes(), app)
}

/// Works off one job.
///
/// # Errors
/// `unavailable` and `upstream_failed` when the job must come again; `internal` when it is not one of this queue.
pub async fn work(worker: &Worker, job: Job, _attempt: Attempt) -> Result<()> {
    let (what, request) = (Work::Queue(job.name()), job.request().map(str::to_owned));
    let done = async {
        match job {
            Job::Settle { order, .. } => settle::settle(&worker.app, order).await,
            Job::Webhook { id, .. } => told::work(&worker.app, &id).await,
            _ => Err(Error::internal("another queue's job is in that of payments")),
        }
    };
    worker.app.store.working(what, store::on_behalf_of(request, Box::pin(done))).await
}

/// What calls the worker on AWS: a batch of the queue, or the schedule that asks about open payments.
///
/// # Errors
/// `internal` when the event is neither; as [`sweep`].
pub async fn handle(worker: &Worker, event: LambdaEvent<Value>) -> Result<Value> {
    let done = called(worker, event).await;
    worker.app.store.keep_work(worker.app.clock.now()).await;
    done
}

async fn called(worker: &Worker, event: LambdaEvent<Value>) -> Result<Value> {
    if event.payload.get("Records").is_some() {
        let batch = serde_json::from_value(event.payload).map_err(Error::internal)?;
        let answer = queue::consume(&worker.queue, batch, |job, attempt| work(worker, job, attempt)).await;
        return serde_json::to_value(answer).map_err(Error::internal);
    }
    sweep(&worker.app).await.map(|asked| json!({ "asked": asked }))
}

/// The payment that stands for a gateway's order: whoever knows the one knows the other.
fn payment_of(gateway_order: &str) -> PaymentId {
    let digest: [u8; 32] = Sha256::digest(format!("razorpay {gateway_order}")).into();
    let mut half = [0; 16];
    half.copy_from_slice(digest.split_at(16).0);
    PaymentId::derived(half)
}

/// Whoever has it, or reads all bookings there.
fn sees(caller: &Caller, user: UserId, location: LocationId) -> bool {
    caller.is(user) || caller.may_at(Permission::ReadBookings, location)
}

/// The order, for those who may pay it: whose it is, and the desk.
async fn order_to_pay(app: &App, caller: &Caller, id: OrderId) -> Result<Order> {
    let order = app.store.order(id).await?;
    if !sees(caller, order.user, order.location) {
        return Err(Error::not_found("order"));
    }
    if !caller.is(order.user) {
        caller.require_at(Permission::BookForOthers, order.location)?;
    }
    Ok(order)
}

/// The payment, for those who may know of it.
async fn payment_seen(app: &App, caller: &Caller, id: PaymentId) -> Result<Payment> {
    let payment = app.store.payment(id).await?;
    if sees(caller, payment.user, payment.location) { Ok(payment) } else { Err(Error::not_found("payment")) }
}

//! Messages to people: decides what an event calls for, writes each message once, sends it, and tries again.
//!
//! A message is a record under an id derived from what it tells. However often the queue delivers a job, the record is made
//! once, and whoever sends it holds a lease on it. What is due later, or must be tried again, waits in its table until
//! [`sweep`] puts it on the queue. A message that will not get through on its channel is written in one transaction with the one
//! on the next channel ([`domain::message::chains`]). Between a provider's answer and the note of it lies the one moment in which a crash can
//! repeat a message: the repetition has the same Message-ID, and the local outbox keeps it once.

mod alert;
mod campaign;
mod compose;
mod deliver;
mod order;
mod stay;
mod sweep;
mod tell;

use std::sync::Arc;

use domain::message::Channels;
use env::Clock;
use errors::{Error, Result};
use lambda_runtime::LambdaEvent;
use providers::{Mail, Mailbox, Texts};
use queue::{Attempt, Job, Queue};
use serde_json::Value;
use store::{Store, Work};
use web::Keys;

pub use sweep::sweep;

/// What messages need.
#[derive(Clone)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Keys of one-time links.
    pub keys: Arc<Keys>,
    /// Where jobs wait.
    pub queue: Queue,
    /// Who takes mail.
    pub mail: Arc<dyn Mail>,
    /// Who takes SMS; nobody where the channel is off.
    pub sms: Option<Arc<dyn Texts>>,
    /// Who takes WhatsApp; nobody where the channel is off.
    pub whatsapp: Option<Arc<dyn Texts>>,
    /// Who mail is from.
    pub sender: Mailbox,
    /// Who is told of alerts; nobody without.
    pub alerts_to: Option<Mailbox>,
    /// What links begin with, without a slash at the end.
    pub public_url: String,
    /// What the operator's own pages begin with; mails link to `<this>/bookings/<id>`, or to nothing without it.
    pub site_url: Option<String>,
}

impl App {
    /// From what Lambda sets.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        let public_url = env::required("HOLDFAST_PUBLIC_URL")?;
        Ok(Self {
            store: Store::from_env()?,
            clock: Clock::system(),
            keys: Arc::new(Keys::from_env()?),
            queue: Queue::from_env(queue::NOTIFY)?,
            mail: providers::mail_from_env()?,
            sms: providers::sms_from_env(&public_url)?,
            whatsapp: providers::whatsapp_from_env(&public_url)?,
            sender: providers::sender_from_env()?,
            alerts_to: env::optional("HOLDFAST_ALERTS_TO").and_then(|to| alert::receiver(&to)),
            public_url,
            site_url: env::optional("HOLDFAST_SITE_URL"),
        })
    }

    /// The channels that are switched on.
    fn channels(&self) -> Channels {
        Channels { email: true, sms: self.sms.is_some(), whatsapp: self.whatsapp.is_some() }
    }
}

/// Works off one job.
///
/// # Errors
/// `unavailable` when the job must come again; failures of a provider are kept with the message instead. `internal` when
/// the job is not one of this queue.
pub async fn work(app: &App, job: Job, _attempt: Attempt) -> Result<()> {
    let what = Work::Queue(job.name());
    let done = async {
        match job {
            Job::Notify(job) => tell::tell(app, &job).await,
            Job::Deliver { message } => deliver::deliver(app, message).await,
            Job::Campaign { campaign } => campaign::go_on(app, campaign).await,
            _ => Err(Error::internal("another queue's job is in that of messages")),
        }
    };
    app.store.working(what, Box::pin(done)).await
}

/// What calls the function on AWS: a batch of the queue, or the schedule that looks for what is due.
///
/// # Errors
/// `internal` when the event is neither; `unavailable` when the sweep must come again.
pub async fn handle(app: &App, event: LambdaEvent<Value>) -> Result<Value> {
    let done = called(app, event).await;
    app.store.keep_work(app.clock.now()).await;
    done
}

async fn called(app: &App, event: LambdaEvent<Value>) -> Result<Value> {
    if event.payload.get("Records").is_some() {
        let batch = serde_json::from_value(event.payload).map_err(Error::internal)?;
        let answer = queue::consume(&app.queue, batch, |job, attempt| work(app, job, attempt)).await;
        return serde_json::to_value(answer).map_err(Error::internal);
    }
    sweep(app).await.map(|count| serde_json::json!({ "queued": count }))
}

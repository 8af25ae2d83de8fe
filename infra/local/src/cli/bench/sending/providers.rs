//! Providers that take their time: SMS and WhatsApp over HTTP as Twilio and Meta have it, and mail.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::MessageId;
use errors::{Code, Error, Result};
use providers::{
    Email, Mail, Meta, MetaSettings, Sending, TIMEOUT_SECONDS, Templates, Texts, Twilio, TwilioSettings,
};
use senders::{ACCOUNT, Dice, Options, Pace, Senders, TOKEN};

/// Where chance comes from.
const SEED: u64 = 20_261_127;

/// All three, with clients that speak to them.
pub(super) struct Providers {
    senders: Senders,
    pub(super) post: Arc<Post>,
    pub(super) sms: Arc<dyn Texts>,
    pub(super) whatsapp: Arc<dyn Texts>,
}

impl Providers {
    pub(super) async fn start() -> io::Result<Self> {
        let public_url = "https://book.example".to_owned();
        let options = Options { seed: SEED, trouble: 0, public_url: public_url.clone(), bounces: 0 };
        let senders = Senders::start(options).await?;
        let twilio = Twilio::new(TwilioSettings {
            base: Some(senders.url().to_owned()),
            account: ACCOUNT.to_owned(),
            token: TOKEN.to_owned(),
            from: "+15550100".to_owned(),
            templates: Templates::default(),
            public_url,
        });
        let meta = Meta::new(MetaSettings {
            base: Some(format!("{}/v23.0", senders.url())),
            number: "1055".to_owned(),
            token: TOKEN.to_owned(),
            templates: Templates::default(),
        });
        Ok(Self {
            senders,
            post: Arc::default(),
            sms: Arc::new(twilio.map_err(io::Error::other)?),
            whatsapp: Arc::new(meta.map_err(io::Error::other)?),
        })
    }

    /// From now on each takes so long, and WhatsApp as long as is said for it.
    pub(super) fn pace(&self, all: Pace, whatsapp: Pace) {
        self.senders.pace("twilio", all);
        self.senders.pace("meta", whatsapp);
        self.post.state().pace = Some(all);
    }

    /// How often each message reached somebody.
    pub(super) fn handed(&self) -> BTreeMap<MessageId, usize> {
        let mut handed = self.post.state().handed.clone();
        for (id, count) in self.senders.counts() {
            if let Ok(id) = id.parse() {
                *handed.entry(id).or_default() += count;
            }
        }
        handed
    }
}

/// A provider of mail.
#[derive(Default)]
pub(super) struct Post(Mutex<State>);

#[derive(Default)]
struct State {
    pace: Option<Pace>,
    drawn: u64,
    handed: BTreeMap<MessageId, usize>,
}

impl Post {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave the counts half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a mail after its time.
    ///
    /// # Errors
    /// `upstream_failed` when it is down, or took too long.
    pub(super) async fn take(&self, id: MessageId) -> Result<()> {
        let failed = |what| Error::new(Code::UpstreamFailed, what);
        let pause = {
            let mut state = self.state();
            state.drawn += 1;
            match state.pace {
                Some(Pace::Down) => return Err(failed("the provider of mail is down")),
                Some(Pace::Takes(least, most)) => {
                    let dice = Dice::new(SEED ^ state.drawn).roll();
                    least + dice % (most.saturating_sub(least) + 1)
                }
                None => 0,
            }
        };
        let taken = tokio::time::sleep(Duration::from_millis(pause));
        let in_time = tokio::time::timeout(Duration::from_secs(TIMEOUT_SECONDS), taken).await;
        in_time.map_err(|_| failed("the provider of mail did not answer in time"))?;
        *self.state().handed.entry(id).or_default() += 1;
        Ok(())
    }
}

impl Mail for Post {
    fn name(&self) -> &'static str {
        "post"
    }

    fn send<'a>(&'a self, email: &'a Email) -> Sending<'a> {
        Box::pin(async move { self.take(email.id).await.map(|()| None) })
    }
}

//! What people write back: whoever writes STOP is left alone, and whoever writes START is written to again.
//!
//! Both hold for the phone, whoever has it: that the profile of somebody names a number proves nothing. Where an account proved that
//! the phone is theirs, its own opt-out follows.

use domain::message::{Channel, Wish};
use domain::{Actor, Event, EventId, Phone};
use errors::{Code, Error, Result};
use serde_json::json;
use store::{Stop, Tx};

use crate::App;

/// Attempts to change an account that changes under one's hands.
const ATTEMPTS: u32 = 5;

/// Does what a reply asks for, if it asks for something; doing it again changes nothing.
///
/// # Errors
/// `unavailable` when the provider should tell it again.
pub(crate) async fn hear(app: &App, from: &Phone, reply: &str, channel: Channel) -> Result<()> {
    let Some(wish) = Wish::of(reply, channel) else { return Ok(()) };
    for _ in 0..ATTEMPTS {
        match note(app, from, wish == Wish::Stop, channel).await {
            Err(error) if error.code() == Code::Changed => {}
            noted => return noted,
        }
    }
    Err(Error::unavailable("an account changed again and again"))
}

async fn note(app: &App, from: &Phone, stopped: bool, channel: Channel) -> Result<()> {
    let (now, holder) = (app.clock.now(), app.keys.holder(from.as_str()));
    let account = app.store.account_with_phone(from).await?;
    let before = app.store.stop(holder).await?;
    let as_asked = account.as_ref().is_none_or(|account| account.user.preferences.opted_out == stopped);
    if as_asked && before.as_ref().is_some_and(|before| before.stopped) == stopped {
        return Ok(());
    }
    let version = before.map_or(1, |before| before.version + 1);
    let kind = if stopped { "opted_out" } else { "opted_in" };
    let id = EventId::new(now, env::random());
    let mut tx = Tx::new();
    tx.put_stop(&app.store, &Stop { holder, stopped, at: now, version });
    let event = match account {
        Some(before) => {
            let mut after = before.clone();
            after.user.preferences.opted_out = stopped;
            after.user = after.user.touched(now);
            tx.update_account(&app.store, &before.user, &after);
            let role = after.user.role.as_str().to_owned();
            let actor = Actor { user: Some(after.user.id), role, ip: None, request: None };
            after.user.event(id, &format!("account.{kind}"), Some(&before.user), actor)
        }
        None => Event {
            id,
            kind: format!("phone.{kind}"),
            subject: holder.to_string(),
            sequence: version,
            at: now,
            actor: Actor::anonymous(None),
            data: json!({ "after": { "opted_out": stopped, "channel": channel, "phone": from.to_string() } }),
        },
    };
    tx.event(&app.store, &event);
    app.store.commit(tx).await.map(drop)
}

//! The one place where changed accounts are written: record and event in one transaction.

use domain::{Actor, Event, EventId};
use errors::Result;
use serde_json::{Value, json};
use store::{Account, Link, Tx};

use crate::App;

/// A change of an account.
pub(crate) struct Change<'a> {
    /// What happened.
    pub(crate) kind: &'static str,
    /// Who did it.
    pub(crate) actor: Actor,
    /// The account as it was read.
    pub(crate) before: &'a Account,
    /// What goes with it.
    pub(crate) tx: Tx,
    /// A link that the event tells of beside the fields that differ.
    pub(crate) link: Option<Link>,
}

impl<'a> Change<'a> {
    /// A change that nothing goes with.
    pub(crate) fn new(kind: &'static str, actor: Actor, before: &'a Account) -> Self {
        Self { kind, actor, before, tx: Tx::new(), link: None }
    }

    /// Writes `after`, one version on.
    ///
    /// # Errors
    /// `changed` when the account is no longer what was read; `already_exists` when a new name is in use.
    pub(crate) async fn save(mut self, app: &App, mut after: Account) -> Result<Account> {
        let now = app.clock().now();
        after.user = after.user.touched(now);
        let before = &self.before.user;
        let mut event =
            after.user.event(EventId::new(now, env::random()), self.kind, Some(before), self.actor);
        if let Some(link) = &self.link {
            tell_of(&mut event, link);
        }
        self.tx.update_account(app.store(), before, &after);
        self.tx.event(app.store(), &event);
        app.store().commit(self.tx).await?;
        Ok(after)
    }
}

/// Tells of a one-time link: all but its token.
pub(crate) fn tell_of(event: &mut Event, link: &Link) {
    if let Some(after) = event.data.get_mut("after").and_then(Value::as_object_mut) {
        after.insert("link".to_owned(), json!({ "nonce": link.nonce, "expires_at": link.expires_at }));
    }
}

//! Messages: who may look at which.

use std::collections::HashMap;

use domain::message::Subject;
use domain::{BookingId, Caller, LocationId, Message, MessageId, Permission, Scope, UserId};
use errors::{Error, FieldError, Result};
use store::{Page, Position};

use crate::App;

/// Lists of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// To somebody, latest first.
    To(UserId),
    /// Those that wait for a time, earliest first.
    Waiting,
    /// Those that were given up, earliest first.
    Dead,
}

/// Messages that the caller may read. A page can be empty and not be the last.
///
/// # Errors
/// `forbidden` for what is not the caller's own without the permission.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    list: List,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Message>> {
    if !matches!(list, List::To(user) if caller.is(user)) && !caller.may(Permission::ReadMessages) {
        return Err(Error::forbidden("your role does not read the messages of others"));
    }
    let page = match list {
        List::To(user) => app.store.messages_to(user, limit, after).await?,
        List::Waiting => app.store.messages_waiting(limit, after).await?,
        List::Dead => app.store.messages_dead(limit, after).await?,
    };
    Ok(Page { items: readable(app, caller, page.items).await?, next: page.next })
}

/// One message.
///
/// # Errors
/// `not_found`, also for what the caller may not read.
pub(crate) async fn show(app: &App, caller: &Caller, id: MessageId) -> Result<Message> {
    let message = app.store.message(id).await?;
    readable(app, caller, vec![message]).await?.pop().ok_or_else(|| Error::not_found("message"))
}

/// Whether the caller sees how a message is delivered, beside what it is about.
pub(crate) fn sees_delivery(caller: &Caller) -> bool {
    caller.may(Permission::ReadMessages)
}

/// The refusal of a list by two things at once.
pub(crate) fn not_together() -> Error {
    let message = "goes with no user: both are ways to list";
    Error::invalid_query(vec![FieldError::new("/query/state", "not_together", message)])
}

/// Those that are the caller's own, and with the permission those about bookings in the caller's scope.
async fn readable(app: &App, caller: &Caller, mut messages: Vec<Message>) -> Result<Vec<Message>> {
    let may = caller.may(Permission::ReadMessages);
    if may && (!caller.role.is_scoped() || caller.scope == Scope::All) {
        return Ok(messages);
    }
    let others: Vec<BookingId> =
        messages.iter().filter(|message| may && !caller.is(message.recipient)).filter_map(about).collect();
    let places: HashMap<BookingId, LocationId> = match others.as_slice() {
        [] => HashMap::new(),
        ids => app.store.bookings(ids).await?.iter().map(|booking| (booking.id, booking.location)).collect(),
    };
    let in_scope = |message: &Message| {
        let place = about(message).and_then(|id| places.get(&id));
        place.is_some_and(|location| caller.may_at(Permission::ReadMessages, *location))
    };
    messages.retain(|message| caller.is(message.recipient) || in_scope(message));
    Ok(messages)
}

fn about(message: &Message) -> Option<BookingId> {
    match message.subject {
        Subject::Booking { id, .. } => Some(id),
        _ => None,
    }
}

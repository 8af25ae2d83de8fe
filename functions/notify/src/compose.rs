//! What a message says, from what is true when it is sent.

use calendar::{Appointment, Party, attachment};
use domain::message::{Channel, Due, Skip, Subject, still_wanted, wanted_by};
use domain::{Booking, BookingId, Event, Message, MessageKind, User};
use errors::{Code, Result};
use jiff::Timestamp;
use providers::{About, Email, Facts, Invitation, Language, Mailbox, render};
use store::Link;

use crate::App;

/// A mail, or why there is none.
pub(crate) enum Composed {
    Mail(Box<Email>),
    Skip(Skip),
}

/// The message with the one-time link that an event of an account calls for.
pub(crate) fn account_messages(event: &Event, now: Timestamp) -> Vec<Due> {
    let expires_at = event.data.pointer("/after/link/expires_at").and_then(|at| at.as_str()?.parse().ok());
    let recipient = event.subject.parse().ok();
    let due = |(recipient, expires_at)| Due {
        kind: MessageKind::PasswordReset,
        channel: Channel::Email,
        recipient,
        subject: Subject::Account,
        at: now,
        expires_at: Some(expires_at),
    };
    recipient.zip(expires_at).map(due).into_iter().collect()
}

/// Writes the mail.
pub(crate) async fn compose(app: &App, message: &Message) -> Result<Composed> {
    let now = app.clock.now();
    let account = match app.store.account(message.recipient).await {
        Err(error) if error.code() == Code::NotFound => return Ok(Composed::Skip(Skip::Gone)),
        account => account?,
    };
    let user = &account.user;
    let booking = match message.subject {
        Subject::Booking { id, .. } => found(app, id).await?,
        Subject::Account => None,
    };
    let wanted = wanted_by(message, Some(user)).and_then(|()| still_wanted(message, booking.as_ref(), now));
    if let Err(why) = wanted {
        return Ok(Composed::Skip(why));
    }
    match (booking, &account.link) {
        (Some(booking), _) => about_booking(app, message, user, &booking).await,
        (None, Some(link)) if now < link.expires_at => with_link(app, message, user, link),
        // The link was used, or has run out.
        (None, _) => Ok(Composed::Skip(Skip::NoLongerTrue)),
    }
}

async fn found(app: &App, id: BookingId) -> Result<Option<Booking>> {
    match app.store.booking(id).await {
        Err(error) if error.code() == Code::NotFound => Ok(None),
        booking => booking.map(Some),
    }
}

/// The one-time link. Its token is derived here and written nowhere else.
fn with_link(app: &App, message: &Message, user: &User, link: &Link) -> Result<Composed> {
    let token = app.keys.one_time(user.id, &link.nonce);
    let facts = Facts {
        name: user.name.to_string(),
        zone: user.preferences.zone.clone(),
        // After the hash, so that no server on the way sees it.
        link: Some(format!("{}/password#{token}", app.public_url)),
        about: About::PasswordReset { until: link.expires_at },
    };
    mail(app, message, user, &facts, None)
}

fn mail(
    app: &App,
    message: &Message,
    user: &User,
    facts: &Facts,
    invitation: Option<Invitation>,
) -> Result<Composed> {
    let text = render(message.kind, Language::of_tag(&user.preferences.language), facts)?;
    Ok(Composed::Mail(Box::new(Email {
        id: message.id,
        date: message.due_at,
        from: app.sender.clone(),
        to: Mailbox::new(user.name.to_string(), user.email.clone()),
        subject: text.subject,
        text: text.text,
        html: text.html,
        invitation,
    })))
}

async fn about_booking(app: &App, message: &Message, user: &User, booking: &Booking) -> Result<Composed> {
    let resource = app.store.resource(booking.resource).await?;
    let location = app.store.location(booking.location).await?;
    let place = match &location.address {
        Some(address) => format!("{}, {address}", location.name),
        None => location.name.to_string(),
    };
    let link = app.site_url.as_ref().map(|site| format!("{site}/bookings/{}", booking.id));
    let facts = Facts {
        name: user.name.to_string(),
        zone: user.preferences.zone.clone(),
        link: link.clone(),
        about: About::Booking {
            room: resource.name.to_string(),
            place: place.clone(),
            zone: booking.zone.clone(),
            span: booking.span,
            title: booking.title.as_ref().map(ToString::to_string),
            reason: booking.reason.as_ref().map(ToString::to_string),
        },
    };
    let summary = booking.title.as_ref().map_or_else(|| resource.name.to_string(), ToString::to_string);
    let appointment = Appointment {
        booking,
        summary: &summary,
        location: &format!("{}, {place}", resource.name),
        description: booking.note.as_ref().map(domain::text::Note::as_str),
        url: link.as_deref(),
    };
    let organizer = Party { name: app.sender.name.as_deref(), address: &app.sender.address };
    let attendee = Party { name: Some(user.name.as_str()), address: &user.email };
    let invitation = message.kind.method().map(|method| Invitation {
        method,
        ics: attachment(&appointment, method, app.sender.domain(), &organizer, &attendee),
    });
    mail(app, message, user, &facts, invitation)
}

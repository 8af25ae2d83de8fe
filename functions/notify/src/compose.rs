//! What a message says, from what is true when it is sent.

use std::sync::Arc;

use calendar::{Appointment, Party, attachment};
use domain::message::{
    Audience, Channel, Channels, Due, MessageState, Skip, Subject, order_still_wanted, reaches, still_wanted,
    wanted_by,
};
use domain::{
    Booking, BookingId, CodeId, Event, Location, Message, MessageKind, Phone, Resource, User, Zone,
};
use errors::{Code, Result};
use jiff::Timestamp;
use providers::{
    About, Email, Facts, Invitation, Language, Mailbox, Rendered, Text, Texts, body, render, values,
};
use store::{Link, SentTo};

use crate::{App, alert, campaign, order, stay};

/// What to send, or why not, or when.
pub(crate) enum Composed {
    Mail(Box<Email>),
    Text(Arc<dyn Texts>, Box<Text>),
    Skip(Skip),
    Later(Timestamp),
}

/// The message with the one-time link that an event of an account calls for.
pub(crate) fn account_messages(event: &Event, now: Timestamp) -> Vec<Due> {
    let expires_at = event.data.pointer("/after/link/expires_at").and_then(|at| at.as_str()?.parse().ok());
    let recipient = event.subject.parse().ok();
    let due = |(recipient, expires_at)| Due {
        kind: MessageKind::PasswordReset,
        channel: Channel::Email,
        recipient,
        audience: Audience::Customer,
        subject: Subject::Account,
        location: None,
        at: now,
        expires_at: Some(expires_at),
    };
    recipient.zip(expires_at).map(due).into_iter().collect()
}

/// The message with the code that was asked for; `None` if the event is of something else.
pub(crate) fn code_messages(event: &Event, on: Channels, now: Timestamp) -> Option<Vec<Due>> {
    let id: CodeId = event.subject.parse().ok()?;
    let after = |name: &str| event.data.pointer(&format!("/after/{name}"))?.as_str();
    let recipient = after("holder").and_then(|id| id.parse().ok())?;
    let asked = match after("channel") {
        Some("whatsapp") => Channel::Whatsapp,
        Some("email") => Channel::Email,
        _ => Channel::Sms,
    };
    let all = [asked, Channel::Sms, Channel::Whatsapp];
    let due = |channel| Due {
        kind: MessageKind::Code,
        channel,
        recipient,
        audience: Audience::Customer,
        subject: Subject::Code { id },
        location: None,
        at: now,
        expires_at: after("expires_at").and_then(|at| at.parse().ok()),
    };
    // Where no phone can be reached, the message says so.
    let channel = all.into_iter().find(|channel| on.has(*channel)).unwrap_or(asked);
    Some(vec![due(channel)])
}

/// The text or mail with a code. Its digits are derived here and written nowhere else.
async fn with_code(app: &App, message: &Message, id: CodeId) -> Result<Composed> {
    let Some(code) = app.store.code(message.recipient).await? else { return Ok(Composed::Skip(Skip::Gone)) };
    if code.id != id {
        return Ok(Composed::Skip(Skip::Superseded));
    }
    if code.used {
        return Ok(Composed::Skip(Skip::NoLongerTrue));
    }
    if code.expires_at <= app.clock.now() {
        return Ok(Composed::Skip(Skip::TooLate));
    }
    let about = About::Code { code: app.keys.code(code.holder, &code.nonce) };
    match code.to {
        SentTo::Phone(phone) => text(app, message, Some(phone), Language::English, &about),
        SentTo::Email(address) => {
            let facts = Facts { name: String::new(), zone: None, link: None, about };
            let text = render(message.kind, Language::English, &facts)?;
            Ok(posted(app, message, Mailbox { name: None, address }, text, None))
        }
    }
}

/// Writes the message, if this is the time for it.
pub(crate) async fn compose(app: &App, message: &Message) -> Result<Composed> {
    let now = app.clock.now();
    if let Subject::Code { id } = message.subject {
        if told_before(app, message).await? {
            return Ok(Composed::Skip(Skip::AlreadyTold));
        }
        return with_code(app, message, id).await;
    }
    if let Subject::Alert { rule } = message.subject {
        return alert::compose(app, message, rule).await;
    }
    let account = match app.store.account(message.recipient).await {
        Err(error) if error.code() == Code::NotFound => None,
        account => Some(account?),
    };
    let guest = match (&account, message.subject) {
        (None, Subject::Order { .. }) => stay::recipient(app, message.recipient).await.ok(),
        _ => None,
    };
    let Some(user) = account.as_ref().map(|account| &account.user).or(guest.as_ref()) else {
        return Ok(Composed::Skip(Skip::Gone));
    };
    if let Subject::Campaign { id } = message.subject {
        return campaign::compose(app, message, user, id).await;
    }
    let booking = match message.subject {
        Subject::Booking { id, .. } => found(app, id).await?,
        _ => None,
    };
    let order = match message.subject {
        Subject::Order { id } => order::found(app, id).await?,
        _ => None,
    };
    let wanted = wanted_by(message, Some(user)).and_then(|()| match message.subject {
        Subject::Order { .. } => order_still_wanted(message, order.as_ref(), now),
        _ => still_wanted(message, booking.as_ref(), now),
    });
    if let Err(why) = wanted {
        return Ok(Composed::Skip(why));
    }
    if told_before(app, message).await? {
        return Ok(Composed::Skip(Skip::AlreadyTold));
    }
    let zone = match (&booking, &order) {
        (Some(booking), _) => booking.zone.clone(),
        (None, Some(order)) => order::zone(app, order).await?,
        (None, None) => Zone::utc(),
    };
    if let Some(end) = message.quiet_until(user, &zone, now) {
        let mailed = |channel: Channel| !channel.rings() && reaches(channel, message.kind, user);
        let too_late = message.expires_at.is_some_and(|expires| expires <= end);
        match message.next_channel(mailed) {
            _ if !too_late => return Ok(Composed::Later(end)),
            Some(_) => return Ok(Composed::Skip(Skip::Quiet)),
            // Nothing else would tell them in time.
            None => {}
        }
    }
    if let Some(order) = &order {
        return order::about(app, message, user, order).await;
    }
    match (booking, account.as_ref().and_then(|account| account.link.as_ref())) {
        (Some(booking), _) => about_booking(app, message, user, &booking).await,
        (None, Some(link)) if now < link.expires_at => with_link(app, message, user, link),
        // The link was used, or has run out.
        (None, _) => Ok(Composed::Skip(Skip::NoLongerTrue)),
    }
}

/// Whether the message on the channel before got through after all.
async fn told_before(app: &App, message: &Message) -> Result<bool> {
    let Some(before) = message.follows else { return Ok(false) };
    let state = app.store.message(before).await?.state;
    Ok(matches!(state, MessageState::Sent | MessageState::Delivered | MessageState::Read))
}

/// A text to a phone, by whoever takes texts on the message's channel.
pub(crate) fn text(
    app: &App,
    message: &Message,
    to: Option<Phone>,
    language: Language,
    about: &About,
) -> Result<Composed> {
    let Some((texts, to)) = texts(app, message.channel).zip(to) else {
        return Ok(Composed::Skip(Skip::Unreachable));
    };
    let values = values(about, language);
    let text = Text {
        id: message.id,
        date: message.due_at,
        channel: message.channel,
        to,
        kind: message.kind,
        template: None,
        language,
        body: body(message.kind, language, &values)?,
        values,
    };
    Ok(Composed::Text(texts, Box::new(text)))
}

/// Who takes texts on a channel, if it is one of phones and switched on.
pub(crate) fn texts(app: &App, channel: Channel) -> Option<Arc<dyn Texts>> {
    match channel {
        Channel::Sms => app.sms.clone(),
        Channel::Whatsapp => app.whatsapp.clone(),
        Channel::Email => None,
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

pub(crate) fn mail(
    app: &App,
    message: &Message,
    user: &User,
    facts: &Facts,
    invitation: Option<Invitation>,
) -> Result<Composed> {
    let Some(address) = user.email.clone() else { return Ok(Composed::Skip(Skip::Unreachable)) };
    let text = render(message.kind, Language::of_tag(&user.preferences.language), facts)?;
    let to = Mailbox::new(user.name.to_string(), address);
    Ok(posted(app, message, to, text, invitation))
}

/// A mail that says this.
pub(crate) fn posted(
    app: &App,
    message: &Message,
    to: Mailbox,
    text: Rendered,
    invitation: Option<Invitation>,
) -> Composed {
    Composed::Mail(Box::new(Email {
        id: message.id,
        date: message.due_at,
        from: app.sender.clone(),
        to,
        subject: text.subject,
        text: text.text,
        html: text.html,
        invitation,
    }))
}

async fn about_booking(app: &App, message: &Message, user: &User, booking: &Booking) -> Result<Composed> {
    let resource = app.store.resource(booking.resource).await?;
    let location = app.store.location(booking.location).await?;
    let link = app.site_url.as_ref().map(|site| format!("{site}/bookings/{}", booking.id));
    let facts = Facts {
        name: user.name.to_string(),
        zone: user.preferences.zone.clone(),
        link: link.clone(),
        about: About::Booking {
            room: resource.name.to_string(),
            place: if message.channel.rings() { location.name.to_string() } else { place(&location) },
            zone: booking.zone.clone(),
            span: booking.span,
            title: booking.title.as_ref().map(ToString::to_string),
            reason: booking.reason.as_ref().map(ToString::to_string),
        },
    };
    if message.channel.rings() {
        let language = Language::of_tag(&user.preferences.language);
        return text(app, message, user.phone.clone(), language, &facts.about);
    }
    let invitation = invitation(app, message, user, booking, (&resource, &place(&location)), link.as_deref());
    mail(app, message, user, &facts, invitation)
}

pub(crate) fn place(location: &Location) -> String {
    match &location.address {
        Some(address) => format!("{}, {address}", location.name),
        None => location.name.to_string(),
    }
}

fn invitation(
    app: &App,
    message: &Message,
    user: &User,
    booking: &Booking,
    (resource, place): (&Resource, &str),
    link: Option<&str>,
) -> Option<Invitation> {
    let summary = booking.title.as_ref().map_or_else(|| resource.name.to_string(), ToString::to_string);
    let appointment = Appointment {
        booking,
        summary: &summary,
        location: &format!("{}, {place}", resource.name),
        description: booking.note.as_ref().map(domain::text::Note::as_str),
        url: link,
    };
    let organizer = Party { name: app.sender.name.as_deref(), address: &app.sender.address };
    let address = user.email.as_ref()?;
    let attendee = Party { name: Some(user.name.as_str()), address };
    message.kind.method().map(|method| Invitation {
        method,
        ics: attachment(&appointment, method, app.sender.domain(), &organizer, &attendee),
    })
}

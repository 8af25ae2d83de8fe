//! What is said of an order of seats.

use domain::message::{Due, order_messages};
use domain::{Event, Message, MessageKind, Money, Order, OrderId, Pool, Span, User, Zone};
use errors::{Code, Error, Result};
use jiff::SignedDuration;
use providers::{About, Facts, Language};

use crate::App;
use crate::compose::{Composed, mail, place, text};
use crate::stay;

/// For so long the message of a cancellation waits for the money to be captured, looking again every so often.
const CAPTURED_WITHIN: SignedDuration = SignedDuration::from_mins(2);
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(30);

pub(crate) async fn found(app: &App, id: OrderId) -> Result<Option<Order>> {
    match app.store.order(id).await {
        Err(error) if error.code() == Code::NotFound => Ok(None),
        order => order.map(Some),
    }
}

/// The messages that an event of an order calls for.
pub(crate) async fn called_for(app: &App, event: &Event, id: OrderId) -> Result<Vec<Due>> {
    let Some(order) = found(app, id).await? else { return Ok(Vec::new()) };
    if order.version < event.sequence {
        return Err(Error::unavailable("the order is older than the event that tells of it"));
    }
    let customer = stay::recipient(app, order.user).await?;
    Ok(order_messages(event, &order, &customer, app.channels(), app.clock.now()))
}

/// The zone of its place.
pub(crate) async fn zone(app: &App, order: &Order) -> Result<Zone> {
    Ok(session(app, order).await?.zone)
}

/// The session of its first line.
async fn session(app: &App, order: &Order) -> Result<Pool> {
    let line = order.lines.first().ok_or_else(|| Error::internal("an order without lines"))?;
    app.store.pool(line.pool).await
}

/// Writes the message.
pub(crate) async fn about(app: &App, message: &Message, user: &User, order: &Order) -> Result<Composed> {
    let sale = order.sale.as_ref().ok_or_else(|| Error::internal("a message about what has no price"))?;
    // Somebody who cancels as soon as they have paid: what goes back is known once it has been captured.
    let now = app.clock.now();
    let paying = !sale.payments.is_empty() && sale.captured == 0;
    let cancels = matches!(message.kind, MessageKind::SessionCancelled | MessageKind::StayCancelled);
    if cancels && paying && now < message.created_at + CAPTURED_WITHIN {
        return Ok(Composed::Later(now + LOOK_AGAIN));
    }
    if matches!(message.kind, MessageKind::StayConfirmed | MessageKind::StayCancelled) {
        return stay::about(app, message, user, order).await;
    }
    let pool = session(app, order).await?;
    let location = app.store.location(order.location).await?;
    let minor = match message.kind {
        MessageKind::SessionConfirmed => Some(sale.total),
        // What goes back in the end, whether or not it has gone by now.
        MessageKind::SessionCancelled | MessageKind::SessionLost => Some(sale.captured - sale.charged),
        _ => None,
    };
    let span = pool.session.map_or_else(|| Span::new(sale.starts, sale.starts), |session| Some(session.span));
    let recording = sale.completed.as_ref().and_then(|completed| completed.link.as_ref());
    let facts = Facts {
        name: user.name.to_string(),
        zone: user.preferences.zone.clone(),
        link: app.site_url.as_ref().map(|site| format!("{site}/orders/{}", order.id)),
        about: About::Session {
            title: sale.title.to_string(),
            place: if message.channel.rings() { location.name.to_string() } else { place(&location) },
            zone: pool.zone,
            span: span.ok_or_else(|| Error::internal("a session without a time"))?,
            amount: minor.map(|minor| Money::new(minor.max(0), sale.currency).to_string()),
            recording: recording.map(ToString::to_string),
        },
    };
    if message.channel.rings() {
        let language = Language::of_tag(&user.preferences.language);
        return text(app, message, user.phone.clone(), language, &facts.about);
    }
    mail(app, message, user, &facts, None)
}

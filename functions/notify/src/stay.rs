//! What is said of a stay.

use domain::hotel::guest::guest_of;
use domain::sale::PriceKind;
use domain::{Message, MessageKind, Money, Order, Span, User, UserId};
use errors::{Code, Error, Result};
use providers::{About, Facts};

use crate::App;
use crate::compose::{Composed, mail, place};

/// Whoever is told of an order: whose account it is, or the guest of a stay who has none.
///
/// # Errors
/// `not_found` for nobody.
pub(crate) async fn recipient(app: &App, user: UserId) -> Result<User> {
    match app.store.account(user).await {
        Err(error) if error.code() == Code::NotFound => {}
        account => return account.map(|account| account.user),
    }
    let guest = app.store.guest(guest_of(user)).await?;
    guest.as_user().ok_or_else(|| Error::not_found("account"))
}

/// Writes the message.
pub(crate) async fn about(app: &App, message: &Message, user: &User, order: &Order) -> Result<Composed> {
    let none = || Error::internal("a message about what is no stay");
    let (sale, stay) = (order.sale.as_ref().ok_or_else(none)?, order.stay.as_ref().ok_or_else(none)?);
    let dates = order.dates().ok_or_else(none)?;
    let (location, property) =
        tokio::try_join!(app.store.location(order.location), app.store.property(order.location))?;
    let span =
        Span::new(property.begins(&location.zone, dates.from())?, property.ends(&location.zone, dates.to())?);
    let rooms = sale.lines.iter().filter(|line| line.kind == PriceKind::Nights).map(|line| line.name.clone());
    let minor = match message.kind {
        // What goes back in the end, whether or not it has gone by now.
        MessageKind::StayCancelled => sale.captured - sale.charged,
        _ => sale.total,
    };
    let facts = Facts {
        name: user.name.to_string(),
        zone: None,
        link: app.site_url.as_ref().map(|site| format!("{site}/stays/{}", order.id)),
        about: About::Stay {
            confirmation: stay.confirmation.clone(),
            rooms: rooms.collect(),
            place: place(&location),
            zone: location.zone.clone(),
            span: span.ok_or_else(none)?,
            amount: Money::new(minor.max(0), sale.currency).to_string(),
            due: (sale.due() > 0).then(|| Money::new(sale.due(), sale.currency).to_string()),
        },
    };
    mail(app, message, user, &facts, None)
}

//! Giving back one occurrence, those from a date on, or all of a series.

use domain::booking::Action;
use domain::text::Line;
use domain::{Booking, Series, SeriesId};
use errors::Result;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use store::Tx;

use crate::App;
use crate::access::may_change_series;
use crate::change;
use crate::series::{AT_ONCE, Told, booking_id, bookings, event, told};
use web::Asked;

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent {
    /// The occurrence on this date.
    This(Date),
    /// From this date on.
    Following(Date),
    All,
}

/// Gives back occurrences that are not over, then says so of the series: whoever is cut off in between comes again with the
/// same request, and what is cancelled already stays so.
///
/// # Errors
/// `not_found` without such an occurrence, `wrong_state` once the series is cancelled.
pub(crate) async fn cancel(
    app: &App,
    asked: &Asked,
    id: SeriesId,
    extent: Extent,
    reason: Option<Line>,
) -> Result<Told> {
    let before = app.store.series(id).await?;
    may_change_series(&asked.caller, &before)?;
    if asked.idem.replays(&before.requests)? {
        return told(app, &asked.caller, before, true).await;
    }
    asked.if_match.check(before.version)?;
    let now = app.clock.now();
    let (mut after, kind) = match extent {
        Extent::This(date) => (before.clone().except(date, now)?, "series.excepted"),
        Extent::Following(date) => {
            (before.clone().end_before(date, None, reason.clone(), now)?.0, "series.ended")
        }
        Extent::All => (before.clone().cancel(reason.clone(), now)?, "series.cancelled"),
    };
    after.requests = after.requests.with(asked.idem.mark());
    let given_back: Vec<Booking> = extent
        .of(&before, bookings(app, &before).await?)
        .into_iter()
        .filter(|booking| booking.state_at(now).after(Action::Cancel).is_some() && now < booking.span.end())
        .collect();
    let cancelled = given_back.into_iter().map(|booking| {
        let reason = reason.clone();
        async move {
            let after = booking.clone().cancel(reason, now)?;
            change::commit(app, asked, &booking, after, Action::Cancel.event()).await
        }
    });
    let _: Vec<Booking> = stream::iter(cancelled).buffer_unordered(AT_ONCE).try_collect().await?;
    let mut tx = Tx::new();
    tx.update_series(&app.store, &after);
    event(&mut tx, app, asked, Some(&before), &after, kind);
    app.store.commit(tx).await?;
    told(app, &asked.caller, after, false).await
}

impl Extent {
    fn of(self, series: &Series, bookings: Vec<Booking>) -> Vec<Booking> {
        let wanted = |date: Date| match self {
            Self::This(this) => date == this,
            Self::Following(from) => date >= from,
            Self::All => true,
        };
        let ids: Vec<_> =
            series.rule.dates().filter(|date| wanted(*date)).map(|date| booking_id(series, date)).collect();
        bookings.into_iter().filter(|booking| ids.contains(&booking.id)).collect()
    }
}

//! Whether the ledger and the records say the same: every claim belongs to one booking, every booking has its claim.

use domain::{Booking, Resource, Span};
use jiff::SignedDuration;
use ledger::TimeClaim;

use crate::harness::TestApp;

/// What was compared.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) struct Agreement {
    /// Bookings that claim time now.
    pub bookings: usize,
    /// Runs of quanta that are taken now.
    pub runs: usize,
}

/// Compares the two for a room over a span; panics where they differ.
pub(crate) async fn agree(app: &TestApp, room: &Resource, over: Span) -> Agreement {
    let now = app.now();
    let taken = ledger::taken(app.store(), room.id, over, now).await.unwrap();
    let place = (room.location, &room.zone);
    let records =
        app.store().bookings_in(place, room.id, over, SignedDuration::from_hours(48), 100_000).await.unwrap();
    let claiming: Vec<Booking> =
        records.into_iter().filter(|booking| booking.state_at(now).claims()).collect();
    let of = |booking: &Booking| {
        let claim = TimeClaim::of(booking);
        taken.iter().find(|run| run.span == claim.span && run.is_of(claim.owner))
    };
    for booking in &claiming {
        assert!(of(booking).is_some(), "no claim for {booking:#?}\n{taken:#?}");
    }
    for run in &taken {
        let owners = claiming.iter().filter(|booking| of(booking) == Some(run)).count();
        assert_eq!(owners, 1, "{run:?} belongs to {owners} bookings");
    }
    Agreement { bookings: claiming.len(), runs: taken.len() }
}

/// The week that begins when every test begins.
pub(crate) fn week(app: &TestApp) -> Span {
    Span::new(app.now(), app.now() + SignedDuration::from_hours(24 * 7)).unwrap()
}

//! Lists of paid sessions, which the source system called bookings of pujas. Its bookings of a temple without a puja have no
//! like here.

use domain::{LocationId, Order, Permission, PoolId, Zone};
use errors::Result;
use jiff::Timestamp;
use jiff::civil::Date;
use orders::v1::{PaidBookingV1, PaidStatus};
use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, Path, Query, ReplyV1, Route, Signed, State, get, request};

use super::lists::Pages;
use super::shapes::{Cut, GATHERED};
use crate::App;
use crate::when::start_of_day;

/// Orders that are read at once.
const PORTION: u32 = 500;
/// Orders that one list looks through.
const MOST_READ: usize = 5_000;

pub(crate) fn routes() -> Vec<Route<App>> {
    let reads = Access::Needs(Permission::ReadBookings);
    vec![
        get("/bookings/my", Access::SignedIn, own)
            .named("listOwnPaidBookingsV1", "List one's own paid sessions, the latest first")
            .queried::<Pages>()
            .answers::<PaidBookings>(200),
        get("/bookings/puja", reads, all)
            .named("listPaidBookingsV1", "List paid sessions by when they were booked, the latest first")
            .queried::<PaidQuery>()
            .answers::<PaidBookings>(200),
        get("/bookings/puja/{id}/bookings", reads, of_session)
            .named("listBookingsOfPujaV1", "List who booked a session, the latest first")
            .queried::<PaidQuery>()
            .answers::<PaidBookings>(200),
    ]
}

/// A page of paid sessions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PaidBookingsV1")]
pub(crate) struct PaidBookings {
    bookings: Vec<PaidBookingV1>,
    #[serde(flatten)]
    cut: Cut,
}

request! {
    /// Which of them, and which page.
    pub(crate) struct PaidQuery {
        /// `YYYY-MM-DD` by the clock of the temple: booked on that day or later.
        start_date: Option<Date> as String,
        /// Booked on that day or before.
        end_date: Option<Date> as String,
        /// `pending`, `confirmed`, `completed` or `cancelled`.
        status: Option<PaidStatus> as PaidStatus,
        /// From 1.
        page: Option<usize> as usize,
        /// 1 to 100; 20 by default.
        page_size: Option<usize> as usize,
    }
}

fn page(
    orders: Vec<Order>,
    (number, size): (Option<usize>, Option<usize>),
    now: Timestamp,
) -> Result<ReplyV1<PaidBookings>> {
    let (orders, cut) = Cut::of(orders, number, size)?;
    let bookings = orders.iter().map(|order| PaidBookingV1::of(order, now)).collect();
    Ok(ReplyV1::ok(PaidBookings { bookings, cut }))
}

async fn own(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(pages): Query<Pages>,
) -> web::Result<ReplyV1<PaidBookings>> {
    let (mut orders, mut after) = (Vec::new(), None);
    loop {
        let found = app.store.orders_of(caller.user, PORTION, after).await?;
        orders.extend(found.items.into_iter().filter(|order| order.sale.is_some()));
        after = found.next;
        if after.is_none() || orders.len() >= GATHERED {
            break;
        }
    }
    orders.truncate(GATHERED);
    Ok(page(orders, (pages.page, pages.page_size), app.clock.now())?)
}

async fn all(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<PaidQuery>,
) -> web::Result<ReplyV1<PaidBookings>> {
    let now = app.clock.now();
    let (places, _) = app.store.all_locations(GATHERED).await?;
    let mut orders = Vec::new();
    for place in places.iter().filter(|place| caller.may_at(Permission::ReadBookings, place.id)) {
        orders.extend(query.at(&app, (place.id, &place.zone), None, now).await?);
    }
    orders.sort_by_key(|order| std::cmp::Reverse((order.created_at, order.id)));
    orders.truncate(GATHERED);
    Ok(page(orders, (query.page, query.page_size), now)?)
}

async fn of_session(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PoolId>,
    Query(query): Query<PaidQuery>,
) -> web::Result<ReplyV1<PaidBookings>> {
    let now = app.clock.now();
    let session = app.store.pool(id).await?;
    caller.require_at(Permission::ReadBookings, session.location)?;
    let orders = query.at(&app, (session.location, &session.zone), Some(id), now).await?;
    Ok(page(orders, (query.page, query.page_size), now)?)
}

impl PaidQuery {
    /// Paid orders at a place, or those of a session there, the latest first, out of the latest [`MOST_READ`] of these days.
    async fn at(
        &self,
        app: &App,
        (place, zone): (LocationId, &Zone),
        session: Option<PoolId>,
        now: Timestamp,
    ) -> Result<Vec<Order>> {
        let rules = zone.rules();
        let from = self.start_date.map_or(Ok(Timestamp::UNIX_EPOCH), |first| start_of_day(first, &rules))?;
        let next = self.end_date.map(|last| last.tomorrow().unwrap_or(last));
        let to = next.map_or(Ok(now), |next| start_of_day(next, &rules))?;
        if to < from {
            return Ok(Vec::new());
        }
        let keeps = |order: &Order| {
            let status = self.status.is_none_or(|status| status == PaidStatus::of(order, now));
            order.sale.is_some() && status
        };
        let (mut orders, mut read, mut after) = (Vec::new(), 0, None);
        loop {
            let found = match session {
                Some(session) => app.store.orders_of_pool(session, (from, to), PORTION, after).await?,
                None => app.store.orders_made_at(place, (from, to), PORTION, after).await?,
            };
            read += found.items.len();
            orders.extend(found.items.into_iter().filter(keeps));
            after = found.next;
            if after.is_none() || orders.len() >= GATHERED || read >= MOST_READ {
                orders.truncate(GATHERED);
                return Ok(orders);
            }
        }
    }
}

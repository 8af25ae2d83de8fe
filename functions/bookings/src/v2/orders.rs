//! Orders: units of pools, held or sold together.

mod address;
mod lines;

use domain::text::{Line, Note, Promo};
use domain::{Address, LocationId, Order, OrderId, Permission, PoolId, UserId};
use web::{
    Access, Expand, Group, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Query, Reply, Result,
    Route, Signed, State, get, post, put, request,
};

use crate::App;
use crate::change::Done;
use crate::orders::lists::{self, Filter};
use crate::orders::{change, steps};
use crate::v2::bookings::asked;
use crate::v2::expand::{self, Expanded, Names};
use crate::v2::orders::address::{AddressBody, AddressView};
use crate::v2::orders::lines::{LineBody, Lines};
use crate::v2::steps::Cancellation;
use ::orders::{PriceView, Wanted};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) fn routes() -> Vec<Route<App>> {
    let book = Access::Needs(Permission::Book);
    vec![
        post("/orders", book, create)
            .limited(Group::Book)
            .named(
                "createOrder",
                "Order units of pools, all of them or none, or hold them for up to ten minutes",
            )
            .keyed(Key::Required)
            .takes::<NewOrder>()
            .answers::<OrderView>(201),
        post("/orders/price", book, price)
            .limited(Group::Search)
            .named(
                "priceOrder",
                "What an order would cost, with a promo code if there is one; nothing is claimed",
            )
            .takes::<NewPrice>()
            .answers::<PriceView>(200),
        get("/orders", Access::SignedIn, list)
            .named("listOrders", "List one's own orders, or those at a location, latest first")
            .queried::<ListQuery>()
            .answers::<Vec<OrderView>>(200),
        get("/orders/{id}", Access::SignedIn, show)
            .named("showOrder", "Read an order")
            .queried::<Telling>()
            .answers::<OrderView>(200)
            .answers_empty(304),
        put("/orders/{id}/lines", book, lines)
            .limited(Group::Book)
            .named("changeOrderLines", "Give an order other lines; only the difference is claimed")
            .keyed(Key::Required)
            .takes::<OtherLines>()
            .answers::<OrderView>(200),
        post("/orders/{id}/confirm", book, confirm)
            .limited(Group::Book)
            .named("confirmOrder", "Turn a held order into one that is sold")
            .keyed(Key::Accepted)
            .answers::<OrderView>(200),
        post("/orders/{id}/complete", Access::Needs(Permission::BookForOthers), complete)
            .named("completeOrder", "Say that what was sold took place, with a recording of it")
            .keyed(Key::Accepted)
            .takes::<CompletionBody>()
            .answers::<OrderView>(200),
        post("/orders/{id}/cancel", book, cancel)
            .limited(Group::Book)
            .named("cancelOrder", "Give an order back")
            .keyed(Key::Accepted)
            .takes::<Cancellation>()
            .answers::<OrderView>(200),
    ]
}

/// Units of one or more pools of a location, for somebody.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Order")]
pub(crate) struct OrderView {
    id: String,
    location_id: String,
    /// For whom it is.
    user_id: String,
    /// Who ordered, if it was somebody else.
    booked_by: Option<String>,
    lines: Vec<LineView>,
    /// `held`, `expired`, `confirmed` or `cancelled`.
    state: String,
    /// Until when it is held.
    hold_until: Option<String>,
    /// What it costs and what has been paid; null where nothing has a price.
    price: Option<PriceView>,
    /// Where something of it is posted.
    shipping_address: Option<AddressView>,
    /// When it was said to have taken place.
    completed_at: Option<String>,
    /// Where a recording of it is.
    link: Option<String>,
    note: Option<String>,
    /// Why it was cancelled.
    reason: Option<String>,
    #[serde(flatten)]
    expanded: Expanded,
    created_at: String,
    updated_at: String,
    /// Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

/// So many units of a pool.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OrderLine")]
struct LineView {
    pool_id: String,
    quantity: u32,
    /// The date of the first night; null where there are no nights.
    arrival: Option<String>,
    /// The day after the last night.
    departure: Option<String>,
    /// How many nights.
    nights: Option<i32>,
    /// Whether some of it was knowingly sold beyond the capacity. Only for those who read bookings there.
    #[serde(skip_serializing_if = "Option::is_none")]
    overbooked: Option<bool>,
}

request! {
    /// What to order: units of pools of one location.
    pub(crate) struct NewOrder {
        /// 1 to 24 lines, all of them or none.
        lines: Lines as Vec<LineBody> => lines::parse,
        /// For whom; oneself when unset.
        user_id: Option<UserId> as String,
        /// What takes something off, where it is a session: 3 to 32 letters, digits and dashes, in whatever case.
        promo_code: Option<Promo> as String,
        /// Where something is posted: required for add-ons that are.
        shipping_address: Option<Address> as AddressBody => address::parse,
        note: Option<Note> as String,
        /// Hold it for so many seconds, 1 to 600, instead of ordering it at once. What is to be paid first is held for 600
        /// seconds without this.
        hold_seconds: Option<u32> as u32,
    }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewOrder>,
) -> Result<Reply<OrderView>> {
    let Lines { lines, choices } = new.lines;
    let wanted = Wanted {
        lines,
        choices,
        user: new.user_id,
        promo: new.promo_code,
        address: new.shipping_address,
        note: new.note,
        hold_seconds: new.hold_seconds,
    };
    let asked = asked(caller, IfMatch(None), idem);
    let Done { record: order, replayed } =
        ::orders::make(&app.store, &asked, wanted, app.clock.now()).await?;
    let (path, version) = (format!("/orders/{}", order.id), order.version);
    let view = OrderView::of(order, &app, &asked.caller);
    Ok(Reply::created(view, path).version(version).replayed(replayed))
}

request! {
    /// What would be ordered.
    pub(crate) struct NewPrice {
        /// 1 to 24 lines of sessions of one offering.
        lines: Lines as Vec<LineBody> => lines::parse,
        /// What takes something off.
        promo_code: Option<Promo> as String,
    }
}

async fn price(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(new): Json<NewPrice>,
) -> Result<Reply<PriceView>> {
    let what = (new.lines.lines.as_slice(), new.lines.choices.as_slice());
    let now = app.clock.now();
    Ok(Reply::ok(PriceView::of(
        &::orders::quote(&app.store, &caller, what, new.promo_code.as_ref(), now).await?,
    )))
}

request! {
    /// One's own orders, or those at a location.
    pub(crate) struct ListQuery {
        /// Orders at this location, for those who read bookings there.
        location_id: Option<LocationId> as String,
        /// Only those in this state.
        state: Option<String> as String,
        /// Only those with a line of this pool. With a location, one that was made just now may be missing for a moment.
        pool_id: Option<PoolId> as String,
        /// Some of `location` and `user`, with commas between: told in full with each order.
        expand: Option<Expand> as String,
    }
}

request! {
    /// How it is told.
    pub(crate) struct Telling {
        /// Some of `location` and `user`, with commas between: told in full with it.
        expand: Option<Expand> as String,
    }
}

/// What an order names.
const NAMED: [&str; 2] = ["location", "user"];

fn names(order: &Order) -> Names {
    (None, order.location, order.user)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<ListQuery>,
) -> Result<Listed<OrderView>> {
    let state = query.state.as_deref().map(lists::state).transpose()?;
    let filter = Filter { location: query.location_id, state, pool: query.pool_id };
    let expand = Expand::among(query.expand, &NAMED)?;
    let found = lists::list(&app, &caller, &filter, page.limit, page.after.clone()).await?;
    let known = expand::read(&app, &expand, found.items.iter().map(names)).await?;
    Ok(page.reply(found.map(|order| {
        let expanded = Expanded::of(&known, names(&order));
        OrderView { expanded, ..OrderView::of(order, &app, &caller) }
    })))
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    Query(telling): Query<Telling>,
) -> Result<Reply<OrderView>> {
    let expand = Expand::among(telling.expand, &NAMED)?;
    let order = lists::show(&app, &caller, id).await?;
    let known = expand::read(&app, &expand, [names(&order)].into_iter()).await?;
    let (expanded, version) = (Expanded::of(&known, names(&order)), order.version);
    Ok(Reply::ok(OrderView { expanded, ..OrderView::of(order, &app, &caller) }).version(version))
}

request! {
    /// All the lines that the order shall have from now on.
    pub(crate) struct OtherLines {
        /// 1 to 24 lines at the order's location.
        lines: Lines as Vec<LineBody> => lines::parse,
    }
}

async fn lines(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(other): Json<OtherLines>,
) -> Result<Reply<OrderView>> {
    let asked = asked(caller, if_match, idem);
    let done = change::change(&app, &asked, id, other.lines.lines).await?;
    Ok(told(&app, &asked.caller, done))
}

async fn confirm(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
) -> Result<Reply<OrderView>> {
    let asked = asked(caller, if_match, idem);
    let done = steps::confirm(&app, &asked, id).await?;
    Ok(told(&app, &asked.caller, done))
}

async fn cancel(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(cancellation): Json<Cancellation>,
) -> Result<Reply<OrderView>> {
    let asked = asked(caller, if_match, idem);
    let done = steps::cancel(&app, &asked, id, cancellation.reason).await?;
    Ok(told(&app, &asked.caller, done))
}

request! {
    /// That it took place.
    pub(crate) struct CompletionBody {
        /// Where a recording of it is: an https address.
        link: Option<Line> as String,
    }
}

async fn complete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<CompletionBody>,
) -> Result<Reply<OrderView>> {
    let asked = asked(caller, if_match, idem);
    let done = steps::complete(&app, &asked, id, body.link).await?;
    Ok(told(&app, &asked.caller, done))
}

/// The order as it stands now, with its version.
fn told(app: &App, caller: &domain::Caller, done: Done<Order>) -> Reply<OrderView> {
    let version = done.record.version;
    Reply::ok(OrderView::of(done.record, app, caller)).version(version).replayed(done.replayed)
}

impl OrderView {
    /// The order as it stands now, as the caller may know it.
    fn of(order: Order, app: &App, caller: &domain::Caller) -> Self {
        let reads = caller.may_at(Permission::ReadBookings, order.location);
        let line = |line: &domain::OrderLine| {
            let nights = line.cells.nights();
            LineView {
                pool_id: line.pool.to_string(),
                quantity: line.quantity,
                arrival: nights.map(|nights| nights.from().to_string()),
                departure: nights.map(|nights| nights.to().to_string()),
                nights: nights.map(|nights| nights.count()),
                overbooked: reads.then_some(line.overbooked),
            }
        };
        let completed = order.sale.as_ref().and_then(|sale| sale.completed.as_ref());
        Self {
            id: order.id.to_string(),
            location_id: order.location.to_string(),
            user_id: order.user.to_string(),
            booked_by: order.booked_by.map(|by| by.to_string()),
            lines: order.lines.iter().map(line).collect(),
            state: order.state_at(app.clock.now()).as_str().to_owned(),
            hold_until: order.hold_until.map(|until| until.to_string()),
            completed_at: completed.map(|completion| completion.at.to_string()),
            link: completed.and_then(|completion| completion.link.as_ref()).map(ToString::to_string),
            price: order.sale.as_deref().map(PriceView::of),
            shipping_address: order.sale.as_ref().and_then(|sale| sale.address.as_ref()).map(AddressView::of),
            note: order.note.map(Into::into),
            reason: order.reason.map(Into::into),
            expanded: Expanded::default(),
            created_at: order.created_at.to_string(),
            updated_at: order.updated_at.to_string(),
            version: order.version,
        }
    }
}

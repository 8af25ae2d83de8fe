//! Tables to take out: orders and payments by page, revenue by month. Amounts are in the currency's major unit; whose an order is, is told
//! by id.

use domain::payment::Means;
use domain::{Money, Order, Payment};
use jiff::Timestamp;
use web::{Cell, Csv, PageQuery, Query, Result, Signed, State};

use super::figures::{DaysQuery, MonthsQuery, allowed};
use crate::App;
use crate::figures::{self, Days};

/// Rows of a page where no limit is asked for. A row has at most some 700 bytes, so a page stays far below the six megabytes that a function may answer.
const ROWS: u32 = 1_000;

const ORDERS: [&str; 14] = [
    "order_id",
    "made_at",
    "state",
    "completed_at",
    "customer_id",
    "title",
    "units",
    "currency",
    "total",
    "charged",
    "captured",
    "refunded",
    "due",
    "reason",
];

const PAYMENTS: [&str; 11] = [
    "payment_id",
    "begun_at",
    "order_id",
    "customer_id",
    "means",
    "reference",
    "currency",
    "amount",
    "captured",
    "refunded",
    "paid",
];

const REVENUE: [&str; 5] = ["month", "currency", "captured", "refunded", "net"];

pub(crate) async fn orders(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<DaysQuery>,
) -> Result<Csv> {
    let days = allowed(&caller, query.location_id, Days::new(query.from, query.to))?;
    let zone = app.store.location(query.location_id).await?.zone;
    let (range, rows) = (days.instants(&zone), page.limit_or(ROWS));
    let found = app.store.orders_made(query.location_id, range, rows, page.after.clone()).await?;
    let now = app.clock.now();
    let at = |instant: Timestamp| zone.local(instant).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let rows = found.items.iter().map(|order| order_row(order, now, &at));
    Ok(Csv::page("orders", &ORDERS, rows, (&page, found.next.as_ref()))?)
}

fn order_row(order: &Order, now: Timestamp, at: &impl Fn(Timestamp) -> String) -> Vec<Cell> {
    let sale = order.sale.as_deref();
    let amount = |minor: i64| sale.map_or(Cell::Empty, |sale| major(Money::new(minor, sale.currency)));
    let completed = sale.and_then(|sale| sale.completed.as_ref());
    let units: u64 = order.lines.iter().map(|line| u64::from(line.quantity)).sum();
    vec![
        Cell::plain(order.id),
        Cell::Plain(at(order.created_at)),
        Cell::plain(order.state_at(now).as_str()),
        completed.map_or(Cell::Empty, |completed| Cell::Plain(at(completed.at))),
        Cell::plain(order.user),
        Cell::text(sale.map(|sale| sale.title.to_string())),
        Cell::plain(units),
        sale.map_or(Cell::Empty, |sale| Cell::plain(sale.currency.code())),
        sale.map_or(Cell::Empty, |sale| amount(sale.total)),
        sale.map_or(Cell::Empty, |sale| amount(sale.charged)),
        sale.map_or(Cell::Empty, |sale| amount(sale.captured)),
        sale.map_or(Cell::Empty, |sale| amount(sale.refunded)),
        sale.map_or(Cell::Empty, |sale| amount(sale.due())),
        Cell::text(order.reason.as_ref().map(ToString::to_string)),
    ]
}

pub(crate) async fn payments(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<DaysQuery>,
) -> Result<Csv> {
    let days = allowed(&caller, query.location_id, Days::new(query.from, query.to))?;
    let zone = app.store.location(query.location_id).await?.zone;
    let (range, rows) = (days.instants(&zone), page.limit_or(ROWS));
    let found = app.store.payments_begun(query.location_id, range, rows, page.after.clone()).await?;
    let at = |instant: Timestamp| zone.local(instant).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let rows = found.items.iter().map(|payment| payment_row(payment, &at));
    Ok(Csv::page("payments", &PAYMENTS, rows, (&page, found.next.as_ref()))?)
}

fn payment_row(payment: &Payment, at: &impl Fn(Timestamp) -> String) -> Vec<Cell> {
    let amount = |minor: i64| major(Money::new(minor, payment.currency));
    let reference = match &payment.means {
        Means::Razorpay { order } => Some(order.clone()),
        Means::Card { reference } => reference.clone(),
        Means::Upi { reference } => Some(reference.clone()),
        Means::Cash => None,
    };
    vec![
        Cell::plain(payment.id),
        Cell::Plain(at(payment.created_at)),
        Cell::plain(payment.order),
        Cell::plain(payment.user),
        Cell::plain(payment.means.as_str()),
        Cell::text(reference),
        Cell::plain(payment.currency.code()),
        amount(payment.amount),
        amount(payment.captured()),
        amount(payment.refunded()),
        Cell::plain(payment.is_paid()),
    ]
}

pub(crate) async fn revenue(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<MonthsQuery>,
) -> Result<Csv> {
    let months = allowed(&caller, query.location_id, Days::of_months(query.from, query.to))?;
    let found = figures::revenue(&app.reads, &[query.location_id], months).await?;
    let mut rows = Vec::new();
    for (currency, months) in &found {
        // What was counted is of a currency that there is.
        let Some(known) = domain::Currency::from_code(currency) else { continue };
        rows.extend(months.iter().map(|month| {
            let amount = |minor: i64| major(Money::new(minor, known));
            vec![
                Cell::plain(month.month.strftime("%Y-%m")),
                Cell::plain(currency),
                amount(month.captured),
                amount(month.refunded),
                amount(month.captured - month.refunded),
            ]
        }));
    }
    Ok(Csv::whole("revenue", &REVENUE, rows)?)
}

/// An amount with its currency's decimals and without its name.
fn major(money: Money) -> Cell {
    let shown = money.to_string();
    Cell::Plain(shown.split_once(' ').map_or(shown.clone(), |(_, amount)| amount.to_owned()))
}

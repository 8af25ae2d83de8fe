//! Figures on the wire. Amounts are minor units; days and months are those of the location's wall clock.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Caller, LocationId, OrderState, Permission, Scope};
use errors::Error;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use store::Ids;
use web::{Query, Reply, Result, Signed, State, request};

use crate::App;
use crate::figures::{self, Days, Delivered, Money, Month, Shares, Totals};

request! {
    /// Which days at which location.
    pub(crate) struct DaysQuery {
        /// At this location.
        location_id: LocationId as String,
        /// The first day.
        from: Date as String,
        /// The first day after them, at most 400 days later.
        to: Date as String,
    }
}

request! {
    /// Which months at which location.
    pub(crate) struct MonthsQuery {
        /// At this location.
        location_id: LocationId as String,
        /// The first day of the first month.
        from: Date as String,
        /// The first day of the first month after them, at most 36 months later.
        to: Date as String,
    }
}

request! {
    /// Which days, and where.
    pub(crate) struct DeliveryQuery {
        /// Of what happened at this location; when unset of what belongs to none, as codes and links.
        location_id: Option<LocationId> as String,
        /// The first day, in UTC where there is no location.
        from: Date as String,
        /// The first day after them, at most 400 days later.
        to: Date as String,
    }
}

/// Orders that were made in these days, as they stand now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OrderTotals")]
pub(crate) struct TotalsView {
    /// How many were made.
    orders: i64,
    /// How many are sold.
    sold: i64,
    /// How many were given back.
    cancelled: i64,
    /// How many took place, of those that are sold.
    completed: i64,
    /// How many were paid after somebody else had what was ordered.
    lost: i64,
    /// Their money by currency.
    money: Vec<MoneyView>,
}

/// Money of orders in one currency: `due = charged − captured + refunded`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OrderMoney")]
pub(crate) struct MoneyView {
    /// ISO 4217.
    currency: String,
    /// What the customers shall pay as things stand.
    charged: i64,
    /// What came in.
    captured: i64,
    /// What went back.
    refunded: i64,
    /// What is still to be paid; below zero, what is to go back.
    due: i64,
}

/// What came in and went back in a month.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MonthlyRevenue")]
pub(crate) struct MonthView {
    /// `2027-01`.
    month: String,
    /// ISO 4217.
    currency: String,
    /// What came in during the month.
    captured: i64,
    /// What went back during the month, of whatever came before.
    refunded: i64,
    /// The one without the other.
    net: i64,
}

/// How what was ordered is spread.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OrderDistribution")]
pub(crate) struct DistributionView {
    /// Orders made in these days, by the state in which they are.
    states: Vec<StateView>,
    /// The same by what was sold.
    offerings: Vec<OfferingView>,
    /// Money that came and went in these days, by its means.
    means: Vec<MeansView>,
}

/// Orders in one state.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OrdersInState")]
pub(crate) struct StateView {
    /// `held`, `expired`, `confirmed` or `cancelled`.
    state: String,
    orders: i64,
}

/// Orders of one offering.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OrdersOfOffering")]
pub(crate) struct OfferingView {
    offering_id: String,
    /// As it is called now.
    name: Option<String>,
    #[serde(flatten)]
    totals: TotalsView,
}

/// What one means brought.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MoneyByMeans")]
pub(crate) struct MeansView {
    /// `razorpay`, `cash`, `card` or `upi`.
    means: String,
    /// ISO 4217.
    currency: String,
    /// Payments begun.
    begun: i64,
    /// Payments paid.
    paid: i64,
    captured: i64,
    refunded: i64,
}

/// What became of messages that were due in these days; those that still wait or are tried again are not among them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeliveryByProvider")]
pub(crate) struct DeliveryView {
    /// `email`, `sms` or `whatsapp`.
    channel: String,
    /// Who took them, or should have; `none` where nobody was asked.
    provider: String,
    /// All of them.
    due: i64,
    /// Taken by the provider.
    sent: i64,
    /// Of these, arrived as the provider says. A mail's provider says nothing.
    delivered: i64,
    /// Of these, not to arrive as the provider says.
    undeliverable: i64,
    /// Taken by nobody, after all attempts.
    failed: i64,
    /// Not sent, since they were no longer true or wanted.
    skipped: i64,
    /// How many of a hundred that were sent arrived; null where none was sent.
    delivered_percent: Option<i64>,
}

pub(crate) async fn totals(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<DaysQuery>,
) -> Result<Reply<TotalsView>> {
    let days = allowed(&caller, query.location_id, Days::new(query.from, query.to))?;
    Ok(Reply::ok(TotalsView::of(&figures::totals(&app.reads, &[query.location_id], days).await?)))
}

pub(crate) async fn revenue(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<MonthsQuery>,
) -> Result<Reply<Vec<MonthView>>> {
    let months = allowed(&caller, query.location_id, Days::of_months(query.from, query.to))?;
    let found = figures::revenue(&app.reads, &[query.location_id], months).await?;
    let view = |(currency, months): (&String, &Vec<Month>)| -> Vec<MonthView> {
        months.iter().map(|month| MonthView::of(currency, month)).collect()
    };
    Ok(Reply::ok(found.iter().flat_map(view).collect()))
}

pub(crate) async fn distribution(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<DaysQuery>,
) -> Result<Reply<DistributionView>> {
    let days = allowed(&caller, query.location_id, Days::new(query.from, query.to))?;
    let found = figures::distribution(&app.reads, query.location_id, days).await?;
    let ids: BTreeSet<_> = found.offerings.keys().filter_map(|id| id.parse().ok()).collect();
    let offerings = app.store.together(&Ids { offerings: ids, ..Ids::default() }).await?.offerings;
    let names: BTreeMap<String, String> =
        offerings.iter().map(|one| (one.id.to_string(), one.about.name.to_string())).collect();
    let states = OrderState::ALL
        .map(|state| StateView { state: state.as_str().to_owned(), orders: found.all.in_state(state) });
    let offering = |(id, totals): (&String, &Totals)| OfferingView {
        offering_id: id.clone(),
        name: names.get(id).cloned(),
        totals: TotalsView::of(totals),
    };
    let means = |((means, currency), shares): (&(String, String), &Shares)| MeansView {
        means: means.clone(),
        currency: currency.clone(),
        begun: shares.begun,
        paid: shares.paid,
        captured: shares.captured,
        refunded: shares.refunded,
    };
    Ok(Reply::ok(DistributionView {
        states: states.into(),
        offerings: found.offerings.iter().map(offering).collect(),
        means: found.means.iter().map(means).collect(),
    }))
}

pub(crate) async fn delivery(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<DeliveryQuery>,
) -> Result<Reply<Vec<DeliveryView>>> {
    let days = Days::new(query.from, query.to);
    let days = match query.location_id {
        Some(location) => allowed(&caller, location, days)?,
        None if caller.role.is_scoped() && caller.scope != Scope::All => {
            return Err(Error::forbidden("your role reads figures of its locations; name one").into());
        }
        None => days?,
    };
    let found = figures::delivery(&app.reads, query.location_id, days).await?;
    Ok(Reply::ok(found.iter().map(DeliveryView::of).collect()))
}

impl DaysQuery {
    /// Where, and which days.
    pub(super) fn parts(&self) -> (LocationId, errors::Result<Days>) {
        (self.location_id, Days::new(self.from, self.to))
    }
}

/// The days, for those who read figures there.
pub(crate) fn allowed(
    caller: &Caller,
    location: LocationId,
    days: errors::Result<Days>,
) -> errors::Result<Days> {
    caller.require_at(Permission::ReadFigures, location)?;
    days
}

impl TotalsView {
    fn of(totals: &Totals) -> Self {
        let money = |(currency, money): (&String, &Money)| MoneyView {
            currency: currency.clone(),
            charged: money.charged,
            captured: money.captured,
            refunded: money.refunded,
            due: money.due(),
        };
        Self {
            orders: totals.orders,
            sold: totals.in_state(OrderState::Confirmed),
            cancelled: totals.in_state(OrderState::Cancelled),
            completed: totals.completed,
            lost: totals.lost,
            money: totals.money.iter().map(money).collect(),
        }
    }
}

impl MonthView {
    fn of(currency: &str, month: &Month) -> Self {
        Self {
            month: month.month.strftime("%Y-%m").to_string(),
            currency: currency.to_owned(),
            captured: month.captured,
            refunded: month.refunded,
            net: month.captured - month.refunded,
        }
    }
}

impl DeliveryView {
    pub(crate) fn of(((channel, provider), counted): (&(String, String), &Delivered)) -> Self {
        Self {
            channel: channel.clone(),
            provider: provider.clone(),
            due: counted.due(),
            sent: counted.sent,
            delivered: counted.delivered,
            undeliverable: counted.undeliverable,
            failed: counted.failed,
            skipped: counted.skipped,
            delivered_percent: counted.percent(),
        }
    }
}

//! Figures as they are asked for: added up over days of a location's wall clock.

use std::collections::{BTreeMap, BTreeSet};

use cache::Reads;
use domain::figures::{Kind, Sums, summed};
use domain::{LocationId, OrderState};
use errors::{Error, Result};
use jiff::civil::Date;
use store::Kept;

use super::Days;

/// Money of orders, in minor units: `due = charged − captured + refunded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Money {
    /// What the customers shall pay as things stand.
    pub charged: i64,
    /// What came in.
    pub captured: i64,
    /// What went back.
    pub refunded: i64,
}

impl Money {
    /// What is still to be paid; below zero, what is to go back.
    pub const fn due(&self) -> i64 {
        self.charged - self.captured + self.refunded
    }
}

/// Orders that were made in some days, as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many were made.
    pub orders: i64,
    /// How many are in which state, by its name.
    pub states: BTreeMap<&'static str, i64>,
    /// Confirmed ones that took place.
    pub completed: i64,
    /// Paid after somebody else had what was ordered.
    pub lost: i64,
    /// By currency.
    pub money: BTreeMap<String, Money>,
}

impl Totals {
    fn of(sums: &Sums) -> Self {
        let one = |name: &str| sums.get(name).copied().unwrap_or_default();
        let mut money: BTreeMap<String, Money> = BTreeMap::new();
        for (name, by) in sums {
            let Some((what, currency)) = name.split_once('#') else { continue };
            let of = money.entry(currency.to_owned()).or_default();
            match what {
                "charged" => of.charged = *by,
                "captured" => of.captured = *by,
                "refunded" => of.refunded = *by,
                _ => {}
            }
        }
        Self {
            orders: one("made"),
            states: OrderState::ALL.map(|state| (state.as_str(), one(state.as_str()))).into(),
            completed: one("completed"),
            lost: one("lost"),
            money,
        }
    }

    /// How many are in this state.
    pub fn in_state(&self, state: OrderState) -> i64 {
        self.states.get(state.as_str()).copied().unwrap_or_default()
    }
}

/// What came and went in a month, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub month: Date,
    /// What came in.
    pub captured: i64,
    /// What went back.
    pub refunded: i64,
}

/// Months by currency, each of them there.
pub type Months = BTreeMap<String, Vec<Month>>;

/// What one means of payment brought, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    /// Payments begun in these days.
    pub begun: i64,
    /// Payments paid in these days.
    pub paid: i64,
    /// What came in.
    pub captured: i64,
    /// What went back.
    pub refunded: i64,
}

/// How what was ordered is spread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Distribution {
    /// All orders.
    pub all: Totals,
    /// By the id of what was sold.
    pub offerings: BTreeMap<String, Totals>,
    /// By means and currency.
    pub means: BTreeMap<(String, String), Shares>,
}

/// What became of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    /// A provider took them.
    pub sent: i64,
    /// Of these, those that arrived, as the provider says.
    pub delivered: i64,
    /// Of these, those that will not arrive, as the provider says.
    pub undeliverable: i64,
    /// No provider took them.
    pub failed: i64,
    /// They were no longer true or wanted.
    pub skipped: i64,
}

impl std::ops::AddAssign for Delivered {
    fn add_assign(&mut self, more: Self) {
        self.sent += more.sent;
        self.delivered += more.delivered;
        self.undeliverable += more.undeliverable;
        self.failed += more.failed;
        self.skipped += more.skipped;
    }
}

impl Delivered {
    /// Those whose time came.
    pub const fn due(&self) -> i64 {
        self.sent + self.failed + self.skipped
    }

    /// How many of a hundred that were sent arrived; `None` where nothing was sent.
    pub const fn percent(&self) -> Option<i64> {
        if self.sent > 0 { Some((self.delivered * 100 + self.sent / 2) / self.sent) } else { None }
    }
}

/// Orders that were made in these days at locations, as they stand.
///
/// # Errors
/// `not_found` where there is no such location, `unavailable`.
pub async fn totals(reads: &Reads, locations: &[LocationId], days: Days) -> Result<Totals> {
    Ok(Totals::of(&added(&of_kind(reads, locations, Kind::Orders, days).await?)))
}

/// What came and went at locations, by month.
///
/// # Errors
/// As [`totals`].
pub async fn revenue(reads: &Reads, locations: &[LocationId], months: Days) -> Result<Months> {
    let mut found = Months::new();
    for kept in of_kind(reads, locations, Kind::Money, months).await? {
        for (name, by) in &kept.sums {
            let [what, currency, _] = parts(name);
            let empty = |month| Month { month, captured: 0, refunded: 0 };
            let of = found.entry(currency.to_owned()).or_insert_with(|| months.months().map(empty).collect());
            let first = kept.day.first_of_month();
            let Some(month) = of.iter_mut().find(|month| month.month == first) else { continue };
            match what {
                "captured" => month.captured += by,
                "refunded" => month.refunded += by,
                _ => {}
            }
        }
    }
    Ok(found)
}

/// How the orders of these days are spread over states and what was sold, and their money over its means.
///
/// # Errors
/// As [`totals`]; `too_large` where too much was sold to be added up at once.
pub async fn distribution(reads: &Reads, location: LocationId, days: Days) -> Result<Distribution> {
    let generation = generation(reads, &[location]).await?;
    let read = |kind| Box::pin(reads.figures(generation, (Some(location), kind), days.bounds()));
    let (orders, sold, money) =
        tokio::try_join!(read(Kind::Orders), read(Kind::Offerings), read(Kind::Money))?;
    let mut offerings: BTreeMap<String, Vec<&Sums>> = BTreeMap::new();
    for kept in &sold {
        offerings.entry(kept.of.clone().unwrap_or_default()).or_default().push(&kept.sums);
    }
    let mut means: BTreeMap<(String, String), Shares> = BTreeMap::new();
    for (name, by) in &added(&money) {
        let [what, currency, by_means] = parts(name);
        let of = means.entry((by_means.to_owned(), currency.to_owned())).or_default();
        match what {
            "begun" => of.begun = *by,
            "paid" => of.paid = *by,
            "captured" => of.captured = *by,
            "refunded" => of.refunded = *by,
            _ => {}
        }
    }
    Ok(Distribution {
        all: Totals::of(&added(&orders)),
        offerings: offerings.into_iter().map(|(id, all)| (id, Totals::of(&summed(all)))).collect(),
        means,
    })
}

/// What became of the messages that were due in these days, by channel and provider; of a location, or of those that belong to
/// none, as codes to phones.
///
/// # Errors
/// As [`totals`].
pub async fn delivery(
    reads: &Reads,
    location: Option<LocationId>,
    days: Days,
) -> Result<BTreeMap<(String, String), Delivered>> {
    let mut found: BTreeMap<(String, String), Delivered> = BTreeMap::new();
    let generation = generation(reads, location.as_slice()).await?;
    let kept = reads.figures(generation, (location, Kind::Delivery), days.bounds()).await?;
    for (name, by) in &added(&kept) {
        let [what, channel, provider] = parts(name);
        let of = found.entry((channel.to_owned(), provider.to_owned())).or_default();
        match what {
            "sent" => of.sent += by,
            "delivered" => (of.sent, of.delivered) = (of.sent + by, of.delivered + by),
            "undeliverable" => (of.sent, of.undeliverable) = (of.sent + by, of.undeliverable + by),
            "failed" => of.failed += by,
            "skipped" => of.skipped += by,
            _ => {}
        }
    }
    Ok(found)
}

pub(super) async fn of_kind(
    reads: &Reads,
    locations: &[LocationId],
    kind: Kind,
    days: Days,
) -> Result<Vec<Kept>> {
    let generation = generation(reads, locations).await?;
    let mut all = Vec::new();
    for location in locations {
        all.extend(reads.figures(generation, (Some(*location), kind), days.bounds()).await?);
    }
    Ok(all)
}

/// The generation that is read, if there are these locations.
pub(super) async fn generation(reads: &Reads, locations: &[LocationId]) -> Result<u64> {
    let (generations, zones) =
        reads.store().figures_at(&locations.iter().copied().collect::<BTreeSet<_>>()).await?;
    if locations.iter().all(|location| zones.contains_key(location)) {
        Ok(generations.current)
    } else {
        Err(Error::not_found("location"))
    }
}

fn added(kept: &[Kept]) -> Sums {
    summed(kept.iter().map(|kept| &kept.sums))
}

pub(super) fn parts(name: &str) -> [&str; 3] {
    let mut parts = name.split('#');
    [(); 3].map(|()| parts.next().unwrap_or_default())
}

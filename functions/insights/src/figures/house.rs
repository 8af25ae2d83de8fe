//! Figures of a house: its nights, its stays by the day of arrival, and what was sold and given back day by day.

use std::collections::BTreeMap;

use cache::Reads;
use domain::figures::{Kind, LEAD_CLASSES, LENGTH_CLASSES, Sums, summed};
use domain::{LocationId, RoomTypeId};
use errors::{Code, Error, Result};
use jiff::civil::Date;

use super::Days;
use super::read::{generation, of_kind, parts};

/// Rooms of a house that are counted at most.
const MOST_ROOMS: usize = 5_000;

/// Money by currency, in minor units.
pub type Amounts = BTreeMap<String, i64>;

/// Nights of a day or a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nights {
    /// The day, or the first one of the month.
    pub from: Date,
    /// Nights of rooms that there are: the rooms that the house has now, for each day that was asked for.
    pub rooms: i64,
    /// Of these, those that are sold.
    pub sold: i64,
    /// What they are sold for, without what is posted beside.
    pub revenue: Amounts,
}

impl Nights {
    /// Nights added up, from a day on.
    pub fn of<'a>(from: Date, all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self { from, rooms: 0, sold: 0, revenue: Amounts::new() };
        for nights in all {
            sum.rooms += nights.rooms;
            sum.sold += nights.sold;
            for (currency, amount) in &nights.revenue {
                *sum.revenue.entry(currency.clone()).or_default() += amount;
            }
        }
        sum
    }

    /// How many of a thousand nights are sold; `None` where there are no rooms.
    pub fn occupancy(&self) -> Option<i64> {
        rounded(self.sold.saturating_mul(1_000), self.rooms)
    }

    /// The average daily rate: what a night costs that is sold, in minor units. `None` where none is.
    pub fn rate(&self, revenue: i64) -> Option<i64> {
        rounded(revenue, self.sold)
    }

    /// The revenue per available room, in minor units. `None` where there are no rooms.
    pub fn per_room(&self, revenue: i64) -> Option<i64> {
        rounded(revenue, self.rooms)
    }
}

/// Stays that begin in some days, as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrivals {
    /// How many are sold, those that have taken place too.
    pub sold: i64,
    /// How many were sold and given back.
    pub cancelled: i64,
    /// How many were sold and nobody came.
    pub no_shows: i64,
    /// Rooms of those that are sold.
    pub rooms: i64,
    /// Nights of these rooms.
    pub nights: i64,
    /// Days from the booking of each that is sold until its arrival, added up.
    pub lead_days: i64,
    /// Those that are sold by the first number of days of each class.
    pub lead: Vec<(i64, i64)>,
    /// Rooms by the first number of nights of each class.
    pub length: Vec<(i64, i64)>,
}

/// What happened on a day to stays, and to the nights that are sold, whenever they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pickup {
    /// The day.
    pub day: Date,
    /// Stays that were sold.
    pub made: i64,
    /// Stays that were given back.
    pub cancelled: i64,
    /// Stays to which nobody came.
    pub no_shows: i64,
    /// Nights that were sold without those that were given back; of the month alone, where one was named.
    pub nights: i64,
    /// What they bring.
    pub revenue: Amounts,
    /// What is sold of the month at the end of the day, where one was named.
    pub on_the_books: Option<Books>,
}

/// What is sold of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// Nights of rooms.
    pub nights: i64,
    /// What they bring.
    pub revenue: Amounts,
}

/// The nights of these days, of all room types or of one, day by day, each of them there.
///
/// # Errors
/// `not_found` for a location that there is not; `too_large` for a house of more than 5,000 rooms; `unavailable` when the database is.
pub async fn nights(
    reads: &Reads,
    (location, room_type): (LocationId, Option<RoomTypeId>),
    days: Days,
) -> Result<Vec<Nights>> {
    let (from, to) = days.bounds();
    let generation = generation(reads, &[location]).await?;
    let (kept, rooms) = tokio::try_join!(
        reads.figures(generation, (Some(location), Kind::Nights), (from.first_of_month(), to)),
        rooms(reads, location, room_type),
    )?;
    let empty = |day| (day, Nights { from: day, rooms, sold: 0, revenue: Amounts::new() });
    let mut found: BTreeMap<Date, Nights> = days.each().map(empty).collect();
    let wanted = room_type.map(|id| id.to_string());
    let kept = kept.iter().filter(|kept| wanted.is_none() || kept.of == wanted);
    for (name, by) in kept.flat_map(|kept| &kept.sums) {
        let [what, night, currency] = parts(name);
        let Some(nights) = night.parse().ok().and_then(|night: Date| found.get_mut(&night)) else { continue };
        match what {
            "sold" => nights.sold += by,
            "revenue" => *nights.revenue.entry(currency.to_owned()).or_default() += by,
            _ => {}
        }
    }
    Ok(found.into_values().collect())
}

/// Days added up by month.
pub fn by_month(days: &[Nights]) -> Vec<Nights> {
    let mut found: BTreeMap<Date, Vec<&Nights>> = BTreeMap::new();
    for day in days {
        found.entry(day.from.first_of_month()).or_default().push(day);
    }
    found.into_iter().map(|(month, days)| Nights::of(month, days)).collect()
}

/// How many rooms the house has, of a type or in all.
async fn rooms(reads: &Reads, location: LocationId, room_type: Option<RoomTypeId>) -> Result<i64> {
    let (mut looked, mut count, mut after) = (0, 0, None);
    loop {
        let page = reads.store().hotel_rooms_at(location, 100, after).await?;
        looked += page.items.len();
        let is_meant = |of: RoomTypeId| room_type.is_none_or(|wanted| wanted == of);
        count += page.items.iter().filter(|room| is_meant(room.room_type)).count();
        after = page.next;
        if after.is_none() {
            return Ok(i64::try_from(count).unwrap_or(i64::MAX));
        }
        if looked >= MOST_ROOMS {
            return Err(Error::new(Code::TooLarge, "a house of more than 5,000 rooms is not counted"));
        }
    }
}

/// The stays that begin in these days.
///
/// # Errors
/// As [`super::totals`].
pub async fn arrivals(reads: &Reads, location: LocationId, days: Days) -> Result<Arrivals> {
    let kept = of_kind(reads, &[location], Kind::Stays, days).await?;
    let sums = summed(kept.iter().map(|kept| &kept.sums));
    let one = |name: &str| sums.get(name).copied().unwrap_or_default();
    let classes = |what: &str, classes: &[i64]| {
        let each = classes.iter().map(|first| (*first, one(&format!("{what}#{first}"))));
        each.collect::<Vec<_>>()
    };
    Ok(Arrivals {
        sold: one("sold"),
        cancelled: one("cancelled"),
        no_shows: one("no_show"),
        rooms: one("rooms"),
        nights: one("nights"),
        lead_days: one("lead_days"),
        lead: classes("lead", &LEAD_CLASSES),
        length: classes("length", &LENGTH_CLASSES),
    })
}

/// What was sold and given back on each of these days; where a month is named by its first day, of its nights alone, and with those
/// that are sold at the end of each day. These are what is sold now without what came later, so they are exact however early the first
/// of them was sold.
///
/// # Errors
/// As [`super::totals`].
pub async fn pickup(
    reads: &Reads,
    location: LocationId,
    (days, month): (Days, Option<Date>),
) -> Result<Vec<Pickup>> {
    let (from, to) = days.bounds();
    let generation = generation(reads, &[location]).await?;
    let last = if month.is_some() { Date::MAX } else { to };
    let kept = reads.figures(generation, (Some(location), Kind::Pickup), (from, last)).await?;
    let by_day: BTreeMap<Date, &Sums> = kept.iter().map(|kept| (kept.day, &kept.sums)).collect();
    let day = |day: Date| Pickup::of(day, by_day.get(&day).copied(), month);
    let mut found: Vec<_> = days.each().map(day).collect();
    if let Some(month) = month {
        let mut books = Books::now(reads, (generation, location, month)).await?;
        by_day.range(to..).for_each(|(later, _)| books.take_off(&day(*later)));
        for pickup in found.iter_mut().rev() {
            pickup.on_the_books = Some(books.clone());
            books.take_off(pickup);
        }
    }
    Ok(found)
}

impl Books {
    async fn now(reads: &Reads, (generation, location, month): (u64, LocationId, Date)) -> Result<Self> {
        let bounds = (month, month.tomorrow().unwrap_or(month));
        let kept = reads.figures(generation, (Some(location), Kind::Nights), bounds).await?;
        let mut books = Self { nights: 0, revenue: Amounts::new() };
        for (name, by) in kept.iter().flat_map(|kept| &kept.sums) {
            match parts(name) {
                ["sold", ..] => books.nights += by,
                ["revenue", _, currency] => *books.revenue.entry(currency.to_owned()).or_default() += by,
                _ => {}
            }
        }
        Ok(books)
    }

    /// As it was before that day.
    fn take_off(&mut self, day: &Pickup) {
        self.nights -= day.nights;
        for (currency, by) in &day.revenue {
            *self.revenue.entry(currency.clone()).or_default() -= by;
        }
    }
}

impl Pickup {
    fn of(day: Date, sums: Option<&Sums>, month: Option<Date>) -> Self {
        let month = month.map(|month| month.to_string());
        let mut found = Self {
            day,
            made: 0,
            cancelled: 0,
            no_shows: 0,
            nights: 0,
            revenue: Amounts::new(),
            on_the_books: None,
        };
        for (name, by) in sums.into_iter().flatten() {
            let [what, of, currency] = parts(name);
            let is_meant = month.as_deref().is_none_or(|month| month == of);
            match what {
                "made" => found.made += by,
                "cancelled" => found.cancelled += by,
                "no_show" => found.no_shows += by,
                "nights" if is_meant => found.nights += by,
                "revenue" if is_meant => *found.revenue.entry(currency.to_owned()).or_default() += by,
                _ => {}
            }
        }
        found
    }
}

/// The quotient, rounded to the nearest whole number; `None` where there is nothing to divide by.
pub(crate) fn rounded(dividend: i64, divisor: i64) -> Option<i64> {
    (divisor > 0).then(|| (dividend.saturating_mul(2) + divisor).div_euclid(2 * divisor))
}

//! Campaigns: by id, latest first, those that a worker must look at; what became of their messages; and their audience.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::campaign::{Filter, Source};
use domain::message::DUE;
use domain::{
    Booking, BookingState, Campaign, CampaignId, Message, MessageId, Order, OrderState, Phone, User, UserId,
    Zone,
};
use errors::{Error, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::accounts::{Account, Unique, by_phone};
use crate::catalog::made;
use crate::page::{Page, Position};
use crate::schema::{ACCOUNTS, BY_DUE, BY_PLACE, BY_RECIPIENT, EXPIRES, MESSAGES, Table};
use crate::table::{Query, Range, Record, moment, number, read, text};
use crate::{Outcome, Store, Tx};

/// A campaign that is over is kept as long as its messages.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Both lists of campaigns have a partition of their own in the indexes of messages.
const CAMPAIGNS: &str = "campaign";
const COUNTS: &str = "counts";

impl Record for Campaign {
    const TABLE: Table = MESSAGES;
    const NAME: &'static str = "campaign";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "campaign".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        let mut extra = vec![
            (BY_RECIPIENT.partition, text(CAMPAIGNS)),
            (BY_RECIPIENT.sort, text(format!("{}#{}", moment(self.created_at), self.id))),
        ];
        match self.wake_at {
            Some(at) => {
                extra.push((BY_DUE.partition, text(CAMPAIGNS)));
                extra.push((BY_DUE.sort, text(format!("{}#{}", moment(at), self.id))));
            }
            None => extra.push((EXPIRES, number((self.updated_at + KEPT).as_second()))),
        }
        extra
    }
}

/// Some people of an audience.
#[derive(Debug)]
pub struct Seen {
    /// Records that were looked at.
    pub count: usize,
    /// Whose they are, each once.
    pub users: Vec<User>,
    /// Where to go on.
    pub next: Option<Position>,
}

impl Tx {
    /// A new campaign.
    pub fn insert_campaign(&mut self, store: &Store, campaign: &Campaign) {
        self.insert(store, campaign, || Error::internal("two campaigns were given one id"));
    }

    /// A changed campaign; refused unless the stored one is the version before it.
    pub fn update_campaign(&mut self, store: &Store, campaign: &Campaign) {
        self.replace(store, campaign, campaign.version);
    }

    /// New messages of a campaign, counted as due.
    pub fn insert_campaign_messages(&mut self, store: &Store, id: CampaignId, messages: &[Message]) {
        for message in messages {
            self.insert(store, message, || Error::internal("a campaign told somebody twice"));
        }
        let made = i64::try_from(messages.len()).unwrap_or(i64::MAX);
        self.count(store, (&MESSAGES, &id.to_string(), COUNTS), &[(DUE, made)]);
    }

    /// Counts one message of a campaign under another heading.
    pub(crate) fn move_in_campaign(&mut self, store: &Store, moved: &domain::message::Moved) {
        let from = moved.from.iter().map(|heading| (heading.as_str(), -1));
        let by: Vec<_> = from.chain([(moved.to.as_str(), 1)]).collect();
        self.count(store, (&MESSAGES, &moved.campaign.to_string(), COUNTS), &by);
    }
}

impl Store {
    /// The campaign, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn campaign(&self, id: CampaignId) -> Result<Campaign> {
        self.get(&id.to_string(), "campaign").await?.ok_or_else(|| Error::not_found("campaign"))
    }

    /// Writes a changed campaign; `changed` unless the stored one is the version before it.
    ///
    /// # Errors
    /// `changed`, `unavailable`.
    pub async fn change_campaign(&self, campaign: &Campaign) -> Result<()> {
        self.change(campaign, campaign.version).await
    }

    /// How many messages of a campaign come under which heading, read consistently.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn campaign_counts(&self, id: CampaignId) -> Result<BTreeMap<String, u64>> {
        let found = self.get_many(&[(MESSAGES, id.to_string(), COUNTS.to_owned())]).await?;
        let counts = found.into_iter().flat_map(|(_, item)| item);
        let read = |value: AttributeValue| value.as_n().ok()?.parse().ok();
        Ok(counts.filter_map(|(heading, value)| Some((heading, read(value)?))).collect())
    }

    /// Campaigns, latest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn campaigns(&self, limit: u32, after: Option<Position>) -> Result<Page<Campaign>> {
        self.query(Query {
            table: &MESSAGES,
            index: Some(&BY_RECIPIENT),
            partition: CAMPAIGNS.to_owned(),
            range: Range::All,
            descending: true,
            limit,
            after,
        })
        .await
    }

    /// Campaigns that a worker must look at by `now`, the earliest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn campaigns_due(&self, now: Timestamp, limit: u32) -> Result<Page<Campaign>> {
        self.query(Query {
            table: &MESSAGES,
            index: Some(&BY_DUE),
            partition: CAMPAIGNS.to_owned(),
            range: Range::Between("0".to_owned(), format!("{}#~", moment(now))),
            descending: false,
            limit,
            after: None,
        })
        .await
    }

    /// Which of these messages there are; at most 100.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn messages_made(&self, ids: &[MessageId]) -> Result<BTreeSet<MessageId>> {
        let keys: Vec<_> = ids.iter().map(|id| (MESSAGES, id.to_string(), "message".to_owned())).collect();
        if keys.is_empty() {
            return Ok(BTreeSet::new());
        }
        let found = self.get_many(&keys).await?.into_iter();
        found.map(|(_, item)| read::<Message>(item).map(|message| message.id)).collect()
    }

    /// The next people of an audience that is read there, at most `limit`, which is 100 at most: whom a filter is still to be
    /// asked about. A page may have nobody and still not be the last. Days are those of `zone`.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn audience(
        &self,
        (filter, source): (&Filter, Source),
        zone: &Zone,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Seen> {
        match source {
            Source::Accounts => {
                let page = self.accounts(limit, after).await?;
                let users = page.items.into_iter().map(|account| account.user).collect::<Vec<_>>();
                Ok(Seen { count: users.len(), users, next: page.next })
            }
            Source::Phones => self.with_phones(&filter.phones, limit, after).await,
            Source::Place { location, days } => {
                let at = after.as_ref().and_then(|place| place.text(BY_PLACE.partition));
                let booked = at.and_then(|at| at.strip_prefix(&format!("{location}#"))?.parse::<Date>().ok());
                let day = |day: Date| Position::at(BY_PLACE.partition, format!("{location}#{day}"));
                let (ids, count, next) = match booked {
                    None => {
                        let begin = zone.midnight(days.0).unwrap_or(Timestamp::MIN);
                        let end = days.1.tomorrow().ok().and_then(|end| zone.midnight(end));
                        let last = end.and_then(|end| end.checked_sub(SignedDuration::from_millis(1)).ok());
                        let made = (begin, last.unwrap_or(Timestamp::MAX));
                        let page = self.orders_made_at(location, made, limit, after).await?;
                        let meant = |order: &Order| {
                            let sold = order.sale.as_ref().and_then(|sale| sale.offering);
                            filter.offering.is_none_or(|offering| sold == Some(offering))
                        };
                        let sold = |order: &&Order| order.state == OrderState::Confirmed && meant(order);
                        let ids = page.items.iter().filter(sold).map(|order| order.user).collect();
                        let then = filter.offering.is_none().then(|| day(days.0));
                        let next = page.next.or(then);
                        (ids, page.items.len(), next)
                    }
                    Some(date) => {
                        let after = after.filter(Position::is_key);
                        let page = self.bookings_on(location, date, limit, after).await?;
                        let came = |booking: &&Booking| {
                            matches!(booking.state, BookingState::Confirmed | BookingState::Completed)
                        };
                        let ids = page.items.iter().filter(came).map(|booking| booking.user).collect();
                        let tomorrow = date.tomorrow().ok().filter(|tomorrow| *tomorrow <= days.1);
                        (ids, page.items.len(), page.next.or_else(|| tomorrow.map(day)))
                    }
                };
                Ok(Seen { count, users: self.users(ids).await?, next })
            }
        }
    }

    async fn with_phones(&self, phones: &[Phone], limit: u32, after: Option<Position>) -> Result<Seen> {
        let begin = after.as_ref().and_then(|place| place.text("phone")?.parse().ok()).unwrap_or(0);
        let rest = phones.get(begin..).unwrap_or_default();
        let some = rest.get(..usize::try_from(limit).unwrap_or(usize::MAX)).unwrap_or(rest);
        let keys: Vec<_> =
            some.iter().map(|phone| (ACCOUNTS, by_phone(phone), "unique".to_owned())).collect();
        let found = if keys.is_empty() { Vec::new() } else { self.get_many(&keys).await? };
        let ids = found.into_iter().map(|(_, item)| read::<Unique>(item).map(|unique| unique.user));
        let users = self.users(ids.collect::<Result<_>>()?).await?;
        let end = begin + some.len();
        let next = (end < phones.len()).then(|| Position::at("phone", end.to_string()));
        Ok(Seen { count: some.len(), users, next })
    }

    /// Accounts by id, those that exist, each once; at most 100.
    async fn users(&self, mut ids: Vec<UserId>) -> Result<Vec<User>> {
        ids.sort();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = ids.iter().map(|id| (ACCOUNTS, id.to_string(), "user".to_owned())).collect();
        let found = self.get_many(&keys).await?.into_iter();
        let mut users = found
            .map(|(_, item)| read::<Account>(item).map(|account| account.user))
            .collect::<Result<Vec<_>>>()?;
        users.sort_by_key(|user| user.id);
        Ok(users)
    }
}

/// The campaign that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not a campaign.
pub fn campaign_from(outcome: Outcome, new: Campaign) -> Result<(Campaign, bool)> {
    made(outcome, new)
}

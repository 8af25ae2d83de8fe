//! Guests: by id, by name, by what they are reached by.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::hotel::Guest;
use domain::text::Email;
use domain::{GuestId, Phone};
use errors::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use crate::page::{Page, Position};
use crate::schema::{ACCOUNTS, BY_KIND, Table};
use crate::table::{Query, Range, Record, text};
use crate::{Ids, Store, Tx};

impl Record for Guest {
    const TABLE: Table = ACCOUNTS;
    const NAME: &'static str = "guest";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "guest".to_owned())
    }

    /// Whoever was merged into another guest is in no index.
    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        if self.merged_into.is_some() {
            return Vec::new();
        }
        vec![
            (BY_KIND.partition, text("guest")),
            (BY_KIND.sort, text(format!("{}#{}", self.name.folded(), self.id))),
        ]
    }
}

/// Says that a guest is reached by an address or a number; several guests may share one.
#[derive(Debug, Serialize, Deserialize)]
struct Reached {
    by: String,
    guest: GuestId,
}

impl Record for Reached {
    const TABLE: Table = ACCOUNTS;
    const NAME: &'static str = "address of a guest";

    fn key(&self) -> (String, String) {
        (self.by.clone(), self.guest.to_string())
    }
}

fn by_email(email: &Email) -> String {
    format!("guest-email#{email}")
}

fn by_phone(phone: &Phone) -> String {
    format!("guest-phone#{}", phone.as_str())
}

fn reached_by(guest: &Guest) -> Vec<String> {
    if guest.merged_into.is_some() {
        return Vec::new();
    }
    guest.email.iter().map(by_email).chain(guest.phone.iter().map(by_phone)).collect()
}

impl Tx {
    /// A new guest, found by address and number.
    pub fn insert_guest(&mut self, store: &Store, guest: &Guest) {
        self.insert(store, guest, || Error::new(Code::AlreadyExists, "there is such a guest"));
        for by in reached_by(guest) {
            self.put(store, &Reached { by, guest: guest.id });
        }
    }

    /// A changed guest; refused unless the stored one is the version before it.
    pub fn update_guest(&mut self, store: &Store, before: &Guest, after: &Guest) {
        self.replace(store, after, after.version);
        let (old, new) = (reached_by(before), reached_by(after));
        for by in old.iter().filter(|by| !new.contains(by)) {
            self.delete(store, &ACCOUNTS, by, &after.id.to_string());
        }
        for by in new.into_iter().filter(|by| !old.contains(by)) {
            self.put(store, &Reached { by, guest: after.id });
        }
    }
}

impl Store {
    /// The guest, merged or not, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn guest(&self, id: GuestId) -> Result<Guest> {
        self.get(&id.to_string(), "guest").await?.ok_or_else(|| Error::not_found("guest"))
    }

    /// Guests whose name begins so, in the order of names, without those who were merged into others.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn guests(&self, begins: &str, limit: u32, after: Option<Position>) -> Result<Page<Guest>> {
        self.query(Query {
            table: &ACCOUNTS,
            index: Some(&BY_KIND),
            partition: "guest".to_owned(),
            range: if begins.is_empty() { Range::All } else { Range::Prefix(begins.to_lowercase()) },
            descending: false,
            limit,
            after,
        })
        .await
    }

    /// Guests who are reached by this address; at most 100.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn guests_with_email(&self, email: &Email) -> Result<Vec<Guest>> {
        self.guests_reached(by_email(email)).await
    }

    /// Guests who are reached by this number; at most 100.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn guests_with_phone(&self, phone: &Phone) -> Result<Vec<Guest>> {
        self.guests_reached(by_phone(phone)).await
    }

    async fn guests_reached(&self, partition: String) -> Result<Vec<Guest>> {
        let found: Page<Reached> = self
            .query(Query {
                table: &ACCOUNTS,
                index: None,
                partition,
                range: Range::All,
                descending: false,
                limit: 100,
                after: None,
            })
            .await?;
        let guests = found.items.into_iter().map(|reached| reached.guest).collect();
        let mut known = self.together(&Ids { guests, ..Ids::default() }).await?.guests;
        known.sort_by_key(|guest| guest.id);
        Ok(known)
    }
}

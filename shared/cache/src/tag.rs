//! What kept values are about, so that they can be forgotten when that changes.

use std::collections::BTreeSet;
use std::fmt::Display;

use domain::Event;
use store::Written;

/// Records by the sort key that they are written under, and the first word of the events that tell of them.
const RECORDS: [(&str, &str); 8] = [
    ("location", "location"),
    ("resource", "room"),
    ("pool", "pool"),
    ("offering", "offering"),
    ("room_type", "room_type"),
    ("rate_plan", "rate_plan"),
    ("property", "property"),
    ("user", "account"),
];

/// What a kept value is about: a record, all records of a kind, what is claimed of a room or a pool, the figures of a location.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// One record, by the sort key that its kind is written under.
    pub fn record(kind: &'static str, id: impl Display) -> Self {
        Self(format!("{kind}:{id}"))
    }

    /// Every record of a kind: what lists and searches are about.
    pub fn all(kind: &'static str) -> Self {
        Self(kind.to_owned())
    }

    /// What is claimed of a room or a pool.
    pub fn claims(id: impl Display) -> Self {
        Self(format!("claims:{id}"))
    }

    /// Figures of a location, or those of none.
    pub fn figures(location: Option<impl Display>) -> Self {
        Self(location.map_or_else(|| "figures".to_owned(), |location| format!("figures:{location}")))
    }

    /// What writing these items changed.
    pub fn written(items: &[Written]) -> BTreeSet<Self> {
        let of = |item: &Written| -> Vec<Self> {
            if item.table == store::schema::CATALOG.name || item.table == store::schema::ACCOUNTS.name {
                match RECORDS.iter().find(|(sort, _)| *sort == item.sort) {
                    Some((kind, _)) => vec![Self::record(kind, &item.partition), Self::all(kind)],
                    // A session is known by its account.
                    None if item.table == store::schema::ACCOUNTS.name => {
                        vec![Self::record("user", &item.partition)]
                    }
                    None => Vec::new(),
                }
            } else if item.table == ledger::TABLE {
                vec![Self::claims(&item.partition)]
            } else {
                Vec::new()
            }
        };
        items.iter().flat_map(of).collect()
    }

    /// What an event tells to have changed. Claims are not told of by every event that changes them: they are moved by who writes
    /// them, and kept for two seconds.
    pub fn told(event: &Event) -> Vec<Self> {
        let word = event.kind.split('.').next().unwrap_or_default();
        match RECORDS.iter().find(|(_, told)| *told == word) {
            Some((kind, _)) => vec![Self::record(kind, &event.subject), Self::all(kind)],
            None => Vec::new(),
        }
    }

    /// Whether the shared cache keeps anything about it: of people it keeps nothing.
    pub(crate) fn is_shared(&self) -> bool {
        !self.0.starts_with("user")
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(table: &str, partition: &str, sort: &str) -> Written {
        Written { table: table.to_owned(), partition: partition.to_owned(), sort: sort.to_owned() }
    }

    #[test]
    fn what_is_written_names_the_record_and_its_lists() {
        let items = [
            item("Catalog", "res_1", "resource"),
            item("Catalog", "loc_1#spree", "unique"),
            item("Ledger", "res_1", "77"),
            item("Events", "res_1", "2"),
            item("Accounts", "usr_1", "ses_1"),
        ];
        let tags: Vec<_> = Tag::written(&items).into_iter().map(|tag| tag.0).collect();
        assert_eq!(tags, ["claims:res_1", "resource", "resource:res_1", "user:usr_1"]);
    }

    #[test]
    fn an_event_moves_what_its_write_moved() {
        for (kind, word) in RECORDS {
            let event = Event {
                id: domain::EventId::derived([1; 16]),
                kind: format!("{word}.changed"),
                subject: "x_1".to_owned(),
                sequence: 2,
                at: jiff::Timestamp::UNIX_EPOCH,
                actor: domain::event::Actor::system(),
                data: serde_json::Value::Null,
            };
            let table = if kind == "user" { "Accounts" } else { "Catalog" };
            let told: BTreeSet<_> = Tag::told(&event).into_iter().collect();
            assert_eq!(told, Tag::written(&[item(table, "x_1", kind)]), "{kind}");
        }
    }
}

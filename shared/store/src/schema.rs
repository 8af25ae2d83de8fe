//! Names of tables, keys and indexes: the one place that spells them.
//!
//! Local tables and `holdfast migrate` are made from [`TABLES`]; a tidy test holds `template.yaml` to it.

/// A table: partition key `pk` (text), sort key `sk`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Name without the installation's prefix.
    pub name: &'static str,
    /// Whether `sk` is a number; text otherwise.
    pub numeric_sort: bool,
    /// Secondary indexes, all sparse, all projecting whole items.
    pub indexes: &'static [Index],
    /// Whether items can expire by [`EXPIRES`].
    pub expires: bool,
    /// Whether new items go to a stream.
    pub stream: bool,
}

/// A secondary index over two text attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// `by_<what>`.
    pub name: &'static str,
    /// Partition attribute.
    pub partition: &'static str,
    /// Sort attribute.
    pub sort: &'static str,
}

/// Partition key of every table.
pub const PARTITION: &str = "pk";
/// Sort key of every table.
pub const SORT: &str = "sk";
/// The attribute after which `DynamoDB` may delete an item: seconds since 1970. Nothing relies on when it does.
pub const EXPIRES: &str = "expires";

/// By kind of record, in an order that suits the kind; pools and offerings by location, then name.
pub const BY_KIND: Index = Index { name: "by_kind", partition: "kind_pk", sort: "kind_sk" };
/// Rooms by folded name, the queue of flagged reviews, and sessions of all offerings by start.
pub const BY_NAME: Index = Index { name: "by_name", partition: "name_pk", sort: "name_sk" };
/// Rooms by location, then name; reviews by room, then time; sessions by offering, then start; bookings by location and local
/// day, then room; apart from them orders and payments by location, then time, and invoices by location, then number.
pub const BY_PLACE: Index = Index { name: "by_place", partition: "place_pk", sort: "place_sk" };
/// Bookings by user, then start; apart from them orders by user, then time.
pub const BY_USER: Index = Index { name: "by_user", partition: "user", sort: "starts" };
/// Reviews by author, then time.
pub const BY_AUTHOR: Index = Index { name: "by_author", partition: "author", sort: "written" };
/// Bookings by state, then end; apart from them orders that claim by state, then end of the hold or last night; payments
/// whose gateway is to be asked, by when; and those that came to nothing by location, then time.
pub const BY_STATE: Index = Index { name: "by_state", partition: "state", sort: "ends" };
/// Stays by stage and location, then arrival, or departure once they have come.
pub const BY_STAY: Index = Index { name: "by_stay", partition: "stay_pk", sort: "stay_sk" };
/// Events by day and shard, then time.
pub const BY_TIME: Index = Index { name: "by_time", partition: "day", sort: "moment" };
/// Messages by recipient, then time.
pub const BY_RECIPIENT: Index = Index { name: "by_recipient", partition: "recipient", sort: "created" };
/// Messages that wait for a time, then that time.
pub const BY_DUE: Index = Index { name: "by_due", partition: "due_pk", sort: "due_sk" };

/// People, their names and addresses, guests, sessions, one-time links, calendar feeds.
pub const ACCOUNTS: Table =
    Table { name: "Accounts", numeric_sort: false, indexes: &[BY_KIND], expires: true, stream: false };
/// Locations, rooms, pools, their unique names, offerings, room types, hotel rooms, rate plans, reviews.
pub const CATALOG: Table = Table {
    name: "Catalog",
    numeric_sort: false,
    indexes: &[BY_KIND, BY_NAME, BY_PLACE, BY_AUTHOR],
    expires: false,
    stream: false,
};
/// Capacity: blocks of claimed time, counts of claimed units. Only `ledger` names it.
pub const LEDGER: Table =
    Table { name: "Ledger", numeric_sort: true, indexes: &[], expires: true, stream: false };
/// Bookings, series, orders, payments; confirmation numbers, folios and invoices of stays.
pub const RESERVATIONS: Table = Table {
    name: "Reservations",
    numeric_sort: false,
    indexes: &[BY_USER, BY_PLACE, BY_STATE, BY_STAY],
    expires: true,
    stream: false,
};
/// What happened: outbox, audit trail and replay source.
pub const EVENTS: Table =
    Table { name: "Events", numeric_sort: true, indexes: &[BY_TIME], expires: false, stream: true };
/// Messages to people and where they stand; what gateways told.
pub const MESSAGES: Table = Table {
    name: "Messages",
    numeric_sort: false,
    indexes: &[BY_RECIPIENT, BY_DUE],
    expires: true,
    stream: false,
};
/// Counters of limits, the relay's place in the feed: short-lived.
pub const LIVE: Table =
    Table { name: "Live", numeric_sort: false, indexes: &[], expires: true, stream: false };
/// What `insights` derives from the feed.
pub const INSIGHTS: Table =
    Table { name: "Insights", numeric_sort: false, indexes: &[], expires: false, stream: false };

/// Every table.
pub const TABLES: &[Table] = &[ACCOUNTS, CATALOG, LEDGER, RESERVATIONS, EVENTS, MESSAGES, LIVE, INSIGHTS];

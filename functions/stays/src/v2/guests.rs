//! Guests: who stays, how to reach them, who turned out to be whom.

use std::collections::BTreeSet;

use domain::hotel::Guest;
use domain::text::{Email, Name, Note, Tag};
use domain::{Caller, GuestId, Permission, Phone};
use errors::{Error, FieldError};
use schemars::JsonSchema;
use serde::Serialize;
use store::Page;
use web::{
    Access, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Patch, Path, Query, Reply, Result, Route,
    Signed, State, get, patch, post, request,
};

use super::asked;
use crate::App;
use crate::guests::{self, GuestChange, NewGuest};

pub(crate) fn routes() -> Vec<Route<App>> {
    let (reads, desk) = (Access::Needs(Permission::ReadBookings), Access::Needs(Permission::BookForOthers));
    vec![
        post("/guests", desk, create)
            .named("createGuest", "Add a guest")
            .keyed(Key::Required)
            .takes::<GuestBody>()
            .answers::<GuestView>(201),
        get("/guests", reads, list)
            .never_kept()
            .named(
                "listGuests",
                "List guests by the beginning of their name, or those of an address or a number",
            )
            .queried::<GuestsQuery>()
            .answers::<Vec<GuestView>>(200),
        get("/guests/{id}", reads, show)
            .never_kept()
            .named("showGuest", "Read a guest")
            .answers::<GuestView>(200)
            .answers_empty(304),
        patch("/guests/{id}", desk, change)
            .named("changeGuest", "Change a guest; a new name is told in their stays soon after")
            .keyed(Key::Accepted)
            .takes::<GuestPatch>()
            .answers::<GuestView>(200),
        post("/guests/{id}/merge", desk, merge)
            .named("mergeGuest", "Say that a guest is another one, who has their stays soon after")
            .keyed(Key::Accepted)
            .takes::<MergeBody>()
            .answers::<GuestView>(200),
    ]
}

/// Somebody who stays.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Guest")]
pub(crate) struct GuestView {
    id: String,
    name: String,
    /// For those who book for others.
    email: Option<String>,
    /// Whole for those who book for others, where one guest is read; its last two digits alone otherwise.
    phone: Option<String>,
    /// ISO 3166-1, two letters.
    country: Option<String>,
    /// The paper they showed; for those who book for others, where one guest is read.
    document: Option<String>,
    preferences: Vec<String>,
    note: Option<String>,
    /// Who they turned out to be.
    merged_into: Option<String>,
    /// Who turned out to be them.
    merged: Vec<String>,
    created_at: String,
    updated_at: String,
    /// Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

impl GuestView {
    fn of(guest: &Guest, caller: &Caller, alone: bool) -> Self {
        let desk = caller.may(Permission::BookForOthers);
        let whole = desk && alone;
        let phone = |phone: &Phone| if whole { phone.as_str().to_owned() } else { phone.to_string() };
        Self {
            id: guest.id.to_string(),
            name: guest.name.to_string(),
            email: guest.email.as_ref().filter(|_| desk).map(ToString::to_string),
            phone: guest.phone.as_ref().map(phone),
            country: guest.country.as_ref().map(|country| country.as_str().to_uppercase()),
            document: guest.document.as_ref().filter(|_| whole).map(ToString::to_string),
            preferences: guest.preferences.iter().map(ToString::to_string).collect(),
            note: guest.note.clone().map(Into::into),
            merged_into: guest.merged_into.map(|other| other.to_string()),
            merged: guest.merged.iter().map(ToString::to_string).collect(),
            created_at: guest.created_at.to_string(),
            updated_at: guest.updated_at.to_string(),
            version: guest.version,
        }
    }
}

request! {
    /// Somebody new.
    pub(crate) struct GuestBody {
        name: Name as String,
        email: Option<Email> as String,
        /// With the country's code: `+919876543210`.
        phone: Option<Phone> as String,
        /// ISO 3166-1, two letters.
        country: Option<Tag> as String,
        /// The paper they showed: its kind and number.
        document: Option<Name> as String,
        /// What they like, at most 20.
        preferences: Option<BTreeSet<Tag>> as Vec<String>,
        /// What the desk should know.
        note: Option<Note> as String,
    }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<GuestBody>,
) -> Result<Reply<GuestView>> {
    let new = NewGuest { name: body.name, email: body.email, phone: body.phone };
    let change = GuestChange {
        country: set(body.country),
        document: set(body.document),
        preferences: body.preferences,
        note: set(body.note),
        ..GuestChange::default()
    };
    let asked = asked(caller, IfMatch(None), idem);
    let done = guests::make(&app, &asked, new, change).await?;
    let path = format!("/guests/{}", done.record.id);
    let view = GuestView::of(&done.record, &asked.caller, true);
    Ok(Reply::created(view, path).version(done.record.version).replayed(done.replayed))
}

fn set<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Absent, Patch::Set)
}

request! {
    /// Which guests: one of these; all by name without any.
    pub(crate) struct GuestsQuery {
        /// What their name begins with.
        name: Option<String> as String,
        /// Of this address, for those who book for others.
        email: Option<Email> as String,
        /// Of this number, with the country's code, for those who book for others.
        phone: Option<Phone> as String,
    }
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<GuestsQuery>,
) -> Result<Listed<GuestView>> {
    let view = |guest: Guest| GuestView::of(&guest, &caller, false);
    let found = match (query.name, query.email, query.phone) {
        (name, None, None) => {
            let begins = name.unwrap_or_default();
            app.store.guests(begins.trim(), page.limit, page.after.clone()).await?
        }
        (None, email, phone) if email.is_none() || phone.is_none() => {
            if !caller.may(Permission::BookForOthers) {
                return Err(Error::forbidden("your role looks for no addresses").into());
            }
            let items = match (email, phone) {
                (Some(email), _) => app.store.guests_with_email(&email).await?,
                (_, Some(phone)) => app.store.guests_with_phone(&phone).await?,
                (None, None) => Vec::new(),
            };
            Page { items, next: None }
        }
        _ => {
            let wrong = FieldError::new("/query/name", "not_together", "is one of name, email and phone");
            return Err(Error::invalid_query(vec![wrong]).into());
        }
    };
    Ok(page.reply(found.map(view)))
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<GuestId>,
) -> Result<Reply<GuestView>> {
    let guest = app.store.guest(id).await?;
    Ok(Reply::ok(GuestView::of(&guest, &caller, true)).version(guest.version))
}

request! {
    /// What changes.
    pub(crate) struct GuestPatch {
        name: Option<Name> as String,
        email: Patch<Email> as String,
        /// With the country's code: `+919876543210`.
        phone: Patch<Phone> as String,
        /// ISO 3166-1, two letters.
        country: Patch<Tag> as String,
        document: Patch<Name> as String,
        /// All of them, at most 20.
        preferences: Option<BTreeSet<Tag>> as Vec<String>,
        note: Patch<Note> as String,
    }
}

async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<GuestId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<GuestPatch>,
) -> Result<Reply<GuestView>> {
    let GuestPatch { name, email, phone, country, document, preferences, note } = body;
    let change = GuestChange { name, email, phone, country, document, preferences, note };
    let asked = asked(caller, if_match, idem);
    let done = guests::change(&app, &asked, id, change).await?;
    let view = GuestView::of(&done.record, &asked.caller, true);
    Ok(Reply::ok(view).version(done.record.version).replayed(done.replayed))
}

request! {
    /// Who they are.
    pub(crate) struct MergeBody {
        /// The guest who is kept.
        into: GuestId as String,
    }
}

async fn merge(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<GuestId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<MergeBody>,
) -> Result<Reply<GuestView>> {
    let asked = asked(caller, if_match, idem);
    let done = guests::merge(&app, &asked, id, body.into).await?;
    let view = GuestView::of(&done.record, &asked.caller, true);
    Ok(Reply::ok(view).version(done.record.version).replayed(done.replayed))
}

//! Promo codes: what takes something off the price of an order.

use domain::promo::{Off, PromoTerms};
use domain::text::Promo;
use domain::{Currency, LocationId, OfferingId, Permission, PromoCode, PromoCodeId};
use errors::{Error, both};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use web::{
    Access, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Query, Reply, Result, Route, Signed,
    State, delete, get, post, put, request,
};

use crate::App;
use crate::change::Done;
use crate::promos;
use crate::v2::bookings::asked;

pub(crate) fn routes() -> Vec<Route<App>> {
    let manages = Access::Needs(Permission::ManageCatalog);
    vec![
        post("/promo-codes", manages, create)
            .named("createPromoCode", "Add a promo code: a word that takes something off")
            .keyed(Key::Accepted)
            .takes::<PromoCodeBody>()
            .answers::<PromoCodeView>(201),
        get("/promo-codes", manages, list)
            .named("listPromoCodes", "List the promo codes of a location, and how often each is used")
            .queried::<ListQuery>()
            .answers::<Vec<PromoCodeView>>(200),
        get("/promo-codes/{id}", manages, show)
            .named("showPromoCode", "Read a promo code, and how often it is used")
            .answers::<PromoCodeView>(200)
            .answers_empty(304),
        put("/promo-codes/{id}", manages, replace)
            .named("replacePromoCode", "Say anew what a promo code takes off, when and how often")
            .takes::<PromoCodeBody>()
            .answers::<PromoCodeView>(200),
        delete("/promo-codes/{id}", manages, retire)
            .named("retirePromoCode", "Take a promo code away for ever")
            .answers::<PromoCodeView>(200),
    ]
}

request! {
    /// What a promo code takes off, when and how often. Amounts are minor units of its currency.
    pub(crate) struct PromoCodeBody {
        /// Where it counts; only when it is made.
        location_id: Option<LocationId> as String,
        /// 3 to 32 letters from A to Z, digits and dashes, kept in upper case; only when it is made. A word is never given to
        /// another code of the place.
        code: Option<Promo> as String,
        /// In hundredths of a percent of plans and add-ons, rounded down: 1000 are 10 %. This or `amount`.
        basis_points: Option<u32> as u32,
        /// So much of plans and add-ons. This or `basis_points`.
        amount: Option<i64> as i64,
        /// ISO 4217; it counts for offerings in this currency.
        currency: Currency as String,
        /// It takes off no more than this.
        max_discount: Option<i64> as i64,
        /// Plans and add-ons must cost at least this.
        min_amount: Option<i64> as i64,
        /// From when on it counts.
        valid_from: Option<Timestamp> as String,
        /// Until when, that instant not included.
        valid_until: Option<Timestamp> as String,
        /// How many orders may be held or sold with it, 1 to 1,000,000; any number when unset.
        max_uses: Option<u32> as u32,
        /// How many orders of one customer, 1 to 1,000,000; one when unset.
        max_uses_per_user: Option<u32> as u32,
        /// At most 50 offerings that it counts for; all of the place when there is none.
        offering_ids: Option<Vec<OfferingId>> as Vec<String>,
        /// Whether it counts at present; it does when unset.
        active: Option<bool> as bool,
    }
}

/// A word that takes something off.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PromoCode")]
pub(crate) struct PromoCodeView {
    id: String,
    location_id: String,
    code: String,
    basis_points: Option<u32>,
    amount: Option<i64>,
    currency: String,
    max_discount: Option<i64>,
    min_amount: Option<i64>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    max_uses: Option<u32>,
    max_uses_per_user: u32,
    offering_ids: Vec<String>,
    active: bool,
    /// Orders that are held or sold with it. One that is paid after its hold ran out counts even beyond `max_uses`.
    used: u32,
    /// No longer offered; kept for its history.
    retired: bool,
    created_at: String,
    updated_at: String,
    /// Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<PromoCodeBody>,
) -> Result<Reply<PromoCodeView>> {
    let required = |pointer: &str| Error::field(pointer, "required", "is required");
    let place = body.location_id.ok_or_else(|| required("/location_id"));
    let word = body.code.clone().ok_or_else(|| required("/code"));
    let (named, terms) = both(both(place, word), body.terms())?;
    let Done { record, replayed } =
        promos::make(&app, &asked(caller, IfMatch(None), idem), named, terms).await?;
    let (path, version) = (format!("/promo-codes/{}", record.id), record.version);
    // Whoever repeats it reads how often it was used since; a new one was not.
    Ok(Reply::created(PromoCodeView::of(&(record, 0)), path).version(version).replayed(replayed))
}

request! {
    /// Whose codes.
    pub(crate) struct ListQuery {
        /// Where they count.
        location_id: LocationId as String,
    }
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<ListQuery>,
) -> Result<Listed<PromoCodeView>> {
    let at = (page.limit, page.after.clone());
    let found = promos::list(&app, &caller, query.location_id, at).await?;
    Ok(page.reply(found.map(|counted| PromoCodeView::of(&counted))))
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PromoCodeId>,
) -> Result<Reply<PromoCodeView>> {
    Ok(told(&promos::show(&app, &caller, id).await?))
}

async fn replace(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PromoCodeId>,
    if_match: IfMatch,
    Json(body): Json<PromoCodeBody>,
) -> Result<Reply<PromoCodeView>> {
    let stray = [("/location_id", body.location_id.is_some()), ("/code", body.code.is_some())];
    if let Some((pointer, _)) = stray.into_iter().find(|(_, given)| *given) {
        return Err(Error::field(pointer, "unexpected", "stays as it is").into());
    }
    Ok(told(&promos::change(&app, &caller, (id, if_match), body.terms()?).await?))
}

async fn retire(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PromoCodeId>,
    if_match: IfMatch,
) -> Result<Reply<PromoCodeView>> {
    Ok(told(&promos::retire(&app, &caller, (id, if_match)).await?))
}

fn told(counted: &promos::Counted) -> Reply<PromoCodeView> {
    Reply::ok(PromoCodeView::of(counted)).version(counted.0.version)
}

impl PromoCodeBody {
    /// # Errors
    /// `validation_failed` unless it takes off either a part or an amount.
    fn terms(self) -> errors::Result<PromoTerms> {
        let off = match (self.basis_points, self.amount) {
            (Some(points), None) => Off::BasisPoints(points),
            (None, Some(minor)) => Off::Amount(minor),
            (None, None) => {
                return Err(Error::field(
                    "/basis_points",
                    "required",
                    "is required, unless there is an amount",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Error::field(
                    "/amount",
                    "unexpected",
                    "must be left out: there are basis_points",
                ));
            }
        };
        Ok(PromoTerms {
            off,
            currency: self.currency,
            most_off: self.max_discount,
            least: self.min_amount,
            from: self.valid_from,
            until: self.valid_until,
            most_uses: self.max_uses,
            most_each: self.max_uses_per_user.unwrap_or(1),
            offerings: self.offering_ids.unwrap_or_default().into_iter().collect(),
            active: self.active.unwrap_or(true),
        })
    }
}

impl PromoCodeView {
    fn of((code, used): &promos::Counted) -> Self {
        let PromoCode { terms, .. } = code;
        let (basis_points, amount) = match terms.off {
            Off::BasisPoints(points) => (Some(points), None),
            Off::Amount(minor) => (None, Some(minor)),
        };
        Self {
            id: code.id.to_string(),
            location_id: code.location.to_string(),
            code: code.code.to_string(),
            basis_points,
            amount,
            currency: terms.currency.code().to_owned(),
            max_discount: terms.most_off,
            min_amount: terms.least,
            valid_from: terms.from.map(|from| from.to_string()),
            valid_until: terms.until.map(|until| until.to_string()),
            max_uses: terms.most_uses,
            max_uses_per_user: terms.most_each,
            offering_ids: terms.offerings.iter().map(ToString::to_string).collect(),
            active: terms.active,
            used: *used,
            retired: code.retired,
            created_at: code.created_at.to_string(),
            updated_at: code.updated_at.to_string(),
            version: code.version,
        }
    }
}

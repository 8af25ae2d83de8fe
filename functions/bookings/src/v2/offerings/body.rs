//! What an offering is and costs, on the wire: the same words in and out.

use domain::offering::{About, AddOn, Benefit, Plan, Prices, RefundStep, Shipping, Tax, Terms};
use domain::text::{Line, Name, Note, Tag};
use domain::{Currency, LocationId, Offering};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::request;

request! {
    /// What an offering is and costs. Amounts are minor units of its currency: 49900 of `INR` are 499 rupees.
    pub(crate) struct OfferingBody {
        /// Where it takes place; only when it is made.
        location_id: Option<LocationId> as String,
        name: Name as String,
        summary: Option<Line> as String,
        description: Option<Note> as String,
        /// What it is found under, at most 20.
        categories: Option<Vec<Tag>> as Vec<String>,
        /// What one has of it, at most 20.
        benefits: Option<Vec<BenefitBody>> as Vec<BenefitBody>,
        /// Addresses of pictures (`https://…`), at most 20; the first one leads.
        images: Option<Vec<Line>> as Vec<String>,
        /// ISO 4217, e.g. `INR`. Stays as it is.
        currency: Currency as String,
        /// 1 to 20; one of them is chosen for each line of an order.
        plans: Vec<PlanBody> as Vec<PlanBody>,
        /// What may be had besides, at most 50.
        add_ons: Option<Vec<AddOnBody>> as Vec<AddOnBody>,
        /// What posting costs, for orders with something to post.
        shipping: Option<ShippingBody> as ShippingBody,
        /// A tax that comes on top.
        tax: Option<TaxBody> as TaxBody,
        /// What must be paid before it is sold, in percent: 100 when unset, 0 to pay at the place.
        deposit_percent: Option<u8> as u8,
        /// What is given back to whoever cancels, by how long before the beginning, the longest notice first; at most 10. All of
        /// it until the beginning when unset.
        refunds: Option<Vec<RefundBody>> as Vec<RefundBody>,
    }
}

/// Something that one has of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Benefit")]
pub(crate) struct BenefitBody {
    #[schemars(with = "String")]
    title: Name,
    #[schemars(with = "Option<String>")]
    text: Option<Note>,
}

/// One way to take part.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Plan")]
pub(crate) struct PlanBody {
    /// What orders name it by; unique within the offering.
    #[schemars(with = "String")]
    code: Tag,
    #[schemars(with = "String")]
    name: Name,
    /// What is included.
    #[schemars(with = "Option<String>")]
    includes: Option<Note>,
    /// For one unit, in minor units.
    price: i64,
    /// What it costs otherwise, shown beside the price.
    list_price: Option<i64>,
}

/// Something that may be had besides.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AddOn")]
pub(crate) struct AddOnBody {
    /// What orders name it by; unique within the offering.
    #[schemars(with = "String")]
    code: Tag,
    #[schemars(with = "String")]
    name: Name,
    #[schemars(with = "Option<String>")]
    description: Option<Note>,
    /// For one of it, in minor units.
    price: i64,
    /// Whether whoever orders it must say something about it.
    #[serde(default)]
    needs_note: bool,
    /// Whether it is posted, so that shipping is charged.
    #[serde(default)]
    posted: bool,
}

/// What posting costs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Shipping")]
pub(crate) struct ShippingBody {
    /// For an order, in minor units.
    price: i64,
    /// Nothing is charged from this amount of plans and add-ons on.
    free_from: Option<i64>,
}

/// A tax that comes on top.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tax")]
pub(crate) struct TaxBody {
    /// As shown, e.g. `GST`.
    #[schemars(with = "String")]
    name: Name,
    /// In hundredths of a percent: 1800 are 18 %.
    basis_points: u32,
}

/// From so many hours before the beginning on, so much is given back.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RefundStep")]
pub(crate) struct RefundBody {
    /// At least so many hours before.
    hours: u32,
    /// 0 to 100.
    percent: u8,
}

/// What is sold on dates.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Offering")]
pub(crate) struct OfferingView {
    id: String,
    location_id: String,
    name: String,
    summary: Option<String>,
    description: Option<String>,
    categories: Vec<String>,
    benefits: Vec<BenefitBody>,
    images: Vec<String>,
    /// ISO 4217; every amount is in its minor units.
    currency: String,
    plans: Vec<PlanBody>,
    add_ons: Vec<AddOnBody>,
    shipping: Option<ShippingBody>,
    tax: Option<TaxBody>,
    deposit_percent: Option<u8>,
    refunds: Vec<RefundBody>,
    /// No longer offered; kept for its history.
    retired: bool,
    created_at: String,
    updated_at: String,
    /// Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

impl OfferingBody {
    /// What it is, and what it costs.
    pub(crate) fn parts(self) -> (About, Prices) {
        let about = About {
            name: self.name,
            summary: self.summary,
            description: self.description,
            categories: self.categories.unwrap_or_default().into_iter().collect(),
            benefits: self.benefits.unwrap_or_default().into_iter().map(Into::into).collect(),
            images: self.images.unwrap_or_default(),
        };
        let step = |step: RefundBody| RefundStep { hours: step.hours, percent: step.percent };
        let prices = Prices {
            currency: self.currency,
            plans: self.plans.into_iter().map(Into::into).collect(),
            add_ons: self.add_ons.unwrap_or_default().into_iter().map(Into::into).collect(),
            shipping: self.shipping.map(|body| Shipping { price: body.price, free_from: body.free_from }),
            tax: self.tax.map(|body| Tax { name: body.name, basis_points: body.basis_points }),
            terms: Terms {
                deposit_percent: self.deposit_percent,
                refunds: self.refunds.unwrap_or_default().into_iter().map(step).collect(),
            },
        };
        (about, prices)
    }
}

impl From<BenefitBody> for Benefit {
    fn from(body: BenefitBody) -> Self {
        Self { title: body.title, text: body.text }
    }
}

impl From<PlanBody> for Plan {
    fn from(body: PlanBody) -> Self {
        let PlanBody { code, name, includes, price, list_price } = body;
        Self { code, name, includes, price, list_price }
    }
}

impl From<Plan> for PlanBody {
    fn from(plan: Plan) -> Self {
        let Plan { code, name, includes, price, list_price } = plan;
        Self { code, name, includes, price, list_price }
    }
}

impl From<AddOnBody> for AddOn {
    fn from(body: AddOnBody) -> Self {
        let AddOnBody { code, name, description, price, needs_note, posted } = body;
        Self { code, name, description, price, needs_note, posted }
    }
}

impl From<AddOn> for AddOnBody {
    fn from(add_on: AddOn) -> Self {
        let AddOn { code, name, description, price, needs_note, posted } = add_on;
        Self { code, name, description, price, needs_note, posted }
    }
}

impl OfferingView {
    pub(crate) fn of(offering: &Offering) -> Self {
        let (about, prices) = (offering.about.clone(), offering.prices.clone());
        let benefit = |Benefit { title, text }: Benefit| BenefitBody { title, text };
        let step = |step: RefundStep| RefundBody { hours: step.hours, percent: step.percent };
        Self {
            id: offering.id.to_string(),
            location_id: offering.location.to_string(),
            name: about.name.into(),
            summary: about.summary.map(Into::into),
            description: about.description.map(Into::into),
            categories: about.categories.into_iter().map(Into::into).collect(),
            benefits: about.benefits.into_iter().map(benefit).collect(),
            images: about.images.into_iter().map(Into::into).collect(),
            currency: prices.currency.code().to_owned(),
            plans: prices.plans.into_iter().map(Into::into).collect(),
            add_ons: prices.add_ons.into_iter().map(Into::into).collect(),
            shipping: prices.shipping.map(|is| ShippingBody { price: is.price, free_from: is.free_from }),
            tax: prices.tax.map(|tax| TaxBody { name: tax.name, basis_points: tax.basis_points }),
            deposit_percent: prices.terms.deposit_percent,
            refunds: prices.terms.refunds.into_iter().map(step).collect(),
            retired: offering.retired,
            created_at: offering.created_at.to_string(),
            updated_at: offering.updated_at.to_string(),
            version: offering.version,
        }
    }
}

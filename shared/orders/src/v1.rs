//! What version 1 asks for and tells of a paid session: the source system's names over an order with one line.

use domain::address::{Country, PostalCode};
use domain::pool::Cells;
use domain::sale::{Choice, Extra};
use domain::text::{Line, Name, Note, Promo, Tag};
use domain::{Address, DialCode, Order, OrderLine, OrderState, Phone, PoolId};
use errors::{Error, FieldError, Result};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::Fields;

use crate::Wanted;

/// An add-on of a session.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Chadawa {
    /// The code of the add-on.
    #[schemars(with = "String")]
    pub chadawa_id: Tag,
    /// What is to be known about it.
    #[schemars(with = "Option<String>")]
    pub note: Option<Note>,
}

web::request! {
    /// A seat of a session, to be paid for. Amounts are the server's.
    pub struct Asks {
        /// The session.
        puja_id: PoolId as String,
        /// The code of the plan; the only one when unset.
        plan_id: Option<Tag> as String,
        /// Add-ons with what is to be known about them.
        chadawas: Option<Vec<Chadawa>> as Vec<Chadawa>,
        /// Add-ons by their codes.
        chadawa_ids: Option<Vec<Tag>> as Vec<String>,
        /// The family's name, said in the ceremony.
        gotra: Option<Note> as String,
        /// What takes something off.
        promo_code: Option<Promo> as String,
        /// Where something of it is posted: required for add-ons that are, each of these with the next three.
        shipping_name: Option<Name> as String,
        /// Whom the carrier calls; ten digits are a number of India.
        shipping_mobile: Option<String> as String,
        /// Street, house, what else.
        shipping_address: Option<Line> as String,
        /// The city.
        shipping_city: Option<Name> as String,
        /// The state.
        shipping_state: Option<Name> as String,
        /// The postal code.
        shipping_pincode: Option<PostalCode> as String,
        /// Two letters; `IN` when unset.
        shipping_country: Option<Country> as String,
    }
}

impl Asks {
    /// The order that is wanted: one seat.
    ///
    /// # Errors
    /// `validation_failed` with every part of an address that is missing.
    pub fn wanted(self) -> Result<Wanted> {
        let address = self.address()?;
        let line = OrderLine { pool: self.puja_id, cells: Cells::Total, quantity: 1, overbooked: false };
        let named = self.chadawas.into_iter().flatten().map(|one| (one.chadawa_id, one.note));
        let plain = self.chadawa_ids.into_iter().flatten().map(|code| (code, None));
        let extras = named.chain(plain).map(|(code, note)| Extra { code, quantity: 1, note }).collect();
        let choice = Choice { line: 0, quantity: 1, plan: self.plan_id, extras };
        let (lines, choices) = (vec![line], vec![choice]);
        let (promo, note) = (self.promo_code, self.gotra);
        Ok(Wanted { lines, choices, user: None, promo, address, note, hold_seconds: None })
    }

    /// Where something of it is posted, if any of that is told.
    fn address(&self) -> Result<Option<Address>> {
        let missing = [
            ("/shipping_name", self.shipping_name.is_none()),
            ("/shipping_mobile", self.shipping_mobile.is_none()),
            ("/shipping_address", self.shipping_address.is_none()),
            ("/shipping_city", self.shipping_city.is_none()),
        ];
        let rest = self.shipping_state.is_some() || self.shipping_pincode.is_some();
        if !rest && self.shipping_country.is_none() && missing.iter().all(|(_, missing)| *missing) {
            return Ok(None);
        }
        let mut fields = Fields::new();
        for (pointer, _) in missing.iter().filter(|(_, missing)| *missing) {
            fields.refuse(*pointer, "required", "is required");
        }
        let phone = self.shipping_mobile.as_ref().map(|mobile| Phone::read(mobile, &DialCode::default()));
        if let Some(Err(wrong)) = &phone {
            fields.refuse("/shipping_mobile", wrong.code, wrong.to_string());
        }
        fields.check()?;
        let country = match &self.shipping_country {
            Some(country) => country.clone(),
            None => "IN".parse().map_err(Error::internal)?,
        };
        let parts = (&self.shipping_name, &self.shipping_address, &self.shipping_city, phone);
        let (Some(name), Some(line), Some(city), Some(Ok(phone))) = parts else { return Ok(None) };
        Ok(Some(Address {
            name: name.clone(),
            lines: vec![line.clone()],
            city: city.clone(),
            region: self.shipping_state.clone(),
            postal_code: self.shipping_pincode.clone(),
            country,
            phone,
        }))
    }

    /// What is wrong with it, by the names of version 1.
    pub fn told(error: Error) -> Error {
        let renamed = |field: &FieldError| {
            let pointer =
                field.pointer.replace("/lines/0/pool_id", "/puja_id").replace("/lines/0/plan", "/plan_id");
            FieldError { pointer: pointer.replace("/lines/0/add_ons", "/chadawas"), ..field.clone() }
        };
        let fields: Vec<_> = error.field_errors().iter().map(renamed).collect();
        if fields.is_empty() { error } else { Error::fields(fields) }
    }
}

/// How far a paid session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PaidStatusV1")]
#[serde(rename_all = "snake_case")]
pub enum PaidStatus {
    /// Held, and not paid yet.
    Pending,
    /// Sold.
    Confirmed,
    /// It took place.
    Completed,
    /// Given back, or its hold ran out.
    Cancelled,
}

impl PaidStatus {
    /// Of an order.
    pub fn of(order: &Order, now: Timestamp) -> Self {
        let completed = order.sale.as_ref().is_some_and(|sale| sale.completed.is_some());
        match order.state_at(now) {
            _ if completed => Self::Completed,
            OrderState::Held => Self::Pending,
            OrderState::Confirmed => Self::Confirmed,
            OrderState::Expired | OrderState::Cancelled => Self::Cancelled,
        }
    }
}

/// A paid session as version 1 tells it. Amounts are in the currency's major unit there, with its decimals, as text: `499.00`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PaidBookingV1")]
pub struct PaidBookingV1 {
    id: String,
    user_id: String,
    puja_id: Option<String>,
    plan_id: Option<String>,
    /// `pending`, `confirmed`, `completed` or `cancelled`.
    status: PaidStatus,
    total_amount: Option<String>,
    /// What a promo code has taken off.
    discount_amount: Option<String>,
    promo_code: Option<String>,
    /// What has come in and not gone back.
    paid_amount: Option<String>,
    currency: Option<String>,
    gotra: Option<String>,
    /// Where a recording is.
    puja_link: Option<String>,
    created_at: String,
}

impl PaidBookingV1 {
    /// Of an order.
    pub fn of(order: &Order, now: Timestamp) -> Self {
        let sale = order.sale.as_deref();
        let completed = sale.and_then(|sale| sale.completed.as_ref());
        let amount = |minor: i64| {
            let shown = sale.map(|sale| domain::Money::new(minor, sale.currency).to_string());
            shown.and_then(|text| text.split_once(' ').map(|(_, amount)| amount.to_owned()))
        };
        Self {
            id: order.id.to_string(),
            user_id: order.user.to_string(),
            puja_id: order.lines.first().map(|line| line.pool.to_string()),
            plan_id: sale
                .and_then(|sale| sale.lines.first())
                .and_then(|line| line.code.as_ref())
                .map(ToString::to_string),
            status: PaidStatus::of(order, now),
            total_amount: sale.and_then(|sale| amount(sale.total)),
            discount_amount: sale.and_then(|sale| amount(sale.discount())),
            promo_code: sale.and_then(|sale| sale.promo.as_ref()).map(|promo| promo.code.to_string()),
            paid_amount: sale.and_then(|sale| amount(sale.captured - sale.refunded)),
            currency: sale.map(|sale| sale.currency.code().to_owned()),
            gotra: order.note.as_ref().map(ToString::to_string),
            puja_link: completed.and_then(|one| one.link.as_ref()).map(ToString::to_string),
            created_at: order.created_at.to_string(),
        }
    }
}

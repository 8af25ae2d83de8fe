//! Invoices: what one part of a folio came to, with a number of the location's that leaves no gap.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Property;
use super::folio::{Balance, FolioLine, Part};
use crate::event::{Actor, Event};
use crate::sale::PriceKind;
use crate::text::{Line, Name};
use crate::{Currency, EventId, InvoiceId, Location, LocationId, Order, OrderId, OrderState, Payment, Zone};

/// A part of a folio, closed. What was posted is read from the folio, where it changes no more; all else is kept as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Unique.
    pub id: InvoiceId,
    /// By which location.
    pub location: LocationId,
    /// From 1, without a gap within the location.
    pub number: u64,
    /// Of which stay.
    pub order: OrderId,
    /// What the guest names the stay by.
    pub confirmation: String,
    /// Who stayed.
    pub guest: Name,
    /// Of which part of its folio.
    pub part: usize,
    /// Who pays.
    pub payer: Part,
    /// Who writes it, where they are, and their tax number.
    pub issuer: Issuer,
    /// The day at the location.
    pub date: Date,
    /// By whose clock days on it are.
    pub zone: Zone,
    /// The first night and the day of departure, where nights are on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stayed: Option<(Date, Date)>,
    /// Of every amount here.
    pub currency: Currency,
    /// The nights with their taxes, if they are in this part, or what is kept of them.
    pub nights: Vec<Sum>,
    /// What was paid.
    pub payments: Vec<Paid>,
    /// What it comes to, with tax.
    pub total: i64,
    /// What was paid and has not gone back.
    pub paid: i64,
    /// When it was closed.
    pub created_at: Timestamp,
    /// 1: an invoice does not change.
    pub version: u64,
}

/// Who writes invoices, as printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// Who.
    pub name: Name,
    /// Where they are.
    pub address: Vec<Line>,
    /// Their tax number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<Name>,
}

/// What something comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// As printed.
    pub text: String,
    /// Whether it is a tax on the others.
    pub is_tax: bool,
    /// Minor units.
    pub amount: i64,
}

/// Money that came, less what went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// How: `cash`, `card`.
    pub means: String,
    /// When.
    pub at: Timestamp,
    /// Minor units.
    pub amount: i64,
}

impl Invoice {
    /// The invoice of a part.
    pub fn of(
        order: &Order,
        (part, payer): (usize, Part),
        (property, place): (&Property, &Location),
        (payments, balance): (&[Payment], &Balance),
        (id, number, now): (InvoiceId, u64, Timestamp),
    ) -> Option<Self> {
        let (sale, stay) = (order.sale.as_ref()?, order.stay.as_ref()?);
        let has_nights = stay.folio.nights == part;
        let of_part = payments.iter().filter(|payment| payment.part.unwrap_or_default() == part);
        let paid = of_part.map(|payment| Paid {
            means: payment.means.as_str().to_owned(),
            at: payment.created_at,
            amount: payment.captured() - payment.refunded(),
        });
        Some(Self {
            id,
            location: order.location,
            number,
            order: order.id,
            confirmation: stay.confirmation.clone(),
            guest: stay.guest_name.clone(),
            part,
            payer,
            issuer: Issuer {
                name: property.legal_name.clone().unwrap_or_else(|| place.name.clone()),
                address: property.address.clone(),
                tax_number: property.tax_number.clone(),
            },
            date: place.zone.local(now).date(),
            zone: place.zone.clone(),
            stayed: order.dates().filter(|_| has_nights).map(|dates| (dates.from(), dates.to())),
            currency: sale.currency,
            nights: if has_nights { nights(order, balance.nights) } else { Vec::new() },
            payments: paid.filter(|paid| paid.amount != 0).collect(),
            total: balance.nights + balance.posted,
            paid: balance.paid,
            created_at: now,
            version: 1,
        })
    }

    /// The event that tells of it: no names.
    pub fn event(&self, id: EventId, actor: Actor) -> Event {
        let told = json!({
            "location": self.location, "number": self.number, "order": self.order, "part": self.part,
            "total": self.total, "currency": self.currency,
        });
        let record = (self.id.to_string(), self.version, self.created_at);
        Event::of_change(id, "invoice.issued", record, actor, None, &told)
    }

    /// What it has of the folio's lines.
    pub fn posted<'a>(&self, lines: &'a [FolioLine]) -> Vec<&'a FolioLine> {
        let mut lines: Vec<_> = lines.iter().filter(|line| line.part == self.part).collect();
        lines.sort_by_key(|line| (line.created_at, line.id));
        lines
    }
}

/// The lines of the nights; where something else is charged of them, what it differs by.
fn nights(order: &Order, charged: i64) -> Vec<Sum> {
    let Some(sale) = &order.sale else { return Vec::new() };
    if order.state == OrderState::Cancelled {
        let text = "Kept of nights that were given back".to_owned();
        return if charged == 0 { Vec::new() } else { vec![Sum { text, is_tax: false, amount: charged }] };
    }
    let line = |line: &crate::sale::PriceLine| Sum {
        text: line.name.clone(),
        is_tax: line.kind == PriceKind::Tax,
        amount: line.amount,
    };
    let mut sums: Vec<Sum> = sale.lines.iter().map(line).collect();
    let beside = charged - sale.total;
    if beside != 0 {
        sums.push(Sum { text: "Given back".to_owned(), is_tax: false, amount: beside });
    }
    sums
}

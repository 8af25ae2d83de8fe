//! An invoice, on the wire.

use std::collections::BTreeMap;

use domain::hotel::Invoice;
use domain::hotel::folio::FolioLine;
use schemars::JsonSchema;
use serde::Serialize;

use super::folio::LineView;

/// What a part of a folio came to. Amounts are minor units.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Invoice")]
pub(crate) struct InvoiceView {
    id: String,
    location_id: String,
    /// From 1, without a gap within the location.
    number: u64,
    order_id: String,
    /// The part of the folio, from 0.
    part: usize,
    confirmation: String,
    guest_name: String,
    /// The day at the location.
    date: String,
    /// The first night, where nights are on it.
    arrival: Option<String>,
    /// The day of departure, where nights are on it.
    departure: Option<String>,
    issuer: PartyView,
    payer: PartyView,
    /// ISO 4217.
    currency: String,
    /// The nights, or what is kept of them.
    nights: Vec<SumView>,
    /// What was posted; null in lists.
    lines: Option<Vec<LineView>>,
    /// Taxes on the nights by name, on what was posted by rate; of that null in lists.
    taxes: Option<Vec<TaxView>>,
    /// What was paid, less what went back.
    payments: Vec<PaidView>,
    /// With tax.
    total: i64,
    paid: i64,
    /// Nothing: a part is closed when it is even.
    due: i64,
}

/// Who writes it, or who pays.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvoiceParty")]
struct PartyView {
    name: String,
    address: Vec<String>,
    tax_number: Option<String>,
}

/// What something comes to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvoiceSum")]
struct SumView {
    text: String,
    /// Without tax.
    amount: i64,
}

/// A tax.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvoiceTax")]
pub(crate) struct TaxView {
    /// Its name, or its rate.
    pub(crate) text: String,
    pub(crate) amount: i64,
}

/// Money that came.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvoicePayment")]
struct PaidView {
    /// `razorpay`, `cash`, `card` or `upi`.
    means: String,
    at: String,
    amount: i64,
}

/// Taxes on the nights by name, then those on what was posted by rate.
pub(crate) fn taxes(invoice: &Invoice, lines: &[FolioLine]) -> Vec<TaxView> {
    let of_nights = invoice.nights.iter().filter(|sum| sum.is_tax);
    let of_nights = of_nights.map(|sum| TaxView { text: sum.text.clone(), amount: sum.amount });
    let mut rates: BTreeMap<u16, i64> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.basis_points > 0) {
        *rates.entry(line.basis_points).or_default() += line.tax();
    }
    let rate = |(points, amount): (u16, i64)| {
        let (whole, part) = (points / 100, points % 100);
        let text = if part == 0 { format!("{whole} %") } else { format!("{whole}.{part:02} %") };
        TaxView { text, amount }
    };
    of_nights.chain(rates.into_iter().map(rate)).collect()
}

impl InvoiceView {
    /// The invoice, with what was posted of it if that was read.
    pub(crate) fn of(invoice: &Invoice, lines: Option<&[FolioLine]>) -> Self {
        let (issuer, payer) = (&invoice.issuer, &invoice.payer);
        let nights = invoice.nights.iter().filter(|sum| !sum.is_tax);
        let paid = |paid: &domain::hotel::invoice::Paid| PaidView {
            means: paid.means.clone(),
            at: paid.at.to_string(),
            amount: paid.amount,
        };
        Self {
            id: invoice.id.to_string(),
            location_id: invoice.location.to_string(),
            number: invoice.number,
            order_id: invoice.order.to_string(),
            part: invoice.part,
            confirmation: invoice.confirmation.clone(),
            guest_name: invoice.guest.to_string(),
            date: invoice.date.to_string(),
            arrival: invoice.stayed.map(|(from, _)| from.to_string()),
            departure: invoice.stayed.map(|(_, to)| to.to_string()),
            issuer: PartyView {
                name: issuer.name.to_string(),
                address: issuer.address.iter().map(ToString::to_string).collect(),
                tax_number: issuer.tax_number.as_ref().map(ToString::to_string),
            },
            payer: PartyView {
                name: payer.payer.to_string(),
                address: payer.address.iter().map(ToString::to_string).collect(),
                tax_number: payer.tax_number.as_ref().map(ToString::to_string),
            },
            currency: invoice.currency.code().to_owned(),
            nights: nights.map(|sum| SumView { text: sum.text.clone(), amount: sum.amount }).collect(),
            lines: lines.map(|lines| lines.iter().map(LineView::of).collect()),
            taxes: lines.map(|lines| taxes(invoice, lines)),
            payments: invoice.payments.iter().map(paid).collect(),
            total: invoice.total,
            paid: invoice.paid,
            due: invoice.total - invoice.paid,
        }
    }
}

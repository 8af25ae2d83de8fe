//! What an order costs, on the wire.

use domain::Sale;
use domain::sale::PriceLine;
use schemars::JsonSchema;
use serde::Serialize;

/// What an order costs and what has been paid. Amounts are minor units: 49900 of `INR` are 499 rupees.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Price")]
pub struct PriceView {
    /// ISO 4217.
    currency: String,
    /// What is sold, as it was called then.
    title: String,
    /// What it is made of.
    lines: Vec<PriceLineView>,
    /// The sum of the lines.
    total: i64,
    /// The code that takes something off.
    promo_code: Option<String>,
    /// What must be paid before it is sold.
    first_part: i64,
    /// What is to be paid as things stand: the total once sold, what is kept once cancelled; and what was posted.
    charged: i64,
    /// What was posted beside the lines, with tax; below zero, what was taken off. In `charged`.
    posted: i64,
    /// What it costs less since it was given back. In `charged`.
    reduced: i64,
    /// What has come in.
    captured: i64,
    /// What has gone back.
    refunded: i64,
    /// `charged` less `captured`, `refunded` taken back: still to be paid, or below zero to go back.
    due: i64,
    /// It was paid for too late: somebody else has it, and the money goes back.
    lost: bool,
    /// Ids of its payments, tried or made.
    payments: Vec<String>,
}

/// `amount` is `quantity` times `unit`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PriceLine")]
struct PriceLineView {
    /// `plan`, `nights`, `add_on`, `discount` (below zero), `shipping` or `tax`.
    kind: String,
    /// The line of the order that it belongs to, from 0.
    line: Option<usize>,
    /// The code of the plan or add-on.
    code: Option<String>,
    name: String,
    quantity: u32,
    unit: i64,
    amount: i64,
    note: Option<String>,
}

impl PriceView {
    /// Of a sale.
    pub fn of(sale: &Sale) -> Self {
        let line = |line: &PriceLine| PriceLineView {
            kind: line.kind.as_str().to_owned(),
            line: line.line,
            code: line.code.as_ref().map(ToString::to_string),
            name: line.name.clone(),
            quantity: line.quantity,
            unit: line.unit,
            amount: line.amount,
            note: line.note.as_ref().map(ToString::to_string),
        };
        Self {
            currency: sale.currency.code().to_owned(),
            title: sale.title.to_string(),
            lines: sale.lines.iter().map(line).collect(),
            total: sale.total,
            promo_code: sale.promo.as_ref().map(|promo| promo.code.to_string()),
            first_part: sale.first_part,
            charged: sale.charged,
            posted: sale.posted,
            reduced: sale.reduced,
            captured: sale.captured,
            refunded: sale.refunded,
            due: sale.due(),
            lost: sale.lost,
            payments: sale.payments.iter().map(ToString::to_string).collect(),
        }
    }
}

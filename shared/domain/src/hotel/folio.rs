//! Folios: what the desk posts to a stay beside its nights, and who pays which part of it.
//!
//! Each line is a record of its own. The stay's order keeps their sum, which is charged with its price, and who pays; so that a line
//! and what is due change together. The nights, and what is kept of them once they are given back, are in one of the parts.

use errors::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::money::MOST_MINOR;
use crate::offering::MOST_PRICE;
use crate::text::{Line, Name, Tag};
use crate::{FolioLineId, InvoiceId, Order, OrderId, OrderState, Payment};

/// Lines of a folio.
pub const MOST_POSTED: u16 = 500;
/// Those who pay one stay.
pub const MOST_PARTS: usize = 9;
/// Lines that are moved at once: they and the order fit into one transaction.
pub const MOST_MOVED: usize = 50;

/// What an order keeps of its folio.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Folio {
    /// Who pays, at most [`MOST_PARTS`]; the guest alone while nothing was said.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Which of them the nights are in.
    #[serde(default)]
    pub nights: usize,
    /// Lines posted so far, at most [`MOST_POSTED`].
    #[serde(default)]
    pub lines: u16,
}

/// Somebody who pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// As printed.
    pub payer: Name,
    /// Where they are, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Line>,
    /// Their tax number, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<Name>,
    /// The invoice that it was closed with: nothing is posted to it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceId>,
}

/// Something posted to a folio. Amounts are minor units of the order's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolioLine {
    /// Unique.
    pub id: FolioLineId,
    /// Of which stay.
    pub order: OrderId,
    /// In which part, from 0.
    pub part: usize,
    /// What for: `minibar`, `restaurant`, `late_check_out`.
    pub kind: Tag,
    /// As printed; the kind when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Line>,
    /// Without tax; below zero for what is taken off.
    pub amount: i64,
    /// The tax on it, in hundredths of a percent.
    pub basis_points: u16,
    /// Why something was taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
    /// By whom.
    pub by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl FolioLine {
    /// The tax on it, rounded half up.
    pub fn tax(&self) -> i64 {
        (self.amount * i64::from(self.basis_points) + 5_000).div_euclid(10_000)
    }

    /// With tax.
    pub fn total(&self) -> i64 {
        self.amount + self.tax()
    }

    /// As printed.
    pub fn text(&self) -> &str {
        self.text.as_ref().map_or(self.kind.as_str(), Line::as_str)
    }

    /// The line, if it is within bounds.
    ///
    /// # Errors
    /// `validation_failed` with every field: nothing or too much, more tax than there is, taken off without a reason.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Vec::new();
        let mut refuse = |pointer: &str, code, message: String| {
            wrong.push(errors::FieldError::new(pointer, code, message));
        };
        if self.amount == 0 || self.amount.abs() > MOST_PRICE {
            refuse("/amount", "out_of_range", format!("must be 1 to {MOST_PRICE}, or as much below zero"));
        }
        if self.basis_points > 10_000 {
            refuse("/tax_basis_points", "out_of_range", "must be at most 10000".to_owned());
        }
        if self.amount < 0 && self.reason.is_none() {
            refuse("/reason", "required", "is required to take something off".to_owned());
        }
        if wrong.is_empty() { Ok(self) } else { Err(Error::fields(wrong)) }
    }
}

/// What a part comes to. All amounts are minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// The nights, or what is kept of them.
    pub nights: i64,
    /// What was posted, with tax.
    pub posted: i64,
    /// What was paid for it and has not gone back.
    pub paid: i64,
}

impl Balance {
    /// What is still to be paid; below zero, what is to go back.
    pub const fn due(&self) -> i64 {
        self.nights + self.posted - self.paid
    }
}

impl Folio {
    /// Whether nothing was posted and nothing said of who pays.
    pub fn is_untouched(&self) -> bool {
        *self == Self::default()
    }
}

impl Order {
    /// Who pays which part; empty for what is no stay.
    pub fn parts(&self) -> Vec<Part> {
        let Some(stay) = &self.stay else { return Vec::new() };
        if !stay.folio.parts.is_empty() {
            return stay.folio.parts.clone();
        }
        vec![Part { payer: stay.guest_name.clone(), address: None, tax_number: None, invoice: None }]
    }

    /// The part, while something can be posted to it or paid for it.
    ///
    /// # Errors
    /// `validation_failed` where there is no such part, `wrong_state` once it is closed.
    pub fn open_part(&self, part: usize) -> Result<Part> {
        let Some(found) = self.parts().into_iter().nth(part) else {
            return Err(Error::field("/part", "unknown", "there is no such part of the folio"));
        };
        if found.invoice.is_some() { Err(closed()) } else { Ok(found) }
    }

    /// Nothing, while there is no invoice of the nights.
    pub(crate) fn unbilled(&self) -> Result<()> {
        let billed = self.stay.as_ref().and_then(|stay| stay.folio.parts.get(stay.folio.nights)?.invoice);
        if billed.is_some() { Err(closed()) } else { Ok(()) }
    }

    /// Charges what a line comes to, in the same transaction that writes the line.
    ///
    /// # Errors
    /// `wrong_state` unless sold, once the part is closed and after too many lines; `validation_failed` for an unknown part, and for
    /// more taken off than is charged.
    pub fn post(mut self, line: &FolioLine, now: Timestamp) -> Result<Self> {
        self.open_part(line.part)?;
        let state = self.state_at(now);
        let (Some(stay), Some(sale), OrderState::Confirmed) = (&mut self.stay, &mut self.sale, state) else {
            let message = format!("nothing is posted to a stay that is {}", state.as_str());
            return Err(Error::new(Code::WrongState, message).with_detail("state", state.as_str()));
        };
        if stay.folio.lines >= MOST_POSTED {
            let message = format!("a folio has at most {MOST_POSTED} lines");
            return Err(Error::new(Code::WrongState, message));
        }
        stay.folio.lines += 1;
        sale.posted += line.total();
        let charged = sale.total + sale.posted - sale.reduced;
        if line.amount < 0 && charged < 0 {
            return Err(Error::field("/amount", "out_of_range", "must not take off more than is charged"));
        }
        if charged > MOST_MINOR {
            return Err(Error::field("/amount", "out_of_range", "comes to more than can be paid at once"));
        }
        sale.charged = sale.sold_for();
        Ok(self.touched(now))
    }

    /// Is paid by others from now on: parts are added and renamed, never taken away, and what is closed stays as it is.
    ///
    /// # Errors
    /// `validation_failed` for fewer parts than there are or too many, `wrong_state` for another payer of what is closed.
    pub fn parted(mut self, payers: Vec<Part>, nights: usize, now: Timestamp) -> Result<Self> {
        let before = self.parts();
        if !(before.len()..=MOST_PARTS).contains(&payers.len()) {
            let message = format!("must be {} to {MOST_PARTS}: parts are not taken away", before.len());
            return Err(Error::field("/parts", "out_of_range", message));
        }
        if nights >= payers.len() {
            return Err(Error::field("/nights", "unknown", "must be one of the parts, from 0"));
        }
        let Some(stay) = &mut self.stay else { return Err(Error::not_found("stay")) };
        let billed = |part: usize| before.get(part).is_some_and(|part| part.invoice.is_some());
        let moved = nights != stay.folio.nights && (billed(nights) || billed(stay.folio.nights));
        let invoices = before.iter().map(|part| part.invoice).chain(std::iter::repeat(None));
        let parts: Vec<Part> =
            payers.into_iter().zip(invoices).map(|(part, invoice)| Part { invoice, ..part }).collect();
        let renamed = before.iter().zip(&parts).any(|(old, new)| old.invoice.is_some() && old != new);
        if moved || renamed {
            return Err(closed());
        }
        (stay.folio.parts, stay.folio.nights) = (parts, nights);
        Ok(self.touched(now))
    }

    /// Lets lines move into another part, in the same transaction that writes them.
    ///
    /// # Errors
    /// `validation_failed` for an unknown part, `wrong_state` from or into one that is closed.
    pub fn shifted(self, lines: &[FolioLine], into: usize, now: Timestamp) -> Result<Self> {
        self.open_part(into)?;
        for line in lines {
            self.open_part(line.part)?;
        }
        Ok(self.touched(now))
    }

    /// Closes a part with an invoice.
    ///
    /// # Errors
    /// `validation_failed` for an unknown part, `wrong_state` once it is closed, and of the nights while somebody is expected or in
    /// the house; `payment_required` while something is due, `wrong_state` while something is to go back.
    pub fn billed(
        mut self,
        part: usize,
        (balance, invoice): (&Balance, InvoiceId),
        now: Timestamp,
    ) -> Result<Self> {
        self.open_part(part)?;
        let state = self.state_at(now);
        let mut parts = self.parts();
        let Some(stay) = &mut self.stay else { return Err(Error::not_found("stay")) };
        let over = match state {
            OrderState::Cancelled => true,
            OrderState::Confirmed => stay.is_over() || stay.folio.nights != part,
            OrderState::Held | OrderState::Expired => false,
        };
        if !over {
            let message = "the nights are invoiced once nobody is expected or in the house any more";
            return Err(Error::new(Code::WrongState, message).with_detail("state", stay.stage().as_str()));
        }
        match balance.due() {
            due if due > 0 => {
                let message = "something is still to be paid";
                return Err(Error::new(Code::PaymentRequired, message).with_detail("due", due));
            }
            due if due < 0 => {
                let message = "something is still to go back";
                return Err(Error::new(Code::WrongState, message).with_detail("due", due));
            }
            _ => {}
        }
        if let Some(part) = parts.get_mut(part) {
            part.invoice = Some(invoice);
        }
        stay.folio.parts = parts;
        Ok(self.touched(now))
    }

    /// What each part comes to, given all lines and payments: together what is due of the order.
    pub fn balances(&self, lines: &[FolioLine], payments: &[Payment]) -> Vec<Balance> {
        let mut balances = vec![Balance::default(); self.parts().len()];
        let (Some(sale), Some(stay)) = (&self.sale, &self.stay) else { return balances };
        if let Some(balance) = balances.get_mut(stay.folio.nights) {
            balance.nights = sale.charged - sale.posted;
        }
        for line in lines {
            if let Some(balance) = balances.get_mut(line.part) {
                balance.posted += line.total();
            }
        }
        for payment in payments {
            if let Some(balance) = balances.get_mut(payment.part.unwrap_or_default()) {
                balance.paid += payment.captured() - payment.refunded();
            }
        }
        balances
    }
}

fn closed() -> Error {
    Error::new(Code::WrongState, "there is an invoice of this part of the folio")
        .with_detail("state", "closed")
}

#[cfg(test)]
mod tests;

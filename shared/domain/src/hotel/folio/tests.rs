//! Whatever is posted, taken off, paid, given back and changed in whatever order: what is due is what is charged and not paid.

use proptest::prelude::*;

use super::*;
use crate::fixtures::at;
use crate::hotel::stay::tests::{departed, restayed, stay};
use crate::payment::{Means, Next, most_to_pay, next, summed, to_pay};
use crate::{Actor, PaymentId};

const NOW: &str = "2027-07-01T14:00:00Z";

fn line(part: usize, amount: i64, basis_points: u16, number: u128) -> FolioLine {
    FolioLine {
        id: FolioLineId::derived(number.to_be_bytes()),
        order: OrderId::derived([1; 16]),
        part,
        kind: "minibar".parse().unwrap(),
        text: None,
        amount,
        basis_points,
        reason: (amount < 0).then(|| "broken".parse().unwrap()),
        by: Actor::system(),
        created_at: at(NOW),
        version: 1,
        request: None,
    }
}

fn payer(name: &str) -> Part {
    Part { payer: name.parse().unwrap(), address: None, tax_number: None, invoice: None }
}

#[test]
fn tax_is_added_and_rounded_half_up_on_either_side_of_nothing() {
    for (amount, points, tax) in
        [(1_000, 1_000, 100), (5, 1_000, 1), (4, 1_000, 0), (-5, 1_000, 0), (-1_000, 700, -70)]
    {
        let line = line(0, amount, points, 1);
        assert_eq!((line.tax(), line.total()), (tax, amount + tax), "{amount} at {points}");
    }
}

#[test]
fn what_is_wrong_with_a_line_is_told_at_once() {
    let wrong = FolioLine { reason: None, ..line(0, -MOST_PRICE - 1, 10_001, 1) }.checked().unwrap_err();
    let found: Vec<_> = wrong.field_errors().iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(found, ["/amount", "/tax_basis_points", "/reason"]);
    assert!(line(0, 0, 0, 1).checked().is_err());
    assert!(line(0, -1, 0, 1).checked().is_ok());
}

#[test]
fn a_part_is_closed_when_it_is_even_and_stays_as_it_is() {
    let now = at(NOW);
    let even = Balance { nights: 30_000, posted: 0, paid: 30_000 };
    let id = InvoiceId::derived([1; 16]);
    let there = stay(None).billed(0, (&even, id), now).unwrap_err();
    assert_eq!(there.code(), Code::WrongState, "they are still expected");
    let gone = departed();
    for (paid, code) in [(29_999, Code::PaymentRequired), (30_001, Code::WrongState)] {
        let refused = gone.clone().billed(0, (&Balance { paid, ..even }, id), now).unwrap_err();
        assert_eq!(refused.code(), code);
    }
    let closed = gone.billed(0, (&even, id), now).unwrap();
    assert!(closed.clone().post(&line(0, 100, 0, 1), now).is_err());
    assert!(closed.clone().billed(0, (&even, id), now).is_err());
    assert!(closed.clone().parted(vec![payer("Somebody else")], 0, now).is_err());
    // Who comes later may still pay for something else.
    let two = closed.parted(vec![payer("Anna"), payer("Works")], 0, now).unwrap();
    assert!(two.clone().shifted(&[line(0, 1, 0, 1)], 1, now).is_err());
    assert!(two.clone().post(&line(1, 100, 0, 1), now).is_ok());
    assert!(two.parted(vec![payer("Anna"), payer("Works")], 1, now).is_err(), "the nights are on an invoice");
}

#[test]
fn parts_are_not_taken_away_and_there_are_few() {
    let now = at(NOW);
    let two = stay(None).parted(vec![payer("Anna"), payer("Works")], 1, now).unwrap();
    assert!(two.clone().parted(vec![payer("Anna")], 0, now).is_err());
    assert!(two.clone().parted(vec![payer("Anna"), payer("Works")], 2, now).is_err());
    assert!(two.clone().parted(vec![payer("x"); MOST_PARTS + 1], 0, now).is_err());
    assert!(two.parted(vec![payer("x"); MOST_PARTS], 0, now).is_ok());
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Post(usize, i64, u16),
    Move(usize, usize),
    Pay(usize, i64),
    GiveBack(i64),
    Nights(u8, i64),
    Cancel,
    NoShow,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..3_usize, -40_000..40_000_i64, prop::sample::select(&[0_u16, 700, 1_900][..]))
            .prop_map(|(part, amount, points)| Act::Post(part, amount, points)),
        1 => (0..9_usize, 0..3_usize).prop_map(|(line, part)| Act::Move(line, part)),
        3 => (0..3_usize, 1..60_000_i64).prop_map(|(part, amount)| Act::Pay(part, amount)),
        2 => (1..40_000_i64).prop_map(Act::GiveBack),
        2 => (1..6_u8, 0..20_000_i64).prop_map(|(nights, price)| Act::Nights(nights, price)),
        1 => Just(Act::Cancel),
        1 => Just(Act::NoShow),
    ]
}

/// A stay with its folio, its payments, and a desk that does what follows.
struct Desk {
    order: Order,
    lines: Vec<FolioLine>,
    payments: Vec<Payment>,
}

impl Desk {
    fn act(&mut self, act: Act, step: u128) -> Result<()> {
        let (order, now) = (self.order.clone(), at("2027-07-02T09:00:00Z"));
        match act {
            Act::Post(part, amount, points) => {
                let line = line(part, amount, points, step).checked()?;
                self.order = order.post(&line, now)?;
                self.lines.push(line);
            }
            Act::Move(at, into) => {
                let Some(line) = self.lines.get_mut(at) else { return Ok(()) };
                self.order = order.shifted(std::slice::from_ref(line), into, now)?;
                line.part = into;
            }
            Act::Pay(part, amount) => {
                to_pay(&order, now)?;
                let amount = amount.min(most_to_pay(&order));
                let id = PaymentId::derived(step.to_be_bytes());
                let mut payment = Payment::taken(id, &order, Means::Cash, amount, now)?;
                payment.part = Some(part);
                self.order = order.paying(id, now)?;
                self.payments.push(payment);
            }
            Act::GiveBack(amount) => self.order = order.reduced(amount, now)?,
            Act::Nights(nights, price) => self.order = restayed(order, nights, price, now)?,
            Act::Cancel => self.order = order.cancel(None, now)?,
            Act::NoShow => self.order = order.no_show(now)?,
        }
        Ok(())
    }

    fn settle(&mut self) {
        for _ in 0..50 {
            self.order = summed(self.order.clone(), &self.payments);
            match next(&self.order, &self.payments) {
                None => return,
                Some(Next::Refund { payment, attempt, amount }) => {
                    let payment = self.payments.iter_mut().find(|known| known.id == payment).unwrap();
                    payment.promise(&attempt, amount, at(NOW));
                }
                other => panic!("a desk has nothing to do with {other:?}"),
            }
        }
        panic!("what follows has no end");
    }
}

proptest! {
    /// What is due is what is charged and was not paid, as a whole and over all parts; never is more kept than is charged.
    #[test]
    fn a_folio_balances_whatever_the_desk_does(acts in prop::collection::vec(act(), 0..25)) {
        let order = stay(Some(1)).parted(vec![payer("Anna"), payer("Works"), payer("Club")], 1, at(NOW)).unwrap();
        let mut desk = Desk { order, lines: Vec::new(), payments: Vec::new() };
        for (step, act) in acts.into_iter().enumerate() {
            let version = desk.order.version;
            if desk.act(act, step as u128 + 1).is_err() {
                prop_assert_eq!(desk.order.version, version);
            }
            desk.settle();
            let sale = desk.order.sale.as_ref().unwrap();
            prop_assert_eq!(sale.posted, desk.lines.iter().map(FolioLine::total).sum::<i64>());
            prop_assert_eq!(sale.due(), sale.charged - sale.captured + sale.refunded);
            prop_assert!(sale.charged >= 0 && sale.captured - sale.refunded <= sale.charged);
            if desk.order.state == OrderState::Confirmed {
                prop_assert_eq!(sale.charged, (sale.total + sale.posted - sale.reduced).max(0));
            }
            let balances = desk.order.balances(&desk.lines, &desk.payments);
            prop_assert_eq!(balances.iter().map(Balance::due).sum::<i64>(), sale.due());
        }
    }
}

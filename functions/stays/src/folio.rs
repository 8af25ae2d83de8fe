//! The folio of a stay: posting to it, who pays which part, and closing a part with an invoice.
//!
//! A line and the order whose sums it changes are one transaction, as are an invoice, the number before it and the order that it
//! closes a part of. What is to go back since something was taken off follows by itself, as for every order.

use domain::hotel::Invoice;
use domain::hotel::folio::{Balance, FolioLine, MOST_MOVED, Part};
use domain::text::{Line, Tag};
use domain::{Caller, EventId, FolioLineId, InvoiceId, Order, OrderId, Payment, Permission};
use errors::{Code, Error, Result};
use store::{Ids, Tx};
use web::{Asked, Done};

use crate::App;
use crate::access::{at_desk, seen};
use crate::house::bits;

/// Attempts to give an invoice the next number while others take it.
const MOST_ROUNDS: usize = 5;

/// A folio with all that its balances come from.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) order: Order,
    pub(crate) lines: Vec<FolioLine>,
    pub(crate) payments: Vec<Payment>,
}

impl Whole {
    /// What each part comes to.
    pub(crate) fn balances(&self) -> Vec<Balance> {
        self.order.balances(&self.lines, &self.payments)
    }
}

/// The folio of a stay, for those who may see the stay.
///
/// # Errors
/// `not_found`.
pub(crate) async fn read(app: &App, caller: &Caller, id: OrderId) -> Result<Whole> {
    whole(app, seen(app, caller, id).await?).await
}

async fn whole(app: &App, order: Order) -> Result<Whole> {
    let payments = order.sale.iter().flat_map(|sale| sale.payments.clone()).collect();
    let ids = Ids { payments, ..Ids::default() };
    let (mut lines, known) = tokio::try_join!(app.store.folio(order.id), app.store.together(&ids))?;
    lines.sort_by_key(|line| (line.created_at, line.id));
    let mut payments = known.payments;
    payments.sort_by_key(|payment| (payment.created_at, payment.id));
    Ok(Whole { order, lines, payments })
}

/// What is posted.
#[derive(Debug)]
pub(crate) struct NewLine {
    pub(crate) part: usize,
    pub(crate) kind: Tag,
    pub(crate) text: Option<Line>,
    pub(crate) amount: i64,
    pub(crate) basis_points: u16,
    pub(crate) reason: Option<Line>,
}

/// Posts something to a stay: from then on it is charged with its price.
///
/// # Errors
/// `not_found`, `forbidden`, also for taking something off without the right; `validation_failed`, `wrong_state` as
/// [`Order::post`]; `changed` when somebody was faster.
pub(crate) async fn post(app: &App, asked: &Asked, id: OrderId, new: NewLine) -> Result<Done<FolioLine>> {
    let now = app.clock.now();
    let line = FolioLineId::derived(bits(asked, now));
    let (before, made) = tokio::try_join!(at_desk(app, &asked.caller, id), app.store.folio_line(id, line))?;
    if let Some(made) = made {
        return if asked.idem.is(made.request.as_deref()) {
            Ok(Done { record: made, replayed: true })
        } else {
            Err(web::Idempotency::reused())
        };
    }
    if new.amount < 0 {
        asked.caller.require_at(Permission::ResolveBookings, before.location)?;
    }
    let line = FolioLine {
        id: line,
        order: id,
        part: new.part,
        kind: new.kind,
        text: new.text,
        amount: new.amount,
        basis_points: new.basis_points,
        reason: new.reason,
        by: asked.caller.actor(),
        created_at: now,
        version: 1,
        request: asked.idem.request(),
    };
    let line = line.checked()?;
    asked.if_match.check(before.version)?;
    let after = before.clone().post(&line, now)?;
    let mut tx = Tx::new();
    tx.insert_folio_line(&app.store, &line);
    tx.update_order(&app.store, &before, &after);
    let mut event =
        after.event(EventId::new(now, env::random()), "order.posted", Some(&before), asked.caller.actor());
    if let Some(data) = event.data.as_object_mut() {
        data.insert("line".to_owned(), line.id.to_string().into());
    }
    tx.event(&app.store, &event);
    let outcome = app.store.commit(tx).await?;
    let (record, replayed) = store::record_from(outcome, line)?;
    Ok(Done { record, replayed })
}

/// Moves lines into another part.
///
/// # Errors
/// `not_found`, `forbidden`, `validation_failed` for too many, for what is no line of the folio, and for an unknown part;
/// `wrong_state` from or into a part that is closed, `changed` when somebody was faster.
pub(crate) async fn shift(
    app: &App,
    asked: &Asked,
    id: OrderId,
    (lines, into): (Vec<FolioLineId>, usize),
) -> Result<Whole> {
    let before = whole(app, at_desk(app, &asked.caller, id).await?).await?;
    if asked.idem.replays(&before.order.requests)? {
        return Ok(before);
    }
    asked.if_match.check(before.order.version)?;
    if !(1..=MOST_MOVED).contains(&lines.len()) {
        return Err(Error::field("/lines", "out_of_range", format!("must be 1 to {MOST_MOVED}")));
    }
    let mut fields = web::Fields::new();
    let mut moved: Vec<FolioLine> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match before.lines.iter().find(|known| known.id == *line) {
            Some(line) if !moved.contains(line) => moved.push(line.clone()),
            Some(_) => fields.refuse(format!("/lines/{at}"), "duplicate", "is there twice"),
            None => fields.refuse(format!("/lines/{at}"), "unknown", "is no line of this folio"),
        }
    }
    fields.check()?;
    let now = app.clock.now();
    let mut after = before.order.clone().shifted(&moved, into, now)?;
    after.requests = after.requests.with(asked.idem.mark());
    let mut tx = Tx::new();
    for line in &moved {
        let line = FolioLine { part: into, version: line.version + 1, ..line.clone() };
        tx.update_folio_line(&app.store, &line);
    }
    tell(app, asked, (&before.order, &after), tx).await?;
    let shifted =
        |line: FolioLine| if lines.contains(&line.id) { FolioLine { part: into, ..line } } else { line };
    Ok(Whole {
        order: after,
        lines: before.lines.into_iter().map(shifted).collect(),
        payments: before.payments,
    })
}

/// Says who pays, and which part the nights are in.
///
/// # Errors
/// `not_found`, `forbidden`, as [`Order::parted`], `changed` when somebody was faster.
pub(crate) async fn part(
    app: &App,
    asked: &Asked,
    id: OrderId,
    (parts, nights): (Vec<Part>, usize),
) -> Result<Whole> {
    let before = at_desk(app, &asked.caller, id).await?;
    if asked.idem.replays(&before.requests)? {
        return whole(app, before).await;
    }
    asked.if_match.check(before.version)?;
    let mut after = before.clone().parted(parts, nights, app.clock.now())?;
    after.requests = after.requests.with(asked.idem.mark());
    tell(app, asked, (&before, &after), Tx::new()).await?;
    whole(app, after).await
}

async fn tell(app: &App, asked: &Asked, (before, after): (&Order, &Order), mut tx: Tx) -> Result<()> {
    tx.update_order(&app.store, before, after);
    let id = EventId::new(after.updated_at, env::random());
    tx.event(&app.store, &after.event(id, "order.split", Some(before), asked.caller.actor()));
    app.store.commit(tx).await.map(drop)
}

/// Closes a part with an invoice, which has the location's next number.
///
/// # Errors
/// `not_found`, `forbidden`, as [`Order::billed`]; `changed` when somebody was faster.
pub(crate) async fn close(app: &App, asked: &Asked, id: OrderId, part: usize) -> Result<Done<Invoice>> {
    for _ in 0..MOST_ROUNDS {
        let whole = whole(app, at_desk(app, &asked.caller, id).await?).await?;
        if asked.idem.replays(&whole.order.requests)?
            && let Some(made) = whole.order.parts().get(part).and_then(|part| part.invoice)
        {
            return Ok(Done { record: app.store.invoice(made).await?, replayed: true });
        }
        asked.if_match.check(whole.order.version)?;
        match Box::pin(issue(app, asked, &whole, part)).await {
            // Another stay of the location got the number.
            Err(error) if error.code() == Code::Changed && asked.if_match.0.is_none() => {}
            issued => return issued.map(|record| Done { record, replayed: false }),
        }
    }
    Err(Error::new(Code::Changed, "others write while the folio is closed; send it again"))
}

async fn issue(app: &App, asked: &Asked, whole: &Whole, part: usize) -> Result<Invoice> {
    let order = &whole.order;
    let payer = order.open_part(part)?;
    let balance = whole.balances().get(part).copied().unwrap_or_default();
    let now = app.clock.now();
    let id = InvoiceId::new(now, env::random());
    let mut after = order.clone().billed(part, (&balance, id), now)?;
    after.requests = after.requests.with(asked.idem.mark());
    let (number, location, property) = tokio::try_join!(
        app.store.next_invoice(order.location),
        app.store.location(order.location),
        app.store.property(order.location),
    )?;
    let invoice = Invoice::of(
        order,
        (part, payer),
        (&property, &location),
        (&whole.payments, &balance),
        (id, number, now),
    );
    let invoice = invoice.ok_or_else(|| Error::not_found("stay"))?;
    let mut tx = Tx::new();
    tx.insert_invoice(&app.store, &invoice);
    tx.update_order(&app.store, order, &after);
    let event = EventId::new(now, env::random());
    tx.event(&app.store, &after.event(event, "order.billed", Some(order), asked.caller.actor()));
    tx.event(&app.store, &invoice.event(EventId::new(now, env::random()), asked.caller.actor()));
    app.store.commit(tx).await?;
    Ok(invoice)
}

/// An invoice with what was posted of it, for those who may see its stay.
///
/// # Errors
/// `not_found`.
pub(crate) async fn invoice(app: &App, caller: &Caller, id: InvoiceId) -> Result<(Invoice, Vec<FolioLine>)> {
    let invoice = app.store.invoice(id).await?;
    let stay = seen(app, caller, invoice.order);
    let (_, lines) = tokio::try_join!(stay, app.store.folio(invoice.order))?;
    let posted = invoice.posted(&lines).into_iter().cloned().collect();
    Ok((invoice, posted))
}

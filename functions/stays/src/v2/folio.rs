//! Folios: what is posted, who pays which part, and the invoices that parts are closed with.

use domain::hotel::Invoice;
use domain::hotel::folio::{Balance, FolioLine, MOST_PARTS, Part};
use domain::text::{Line, Name, Tag};
use domain::{FolioLineId, InvoiceId, LocationId, OrderId, Permission};
use errors::{Error, FieldError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Access, Idempotency, IfMatch, Json, Key, Listed, Page, PageQuery, Path, Query, Reply, Result, Route,
    Signed, State, get, post, put, request,
};

use super::asked;
use super::document;
use super::invoice::InvoiceView;
use crate::App;
use crate::folio::{self, NewLine, Whole};

pub(crate) fn routes() -> Vec<Route<App>> {
    let desk = Access::Needs(Permission::BookForOthers);
    vec![
        get("/stays/{id}/folio", Access::SignedIn, show)
            .named("showFolio", "Read what a stay comes to: its parts with their balances, and every line")
            .answers::<FolioView>(200),
        post("/stays/{id}/folio/lines", desk, post_line)
            .named("postToFolio", "Post something to a stay, or take something off with a reason")
            .keyed(Key::Required)
            .takes::<NewLineBody>()
            .answers::<LineView>(201),
        put("/stays/{id}/folio/parts", desk, put_parts)
            .named("replaceFolioParts", "Say who pays, and which part the nights are in")
            .keyed(Key::Accepted)
            .takes::<PartsBody>()
            .answers::<FolioView>(200),
        post("/stays/{id}/folio/moves", desk, move_lines)
            .named("moveFolioLines", "Move lines into another part")
            .keyed(Key::Accepted)
            .takes::<MoveBody>()
            .answers::<FolioView>(200),
        post("/stays/{id}/folio/close", desk, close)
            .named(
                "closeFolio",
                "Close a part that is paid, with an invoice: nothing is posted to it any more",
            )
            .keyed(Key::Required)
            .takes::<CloseBody>()
            .answers::<InvoiceView>(201),
        get("/invoices", Access::Needs(Permission::ReadBookings), list)
            .named("listInvoices", "List the invoices of a location, the latest number first")
            .queried::<InvoicesQuery>()
            .answers::<Vec<InvoiceView>>(200),
        get("/invoices/{id}", Access::SignedIn, show_invoice)
            .named("showInvoice", "Read an invoice")
            .answers::<InvoiceView>(200)
            .answers_empty(304),
        get("/invoices/{id}/document", Access::SignedIn, print)
            .named("printInvoice", "An invoice as a page to be printed")
            .answers_empty(200),
    ]
}

/// What a stay comes to. Amounts are minor units.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Folio")]
pub(crate) struct FolioView {
    order_id: String,
    /// ISO 4217.
    currency: String,
    /// Which part the nights are in, from 0.
    nights: usize,
    parts: Vec<PartView>,
    /// As it was posted, at most 500.
    lines: Vec<LineView>,
    /// What is still to be paid of all parts; below zero, what is to go back.
    due: i64,
    /// The stay's version.
    version: u64,
}

/// Somebody who pays.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FolioPart")]
struct PartView {
    payer: String,
    address: Option<String>,
    tax_number: Option<String>,
    /// The nights, or what is kept of them.
    nights: i64,
    /// What was posted, with tax.
    posted: i64,
    /// What was paid for it and has not gone back; what was noted for no part is the first one's.
    paid: i64,
    due: i64,
    /// It is closed.
    invoice_id: Option<String>,
}

/// Something posted.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FolioLine")]
pub(crate) struct LineView {
    id: String,
    /// In which part, from 0.
    part: usize,
    kind: String,
    /// As printed.
    text: String,
    /// Without tax; below zero for what was taken off.
    amount: i64,
    tax_basis_points: u16,
    tax: i64,
    /// With tax.
    total: i64,
    /// Why something was taken off.
    reason: Option<String>,
    posted_at: String,
}

impl LineView {
    pub(crate) fn of(line: &FolioLine) -> Self {
        Self {
            id: line.id.to_string(),
            part: line.part,
            kind: line.kind.to_string(),
            text: line.text().to_owned(),
            amount: line.amount,
            tax_basis_points: line.basis_points,
            tax: line.tax(),
            total: line.total(),
            reason: line.reason.as_ref().map(ToString::to_string),
            posted_at: line.created_at.to_string(),
        }
    }
}

impl FolioView {
    fn reply(whole: &Whole) -> Reply<Self> {
        let part = |(part, balance): (Part, Balance)| PartView {
            payer: part.payer.into(),
            address: part.address.map(Into::into),
            tax_number: part.tax_number.map(Into::into),
            nights: balance.nights,
            posted: balance.posted,
            paid: balance.paid,
            due: balance.due(),
            invoice_id: part.invoice.map(|invoice| invoice.to_string()),
        };
        let order = &whole.order;
        let sale = order.sale.as_deref();
        Reply::ok(Self {
            order_id: order.id.to_string(),
            currency: sale.map(|sale| sale.currency.code().to_owned()).unwrap_or_default(),
            nights: order.stay.as_ref().map_or(0, |stay| stay.folio.nights),
            parts: order.parts().into_iter().zip(whole.balances()).map(part).collect(),
            lines: whole.lines.iter().map(LineView::of).collect(),
            due: sale.map_or(0, domain::Sale::due),
            version: order.version,
        })
        .version(order.version)
    }
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
) -> Result<Reply<FolioView>> {
    Ok(FolioView::reply(&folio::read(&app, &caller, id).await?))
}

request! {
    /// Something to post.
    pub(crate) struct NewLineBody {
        /// What for: `minibar`, `restaurant`, `late_check_out`.
        kind: Tag as String,
        /// As printed; the kind when unset.
        text: Option<Line> as String,
        /// In minor units, without tax; below zero takes something off, for those who resolve bookings.
        amount: i64 as i64,
        /// The tax on it, in hundredths of a percent; none when unset.
        tax_basis_points: Option<u16> as u16,
        /// Why; required to take something off.
        reason: Option<Line> as String,
        /// Into which part, from 0; the first one when unset.
        part: Option<usize> as usize,
    }
}

async fn post_line(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<NewLineBody>,
) -> Result<Reply<LineView>> {
    let new = NewLine {
        part: body.part.unwrap_or_default(),
        kind: body.kind,
        text: body.text,
        amount: body.amount,
        basis_points: body.tax_basis_points.unwrap_or_default(),
        reason: body.reason,
    };
    let done = folio::post(&app, &asked(caller, if_match, idem), id, new).await?;
    let path = format!("/stays/{id}/folio");
    Ok(Reply::created(LineView::of(&done.record), path).replayed(done.replayed))
}

/// Somebody who pays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewFolioPart")]
pub(crate) struct PartBody {
    /// As printed on the invoice.
    #[schemars(with = "String")]
    payer: Name,
    #[schemars(with = "Option<String>")]
    address: Option<Line>,
    #[schemars(with = "Option<String>")]
    tax_number: Option<Name>,
}

request! {
    /// Everybody who pays: parts are added and renamed, never taken away.
    pub(crate) struct PartsBody {
        /// 1 to 9.
        parts: Vec<PartBody> as Vec<PartBody>,
        /// Which of them the nights are in, from 0; the first one when unset.
        nights: Option<usize> as usize,
    }
}

async fn put_parts(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<PartsBody>,
) -> Result<Reply<FolioView>> {
    if body.parts.len() > MOST_PARTS {
        let message = format!("must be at most {MOST_PARTS}");
        return Err(Error::fields(vec![FieldError::new("/parts", "out_of_range", message)]).into());
    }
    let part = |PartBody { payer, address, tax_number }| Part { payer, address, tax_number, invoice: None };
    let parts = body.parts.into_iter().map(part).collect();
    let nights = body.nights.unwrap_or_default();
    Ok(FolioView::reply(&folio::part(&app, &asked(caller, if_match, idem), id, (parts, nights)).await?))
}

request! {
    /// Which lines, and where they go.
    pub(crate) struct MoveBody {
        /// Ids of 1 to 50 lines.
        lines: Vec<FolioLineId> as Vec<String>,
        /// Into which part, from 0.
        part: usize as usize,
    }
}

async fn move_lines(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<MoveBody>,
) -> Result<Reply<FolioView>> {
    let asked = asked(caller, if_match, idem);
    Ok(FolioView::reply(&folio::shift(&app, &asked, id, (body.lines, body.part)).await?))
}

request! {
    /// Which part.
    pub(crate) struct CloseBody {
        /// From 0; the first one when unset.
        part: Option<usize> as usize,
    }
}

async fn close(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<CloseBody>,
) -> Result<Reply<InvoiceView>> {
    let asked = asked(caller, if_match, idem);
    let done = Box::pin(folio::close(&app, &asked, id, body.part.unwrap_or_default())).await?;
    let (invoice, lines) = folio::invoice(&app, &asked.caller, done.record.id).await?;
    let path = format!("/invoices/{}", invoice.id);
    Ok(Reply::created(InvoiceView::of(&invoice, Some(&lines)), path).version(1).replayed(done.replayed))
}

request! {
    /// Of which location.
    pub(crate) struct InvoicesQuery {
        location_id: LocationId as String,
    }
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<InvoicesQuery>,
) -> Result<Listed<InvoiceView>> {
    caller.require_at(Permission::ReadBookings, query.location_id)?;
    let found = app.store.invoices_at(query.location_id, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(|invoice: Invoice| InvoiceView::of(&invoice, None))))
}

async fn show_invoice(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<InvoiceId>,
) -> Result<Reply<InvoiceView>> {
    let (invoice, lines) = folio::invoice(&app, &caller, id).await?;
    Ok(Reply::ok(InvoiceView::of(&invoice, Some(&lines))).version(invoice.version))
}

async fn print(State(app): State<App>, Signed(caller): Signed, Path(id): Path<InvoiceId>) -> Result<Page> {
    let (invoice, lines) = folio::invoice(&app, &caller, id).await?;
    Ok(Page::new(document::html(&invoice, &lines)))
}

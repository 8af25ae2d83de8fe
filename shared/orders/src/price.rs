//! What the lines of an order cost, where they are seats of sessions.

use std::collections::BTreeSet;

use domain::sale::Choice;
use domain::{OfferingId, OrderLine, Pool, Sale};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use serde_json::json;
use store::{Store, Together};
use web::Fields;

/// The price of these lines with what was chosen for each, as the offering says now; `None` where nothing has a price.
///
/// # Errors
/// `validation_failed` for choices where there is nothing to choose, sessions of several offerings, other pools beside them, an
/// offering that is retired, and as [`Sale::quote`]; `not_bookable` once a session has begun.
pub(crate) async fn price(
    store: &Store,
    lines: &[OrderLine],
    choices: &[Choice],
    known: &Together,
    now: Timestamp,
) -> Result<Option<Sale>> {
    let pools: Vec<Option<&Pool>> = lines.iter().map(|line| known.pool(line.pool)).collect();
    let sessions = || pools.iter().filter_map(|pool| pool.and_then(|pool| pool.session));
    let offerings: BTreeSet<OfferingId> = sessions().map(|session| session.offering).collect();
    let mut fields = Fields::new();
    for (at, pool) in pools.iter().enumerate() {
        if pool.is_some_and(|pool| pool.room_type.is_some()) {
            let message = "are nights of a room type: book them as a stay";
            fields.refuse(format!("/lines/{at}/pool_id"), "other_kind", message);
        }
        let session = pool.is_some_and(|pool| pool.session.is_some());
        if !session && !offerings.is_empty() {
            let message = "is no session: sessions are ordered by themselves";
            fields.refuse(format!("/lines/{at}/pool_id"), "other_kind", message);
        }
        let chosen = choices.iter().find(|choice| choice.line == at);
        if !session && chosen.is_some_and(|choice| choice.plan.is_some() || !choice.extras.is_empty()) {
            let message = "must be left out: this has no plans";
            fields.refuse(format!("/lines/{at}/plan"), "unexpected", message);
        }
    }
    if offerings.len() > 1 {
        fields.refuse("/lines", "other_offering", "must be sessions of one offering");
    }
    fields.check()?;
    let (Some(id), Some(starts)) = (offerings.first(), sessions().map(|session| session.span.start()).min())
    else {
        return Ok(None);
    };
    if let Some(begun) = pools.iter().flatten().find(|pool| pool.has_begun(now)) {
        let reason = json!({ "code": "in_the_past", "message": "it has begun", "pool_id": begun.id });
        return Err(Error::new(Code::NotBookable, "this session cannot be booked: it has begun")
            .with_detail("reasons", vec![reason]));
    }
    let offering = store.offering(*id).await?;
    if offering.retired {
        return Err(Error::field("/lines/0/pool_id", "retired", "is no longer offered"));
    }
    Sale::quote(&offering, choices, starts).map(Some)
}

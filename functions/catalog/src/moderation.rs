//! Flags, and what moderators decide.

use domain::review::{Sight, visible_to};
use domain::text::Line;
use domain::{Caller, Review};
use errors::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use web::Idempotency;

use crate::{App, reviews};

/// What a moderator does about a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Lets a flagged review stand.
    Unflag,
    /// Hides it from all but its author.
    Hide,
    /// Shows it again.
    Restore,
    /// Removes it.
    Remove,
}

/// Asks a moderator to look; whether this was done before, by the same request.
///
/// # Errors
/// `not_found` for a review that the caller may not see, `wrong_state` once flagged or decided on, `changed` when somebody
/// was faster.
pub(crate) async fn flag(
    app: &App,
    caller: &Caller,
    before: Review,
    reason: Line,
    idem: &Idempotency,
) -> Result<(Review, bool)> {
    if visible_to(&before, Some(caller)) == Sight::Nothing {
        return Err(Error::not_found("review"));
    }
    if idem.is(before.last_request.as_deref()) {
        return Ok((before, true));
    }
    let mut after = before.clone().flag(caller.user, reason, app.clock.now())?;
    after.last_request = idem.request();
    Ok((reviews::save(app, caller, &before, after, "review.flagged").await?, false))
}

/// Carries out a moderator's decision; whether this was done before, by the same request.
///
/// # Errors
/// `wrong_state` where the review's state does not allow it, `changed` when somebody was faster.
pub(crate) async fn decide(
    app: &App,
    caller: &Caller,
    before: Review,
    action: Action,
    idem: &Idempotency,
) -> Result<(Review, bool)> {
    if idem.is(before.last_request.as_deref()) {
        return Ok((before, true));
    }
    let (review, by, now) = (before.clone(), caller.user, app.clock.now());
    let (mut after, kind) = match action {
        Action::Unflag => (review.unflag(by, now)?, "review.unflagged"),
        Action::Hide => (review.hide(by, now)?, "review.hidden"),
        Action::Restore => (review.restore(by, now)?, "review.restored"),
        Action::Remove => (review.remove(by, now)?, "review.removed"),
    };
    after.last_request = idem.request();
    Ok((reviews::save(app, caller, &before, after, kind).await?, false))
}

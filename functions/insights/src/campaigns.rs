//! Campaigns: making one, looking at its audience beforehand and at its progress, calling it off. `notify` carries them out.

use std::collections::BTreeMap;

use domain::campaign::{CampaignText, Filter, MOST_AHEAD, MOST_PER_MINUTE, Source};
use domain::message::Channel;
use domain::text::Name;
use domain::{
    Caller, Campaign, CampaignId, CampaignState, EventId, Permission, Requests, Scope, User, UserId, Zone,
};
use errors::{Code, Error, FieldError, Result};
use jiff::Timestamp;
use store::{Page, Position, Tx};
use web::{Asked, Done, Fields};

use crate::App;

/// Records of an audience that a preview reads at once, and how often at most.
const PREVIEW_PAGE: u32 = 100;
const PREVIEW_PAGES: usize = 10;
/// People that a preview shows.
const SAMPLE: usize = 5;

/// What a campaign is made of.
pub(crate) struct Draft {
    pub(crate) name: Name,
    pub(crate) channel: Channel,
    pub(crate) text: CampaignText,
    pub(crate) filter: Filter,
    pub(crate) per_minute: u32,
    /// At once if not given.
    pub(crate) starts_at: Option<Timestamp>,
}

/// Makes a campaign, which begins at its time.
///
/// # Errors
/// `validation_failed`; `forbidden` outside the caller's scope, which whoever has one must name a location of.
pub(crate) async fn make(app: &App, asked: &Asked, draft: Draft) -> Result<Done<Campaign>> {
    let now = app.clock.now();
    let mut fields = Fields::new();
    let text = draft.text.checked(draft.channel);
    let text = text.map_err(|errors| fields.extend(within("/text", errors))).ok();
    if let Err(errors) = draft.filter.source() {
        fields.extend(within("/filter", errors));
    }
    if !(1..=MOST_PER_MINUTE).contains(&draft.per_minute) {
        let message = format!("must be from 1 to {MOST_PER_MINUTE}");
        fields.refuse("/per_minute", "out_of_range", message);
    }
    let starts_at = draft.starts_at.unwrap_or(now).max(now);
    if starts_at.duration_since(now) > MOST_AHEAD {
        fields.refuse("/starts_at", "out_of_range", "must be within 90 days");
    }
    fields.check()?;
    let text = text.ok_or_else(|| Error::internal("a wrong text without an error"))?;
    let zone = zone(app, &asked.caller, &draft.filter).await?;
    let campaign = Campaign {
        id: CampaignId::derived(asked.idem.id(|| CampaignId::new(now, env::random()).bits().to_be_bytes())),
        name: draft.name,
        channel: draft.channel,
        text,
        filter: draft.filter,
        per_minute: draft.per_minute,
        starts_at,
        zone,
        state: CampaignState::Scheduled,
        seen: 0,
        recipients: 0,
        cut: false,
        next_at: starts_at,
        place: None,
        wake_at: Some(starts_at),
        made_by: asked.caller.user,
        created_at: now,
        updated_at: now,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    let id = EventId::new(now, env::random());
    let mut tx = Tx::new();
    tx.insert_campaign(&app.store, &campaign);
    tx.event(&app.store, &campaign.event(id, "campaign.created", None, asked.caller.actor()));
    let (record, replayed) = store::campaign_from(app.store.commit(tx).await?, campaign)?;
    Ok(Done { record, replayed })
}

/// What an audience looks like before anything is sent.
pub(crate) struct Preview {
    /// People that would be written to, of those looked at.
    pub(crate) recipients: usize,
    /// Whether all of the audience was looked at.
    pub(crate) whole: bool,
    /// Some of them.
    pub(crate) sample: Vec<User>,
}

/// Counts an audience, as far as a request may read.
///
/// # Errors
/// As [`make`].
pub(crate) async fn preview(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    channel: Channel,
) -> Result<Preview> {
    let source = filter.source().map_err(|errors| Error::fields(within("/filter", errors).collect()))?;
    let zone = zone(app, caller, filter).await?;
    let mut all: BTreeMap<UserId, User> = BTreeMap::new();
    let mut place = None;
    let mut whole = false;
    // Most days of a place without anybody cost a page each.
    for _ in 0..PREVIEW_PAGES {
        let seen = app.store.audience((filter, source), &zone, PREVIEW_PAGE, place).await?;
        let takes = |user: &User| filter.takes(user, channel);
        all.extend(seen.users.into_iter().filter(takes).map(|user| (user.id, user)));
        place = seen.next;
        whole = place.is_none();
        if whole {
            break;
        }
    }
    let recipients = all.len();
    Ok(Preview { recipients, whole, sample: all.into_values().take(SAMPLE).collect() })
}

/// Calls a campaign off; whether this very request had done so before.
///
/// # Errors
/// `not_found`, also outside the caller's scope; `wrong_state` once it is over; `precondition_failed`; `changed` when its
/// worker was faster ten times.
pub(crate) async fn cancel(app: &App, asked: &Asked, id: CampaignId) -> Result<Done<Campaign>> {
    // Its worker changes it with each page; whoever calls it off means it as it is then.
    for _ in 0..10 {
        let before = show(app, &asked.caller, id).await?;
        if asked.idem.replays(&before.requests)? {
            return Ok(Done { record: before, replayed: true });
        }
        asked.if_match.check(before.version)?;
        let now = app.clock.now();
        let mut after = before.clone().cancel(now)?;
        after.requests = after.requests.with(asked.idem.mark());
        let event = EventId::new(now, env::random());
        let event = after.event(event, "campaign.cancelled", Some(&before), asked.caller.actor());
        let mut tx = Tx::new();
        tx.update_campaign(&app.store, &after);
        tx.event(&app.store, &event);
        match app.store.commit(tx).await {
            Err(error) if error.code() == Code::Changed => {}
            written => return written.map(|_| Done { record: after, replayed: false }),
        }
    }
    Err(Error::new(Code::Changed, "the campaign changed again and again"))
}

/// One campaign.
///
/// # Errors
/// `not_found`, also outside the caller's scope.
pub(crate) async fn show(app: &App, caller: &Caller, id: CampaignId) -> Result<Campaign> {
    let campaign = app.store.campaign(id).await?;
    if sees(caller, &campaign) { Ok(campaign) } else { Err(Error::not_found("campaign")) }
}

/// Campaigns that the caller may see, latest first. A page can be empty and not be the last.
///
/// # Errors
/// `unavailable` when the database is.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Campaign>> {
    let mut page = app.store.campaigns(limit, after).await?;
    page.items.retain(|campaign| sees(caller, campaign));
    Ok(page)
}

fn everywhere(caller: &Caller) -> bool {
    !caller.role.is_scoped() || caller.scope == Scope::All
}

fn sees(caller: &Caller, campaign: &Campaign) -> bool {
    let here = |location| caller.may_at(Permission::ReadMessages, location);
    everywhere(caller) || campaign.filter.location.is_some_and(here)
}

/// The zone of the place, if the audience has one; that the caller may write to it; and that there is what it names.
async fn zone(app: &App, caller: &Caller, filter: &Filter) -> Result<Zone> {
    let Ok(Source::Place { location, .. }) = filter.source() else {
        let message = "is required: your role sends campaigns at its own locations only";
        let missing = || Error::field("/filter/location_id", "required", message);
        return if everywhere(caller) { Ok(Zone::utc()) } else { Err(missing()) };
    };
    caller.require_at(Permission::SendCampaigns, location)?;
    let unknown = |pointer: &'static str| {
        move |error: Error| match error.code() {
            Code::NotFound => Error::field(pointer, "unknown", "there is none at this location"),
            _ => error,
        }
    };
    let location = app.store.location(location).await.map_err(unknown("/filter/location_id"))?;
    if let Some(id) = filter.offering {
        let offering = app.store.offering(id).await.map_err(unknown("/filter/offering_id"))?;
        if offering.location != location.id {
            return Err(unknown("/filter/offering_id")(Error::not_found("offering")));
        }
    }
    Ok(location.zone)
}

fn within(base: &'static str, errors: Vec<FieldError>) -> impl Iterator<Item = FieldError> {
    errors
        .into_iter()
        .map(move |error| FieldError::new(format!("{base}{}", error.pointer), error.code, error.message))
}

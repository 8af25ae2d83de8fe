//! Campaigns: reading an audience page after page, and what one of its messages says.

use std::time::Duration;

use domain::campaign::{Campaign, Work, fill};
use domain::message::{DUE, Skip, wanted_by};
use domain::{CampaignId, Message, MessageId, User, UserId};
use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use providers::{Language, Mailbox, Text, written};
use queue::Job;
use store::{Limit, Position, Tx};

use crate::App;
use crate::compose::{Composed, posted, texts};
use crate::tell::digest;

/// Records of a page: with its messages a page is one transaction.
const PAGE: u32 = 50;
/// Pages that one job reads; the next one goes on.
const PAGES: usize = 20;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Makes the messages of the pages that come next, or looks whether all have gone.
pub(crate) async fn go_on(app: &App, id: CampaignId) -> Result<()> {
    for _ in 0..PAGES {
        let now = app.clock.now();
        let campaign = match app.store.campaign(id).await {
            Err(error) if error.code() == Code::NotFound => return Ok(()),
            campaign => campaign?,
        };
        let done = match campaign.work(now) {
            Work::Nothing => return Ok(()),
            Work::Gather => page(app, campaign, now).await,
            Work::Look => look(app, campaign, now).await,
        };
        match done {
            // Another worker has it and goes on with it; or it was called off.
            Err(error) if error.code() == Code::Changed => return Ok(()),
            done => done?,
        }
    }
    app.queue.send(&Job::Campaign { campaign: id }, Duration::ZERO).await
}

/// The next page of the audience: its messages and the campaign in one transaction.
async fn page(app: &App, campaign: Campaign, now: Timestamp) -> Result<()> {
    let source = campaign.filter.source().map_err(Error::fields)?;
    let place = campaign.place.clone().map(serde_json::from_value::<Position>);
    let place = place.transpose().map_err(Error::internal)?;
    let seen = app.store.audience((&campaign.filter, source), &campaign.zone, PAGE, place).await?;
    let takes = |user: &&User| campaign.filter.takes(user, campaign.channel);
    let all: Vec<UserId> = seen.users.iter().filter(takes).map(|user| user.id).collect();
    // Whoever came twice is in the audience twice.
    let id = |user: &UserId| campaign.message(campaign.due(*user, now), now, digest).id;
    let ids: Vec<MessageId> = all.iter().map(id).collect();
    let made = app.store.messages_made(&ids).await?;
    let fresh = all.into_iter().filter(|user| !made.contains(&id(user))).take(campaign.room());
    let fresh: Vec<UserId> = fresh.collect();
    let place = seen.next.map(serde_json::to_value).transpose().map_err(Error::internal)?;
    let (next, due) = campaign.page(seen.count, &fresh, place, now)?;
    let messages: Vec<Message> = due.into_iter().map(|due| next.message(due, now, digest)).collect();
    let mut tx = Tx::new();
    tx.update_campaign(&app.store, &next);
    tx.insert_campaign_messages(&app.store, next.id, &messages);
    app.store.commit(tx).await.map(drop)
}

async fn look(app: &App, campaign: Campaign, now: Timestamp) -> Result<()> {
    let waiting = waiting(app, campaign.id).await?;
    app.store.change_campaign(&campaign.looked(waiting, now)?).await
}

async fn waiting(app: &App, id: CampaignId) -> Result<u64> {
    Ok(app.store.campaign_counts(id).await?.get(DUE).copied().unwrap_or_default())
}

/// Writes one of its messages, if the campaign still runs, its recipient still wants it, no phone sleeps, and the rate lets it go.
pub(crate) async fn compose(app: &App, message: &Message, user: &User, id: CampaignId) -> Result<Composed> {
    let now = app.clock.now();
    let campaign = match app.store.campaign(id).await {
        Err(error) if error.code() == Code::NotFound => return Ok(Composed::Skip(Skip::Gone)),
        campaign => campaign?,
    };
    if !campaign.state.runs() {
        return Ok(Composed::Skip(Skip::Cancelled));
    }
    if let Err(why) = wanted_by(message, Some(user)) {
        return Ok(Composed::Skip(why));
    }
    if let Some(end) = message.quiet_until(user, &campaign.zone, now) {
        return Ok(Composed::Later(spread(app, &campaign, end).await?));
    }
    let composed = written_to(app, message, user, &campaign)?;
    if matches!(composed, Composed::Skip(_)) {
        return Ok(composed);
    }
    // Times follow from the rate; where many come late at once, as after a night, this holds them to it.
    let most = Limit { most: campaign.per_minute, window: MINUTE };
    match app.store.count(&format!("campaign#{id}"), most, now).await {
        Err(error) if error.code() == Code::RateLimited => {
            Ok(Composed::Later(spread(app, &campaign, now + MINUTE).await?))
        }
        counted => counted.map(|()| composed),
    }
}

fn written_to(app: &App, message: &Message, user: &User, campaign: &Campaign) -> Result<Composed> {
    let values = campaign.text.values_for(user.name.as_str());
    let body = fill(&campaign.text.body, &values);
    let body = body.ok_or_else(|| Error::internal("a variable of a campaign has no value"))?;
    let language = Language::of_tag(&user.preferences.language);
    if !campaign.channel.rings() {
        let subject = campaign.text.subject.as_ref().map_or("", |subject| subject.as_str());
        let Some(address) = user.email.clone() else { return Ok(Composed::Skip(Skip::Unreachable)) };
        let to = Mailbox::new(user.name.to_string(), address);
        return Ok(posted(app, message, to, written(subject, &body, language)?, None));
    }
    let Some((texts, to)) = texts(app, campaign.channel).zip(user.phone.clone()) else {
        return Ok(Composed::Skip(Skip::Unreachable));
    };
    let text = Text {
        id: message.id,
        date: message.due_at,
        channel: message.channel,
        to,
        kind: message.kind,
        template: campaign.text.template.as_ref().map(ToString::to_string),
        language,
        body,
        values,
    };
    Ok(Composed::Text(texts, Box::new(text)))
}

/// A time from this one on, by chance within as long as what waits takes at the campaign's rate.
async fn spread(app: &App, campaign: &Campaign, from: Timestamp) -> Result<Timestamp> {
    let waiting = waiting(app, campaign.id).await?;
    let window = u128::from(waiting) * campaign.interval().as_millis().unsigned_abs();
    let random = u128::from(u64::from_be_bytes(env::random()));
    let wait = i64::try_from(random % window.max(1)).unwrap_or_default();
    Ok(from + SignedDuration::from_millis(wait))
}

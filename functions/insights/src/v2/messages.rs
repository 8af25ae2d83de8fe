//! Messages on the wire. The secret of a link is never part of them.

use domain::message::Subject;
use domain::{Caller, Message, MessageId, UserId};
use errors::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Idempotency, IfMatch, Json, Listed, PageQuery, Path, Query, Reply, Result, Signed, State};

use crate::messages::{self, List};
use crate::{App, dead_letters, replay as cases};

/// Dead letters that one request sends round at most: each ten take up to a second.
const MOST_LETTERS: u8 = 100;

/// A message and what became of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Message")]
pub(crate) struct MessageView {
    id: String,
    /// `confirmed`, `changed`, `cancelled`, `reminder`, `password_reset`, `out_of_service`, `code`,
    /// `session_confirmed`, `session_cancelled`, `session_lost`, `session_completed` or `campaign`.
    kind: String,
    /// `email`, `sms` or `whatsapp`.
    channel: String,
    /// To whom.
    user_id: String,
    /// The booking that it is about, as it was when the message was made; null for one about the account.
    booking: Option<AboutView>,
    /// The order that it is about.
    order_id: Option<String>,
    /// The campaign that it is of.
    campaign_id: Option<String>,
    /// `scheduled`, `queued`, `sending`, `sent`, `failed`, `dead` or `skipped`; `delivered` or `read` where the provider tells.
    state: String,
    /// When to send it.
    due_at: String,
    /// When it is looked at next; null once it is over.
    next_look_at: Option<String>,
    /// Times that it was tried since it was made or replayed.
    attempts: u32,
    /// Why it was skipped.
    skipped: Option<String>,
    sent_at: Option<String>,
    /// When it reached the device, where the provider tells.
    delivered_at: Option<String>,
    /// The message on the channel before, which did not get through.
    follows: Option<String>,
    /// The message on the next channel, where this one did not get through.
    followed_by: Option<String>,
    /// How it went, for those who read all messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryView>,
    created_at: String,
    updated_at: String,
    version: u64,
}

/// A booking that a message is about.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MessageBooking")]
pub(crate) struct AboutView {
    id: String,
    room_id: String,
    start: String,
    end: String,
}

/// How the delivery of a message went.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Delivery")]
pub(crate) struct DeliveryView {
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// Who took it.
    provider: Option<String>,
    /// The provider's name for it.
    provider_id: Option<String>,
}

impl MessageView {
    fn of(message: Message, caller: &Caller) -> Self {
        let order_id = match message.subject {
            Subject::Order { id } => Some(id.to_string()),
            _ => None,
        };
        let campaign_id = match message.subject {
            Subject::Campaign { id } => Some(id.to_string()),
            _ => None,
        };
        let booking = match message.subject {
            Subject::Booking { id, resource, span } => Some(AboutView {
                id: id.to_string(),
                room_id: resource.to_string(),
                start: span.start().to_string(),
                end: span.end().to_string(),
            }),
            _ => None,
        };
        Self {
            id: message.id.to_string(),
            kind: message.kind.as_str().to_owned(),
            channel: message.channel.as_str().to_owned(),
            user_id: message.recipient.to_string(),
            booking,
            order_id,
            campaign_id,
            state: message.state.as_str().to_owned(),
            due_at: message.due_at.to_string(),
            next_look_at: message.wake_at.map(|at| at.to_string()),
            attempts: message.attempts,
            skipped: message.skipped.map(|why| why.as_str().to_owned()),
            sent_at: message.sent_at.map(|at| at.to_string()),
            delivered_at: message.delivered_at.map(|at| at.to_string()),
            follows: message.follows.map(|id| id.to_string()),
            followed_by: message.followed_by.map(|id| id.to_string()),
            delivery: messages::sees_delivery(caller).then_some(DeliveryView {
                last_error: message.last_error,
                provider: message.provider,
                provider_id: message.provider_id,
            }),
            created_at: message.created_at.to_string(),
            updated_at: message.updated_at.to_string(),
            version: message.version,
        }
    }
}

/// Messages that are not over as they should be.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MessageList")]
pub(crate) enum Open {
    /// Waits for its time, for a worker, or for another attempt.
    Waiting,
    /// Was given up.
    Dead,
}

web::request! {
    /// One's own messages without any; `user` or `state` for those who read all messages.
    pub(crate) struct MessagesQuery {
        /// Messages to this user, latest first.
        user: Option<UserId> as String,
        /// Messages that wait for a time, or those that were given up, earliest first.
        state: Option<Open> as Open,
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<MessagesQuery>,
) -> Result<Listed<MessageView>> {
    let list = match (query.user, query.state) {
        (Some(_), Some(_)) => return Err(messages::not_together().into()),
        (Some(user), None) => List::To(user),
        (None, None) => List::To(caller.user),
        (None, Some(Open::Waiting)) => List::Waiting,
        (None, Some(Open::Dead)) => List::Dead,
    };
    let found = messages::list(&app, &caller, list, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(|message| MessageView::of(message, &caller))))
}

pub(crate) async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<MessageId>,
) -> Result<Reply<MessageView>> {
    let message = messages::show(&app, &caller, id).await?;
    let version = message.version;
    Ok(Reply::ok(MessageView::of(message, &caller)).version(version))
}

pub(crate) async fn replay(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<MessageId>,
    if_match: IfMatch,
    idem: Idempotency,
) -> Result<Reply<MessageView>> {
    let (message, replayed) = cases::replay(&app, &caller, id, if_match, &idem).await?;
    let version = message.version;
    Ok(Reply::ok(MessageView::of(message, &caller)).version(version).replayed(replayed))
}

/// Jobs that failed every time.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeadLetters")]
pub(crate) struct DeadLettersView {
    /// About so many.
    count: u64,
}

pub(crate) async fn dead_letters(State(app): State<App>) -> Result<Reply<DeadLettersView>> {
    Ok(Reply::ok(DeadLettersView { count: dead_letters::count(&app).await? }))
}

web::request! {
    /// How many to send round.
    pub(crate) struct Redrive {
        /// 1 to 100.
        max: u8 as u8,
    }
}

/// Jobs that were sent round again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Redriven")]
pub(crate) struct RedriveView {
    sent: usize,
}

pub(crate) async fn redrive(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<Redrive>,
) -> Result<Reply<RedriveView>> {
    if !(1..=MOST_LETTERS).contains(&body.max) {
        return Err(Error::field("/max", "out_of_range", "must be from 1 to 100").into());
    }
    Ok(Reply::ok(RedriveView { sent: dead_letters::redrive(&app, &caller, usize::from(body.max)).await? }))
}

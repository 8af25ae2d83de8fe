//! Several questions about what is free in one request: each is answered, or refused, by itself.

use domain::{Caller, PoolId, ResourceId};
use errors::{Code, Error};
use futures::{StreamExt, TryStreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Access, Counter, Group, Json, MaybeSigned, Reply, Result, Route, State, post, request};

use crate::App;
use crate::availability::{Question, of_room};
use crate::pools::availability::{self as pools, Question as PoolQuestion};
use crate::v2::availability::Availability;
use crate::v2::pools::counts::Availability as PoolAvailability;
use crate::when::Bound;

/// Questions of one request.
const MOST: usize = 20;
/// Of these under way at once.
const AT_ONCE: usize = 8;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        post("/availability/batch", Access::Anyone, ask)
            .limited(Group::Search)
            .named("availabilityBatch", "What is free of up to 20 rooms and pools, each answered by itself")
            .takes::<Questions>()
            .answers::<Vec<OutcomeView>>(200),
    ]
}

/// A question about a room or about a pool, as `GET …/availability` takes it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AvailabilityQuestion")]
pub(crate) struct QuestionBody {
    /// Of this room; or
    #[schemars(with = "Option<String>")]
    room_id: Option<ResourceId>,
    /// of this pool, for whoever is signed in.
    #[schemars(with = "Option<String>")]
    pool_id: Option<PoolId>,
    /// Of a room an instant or a date, of a pool the first night.
    #[schemars(with = "Option<String>")]
    from: Option<Bound>,
    /// Not part of the range.
    #[schemars(with = "Option<String>")]
    to: Option<Bound>,
    /// Of a room: minutes of a slot.
    length: Option<u32>,
    /// Of a room: minutes from one slot to the next.
    step: Option<u32>,
    /// Of a pool: so many units; 1 when unset.
    quantity: Option<u32>,
    /// Of a pool: stays of so many nights.
    nights: Option<u32>,
    /// Why the rest is not to be had.
    explain: Option<bool>,
}

request! {
    /// What is asked.
    pub(crate) struct Questions {
        /// 1 to 20.
        questions: Vec<QuestionBody> as Vec<QuestionBody>,
    }
}

/// The answer to one question, at the place of the question.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "AvailabilityOutcome")]
pub(crate) struct OutcomeView {
    /// As if it had been asked by itself: 200, or that of the refusal.
    status: u16,
    room: Option<Availability>,
    pool: Option<PoolAvailability>,
    /// The stable code of the refusal.
    code: Option<String>,
    /// The refusal in words.
    detail: Option<String>,
}

async fn ask(
    State(app): State<App>,
    MaybeSigned(caller): MaybeSigned,
    counter: Counter,
    Json(body): Json<Questions>,
) -> Result<Reply<Vec<OutcomeView>>> {
    let asked = body.questions.len();
    if !(1..=MOST).contains(&asked) {
        return Err(Error::field("/questions", "out_of_range", format!("must be 1 to {MOST}")).into());
    }
    // The request itself is counted already.
    counter.count(u32::try_from(asked - 1).unwrap_or(u32::MAX)).await?;
    let answers = body.questions.into_iter().map(|question| question.answered(&app, caller.as_ref()));
    Ok(Reply::ok(stream::iter(answers).buffered(AT_ONCE).try_collect().await?))
}

impl QuestionBody {
    /// What is refused is an answer of its own; a fault of the server fails the request, which may be sent again.
    async fn answered(self, app: &App, caller: Option<&Caller>) -> errors::Result<OutcomeView> {
        match self.answer(app, caller).await {
            Err(error) if error.code().status() < 500 => Ok(OutcomeView {
                status: error.code().status(),
                code: Some(error.code().as_str().to_owned()),
                detail: Some(error.to_string()),
                ..OutcomeView::default()
            }),
            done => done,
        }
    }

    async fn answer(self, app: &App, caller: Option<&Caller>) -> errors::Result<OutcomeView> {
        let explain = self.explain.unwrap_or(false);
        match (self.room_id, self.pool_id) {
            (Some(room), None) => {
                let (Some(from), Some(to)) = (self.from, self.to) else {
                    return Err(Error::new(Code::BadRequest, "say from and to of a room"));
                };
                let question = Question { from, to, length: self.length, step: self.step, explain };
                let room = Some(Availability::of(of_room(app, room, question).await?));
                Ok(OutcomeView { status: 200, room, ..OutcomeView::default() })
            }
            (None, Some(pool)) => {
                let caller =
                    caller.ok_or_else(|| Error::new(Code::Unauthenticated, "send an access token"))?;
                let quantity = self.quantity.unwrap_or(1);
                let (from, to) = (day(self.from)?, day(self.to)?);
                let question = PoolQuestion { from, to, quantity, nights: self.nights };
                let left = pools::left(app, caller, pool, question).await?;
                let pool = Some(PoolAvailability::of(left, quantity, explain));
                Ok(OutcomeView { status: 200, pool, ..OutcomeView::default() })
            }
            _ => Err(Error::new(Code::BadRequest, "say either room_id or pool_id")),
        }
    }
}

/// The date of a bound, for a pool.
fn day(bound: Option<Bound>) -> errors::Result<Option<jiff::civil::Date>> {
    match bound {
        None => Ok(None),
        Some(Bound::Day(day)) => Ok(Some(day)),
        Some(Bound::Instant(_)) => Err(Error::new(Code::BadRequest, "the nights of a pool are dates")),
    }
}

//! Many payments that a desk has taken, noted at once; each is carried out, or refused, by itself.

use domain::OrderId;
use domain::Permission;
use domain::text::Line;
use errors::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Access, Group, Idempotency, Json, Reply, Result, Route, Signed, State, post, request};

use crate::v2::PaymentView;
use crate::{App, desk};

/// Payments noted at once.
const MOST: usize = 100;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        post("/front-desk/payments", Access::Needs(Permission::BookForOthers), note)
            .limited(Group::Pay)
            .named(
                "notePayments",
                "Note up to 100 payments that a desk has taken, each under a key of its own",
            )
            .takes::<PaymentsBody>()
            .answers::<Vec<OutcomeView>>(200),
    ]
}

/// Money for an order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeskPayment")]
pub(crate) struct ItemBody {
    /// As an `Idempotency-Key`: the same item again is the same payment, in whichever request it comes.
    key: String,
    #[schemars(with = "String")]
    order_id: OrderId,
    /// `cash`, `card` or `upi`.
    means: String,
    /// What the card terminal printed, or the bank's reference of UPI.
    #[schemars(with = "Option<String>")]
    reference: Option<Line>,
    /// In minor units; what is to be paid next when unset.
    amount: Option<i64>,
    /// Of a stay: for which part of its folio, from 0; the first one when unset.
    part: Option<usize>,
}

request! {
    /// What was taken.
    pub(crate) struct PaymentsBody {
        /// 1 to 100.
        payments: Vec<ItemBody> as Vec<ItemBody>,
    }
}

/// What became of one of them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeskPaymentOutcome")]
pub(crate) struct OutcomeView {
    key: String,
    /// As if it had been sent by itself: 201, or that of the refusal.
    status: u16,
    /// Whether it had been noted before.
    replayed: bool,
    payment: Option<PaymentView>,
    /// The stable code of the refusal.
    code: Option<String>,
    /// The refusal in words.
    detail: Option<String>,
}

async fn note(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<PaymentsBody>,
) -> Result<Reply<Vec<OutcomeView>>> {
    if !(1..=MOST).contains(&body.payments.len()) {
        return Err(Error::field("/payments", "out_of_range", format!("must be 1 to {MOST}")).into());
    }
    let mut wrong = web::Fields::new();
    for (at, item) in body.payments.iter().enumerate() {
        if !(1..=255).contains(&item.key.len()) || !item.key.is_ascii() {
            wrong.refuse(
                format!("/payments/{at}/key"),
                "invalid_value",
                "must be 1 to 255 printable ASCII characters",
            );
        }
        if !matches!(item.means.as_str(), "cash" | "card" | "upi") {
            wrong.refuse(format!("/payments/{at}/means"), "invalid_value", "must be one of cash, card, upi");
        }
    }
    wrong.check()?;
    let mut outcomes = Vec::new();
    // One after the other: several may be for one order.
    for item in body.payments {
        let told = serde_json::to_vec(&item).map_err(Error::internal)?;
        let idem = Idempotency::within(&caller, "POST /front-desk/payments", (&item.key, &told));
        let taken = match desk::means(&item.means, item.reference) {
            Ok(means) => {
                desk::take(&app, &caller, &idem, (item.order_id, means, item.amount, item.part)).await
            }
            Err(error) => Err(error),
        };
        outcomes.push(match taken {
            Ok((known, payment, replayed)) => {
                let payment = known.payment(payment.id).cloned().unwrap_or(payment);
                let view = PaymentView::of(&payment, Some(&known.order), &app);
                OutcomeView {
                    key: item.key,
                    status: 201,
                    replayed,
                    payment: Some(view),
                    code: None,
                    detail: None,
                }
            }
            Err(error) => OutcomeView {
                key: item.key,
                status: error.code().status(),
                replayed: false,
                payment: None,
                code: Some(error.code().as_str().to_owned()),
                detail: Some(error.to_string()),
            },
        });
    }
    Ok(Reply::ok(outcomes))
}

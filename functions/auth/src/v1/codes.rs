//! Version 1: signing in by a code, as the old puja shop had it. Its `requires_registration` told strangers who is a
//! customer; the answer is the same for everybody now.

use domain::message::Channel;
use domain::text::Name;
use schemars::JsonSchema;
use serde::Serialize;
use store::SentTo;
use web::{Json, Origin, ReplyV1, Result, State};

use super::shapes::LoggedIn;
use crate::v2::phone;
use crate::{App, code};

web::request! {
    /// Which phone to send a code to.
    pub(crate) struct RequestOtp {
        mobile: String as String
    }
}

web::request! {
    /// A code; with a name for a new customer.
    pub(crate) struct VerifyOtp {
        mobile: String as String,
        otp_code: String as String,
        /// The name to show, of a new customer.
        name: Option<Name> as String
    }
}

/// A code is on its way.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OtpSent {
    message: &'static str,
}

pub(crate) async fn request(
    State(app): State<App>,
    origin: Origin,
    Json(body): Json<RequestOtp>,
) -> Result<ReplyV1<OtpSent>> {
    let to = SentTo::Phone(phone(&app, &body.mobile, "/mobile")?);
    code::ask_for_code(&app, to, Channel::Sms, origin.ip).await?;
    Ok(ReplyV1::ok(OtpSent { message: "OTP sent successfully" }))
}

pub(crate) async fn verify(
    State(app): State<App>,
    origin: Origin,
    Json(body): Json<VerifyOtp>,
) -> Result<ReplyV1<LoggedIn>> {
    let mobile = SentTo::Phone(phone(&app, &body.mobile, "/mobile")?);
    let signed_in = code::log_in(&app, mobile, &body.otp_code, body.name, origin.ip).await?;
    Ok(ReplyV1::ok(signed_in.into()))
}

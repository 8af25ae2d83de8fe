//! What the gateway's checkout hands to the browser, by the gateway's own names, so that it is passed on as it came.
#![expect(clippy::struct_field_names, reason = "the names are Razorpay's")]

use web::request;

use crate::verify::Proof;

request! {
    /// What the gateway's checkout handed to the browser.
    pub(crate) struct ProofBody {
        razorpay_order_id: String as String,
        razorpay_payment_id: String as String,
        razorpay_signature: String as String,
    }
}

impl From<ProofBody> for Proof {
    fn from(body: ProofBody) -> Self {
        Self {
            order: body.razorpay_order_id,
            attempt: body.razorpay_payment_id,
            signature: body.razorpay_signature,
        }
    }
}

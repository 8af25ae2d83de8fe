//! What version 1 sends to prove a payment, in the query, by the gateway's names.

use web::request;

use crate::verify::Proof;

request! {
    /// What the gateway's checkout handed to the browser, and for which booking.
    pub(crate) struct ProofQuery {
        booking_id: String as String,
        razorpay_order_id: String as String,
        razorpay_payment_id: String as String,
        razorpay_signature: String as String,
    }
}

impl ProofQuery {
    /// The booking's id, and the proof.
    pub(crate) fn parts(self) -> (String, Proof) {
        let proof = Proof {
            order: self.razorpay_order_id,
            attempt: self.razorpay_payment_id,
            signature: self.razorpay_signature,
        };
        (self.booking_id, proof)
    }
}

//! Who asks for a command, and what came of it.

use domain::Caller;

use crate::extract::IfMatch;
use crate::idempotency::Idempotency;

/// Who asks for a change, on what condition, and under which key.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who.
    pub caller: Caller,
    /// The version that is to be changed, if it is told.
    pub if_match: IfMatch,
    /// The key, if there is one.
    pub idem: Idempotency,
}

/// A record, and whether this very request had brought it about before.
#[derive(Debug)]
pub struct Done<T> {
    /// The record as it stands.
    pub record: T,
    /// Whether it was answered and not carried out again.
    pub replayed: bool,
}

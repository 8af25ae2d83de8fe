//! `Idempotency-Key`: the id of what a request makes is derived from it, so that a retry meets what the first one made.

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use domain::{Caller, Requests};
use errors::{Code, Error};
use sha2::{Digest, Sha256};

use crate::access::{Calling, Core, IDEMPOTENCY_KEY};
use crate::extract::{Origin, of};
use crate::keys::Keys;
use crate::problem::Problem;

/// The key of a request, if it has one, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Idempotency(Option<Keyed>);

/// Hexadecimal digits of a mark that stand for the key; as many stand for the request.
const KEY_DIGITS: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Keyed {
    digest: [u8; 16],
    request: String,
}

/// SHA-256 over a request's body, put there by the edge when there is a key.
#[derive(Clone)]
pub(crate) struct BodyHash(pub(crate) [u8; 32]);

impl Idempotency {
    /// Sixteen bytes for the id of what is made: derived from the key, or `random` without one.
    pub fn id(&self, random: impl FnOnce() -> [u8; 16]) -> [u8; 16] {
        self.0.as_ref().map_or_else(random, |keyed| keyed.digest)
    }

    /// Sixteen bytes derived from caller, route and key.
    pub fn digest(&self) -> Option<[u8; 16]> {
        self.0.as_ref().map(|keyed| keyed.digest)
    }

    /// Hash of the request with its key, to be kept in the record that it makes or changes.
    pub fn request(&self) -> Option<String> {
        self.0.as_ref().map(|keyed| keyed.request.clone())
    }

    /// Whether `last`, kept in a record, is this very request.
    pub fn is(&self, last: Option<&str>) -> bool {
        self.0.as_ref().is_some_and(|keyed| Some(keyed.request.as_str()) == last)
    }

    /// What a changed record keeps of the keyed request: half of its key's digest, then the beginning of the request's.
    pub fn mark(&self) -> Option<String> {
        let (key, request) = (u128::from_be_bytes(self.digest()?) >> 64, self.request()?);
        Some(format!("{key:0KEY_DIGITS$x}{}", request.get(..KEY_DIGITS)?))
    }

    /// Whether this request is one of those that made a record what it is: then it is answered and not carried out again.
    ///
    /// # Errors
    /// `idempotency_key_reused` when another request with this key did.
    pub fn replays(&self, known: &Requests) -> errors::Result<bool> {
        let Some(mark) = self.mark() else { return Ok(false) };
        if known.contains(&mark) {
            return Ok(true);
        }
        let key = mark.get(..KEY_DIGITS);
        let reused = known.iter().any(|known| known.get(..KEY_DIGITS) == key);
        if reused { Err(Self::reused()) } else { Ok(false) }
    }

    /// The refusal of a key that came with another request before.
    pub fn reused() -> Error {
        Error::new(Code::IdempotencyKeyReused, "this Idempotency-Key was used for another request")
    }

    /// The key of one item of a request that has many, as if the item had been sent by itself: its own key, and its body, which holds
    /// nothing secret.
    pub fn within(caller: &Caller, route: &str, (key, body): (&str, &[u8])) -> Self {
        let digest = hash(&[caller.user.to_string().as_bytes(), route.as_bytes(), key.as_bytes()]);
        let mut half = [0; 16];
        half.copy_from_slice(digest.split_at(16).0);
        let request =
            hash(&[&digest, body]).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Self(Some(Keyed { digest: half, request }))
    }

    /// The hash that is kept goes through a key of this installation: a body may hold a password, and a plain hash of it
    /// would be the weakest copy of that password.
    fn new(keys: &Keys, key: &str, scope: &str, parts: &Parts, route: &str, body: &[u8]) -> Self {
        let method = parts.method.as_str();
        let digest = hash(&[scope.as_bytes(), method.as_bytes(), route.as_bytes(), key.as_bytes()]);
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        let request = keys.seal(&[&digest, target.as_bytes(), body]);
        let mut half = [0; 16];
        half.copy_from_slice(digest.split_at(16).0);
        let request = request.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Self(Some(Keyed { digest: half, request }))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else { return Ok(Self::default()) };
        let key = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
        let key = key.ok_or_else(|| {
            Error::new(Code::BadRequest, "an Idempotency-Key has 1 to 255 printable ASCII characters")
        })?;
        let caller: Option<Caller> = of::<Calling>(parts).and_then(|calling| calling.0);
        let scope = match caller {
            Some(caller) => caller.user.to_string(),
            None => of::<Origin>(parts).and_then(|origin| origin.ip).unwrap_or_default(),
        };
        let route = of::<MatchedPath>(parts).map(|path| path.as_str().to_owned()).unwrap_or_default();
        let body = of::<BodyHash>(parts).map(|hash| hash.0).unwrap_or_default();
        let core = of::<Core>(parts).ok_or_else(|| Error::internal("a keyed request outside the edge"))?;
        Ok(Self::new(&core.keys, key, &scope, parts, &route, &body))
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}

//! Access tokens (`EdDSA` JWT, RFC 8037), the published keys (RFC 7517), and the secret that signs cursors.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::{SessionId, UserId};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use errors::{Code, Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::signing::PROVIDER;

const ISSUER: &str = "holdfast";
/// How long an access token holds, in seconds.
pub(crate) const ACCESS_SECONDS: i64 = 15 * 60;

/// What an access token says. The role is not in it: it is read when it matters, so that a demotion holds at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessToken {
    /// Whose it is.
    pub user: UserId,
    /// The log-in it came from.
    pub session: SessionId,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

/// Keys of an installation: all derived from one secret, kept where only the functions can read it.
pub struct Keys {
    id: String,
    public: [u8; 32],
    encoding: EncodingKey,
    decoding: DecodingKey,
    cursor: [u8; 32],
    pub(crate) refresh: [u8; 32],
    pub(crate) one_time: [u8; 32],
    pub(crate) feed: [u8; 32],
    pub(crate) code: [u8; 32],
}

impl Keys {
    /// Keys from the installation's secret: 32 random bytes.
    ///
    /// # Errors
    /// `internal` when the key cannot be encoded.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self> {
        // Not the first time in this process: it is the same one.
        let _ = PROVIDER.install_default();
        let signing = SigningKey::from_bytes(&derive(secret, b"access tokens"));
        let public = signing.verifying_key().to_bytes();
        let document = signing.to_pkcs8_der().map_err(Error::internal)?;
        let id = BASE64.encode(Sha256::digest(public)).chars().take(12).collect();
        Ok(Self {
            id,
            public,
            encoding: EncodingKey::from_ed_der(document.as_bytes()),
            decoding: DecodingKey::from_ed_components(&BASE64.encode(public)).map_err(Error::internal)?,
            cursor: derive(secret, b"cursors"),
            refresh: derive(secret, b"refresh tokens"),
            one_time: derive(secret, b"one-time links"),
            feed: derive(secret, b"calendar feeds"),
            code: derive(secret, b"codes to phones"),
        })
    }

    /// From `HOLDFAST_SECRET`: 32 bytes in URL-safe base 64 without padding.
    ///
    /// # Errors
    /// `internal` when the variable is missing or not 32 bytes.
    pub fn from_env() -> Result<Self> {
        let text = env::required("HOLDFAST_SECRET")?;
        let bytes = BASE64.decode(text.trim()).map_err(Error::internal)?;
        let secret = bytes.try_into().map_err(|_| Error::internal("HOLDFAST_SECRET is not 32 bytes long"))?;
        Self::from_secret(&secret)
    }

    /// An access token, and the seconds it holds.
    ///
    /// # Errors
    /// `internal` when signing fails.
    pub fn issue(&self, token: AccessToken, now: Timestamp) -> Result<(String, i64)> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: token.user,
            sid: token.session,
            iat: now.as_second(),
            exp: now.as_second() + ACCESS_SECONDS,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.id.clone());
        let text = jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(Error::internal)?;
        Ok((text, ACCESS_SECONDS))
    }

    /// What a token says, if it is ours and still holds.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<AccessToken> {
        let refused = || Error::new(Code::Unauthenticated, "the access token is not valid");
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        // Compared below, with the clock that everything else uses.
        validation.validate_exp = false;
        if token.len() > 2_048 {
            return Err(refused());
        }
        let claims =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation).map_err(|_| refused())?.claims;
        if claims.exp <= now.as_second() {
            return Err(Error::new(Code::Unauthenticated, "the access token has expired; refresh it"));
        }
        Ok(AccessToken { user: claims.sub, session: claims.sid })
    }

    /// The public key as a JWK set.
    pub fn published(&self) -> serde_json::Value {
        serde_json::json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": BASE64.encode(self.public),
        }]})
    }

    /// A message authentication code: over what a cursor is bound to, over a keyed request.
    pub(crate) fn seal(&self, parts: &[&[u8]]) -> [u8; 16] {
        let digest = mac(&self.cursor, parts);
        let mut seal = [0; 16];
        seal.copy_from_slice(digest.split_at(16).0);
        seal
    }
}

fn derive(secret: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    mac(secret, &[purpose])
}

/// HMAC-SHA-256 over the parts, each with its length before it.
pub(crate) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC pads its key to a block with zeros (RFC 2104).
    let mut block = [0; 64];
    block.split_at_mut(32).0.copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_for_fifteen_minutes_and_only_here() {
        let keys = Keys::from_secret(&[1; 32]).unwrap();
        let now: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        let token = AccessToken { user: UserId::derived([1; 16]), session: SessionId::derived([2; 16]) };
        let (text, seconds) = keys.issue(token, now).unwrap();
        assert_eq!(keys.read(&text, now).unwrap(), token);
        let late = now + jiff::SignedDuration::from_secs(seconds);
        assert_eq!(keys.read(&text, late).unwrap_err().code(), Code::Unauthenticated);
        assert!(Keys::from_secret(&[2; 32]).unwrap().read(&text, now).is_err());
        let forged = text.replacen('.', ".e", 1);
        assert!(keys.read(&forged, now).is_err());
    }

    #[test]
    fn the_published_key_verifies_tokens() {
        let keys = Keys::from_secret(&[1; 32]).unwrap();
        let jwk: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(keys.published()["keys"][0].clone()).unwrap();
        let key = DecodingKey::from_jwk(&jwk).unwrap();
        let token = AccessToken { user: UserId::derived([1; 16]), session: SessionId::derived([2; 16]) };
        let (text, _) = keys.issue(token, "2100-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        assert!(jsonwebtoken::decode::<Claims>(&text, &key, &validation).is_ok());
    }
}

//! Refresh tokens, one-time links and addresses of calendar feeds: opaque to clients, and told from made-up ones without asking the database.
//!
//! A token is what it is for and a nonce, then an HMAC-SHA-256 over both by a key of this installation. Whether it still
//! holds is for the records to say; that a stranger's invention never comes so far is said here, so that nobody can end a
//! session or spend a guess by making up a token for it.
//!
//! A one-time link is derived rather than drawn: the account keeps the nonce, and `notify` computes the token again when it
//! writes the message. So the token stands in no table, no event, no queue and no log.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::{FeedId, SessionId, UserId};
use subtle::ConstantTimeEq;

use crate::keys::{Keys, mac};

const LONGEST: usize = 512;

impl Keys {
    /// The token of a one-time link: `<user>.<nonce>.<code>`, fit for a URL.
    pub fn one_time(&self, user: UserId, nonce: &str) -> String {
        sealed(&self.one_time, &[&user.to_string(), nonce])
    }

    /// Whose link a token of [`Keys::one_time`] is, and its nonce; nothing if it was made up.
    pub fn read_one_time(&self, token: &str) -> Option<(UserId, String)> {
        let (user, nonce) = opened(&self.one_time, token)?.split_once('.')?;
        Some((user.parse().ok()?, nonce.to_owned()))
    }

    /// The secret in the address of a calendar feed: `<user>.<feed>.<code>`, fit for a URL. Derived like a one-time link: it
    /// stands in no table, and holds as long as the feed's record does.
    pub fn feed(&self, user: UserId, feed: FeedId) -> String {
        sealed(&self.feed, &[&user.to_string(), &feed.to_string()])
    }

    /// Whose feed a token of [`Keys::feed`] opens; nothing if it was made up.
    pub fn read_feed(&self, token: &str) -> Option<(UserId, FeedId)> {
        let (user, feed) = opened(&self.feed, token)?.split_once('.')?;
        Some((user.parse().ok()?, feed.parse().ok()?))
    }

    /// Who stands for whoever has this phone: an id that no account has, from which nobody gets back to the number.
    pub fn holder(&self, phone: &str) -> UserId {
        let mut id = [0; 16];
        id.copy_from_slice(mac(&self.code, &[b"holder", phone.as_bytes()]).split_at(16).0);
        UserId::derived(id)
    }

    /// The six digits of a code to a phone. Derived like a one-time link: they stand in no table.
    pub fn code(&self, holder: UserId, nonce: &str) -> String {
        let code = mac(&self.code, &[b"digits", holder.to_string().as_bytes(), nonce.as_bytes()]);
        let number = code.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }

    /// Whether these are the digits, compared in constant time.
    pub fn is_code(&self, holder: UserId, nonce: &str, digits: &str) -> bool {
        bool::from(self.code(holder, nonce).as_bytes().ct_eq(digits.as_bytes()))
    }

    /// A refresh token: `<user>.<session>.<nonce>.<code>`.
    pub fn refresh(&self, user: UserId, session: SessionId, nonce: &str) -> String {
        sealed(&self.refresh, &[&user.to_string(), &session.to_string(), nonce])
    }

    /// The session that a token of [`Keys::refresh`] belongs to, whether or not it was used before; nothing if it was made
    /// up.
    pub fn read_refresh(&self, token: &str) -> Option<(UserId, SessionId)> {
        let mut parts = opened(&self.refresh, token)?.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
}

fn sealed(key: &[u8; 32], parts: &[&str]) -> String {
    let text = parts.join(".");
    let code = BASE64.encode(mac(key, &[text.as_bytes()]));
    format!("{text}.{code}")
}

fn opened<'a>(key: &[u8; 32], token: &'a str) -> Option<&'a str> {
    let (text, code) = token.rsplit_once('.').filter(|_| token.len() <= LONGEST)?;
    let code = BASE64.decode(code).ok()?;
    bool::from(mac(key, &[text.as_bytes()]).ct_eq(&code)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_as_what_it_was_made_for_and_only_here() {
        let keys = Keys::from_secret(&[1; 32]).unwrap();
        let (user, session) = (UserId::derived([1; 16]), SessionId::derived([2; 16]));
        let link = keys.one_time(user, "abc");
        assert_eq!(keys.read_one_time(&link), Some((user, "abc".to_owned())));
        let token = keys.refresh(user, session, "abc");
        assert_eq!(keys.read_refresh(&token), Some((user, session)));
        let others = Keys::from_secret(&[2; 32]).unwrap();
        assert_eq!((others.read_one_time(&link), others.read_refresh(&token)), (None, None));
    }

    #[test]
    fn a_token_of_one_kind_or_with_another_letter_opens_nothing() {
        let keys = Keys::from_secret(&[1; 32]).unwrap();
        let user = UserId::derived([1; 16]);
        let link = keys.one_time(user, "abc");
        assert_eq!(keys.read_refresh(&link), None);
        for bad in [link.replace("abc", "abd"), format!("{link}A"), link.to_uppercase(), String::new()] {
            assert_eq!(keys.read_one_time(&bad), None, "{bad}");
        }
        assert_eq!(keys.read_one_time(&"a.".repeat(300)), None);
    }
}

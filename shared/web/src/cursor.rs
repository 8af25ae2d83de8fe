//! Pages of a list: `limit` in, a signed cursor out.
//!
//! A cursor is bound to the caller, the route and the other query parameters. Made up, changed or moved elsewhere, it is
//! refused.

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use errors::{Code, Error};
use serde::Serialize;
use store::{Page, Position};

use crate::access::{Calling, Core};
use crate::extract::{of, pairs};
use crate::problem::Problem;
use crate::reply::Reply;

const DEFAULT_LIMIT: u32 = 20;
const MOST: u32 = 100;

/// `limit` (1 to 100, 20 by default) and `cursor` of a list request.
#[derive(Clone)]
pub struct PageQuery {
    /// How many items at most.
    pub limit: u32,
    /// Where to go on.
    pub after: Option<Position>,
    given: bool,
    others: Vec<(String, String)>,
    core: Core,
    bound_to: String,
}

/// The items of a page, with what is needed to go on.
pub type Listed<T> = Reply<Vec<T>>;

impl PageQuery {
    /// The answer for a page.
    pub fn reply<T: Serialize>(&self, page: Page<T>) -> Listed<T> {
        let reply = Reply::ok(page.items).meta("has_more", page.next.is_some()).meta("limit", self.limit);
        match page.next {
            Some(next) => reply.meta("next_cursor", self.sealed(&next)),
            None => reply,
        }
    }

    /// The limit that was asked for, or this one where none was.
    pub fn limit_or(&self, rows: u32) -> u32 {
        if self.given { self.limit } else { rows }
    }

    /// The query of the next page: the same but for the place.
    pub(crate) fn query_of(&self, next: &Position) -> String {
        let own = [("limit", self.limit.to_string()), ("cursor", self.sealed(next))];
        let own = own.into_iter().filter(|(name, _)| *name != "limit" || self.given);
        let others = self.others.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let pairs: Vec<_> = others.chain(own).collect();
        serde_urlencoded::to_string(pairs).unwrap_or_default()
    }

    fn sealed(&self, position: &Position) -> String {
        let text = serde_json::to_vec(position).unwrap_or_default();
        let mut sealed = self.core.keys.seal(&[self.bound_to.as_bytes(), &text]).to_vec();
        sealed.extend(text);
        BASE64.encode(sealed)
    }

    fn opened(&self, cursor: &str) -> Option<Position> {
        let sealed = BASE64.decode(cursor).ok().filter(|sealed| sealed.len() > 16)?;
        let (seal, text) = sealed.split_at(16);
        let expected = self.core.keys.seal(&[self.bound_to.as_bytes(), text]);
        bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], seal))
            .then(|| serde_json::from_slice(text).ok())
            .flatten()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let core = of::<Core>(parts).ok_or_else(|| Error::internal("a list outside the edge"))?;
        let caller = of::<Calling>(parts).and_then(|calling| calling.0).map(|caller| caller.user.to_string());
        let route = of::<MatchedPath>(parts).map(|path| path.as_str().to_owned()).unwrap_or_default();
        let mut pairs = pairs(parts)?;
        let mut take = |name: &str| {
            let at = pairs.iter().position(|(known, _)| known == name)?;
            Some(pairs.swap_remove(at).1)
        };
        let (limit, cursor) = (take("limit"), take("cursor"));
        take("fields");
        pairs.sort();
        let given = limit.is_some();
        let limit = match limit {
            None => DEFAULT_LIMIT,
            Some(text) => text.parse().ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
                let message = format!("must be a number from 1 to {MOST}");
                Error::invalid_query(vec![errors::FieldError::new("/query/limit", "out_of_range", message)])
            })?,
        };
        let bound_to = format!("{caller:?} {} {:?} {pairs:?}", route, parts.uri.path());
        let mut page = Self { limit, after: None, given, others: pairs, core, bound_to };
        if let Some(cursor) = cursor {
            let position = page.opened(&cursor);
            page.after = Some(
                position.ok_or_else(|| Error::new(Code::InvalidCursor, "the cursor is not valid here"))?,
            );
        }
        Ok(page)
    }
}

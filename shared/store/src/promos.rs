//! Promo codes: by id, by location; and how often each was used, in all and by each customer.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::promo::{PromoUse, UsedUp};
use domain::{LocationId, Order, PromoCode, PromoCodeId, UserId};
use errors::{Code, Error, Result};

use crate::catalog::{list, made};
use crate::page::{Page, Position};
use crate::schema::{BY_KIND, CATALOG, RESERVATIONS, Table};
use crate::table::{Range, Record, key, number, text};
use crate::tx::reused;
use crate::{Outcome, Refused, Store, Tx};

/// The counter of all uses of a code; with a customer behind it that of theirs.
const USES: &str = "uses";
/// The attribute that counts.
const USED: &str = "used";

impl Record for PromoCode {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "promo code";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "promo_code".to_owned())
    }

    /// A retired code is in no index: nothing finds it but its id.
    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        if self.retired {
            return Vec::new();
        }
        vec![
            (BY_KIND.partition, text(format!("promo_code#{}", self.location))),
            (BY_KIND.sort, text(self.code.as_str())),
        ]
    }
}

fn by_customer(user: UserId) -> String {
    format!("{USES}#{user}")
}

impl Tx {
    /// A new code. Its id is derived from its word, so the key of the request, if there is one, is kept by itself: whoever sends it
    /// again with another word is told.
    pub fn insert_promo_code(&mut self, store: &Store, code: &PromoCode, keyed: Option<[u8; 16]>) {
        if let Some(digest) = keyed {
            let name = format!("promo_code#{:032x}", u128::from_be_bytes(digest));
            self.insert_claim(store, name, code.id.to_string(), reused);
        }
        self.insert_or(store, code, |_| {
            Error::new(Code::AlreadyExists, "there is or was such a code").with_detail("field", "/code")
        });
    }

    /// A changed code; refused unless the stored one is the version before it.
    pub fn update_promo_code(&mut self, store: &Store, code: &PromoCode) {
        self.replace(store, code, code.version);
    }

    /// Claims a use for a new order, unless the code is used up.
    pub(crate) fn claim_promo(&mut self, store: &Store, order: &Order) {
        let Some(PromoUse { id, most, most_each, .. }) = order.promo_use() else { return };
        self.use_once(store, (*id, USES), *most, UsedUp::All);
        self.use_once(store, (*id, &by_customer(order.user)), Some(*most_each), UsedUp::Customer);
    }

    /// What a change of an order means for its code: a use is given back with its units, and counted again when the order is sold
    /// after all. It was paid at the price that was quoted, so then no limit is asked.
    pub(crate) fn move_promo(&mut self, store: &Store, before: &Order, after: &Order) {
        let (promo, by) = match (before.promo_use(), after.promo_use()) {
            (Some(promo), None) => (promo, -1),
            (None, Some(promo)) => (promo, 1),
            _ => return,
        };
        for counter in [USES, &by_customer(after.user)] {
            self.count(store, (&RESERVATIONS, &promo.id.to_string(), counter), &[(USED, by)]);
        }
    }

    fn use_once(
        &mut self,
        store: &Store,
        (id, counter): (PromoCodeId, &str),
        most: Option<u32>,
        limit: UsedUp,
    ) {
        let mut update = Update::builder()
            .table_name(store.name(&RESERVATIONS))
            .set_key(Some(key(&RESERVATIONS, &id.to_string(), counter)))
            .update_expression("ADD #used :one")
            .expression_attribute_names("#used", USED)
            .expression_attribute_values(":one", number(1));
        if let Some(most) = most {
            update = update
                .condition_expression("attribute_not_exists(#used) OR #used < :most")
                .expression_attribute_values(":most", number(most))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        }
        self.built(update.build(), |tx, update| {
            tx.push(TransactWriteItem::builder().update(update).build(), move |_| {
                Refused::Error(PromoUse::used_up(limit))
            });
        });
    }
}

impl Store {
    /// The code, retired or not, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn promo_code(&self, id: PromoCodeId) -> Result<PromoCode> {
        self.get(&id.to_string(), "promo_code").await?.ok_or_else(|| Error::not_found("promo code"))
    }

    /// Codes of a location by their words, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn promo_codes_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<PromoCode>> {
        self.query(list(&BY_KIND, format!("promo_code#{location}"), Range::All, limit, after)).await
    }

    /// How often each of up to a hundred codes is used, those that are: orders that are held or sold with it.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn promo_uses(&self, ids: &[PromoCodeId]) -> Result<BTreeMap<PromoCodeId, u32>> {
        let keys: Vec<_> = ids.iter().map(|id| (RESERVATIONS, id.to_string(), USES.to_owned())).collect();
        let uses = self.counted(&keys).await?.into_iter().map(|(id, _, used)| Ok((id.parse()?, used)));
        uses.collect::<Result<_, domain::id::InvalidId>>().map_err(Error::internal)
    }

    /// How often a code is used: in all, and by this customer.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn promo_uses_by(&self, id: PromoCodeId, user: UserId) -> Result<(u32, u32)> {
        let by = by_customer(user);
        let keys = [USES, &by].map(|counter| (RESERVATIONS, id.to_string(), counter.to_owned()));
        let found = self.counted(&keys).await?;
        let count = |counter: &str| found.iter().find(|found| found.1 == counter).map_or(0, |found| found.2);
        Ok((count(USES), count(&by)))
    }

    /// Id, counter and count of each that there is.
    async fn counted(&self, keys: &[(Table, String, String)]) -> Result<Vec<(String, String, u32)>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.get_many(keys).await?;
        let read = |(_, item): (String, crate::Item)| {
            let text = |name: &str| item.get(name)?.as_s().ok().cloned();
            let used = item.get(USED)?.as_n().ok()?.parse::<i64>().ok()?;
            Some((text("pk")?, text("sk")?, u32::try_from(used).unwrap_or_default()))
        };
        Ok(found.into_iter().filter_map(read).collect())
    }
}

/// The code that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not a promo code.
pub fn promo_code_from(outcome: Outcome, new: PromoCode) -> Result<(PromoCode, bool)> {
    made(outcome, new)
}

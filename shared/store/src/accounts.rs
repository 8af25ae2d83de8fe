//! Accounts and sessions. Names and addresses are unique through items of their own, written with the account.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};
use domain::text::{Email, UserName};
use domain::{Phone, Role, Session, SessionId, User, UserId};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::page::{Page, Position};
use crate::schema::{ACCOUNTS, BY_KIND, EXPIRES, Table};
use crate::table::{Query, Range, Record, key, moment, number, read, text};
use crate::{Outcome, Refused, Store, Tx};

/// An account with what only signing in needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account.
    #[serde(flatten)]
    pub user: User,
    /// The password's argon2id hash in PHC form; none until one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Counts what ended all sessions at once: a new password, a deactivation, signing out everywhere.
    #[serde(default)]
    pub generation: u64,
    /// The one-time link that was sent last and not used yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Hash of the keyed request that changed it last; a retry of it is answered, not repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_request: Option<String>,
}

/// A one-time link to set a password. Its token is derived from the installation's secret and the nonce, so that what is
/// stored here opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Random text that the token is derived from.
    pub nonce: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl Account {
    /// An account that nobody can sign in to yet.
    pub fn new(user: User) -> Self {
        Self { user, password: None, generation: 0, link: None, request: None, last_request: None }
    }
}

impl Record for Account {
    const TABLE: Table = ACCOUNTS;
    const NAME: &'static str = "account";

    fn key(&self) -> (String, String) {
        (self.user.id.to_string(), "user".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![
            (BY_KIND.partition, text("user")),
            (BY_KIND.sort, text(format!("{}#{}", moment(self.user.created_at), self.user.id))),
        ]
    }
}

impl Record for Session {
    const TABLE: Table = ACCOUNTS;
    const NAME: &'static str = "session";

    fn key(&self) -> (String, String) {
        (self.user.to_string(), self.id.to_string())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![(EXPIRES, number(self.expires_at.as_second()))]
    }
}

/// Says that a name or an address belongs to an account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unique {
    name: String,
    pub(crate) user: UserId,
}

impl Record for Unique {
    const TABLE: Table = ACCOUNTS;
    const NAME: &'static str = "name";

    fn key(&self) -> (String, String) {
        (self.name.clone(), "unique".to_owned())
    }
}

fn by_name(name: &UserName) -> String {
    format!("name#{name}")
}

fn by_email(email: &Email) -> String {
    format!("email#{email}")
}

pub(crate) fn by_phone(phone: &Phone) -> String {
    format!("phone#{}", phone.as_str())
}

/// What nobody else may have, and the field that it is: an account's address and its proved phone, if it has them.
fn reached_by(user: &User) -> [(Option<String>, &'static str); 2] {
    [(user.email.as_ref().map(by_email), "/email"), (user.proved_phone().map(by_phone), "/phone")]
}

impl Tx {
    /// A new account with its unique name, address and phone.
    pub fn insert_account(&mut self, store: &Store, account: &Account) {
        self.insert(store, account, || Error::internal("two accounts were given one id"));
        self.insert_unique(store, by_name(&account.user.user_name), account.user.id, "/user_name");
        for (name, pointer) in reached_by(&account.user) {
            if let Some(name) = name {
                self.insert_unique(store, name, account.user.id, pointer);
            }
        }
    }

    /// A changed account; refused unless the stored one is the version before it. Renames what is unique about it.
    pub fn update_account(&mut self, store: &Store, before: &User, after: &Account) {
        self.replace(store, after, after.user.version);
        let names = |user: &User| (Some(by_name(&user.user_name)), "/user_name");
        let old = [names(before)].into_iter().chain(reached_by(before));
        let new = [names(&after.user)].into_iter().chain(reached_by(&after.user));
        for ((old, _), (new, pointer)) in old.zip(new).filter(|(old, new)| old != new) {
            if let Some(old) = old {
                self.delete(store, &ACCOUNTS, &old, "unique");
            }
            if let Some(new) = new {
                self.insert_unique(store, new, after.user.id, pointer);
            }
        }
    }

    /// A new session.
    pub fn insert_session(&mut self, store: &Store, session: &Session) {
        self.insert(store, session, || Error::internal("two sessions were given one id"));
    }

    /// A changed session; refused unless the stored one is the version before it.
    pub fn update_session(&mut self, store: &Store, session: &Session) {
        self.replace(store, session, session.version);
    }

    /// Refuses the transaction unless the account is an active administrator when it is written. Whoever takes
    /// administration from somebody else keeps it, so that the last administrator stays, whatever happens at once.
    pub fn require_active_admin(&mut self, store: &Store, id: UserId) {
        let check = ConditionCheck::builder()
            .table_name(store.name(&ACCOUNTS))
            .set_key(Some(key(&ACCOUNTS, &id.to_string(), "user")))
            .condition_expression("#role = :admin AND #active = :true")
            .expression_attribute_names("#role", "role")
            .expression_attribute_names("#active", "active")
            .expression_attribute_values(":admin", text(Role::Admin.as_str()))
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .build();
        self.built(check, |tx, check| {
            tx.push(TransactWriteItem::builder().condition_check(check).build(), |_| {
                Refused::Error(Error::forbidden("you are no administrator any more"))
            });
        });
    }

    fn insert_unique(&mut self, store: &Store, name: String, user: UserId, pointer: &'static str) {
        self.insert(store, &Unique { name, user }, move || {
            Error::new(Code::AlreadyExists, "this name or address is in use").with_detail("field", pointer)
        });
    }
}

impl Store {
    /// The account, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn account(&self, id: UserId) -> Result<Account> {
        self.get(&id.to_string(), "user").await?.ok_or_else(|| Error::not_found("account"))
    }

    /// The account that signs in under this name.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn account_named(&self, name: &UserName) -> Result<Option<Account>> {
        self.account_by(&by_name(name)).await
    }

    /// The account with this address.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn account_with_email(&self, email: &Email) -> Result<Option<Account>> {
        self.account_by(&by_email(email)).await
    }

    /// The account whose owner proved that this phone is theirs.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn account_with_phone(&self, phone: &Phone) -> Result<Option<Account>> {
        self.account_by(&by_phone(phone)).await
    }

    /// Accounts, oldest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn accounts(&self, limit: u32, after: Option<Position>) -> Result<Page<Account>> {
        self.query(Query {
            table: &ACCOUNTS,
            index: Some(&BY_KIND),
            partition: "user".to_owned(),
            range: Range::All,
            descending: false,
            limit,
            after,
        })
        .await
    }

    /// An account and one of its sessions, in one trip; nothing if either is missing. A session of an earlier generation
    /// than the account's is told as revoked.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn signed_in(&self, user: UserId, session: SessionId) -> Result<Option<(User, Session)>> {
        let user = user.to_string();
        let keys = [(ACCOUNTS, user.clone(), "user".to_owned()), (ACCOUNTS, user, session.to_string())];
        let (mut found, mut began) = (None, None);
        for (_, item) in self.get_many(&keys).await? {
            if item.contains_key("token") {
                began = Some(read::<Session>(item)?);
            } else {
                found = Some(read::<Account>(item)?);
            }
        }
        Ok(found.zip(began).map(|(account, mut session)| {
            session.revoked |= session.generation != account.generation;
            (account.user, session)
        }))
    }

    /// The session, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn session(&self, user: UserId, id: SessionId) -> Result<Session> {
        self.get(&user.to_string(), &id.to_string()).await?.ok_or_else(|| Error::not_found("session"))
    }

    async fn account_by(&self, name: &str) -> Result<Option<Account>> {
        match self.get::<Unique>(name, "unique").await? {
            Some(unique) => self.get(&unique.user.to_string(), "user").await,
            None => Ok(None),
        }
    }
}

/// The account that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not an account.
pub fn account_from(outcome: Outcome, new: Account) -> Result<(Account, bool)> {
    match outcome {
        Outcome::Committed => Ok((new, false)),
        Outcome::Replayed(item) => read::<Account>(item).map(|account| (account, true)),
    }
}

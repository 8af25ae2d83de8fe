//! Mail and texts that go nowhere: kept in a directory or in memory, to be looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::MessageId;
use errors::{Error, Result};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::text::{Failure, Text, Texting, Texts};
use crate::{Email, Mail, Sending};

/// Where mail is kept. Each mail is `<message id>.eml`, as it would have gone out, beside `<message id>.json`.
pub type Outbox = Kept<Email>;
/// Where texts are kept. Each text is `<message id>.json`.
pub type TextOutbox = Kept<Text>;

/// Keeps what is sent. Sending the same message again changes nothing.
#[derive(Debug)]
pub struct Kept<T>(Place<T>);

#[derive(Debug)]
enum Place<T> {
    Directory(PathBuf),
    Memory(Mutex<BTreeMap<MessageId, T>>),
}

/// What can be kept.
pub trait Keep: Clone + Serialize + DeserializeOwned {
    /// What the name of the file ends with that is written last: what it is of counts as sent when that is there, and then
    /// all of it is.
    const LAST: &'static str;

    /// The message that it carries, and when that was due.
    fn message(&self) -> (MessageId, Timestamp);

    /// The bytes that go out, where they are kept as well.
    ///
    /// # Errors
    /// `bad_request` when they cannot be made.
    fn bytes(&self) -> Result<Option<Vec<u8>>>;
}

impl Keep for Email {
    const LAST: &'static str = "eml";

    fn message(&self) -> (MessageId, Timestamp) {
        (self.id, self.date)
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>> {
        Ok(Some(self.mime()?.formatted()))
    }
}

impl Keep for Text {
    const LAST: &'static str = "json";

    fn message(&self) -> (MessageId, Timestamp) {
        (self.id, self.date)
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

impl<T: Keep> Kept<T> {
    /// An outbox in this directory, which is made if need be.
    ///
    /// # Errors
    /// `internal` when the directory cannot be made.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Result<Self> {
        let directory = directory.into();
        std::fs::create_dir_all(&directory).map_err(Error::internal)?;
        Ok(Self(Place::Directory(directory)))
    }

    /// An outbox that is gone with the process.
    pub fn in_memory() -> Self {
        Self(Place::Memory(Mutex::default()))
    }

    /// What was sent, the latest first, at most `limit`.
    ///
    /// # Errors
    /// `internal` when the directory cannot be read.
    pub fn list(&self, limit: usize) -> Result<Vec<T>> {
        let mut all: Vec<T> = match &self.0 {
            Place::Memory(all) => lock(all).values().cloned().collect(),
            Place::Directory(directory) => {
                let ids = ids(directory, T::LAST)?.into_iter();
                ids.map(|id| read(directory, id)).filter_map(Result::transpose).collect::<Result<_>>()?
            }
        };
        all.sort_by_key(|one| {
            let (id, date) = one.message();
            std::cmp::Reverse((date, id))
        });
        all.truncate(limit);
        Ok(all)
    }

    /// One that was sent.
    ///
    /// # Errors
    /// `internal` when the directory cannot be read.
    pub fn get(&self, id: MessageId) -> Result<Option<T>> {
        match &self.0 {
            Place::Memory(all) => Ok(lock(all).get(&id).cloned()),
            Place::Directory(directory) => read(directory, id),
        }
    }

    fn keep(&self, one: &T) -> Result<()> {
        let bytes = one.bytes()?;
        let (id, _) = one.message();
        match &self.0 {
            Place::Memory(all) => {
                lock(all).entry(id).or_insert_with(|| one.clone());
                Ok(())
            }
            Place::Directory(directory) => {
                let last = directory.join(format!("{id}.{}", T::LAST));
                if last.exists() {
                    return Ok(());
                }
                let json = serde_json::to_vec_pretty(one).map_err(Error::internal)?;
                write(&directory.join(format!("{id}.json")), &json)?;
                bytes.map_or(Ok(()), |bytes| write(&last, &bytes))
            }
        }
    }
}

impl Mail for Outbox {
    fn name(&self) -> &'static str {
        "outbox"
    }

    fn send<'a>(&'a self, email: &'a Email) -> Sending<'a> {
        // A few kilobytes to a local disk: not worth a thread.
        Box::pin(async move { self.keep(email).map(|()| Some(email.message_id())) })
    }
}

impl Texts for TextOutbox {
    fn name(&self) -> &'static str {
        "outbox"
    }

    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a> {
        let kept = async move { self.keep(text).map(|()| Some(text.id.to_string())) };
        Box::pin(async move { kept.await.map_err(Failure::NotTaken) })
    }
}

fn lock<T>(all: &Mutex<BTreeMap<MessageId, T>>) -> MutexGuard<'_, BTreeMap<MessageId, T>> {
    // A panic elsewhere cannot leave the map half-changed.
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ids(directory: &Path, last: &str) -> Result<Vec<MessageId>> {
    let mut ids = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(Error::internal)? {
        let name = entry.map_err(Error::internal)?.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(last)?.strip_suffix('.'));
        ids.extend(id.and_then(|id| id.parse::<MessageId>().ok()));
    }
    Ok(ids)
}

fn read<T: Keep>(directory: &Path, id: MessageId) -> Result<Option<T>> {
    if !directory.join(format!("{id}.{}", T::LAST)).exists() {
        return Ok(None);
    }
    let json = std::fs::read(directory.join(format!("{id}.json"))).map_err(Error::internal)?;
    serde_json::from_slice(&json).map(Some).map_err(Error::internal)
}

/// Writes all of the file or none: under another name first, so that nobody reads half of it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let draft = path.with_extension(format!(
        "{}.{}.draft",
        path.extension().and_then(|extension| extension.to_str()).unwrap_or_default(),
        u64::from_be_bytes(env::random()),
    ));
    std::fs::write(&draft, bytes).and_then(|()| std::fs::rename(&draft, path)).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::message::Channel;

    use crate::email::tests::email;
    use crate::text::tests::text;

    async fn kept_once(outbox: &Outbox) {
        let later = Email {
            id: MessageId::derived([2; 16]),
            date: "2027-03-01T09:00:00Z".parse().unwrap(),
            ..email()
        };
        for mail in [&email(), &later, &email()] {
            assert!(outbox.send(mail).await.unwrap().unwrap().contains("@holdfast.example"));
        }
        outbox.send(&Email { subject: "again".to_owned(), ..email() }).await.unwrap();
        assert_eq!(outbox.list(10).unwrap(), [later.clone(), email()]);
        assert_eq!(outbox.list(1).unwrap(), [later]);
        assert_eq!(outbox.get(email().id).unwrap(), Some(email()));
        assert_eq!(outbox.get(MessageId::derived([3; 16])).unwrap(), None);
    }

    #[tokio::test]
    async fn a_mail_is_kept_once_however_often_it_is_sent() {
        kept_once(&Outbox::in_memory()).await;
        let directory = tempfile::tempdir().unwrap();
        kept_once(&Outbox::in_directory(directory.path()).unwrap()).await;
        let eml = std::fs::read(directory.path().join(format!("{}.eml", email().id))).unwrap();
        assert_eq!(eml, email().mime().unwrap().formatted());
        let reopened = Outbox::in_directory(directory.path()).unwrap();
        assert_eq!(reopened.list(10).unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_mail_whose_eml_is_missing_was_not_sent() {
        let directory = tempfile::tempdir().unwrap();
        let outbox = Outbox::in_directory(directory.path()).unwrap();
        outbox.send(&email()).await.unwrap();
        std::fs::remove_file(directory.path().join(format!("{}.eml", email().id))).unwrap();
        assert_eq!(outbox.list(10).unwrap(), []);
    }

    async fn text_kept_once(outbox: &TextOutbox) {
        let later = Text {
            id: MessageId::derived([2; 16]),
            date: "2027-03-01T09:00:00Z".parse().unwrap(),
            ..text(Channel::Whatsapp)
        };
        for sent in [&text(Channel::Sms), &later, &text(Channel::Sms)] {
            outbox.send(sent).await.unwrap();
        }
        assert_eq!(outbox.list(10).unwrap(), [later.clone(), text(Channel::Sms)]);
        assert_eq!(outbox.list(1).unwrap(), [later]);
    }

    #[tokio::test]
    async fn a_text_is_text_kept_once_however_often_it_is_sent() {
        text_kept_once(&TextOutbox::in_memory()).await;
        let directory = tempfile::tempdir().unwrap();
        text_kept_once(&TextOutbox::in_directory(directory.path()).unwrap()).await;
        assert_eq!(TextOutbox::in_directory(directory.path()).unwrap().list(10).unwrap().len(), 2);
    }
}

//! Mail that goes nowhere: kept in a directory or in memory, to be looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use domain::MessageId;
use errors::{Error, Result};

use crate::{Email, Mail, Sending};

/// Keeps what is sent. Sending the same message again changes nothing.
#[derive(Debug)]
pub struct Outbox(Place);

#[derive(Debug)]
enum Place {
    Directory(PathBuf),
    Memory(Mutex<BTreeMap<MessageId, Email>>),
}

impl Outbox {
    /// An outbox in this directory, which is made if need be. Each mail is `<message id>.eml`, as it would have gone
    /// out, beside `<message id>.json`, which [`Outbox::list`] reads.
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
    pub fn list(&self, limit: usize) -> Result<Vec<Email>> {
        let mut mails = match &self.0 {
            Place::Memory(mails) => lock(mails).values().cloned().collect(),
            Place::Directory(directory) => ids(directory)?
                .into_iter()
                .map(|id| read(directory, id))
                .filter_map(Result::transpose)
                .collect::<Result<Vec<_>>>()?,
        };
        mails.sort_by_key(|mail| std::cmp::Reverse((mail.date, mail.id)));
        mails.truncate(limit);
        Ok(mails)
    }

    /// One mail that was sent.
    ///
    /// # Errors
    /// `internal` when the directory cannot be read.
    pub fn get(&self, id: MessageId) -> Result<Option<Email>> {
        match &self.0 {
            Place::Memory(mails) => Ok(lock(mails).get(&id).cloned()),
            Place::Directory(directory) => read(directory, id),
        }
    }

    fn keep(&self, email: &Email) -> Result<()> {
        let mime = email.mime()?.formatted();
        match &self.0 {
            Place::Memory(mails) => {
                lock(mails).entry(email.id).or_insert_with(|| email.clone());
                Ok(())
            }
            Place::Directory(directory) => {
                let sent = directory.join(format!("{}.eml", email.id));
                if sent.exists() {
                    return Ok(());
                }
                let json = serde_json::to_vec_pretty(email).map_err(Error::internal)?;
                // The .eml comes last: a mail counts as sent when it is there, and then all of it is.
                write(&directory.join(format!("{}.json", email.id)), &json)?;
                write(&sent, &mime)
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

fn lock(mails: &Mutex<BTreeMap<MessageId, Email>>) -> std::sync::MutexGuard<'_, BTreeMap<MessageId, Email>> {
    // A panic elsewhere cannot leave the map half-changed.
    mails.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn ids(directory: &Path) -> Result<Vec<MessageId>> {
    let mut ids = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(Error::internal)? {
        let name = entry.map_err(Error::internal)?.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".eml"));
        ids.extend(id.and_then(|id| id.parse::<MessageId>().ok()));
    }
    Ok(ids)
}

fn read(directory: &Path, id: MessageId) -> Result<Option<Email>> {
    if !directory.join(format!("{id}.eml")).exists() {
        return Ok(None);
    }
    let json = std::fs::read(directory.join(format!("{id}.json"))).map_err(Error::internal)?;
    serde_json::from_slice(&json).map(Some).map_err(Error::internal)
}

/// Writes all of the file or none: under another name first, so that nobody reads half of it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
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
    use crate::email::tests::email;

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
}

//! Texts that go nowhere: kept in a directory or in memory, to be looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use domain::MessageId;
use errors::{Error, Result};

use crate::text::{Failure, Text, Texting, Texts};

/// Keeps what is sent. Sending the same message again changes nothing.
#[derive(Debug)]
pub struct TextOutbox(Place);

#[derive(Debug)]
enum Place {
    Directory(PathBuf),
    Memory(Mutex<BTreeMap<MessageId, Text>>),
}

impl TextOutbox {
    /// An outbox in this directory, which is made if need be; each text is `<message id>.json`.
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
    pub fn list(&self, limit: usize) -> Result<Vec<Text>> {
        let mut texts = match &self.0 {
            Place::Memory(texts) => lock(texts).values().cloned().collect(),
            Place::Directory(directory) => all(directory)?,
        };
        texts.sort_by_key(|text| std::cmp::Reverse((text.date, text.id)));
        texts.truncate(limit);
        Ok(texts)
    }

    fn keep(&self, text: &Text) -> Result<()> {
        match &self.0 {
            Place::Memory(texts) => {
                lock(texts).entry(text.id).or_insert_with(|| text.clone());
                Ok(())
            }
            Place::Directory(directory) => {
                let path = directory.join(format!("{}.json", text.id));
                if path.exists() {
                    return Ok(());
                }
                let json = serde_json::to_vec_pretty(text).map_err(Error::internal)?;
                crate::outbox::write(&path, &json)
            }
        }
    }
}

impl Texts for TextOutbox {
    fn name(&self) -> &'static str {
        "outbox"
    }

    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a> {
        Box::pin(
            async move { self.keep(text).map(|()| Some(text.id.to_string())).map_err(Failure::NotTaken) },
        )
    }
}

fn lock(texts: &Mutex<BTreeMap<MessageId, Text>>) -> std::sync::MutexGuard<'_, BTreeMap<MessageId, Text>> {
    // A panic elsewhere cannot leave the map half-changed.
    texts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn all(directory: &Path) -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(Error::internal)? {
        let path = entry.map_err(Error::internal)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let json = std::fs::read(&path).map_err(Error::internal)?;
            texts.push(serde_json::from_slice(&json).map_err(Error::internal)?);
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use domain::message::Channel;

    use super::*;
    use crate::text::tests::text;

    async fn kept_once(outbox: &TextOutbox) {
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
    async fn a_text_is_kept_once_however_often_it_is_sent() {
        kept_once(&TextOutbox::in_memory()).await;
        let directory = tempfile::tempdir().unwrap();
        kept_once(&TextOutbox::in_directory(directory.path()).unwrap()).await;
        assert_eq!(TextOutbox::in_directory(directory.path()).unwrap().list(10).unwrap().len(), 2);
    }
}

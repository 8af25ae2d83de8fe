//! How far an import got, in a file: a line for each step that was taken, so that a killed one goes on where it was.
//!
//! The step that was under way may have been carried out and not noted: it is asked for again, under the same key.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use errors::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use super::report::Refusal;

/// Whose steps they are.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    book: String,
}

/// What became of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    /// The stay that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stay: Option<String>,
    /// The room that guests came into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<String>,
    /// What was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<Refusal>,
}

/// The file, ready for the next step.
pub(super) struct Journal(Option<File>);

impl Journal {
    /// Without a file: nothing is kept.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Opens the file, or makes it; what it has of this book.
    ///
    /// # Errors
    /// `bad_request` when it is of another book; `internal` when it cannot be read or written.
    pub(super) fn open(path: &Path, book: &str) -> Result<(Self, Vec<Done>)> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(Error::internal)?;
        let (mut done, mut whole, mut head) = (Vec::new(), 0, None::<Head>);
        let mut reader = BufReader::new(&file);
        let mut line = String::new();
        // A line that was cut off is not one.
        while reader.read_line(&mut line).map_err(Error::internal)? > 0 && line.ends_with('\n') {
            if head.is_none() {
                head = Some(serde_json::from_str(&line).map_err(|_| other(path))?);
            } else {
                done.push(serde_json::from_str(&line).map_err(|_| other(path))?);
            }
            whole += u64::try_from(line.len()).unwrap_or_default();
            line.clear();
        }
        file.set_len(whole).and_then(|()| file.seek(SeekFrom::Start(whole))).map_err(Error::internal)?;
        let mut journal = Self(Some(file));
        match head {
            Some(head) if head.book != book => return Err(other(path)),
            Some(_) => {}
            None => journal.add(&Head { book: book.to_owned() })?,
        }
        Ok((journal, done))
    }

    /// Notes what became of the next step.
    ///
    /// # Errors
    /// `internal` when it cannot be written.
    pub(super) fn note(&mut self, done: &Done) -> Result<()> {
        self.add(done)
    }

    fn add(&mut self, what: &impl Serialize) -> Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        let mut line = serde_json::to_vec(what).map_err(Error::internal)?;
        line.push(b'\n');
        file.write_all(&line).map_err(Error::internal)
    }
}

fn other(path: &Path) -> Error {
    let message = format!("{} is of another import: other files, another mapping or place", path.display());
    Error::new(Code::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_goes_on_after_its_last_whole_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let done = |stay: &str| Done { stay: Some(stay.to_owned()), ..Done::default() };
        let (mut journal, before) = Journal::open(&path, "one").unwrap();
        assert_eq!(before, []);
        journal.note(&done("a")).unwrap();
        journal.note(&done("b")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 3]).unwrap();
        let (mut journal, before) = Journal::open(&path, "one").unwrap();
        assert_eq!(before, [done("a")]);
        journal.note(&done("c")).unwrap();
        assert_eq!(Journal::open(&path, "one").unwrap().1, [done("a"), done("c")]);
        assert!(Journal::open(&path, "two").is_err());
    }
}

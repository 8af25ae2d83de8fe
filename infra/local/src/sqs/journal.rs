//! Where entries are kept: a file of JSON lines that is only appended to, and rewritten once most of it is past.
//!
//! `append` returns after `write`, when the bytes are the operating system's: the death of the process, at any moment,
//! does not lose them (a loss of power may). The line that a dying process has not finished was never answered and
//! is cut off on opening. Rewriting goes to a second file that takes the first one's place by a rename, which is
//! there as a whole or not at all.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Error, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::state::{Entry, State};

/// Rewritten when it has this many lines, and eight times as many as the state needs.
const COMPACT_LINES: usize = 20_000;
const COMPACT_FACTOR: usize = 8;

/// Keeps entries, in a file or not at all.
#[derive(Debug)]
pub(super) struct Journal(Option<Open>);

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    bytes: u64,
    lines: usize,
    /// Whether a failed append may have left half a line that could not be cut off.
    torn: bool,
    /// Held for as long as the journal is open; the operating system frees it with the process.
    _lock: File,
}

impl Journal {
    /// Keeps nothing.
    pub(super) fn memory() -> Self {
        Self(None)
    }

    /// The journal in this directory and the state that it holds.
    pub(super) fn open(dir: &Path) -> io::Result<(Self, State)> {
        std::fs::create_dir_all(dir)?;
        let lock = lock(&dir.join("queues.lock"))?;
        let path = dir.join("queues.journal");
        let file = append_to(&path)?;
        let text = std::fs::read(&path)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut state = State::default();
        let mut lines = 0;
        for line in text.get(..whole).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
            lines += 1;
            let entry = serde_json::from_slice(line).map_err(|error| {
                let message = format!("{}, line {lines}: {error}", path.display());
                Error::new(ErrorKind::InvalidData, message)
            })?;
            state.apply(entry);
        }
        let bytes = u64::try_from(whole).map_err(Error::other)?;
        file.set_len(bytes)?;
        Ok((Self(Some(Open { path, file, bytes, lines, torn: false, _lock: lock })), state))
    }

    /// Keeps these entries; when it fails, none of them.
    pub(super) fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let Some(open) = &mut self.0 else { return Ok(()) };
        let mut text = Vec::new();
        for entry in entries {
            line(&mut text, entry)?;
        }
        if open.torn {
            open.file.set_len(open.bytes)?;
        }
        open.torn = true;
        if let Err(error) = open.file.write_all(&text) {
            open.torn = open.file.set_len(open.bytes).is_err();
            return Err(error);
        }
        open.torn = false;
        open.bytes += u64::try_from(text.len()).map_err(Error::other)?;
        open.lines += entries.len();
        Ok(())
    }

    /// Writes `state`, which is what the journal holds, anew when most of the lines are past.
    pub(super) fn compact_if_due(&mut self, state: &State) -> io::Result<()> {
        match &mut self.0 {
            Some(open) if open.lines >= COMPACT_LINES.max(state.len() * COMPACT_FACTOR) => {
                open.compact(state)
            }
            _ => Ok(()),
        }
    }
}

impl Open {
    fn compact(&mut self, state: &State) -> io::Result<()> {
        let path = self.path.with_extension("journal.new");
        let mut new = BufWriter::new(File::create(&path)?);
        for entry in state.entries() {
            line(&mut new, &entry)?;
        }
        new.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        // Opened before the rename: from then on, what is appended goes to the file that will be read.
        let file = append_to(&path)?;
        let bytes = file.metadata()?.len();
        std::fs::rename(&path, &self.path)?;
        (self.file, self.bytes, self.lines) = (file, bytes, state.len());
        Ok(())
    }
}

fn line(to: &mut impl Write, entry: &Entry) -> io::Result<()> {
    serde_json::to_writer(&mut *to, entry)?;
    to.write_all(b"\n")
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn lock(path: &Path) -> io::Result<File> {
    let file = append_to(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let message = format!("{} is locked: another process uses this data", path.display());
            Err(Error::new(ErrorKind::ResourceBusy, message))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::{Message, Settings};
    use super::*;

    fn set() -> Entry {
        Entry::Set { queue: "q".to_owned(), settings: Settings::default() }
    }

    fn sent(id: usize) -> Entry {
        let message = Message::new(id.to_string(), "\n\"é\"".to_owned(), 1_000, 2);
        Entry::Sent { queue: "q".to_owned(), message }
    }

    fn deleted(id: usize) -> Entry {
        Entry::Deleted { queue: "q".to_owned(), id: id.to_string() }
    }

    fn received(id: usize) -> Entry {
        Entry::Received { queue: "q".to_owned(), id: id.to_string(), until: 9_000 }
    }

    fn entries(state: &State) -> Vec<Entry> {
        state.entries().collect()
    }

    #[test]
    fn whatever_byte_the_process_dies_at_all_whole_lines_are_there_again() {
        let dir = tempfile::tempdir().unwrap();
        let all = [set(), sent(1), received(1), sent(2), deleted(1)];
        Journal::open(dir.path()).unwrap().0.append(&all).unwrap();
        let path = dir.path().join("queues.journal");
        let text = std::fs::read(&path).unwrap();
        for length in 0..=text.len() {
            std::fs::write(&path, &text[..length]).unwrap();
            let whole =
                text[..length].split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
            let whole = whole.count();
            let mut expected = State::default();
            for entry in &all[..whole] {
                expected.apply(entry.clone());
            }
            let (mut journal, state) = Journal::open(dir.path()).unwrap();
            assert_eq!(state, expected);
            // And what is appended after the cut is not glued to half a line.
            journal.append(&[set(), sent(3)]).unwrap();
            drop(journal);
            let (_, state) = Journal::open(dir.path()).unwrap();
            assert!(entries(&state).contains(&sent(3)), "cut at {length}");
        }
    }

    #[test]
    fn a_line_that_makes_no_sense_is_reported_and_not_skipped() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("queues.journal"), "{\"entry\":\"unheard_of\"}\n").unwrap();
        let error = Journal::open(dir.path()).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }

    #[test]
    fn two_processes_do_not_share_a_journal() {
        let dir = tempfile::tempdir().unwrap();
        let first = Journal::open(dir.path()).unwrap();
        assert_eq!(Journal::open(dir.path()).unwrap_err().kind(), ErrorKind::ResourceBusy);
        drop(first);
        assert!(Journal::open(dir.path()).is_ok());
    }

    #[test]
    fn a_busy_journal_stays_small_and_keeps_its_messages() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, mut state) = Journal::open(dir.path()).unwrap();
        let mut keep = |entries: Vec<Entry>, state: &mut State| {
            journal.append(&entries).unwrap();
            for entry in entries {
                state.apply(entry);
            }
            journal.compact_if_due(state).unwrap();
        };
        keep(vec![set(), sent(0), received(0)], &mut state);
        for id in 1..=COMPACT_LINES {
            keep(vec![sent(id), deleted(id)], &mut state);
        }
        keep(vec![sent(7)], &mut state);
        drop(journal);
        let (journal, reopened) = Journal::open(dir.path()).unwrap();
        assert_eq!(entries(&reopened), entries(&state));
        assert_eq!(state.len(), 3);
        assert!(journal.0.unwrap().lines < COMPACT_LINES);
    }
}

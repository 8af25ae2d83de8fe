//! What is logged on this thread, for tests of what must not be.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// A log that is being written.
pub(crate) struct Log {
    written: Written,
    guard: DefaultGuard,
    _other: Dispatch,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Logs from now on, as functions do: from `INFO`.
    pub(crate) fn begin() -> Self {
        let written = Written::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .with_writer(written.clone())
            .finish();
        // With a second dispatcher alive, what another test's thread logs first is not taken for unwanted everywhere.
        let other = Dispatch::new(tracing_subscriber::fmt().with_writer(std::io::sink).finish());
        Self { written, guard: tracing::subscriber::set_default(subscriber), _other: other }
    }

    /// What was logged.
    pub(crate) fn end(self) -> String {
        drop(self.guard);
        String::from_utf8(self.written.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

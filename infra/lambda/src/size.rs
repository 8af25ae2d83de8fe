//! What is uploaded: the program in a zip archive of its own.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Headers of an archive with one file named `bootstrap`: 30 + 9 before it, 46 + 9 in the directory, 22 at the end.
const AROUND: u64 = 116;

/// Bytes of the archive, packed as `cargo lambda` and others pack by default.
pub(crate) fn zipped(program: &[u8]) -> io::Result<u64> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
    packed.write_all(program)?;
    Ok(packed.finish()?.len() as u64 + AROUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_itself_takes_little() {
        assert!(zipped(&vec![7; 100_000]).unwrap() < 1_000);
    }
}

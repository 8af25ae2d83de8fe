//! A value as the shared cache keeps it. Whatever comes back that is not exactly that is no value.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Longer values are compressed.
const COMPRESS_ABOVE: usize = 1_000;
/// No value is longer, compressed or not: what says that it is, is not one.
const MOST: usize = 4 * 1_024 * 1_024;

const PLAIN: u8 = b'p';
const DEFLATED: u8 = b'd';

/// A value with what must be known to believe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry<V> {
    /// Under which name it was kept.
    pub(crate) name: String,
    /// When it was read from its table, in milliseconds.
    pub(crate) read: i64,
    /// How long that took, in milliseconds.
    pub(crate) cost: u32,
    /// Of which generations it is.
    pub(crate) generations: Vec<u64>,
    /// What there is, or in which words it was said that there is nothing.
    pub(crate) found: Result<V, String>,
}

impl<V: Serialize> Entry<V> {
    /// As text; empty for what cannot be written, which is then no entry.
    pub(crate) fn text(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// An entry's text as bytes; nothing for what is too long to be kept.
pub(crate) fn packed(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > MOST {
        return None;
    }
    if text.len() <= COMPRESS_ABOVE {
        return Some([&[PLAIN], text].concat());
    }
    let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::fast());
    encoder.write_all(text).ok()?;
    encoder.finish().ok()
}

impl<V: DeserializeOwned> Entry<V> {
    /// Out of bytes, if they are an entry of this name; and the length of its text.
    pub(crate) fn unpacked(packed: &[u8], name: &str) -> Option<(Self, usize)> {
        let (first, rest) = packed.split_first()?;
        let (entry, length) = match *first {
            PLAIN => (serde_json::from_slice(rest).ok()?, rest.len()),
            DEFLATED => {
                let mut text = Vec::new();
                DeflateDecoder::new(rest).take(MOST as u64).read_to_end(&mut text).ok()?;
                (serde_json::from_slice(&text).ok()?, text.len())
            }
            _ => return None,
        };
        Some((entry, length)).filter(|(entry, _): &(Self, usize)| entry.name == name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(found: Result<String, String>) -> Entry<String> {
        Entry { name: "room.1#r".to_owned(), read: 7, cost: 3, generations: vec![1, u64::MAX], found }
    }

    #[test]
    fn long_values_are_compressed() {
        let long = entry(Ok("a room ".repeat(1_000)));
        let (text, packed) = (long.text(), packed(&long.text()).unwrap());
        assert!(packed.len() < 500, "{}", packed.len());
        assert_eq!(Entry::unpacked(&packed, "room.1#r"), Some((long, text.len())));
        assert_eq!(Entry::<String>::unpacked(&packed, "room.1#s"), None, "that of another name");
        let short = entry(Err("there is no such room".to_owned()));
        let text = short.text();
        assert_eq!(Entry::unpacked(&super::packed(&text).unwrap(), "room.1#r"), Some((short, text.len())));
        assert_eq!(super::packed(&vec![b' '; MOST + 1]), None, "too long to be kept");
    }

    #[test]
    fn what_swells_beyond_every_value_is_none() {
        let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::fast());
        encoder.write_all(&vec![b' '; 64 * 1_024 * 1_024]).unwrap();
        assert_eq!(Entry::<String>::unpacked(&encoder.finish().unwrap(), "room.1#r"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_entry_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Entry::<String>::unpacked(&bytes, "room.1#r");
        }

        #[test]
        fn broken_entries_are_none_or_themselves(at in 0_usize..400, bit in 0_u8..8, long in any::<bool>()) {
            let whole = entry(Ok(if long { "x y ".repeat(600) } else { "x".to_owned() }));
            let mut packed = packed(&whole.text()).unwrap();
            let at = at % packed.len();
            packed[at] ^= 1 << bit;
            let _ = Entry::<String>::unpacked(&packed, "room.1#r");
        }
    }
}

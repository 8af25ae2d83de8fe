//! Content lines (RFC 5545, 3.1): escaped, folded, ended by CRLF; and unfolded again, each with its number.

/// Longest line in octets, without its end.
const WIDTH: usize = 75;

/// An iCalendar object that is being written.
#[derive(Debug, Default)]
pub(crate) struct Writer(String);

impl Writer {
    /// A line as it stands: `name` may have parameters, `value` needs no escapes.
    pub(crate) fn line(&mut self, name: &str, value: &str) -> &mut Self {
        let mut width = 0;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if width + c.len_utf8() > WIDTH {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(c);
            width += c.len_utf8();
        }
        self.0.push_str("\r\n");
        self
    }

    /// A line of TEXT: line breaks become `\n`, other control characters except tabs go.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        let mut value = String::with_capacity(text.len() + 8);
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\r' if rest.peek() == Some(&'\n') => {}
                '\r' | '\n' => value.push_str("\\n"),
                '\\' | ';' | ',' => value.extend(['\\', c]),
                '\t' => value.push(c),
                c if c.is_control() => {}
                c => value.push(c),
            }
        }
        self.line(name, &value)
    }

    /// What was written.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

/// A parameter's value in quotes; there may be neither double quotes nor control characters in it.
pub(crate) fn quoted(value: &str) -> String {
    let value = value.chars().filter(|c| !c.is_control()).map(|c| if c == '"' { '\'' } else { c });
    format!("\"{}\"", value.collect::<String>())
}

/// A logical line and the number of its first physical one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) text: String,
}

/// The logical lines of a file, empty ones left out. Takes any line end, and bytes that are not UTF-8 as U+FFFD.
pub(crate) fn unfold(bytes: &[u8]) -> Vec<Line> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Joined before they are decoded: a fold may cut a character in two.
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line.split_first(), lines.last_mut()) {
            (Some((b' ' | b'\t', rest)), Some((_, open))) => open.extend_from_slice(rest),
            (None, _) => {}
            _ => lines.push((index + 1, line.to_vec())),
        }
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    lines.into_iter().map(|(number, bytes)| Line { number, text: text(&bytes) }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_end_in_any_way_and_folds_may_cut_characters() {
        let lines = unfold(b"\xef\xbb\xbfA:1\r\nB:\xc3\r\n \xa4\n\t2\n\nC:\xff\r\n");
        let told: Vec<_> = lines.iter().map(|line| (line.number, line.text.as_str())).collect();
        assert_eq!(told, [(1, "A:1"), (2, "B:ä2"), (6, "C:\u{fffd}")]);
    }

    proptest! {
        #[test]
        fn what_is_folded_unfolds(value in "\\PC{0,300}") {
            let file = Writer::default().line("X-A", &value).finish();
            prop_assert!(file.split("\r\n").all(|line| line.len() <= WIDTH));
            prop_assert_eq!(unfold(file.as_bytes()), [Line { number: 1, text: format!("X-A:{value}") }]);
        }
    }
}

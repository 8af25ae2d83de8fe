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

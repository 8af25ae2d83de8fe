//! What a provider says when it refuses: its status, its own code, and its words without anybody's data.

use errors::Error;
use serde_json::Value;

/// What is kept of a provider's words, in characters.
const WORDS_CHARS: usize = 200;
/// The longest word that is kept: what is longer may be a token.
const WORD_CHARS: usize = 24;
/// The longest code that is kept.
const CODE_CHARS: usize = 64;

/// A provider's answer that is an error; the cause of the [`Error`] that a call ends with.
///
/// The shapes that are read: `{"error": {"code": …, "description" or "message": …}}` (Razorpay, Meta), and
/// `{"code": …, "message": …}` (Twilio, MSG91).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("status {status}, code {}: {}", .code.as_deref().unwrap_or("none"), .description.as_deref().unwrap_or("nothing said"))]
pub struct Refused {
    /// The status of HTTP.
    pub status: u16,
    /// The provider's own code, a number as text.
    pub code: Option<String>,
    /// The provider's words, with every digit, address and long word masked: providers repeat what they were sent.
    pub description: Option<String>,
}

impl Refused {
    /// What the provider said, if that is what ended the call.
    pub fn of(error: &Error) -> Option<&Self> {
        error.cause()?.downcast_ref()
    }

    pub(crate) fn new(status: u16, answer: &Value) -> Self {
        let said = answer.get("error").filter(|inner| inner.is_object()).unwrap_or(answer);
        let code = match said.get("code") {
            Some(Value::String(code)) if is_code(code) => Some(code.clone()),
            Some(Value::Number(code)) => Some(code.to_string()),
            _ => None,
        };
        let words = said.get("description").or_else(|| said.get("message")).and_then(Value::as_str);
        Self { status, code, description: words.map(masked) }
    }
}

/// Whether it is a code, and nothing that a person could be known by.
fn is_code(text: &str) -> bool {
    let letters = text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-');
    letters && (1..=CODE_CHARS).contains(&text.len()) && text.bytes().filter(u8::is_ascii_digit).count() < 7
}

fn masked(words: &str) -> String {
    let kept = words.split_whitespace().map(|word| {
        if word.contains('@') || word.chars().count() > WORD_CHARS {
            return "…".to_owned();
        }
        word.chars().map(|c| if c.is_numeric() || c.is_control() { '#' } else { c }).collect()
    });
    kept.collect::<Vec<_>>().join(" ").chars().take(WORDS_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_provider_s_shape_gives_its_code_and_its_words() {
        for (answer, code, words) in [
            (
                json!({"error": {"code": "BAD_REQUEST_ERROR", "description": "The amount is invalid"}}),
                Some("BAD_REQUEST_ERROR"),
                Some("The amount is invalid"),
            ),
            (
                json!({"error": {"message": "(#131030) Recipient not allowed", "code": 131_030}}),
                Some("131030"),
                Some("(#######) Recipient not allowed"),
            ),
            (json!({"code": 21211, "message": "Invalid 'To'"}), Some("21211"), Some("Invalid 'To'")),
            (json!({"type": "error", "message": "no"}), None, Some("no")),
            (json!({"error": "nope", "code": ["x"]}), None, None),
            (Value::Null, None, None),
        ] {
            let refused = Refused::new(400, &answer);
            assert_eq!((refused.code.as_deref(), refused.description.as_deref()), (code, words), "{answer}");
        }
    }

    #[test]
    fn numbers_addresses_and_tokens_are_masked() {
        let said = "+91 98765 43210, asha@example.com and EAABsbCS1iHgBAKZCZCq9ZB3Z1x2y are wrong";
        assert_eq!(masked(said), "+## ##### #####, … and … are wrong");
        assert_eq!(masked(&"word ".repeat(100)).chars().count(), WORDS_CHARS);
        assert!(!is_code("919876543210") && !is_code("asha@example.com") && !is_code("") && is_code("E-4_x"));
    }
}

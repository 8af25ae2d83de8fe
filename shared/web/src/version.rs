//! Versions of the API, and which one a request asks for.

use axum::http::{HeaderMap, header};
use errors::{Code, Error, Result};

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Names and shapes of the systems that Holdfast replaces.
    V1,
    /// The API as we would design it.
    V2,
}

impl Version {
    /// Every version.
    pub const ALL: [Self; 2] = [Self::V1, Self::V2];
    /// What a request gets that asks for none.
    pub const DEFAULT: Self = Self::V1;

    /// The text form, which is also the stage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// The version that a text names: `v2` or `2`.
    ///
    /// # Errors
    /// `unsupported_version`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text || &version.as_str()[1..] == text)
            .ok_or_else(|| {
                let supported: Vec<_> = Self::ALL.iter().map(|version| version.as_str()).collect();
                Error::new(Code::UnsupportedVersion, format!("there is no version {}", shortened(text)))
                    .with_detail("supported", supported)
            })
    }
}

/// The path without stages and versions, and the version asked for: in the path, then in `Accept`, then in
/// `X-API-Version`, then the default. Also whether it stood in the path.
///
/// API Gateway and `lambda_http` may put the stage before the path once or twice, and a custom domain its base path: every
/// leading `api` and version is taken off, and the last version wins.
pub(crate) fn resolve<'a>(path: &'a str, headers: &HeaderMap) -> Result<(&'a str, Version, bool)> {
    let mut rest = path;
    let mut found = None;
    for _ in 0..4 {
        let Some(tail) = rest.strip_prefix('/') else { break };
        let (segment, next) = tail.find('/').map_or((tail, ""), |at| tail.split_at(at));
        if segment != "api" {
            if !is_version(segment) {
                break;
            }
            found = Some(Version::parse(segment)?);
        }
        rest = next;
    }
    let rest = if rest.is_empty() { "/" } else { rest };
    match found {
        Some(version) => Ok((rest, version, true)),
        None => Ok((rest, negotiated(headers)?, false)),
    }
}

fn negotiated(headers: &HeaderMap) -> Result<Version> {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for kind in accept.flat_map(|value| value.split(',')) {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if let Some(version) =
            kind.strip_prefix("application/vnd.api.").and_then(|rest| rest.strip_suffix("+json"))
        {
            return Version::parse(version);
        }
    }
    match headers.get("x-api-version").map(|value| value.to_str()) {
        None => Ok(Version::DEFAULT),
        Some(Ok(text)) => Version::parse(text),
        Some(Err(_)) => Version::parse("?"),
    }
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn shortened(text: &str) -> String {
    text.chars().take(20).filter(char::is_ascii_graphic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(path: &str, headers: &[(&'static str, &str)]) -> Option<(String, Version)> {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        resolve(path, &headers).ok().map(|(path, version, _)| (path.to_owned(), version))
    }

    #[test]
    fn the_path_wins_then_accept_then_the_header_then_the_default() {
        let both = [("accept", "application/vnd.api.v2+json"), ("x-api-version", "v1")];
        for (path, headers, rest, version) in [
            ("/v1/bookings", &both[..], "/bookings", Version::V1),
            ("/api/v1/bookings", &both[..], "/bookings", Version::V1),
            ("/api/bookings", &both[..], "/bookings", Version::V2),
            ("/api/bookings", &both[1..], "/bookings", Version::V1),
            ("/api/bookings", &[("x-api-version", "2")], "/bookings", Version::V2),
            ("/api/bookings", &[], "/bookings", Version::V1),
            ("/v2", &[], "/", Version::V2),
        ] {
            assert_eq!(resolved(path, headers), Some((rest.to_owned(), version)), "{path}");
        }
    }

    #[test]
    fn stages_that_the_gateway_repeats_are_taken_off() {
        assert_eq!(resolved("/v1/v1/rooms", &[]), Some(("/rooms".to_owned(), Version::V1)));
        assert_eq!(resolved("/api/api/v2/rooms", &[]), Some(("/rooms".to_owned(), Version::V2)));
    }

    #[test]
    fn unknown_versions_are_refused_wherever_they_stand() {
        assert_eq!(resolved("/v3/rooms", &[]), None);
        assert_eq!(resolved("/api/rooms", &[("accept", "application/vnd.api.v9+json")]), None);
        assert_eq!(resolved("/api/rooms", &[("x-api-version", "latest")]), None);
    }
}

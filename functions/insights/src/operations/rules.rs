//! Rules that are broken when an installation works badly, with the thresholds of the systems that it replaces.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Somebody should look at it.
    Warning,
    /// Somebody has to act.
    Critical,
}

impl Level {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What rules look at, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Requests.
    pub requests: u64,
    /// Of these, those answered by 5xx.
    pub faults: u64,
    /// How many milliseconds 95 of a hundred took at most.
    pub p95_ms: Option<u64>,
    /// Jobs that wait in the queue of messages.
    pub waiting: u64,
    /// Jobs that failed every time.
    pub dead_letters: u64,
}

/// A broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// Its name.
    pub rule: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was seen.
    pub value: u64,
    /// What it is not to exceed.
    pub threshold: u64,
    /// What to do.
    pub advice: &'static str,
}

/// Which rules are broken, the worst first.
pub fn broken(seen: &Seen) -> Vec<Alert> {
    let per_mille = |of: u64, all: u64| (of * 1_000).checked_div(all).unwrap_or_default();
    let rules = [
        (
            "faults_per_mille",
            per_mille(seen.faults, seen.requests),
            (10, Some(50)),
            "look for `request failed` in the log",
        ),
        (
            "p95_ms",
            seen.p95_ms.unwrap_or_default(),
            (1_000, Some(2_000)),
            "see which operation is slow in /performance-stats",
        ),
        (
            "queue_waiting",
            seen.waiting,
            (100, Some(1_000)),
            "see whether `notify` works, and whom it waits for",
        ),
        (
            "dead_letters",
            seen.dead_letters,
            (0, None),
            "see why, and send them round again: /messages/dead-letters/redrive",
        ),
    ];
    let mut found: Vec<_> = rules
        .into_iter()
        .filter_map(|(rule, value, (warning, critical), advice)| {
            let (level, threshold) = match critical {
                Some(critical) if value > critical => (Level::Critical, critical),
                _ if value > warning => (Level::Warning, warning),
                _ => return None,
            };
            Some(Alert { rule, level, value, threshold, advice })
        })
        .collect();
    found.sort_by_key(|alert| std::cmp::Reverse(alert.level));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seen: Seen) -> Vec<(&'static str, Level)> {
        broken(&seen).iter().map(|alert| (alert.rule, alert.level)).collect()
    }

    #[test]
    fn a_rule_is_broken_beyond_its_threshold_and_not_at_it() {
        let well = Seen { requests: 1_000, faults: 10, p95_ms: Some(1_000), waiting: 100, dead_letters: 0 };
        assert_eq!(told(well), []);
        assert_eq!(told(Seen::default()), []);
        assert_eq!(told(Seen { faults: 11, ..well }), [("faults_per_mille", Level::Warning)]);
        assert_eq!(told(Seen { faults: 51, ..well }), [("faults_per_mille", Level::Critical)]);
        assert_eq!(told(Seen { p95_ms: Some(2_000), ..well }), [("p95_ms", Level::Warning)]);
        assert_eq!(
            told(Seen { p95_ms: Some(5_000), dead_letters: 1, waiting: 101, ..well }),
            [
                ("p95_ms", Level::Critical),
                ("queue_waiting", Level::Warning),
                ("dead_letters", Level::Warning),
            ]
        );
    }
}

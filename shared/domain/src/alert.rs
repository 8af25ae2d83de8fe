//! Rules that are broken when an installation works badly, with the thresholds of the systems that it replaces, and when somebody is
//! told of it.
//!
//! A rule is quiet, or it is known to be broken as a warning or as critical. It is told when it gets worse, and when all is well again;
//! from critical to warning nobody is told, so that a value at a threshold does not ring all night.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// What is not to be exceeded. Text forms are stored, and alarms on AWS are named by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Of a thousand requests so many were answered by 5xx.
    FaultsPerMille,
    /// 95 of a hundred requests took so many milliseconds at most.
    P95Ms,
    /// So many jobs wait in the queues.
    QueueWaiting,
    /// So many jobs failed every time.
    DeadLetters,
    /// Of a thousand messages so many did not get through.
    MessageFailuresPerMille,
    /// What is kept from the feed is so many seconds behind what happened.
    FeedLagSeconds,
}

/// Shares of fewer requests or messages say nothing.
pub const FEW: u64 = 20;

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 6] = [
        Self::FaultsPerMille,
        Self::P95Ms,
        Self::QueueWaiting,
        Self::DeadLetters,
        Self::MessageFailuresPerMille,
        Self::FeedLagSeconds,
    ];

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FaultsPerMille => "faults_per_mille",
            Self::P95Ms => "p95_ms",
            Self::QueueWaiting => "queue_waiting",
            Self::DeadLetters => "dead_letters",
            Self::MessageFailuresPerMille => "message_failures_per_mille",
            Self::FeedLagSeconds => "feed_lag_seconds",
        }
    }

    /// Beyond which value it is broken, and how badly; the lowest first.
    pub const fn thresholds(self) -> &'static [(Level, u64)] {
        use Level::{Critical, Warning};
        match self {
            Self::FaultsPerMille => &[(Warning, 10), (Critical, 50)],
            Self::P95Ms => &[(Warning, 1_000), (Critical, 2_000)],
            Self::QueueWaiting => &[(Warning, 100), (Critical, 1_000)],
            Self::DeadLetters => &[(Warning, 0)],
            Self::MessageFailuresPerMille => &[(Warning, 50), (Critical, 100)],
            Self::FeedLagSeconds => &[(Warning, 300), (Critical, 3_600)],
        }
    }

    /// What to do.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::FaultsPerMille => "look for `request failed` in the log",
            Self::P95Ms => "see which operation is slow in /performance-stats",
            Self::QueueWaiting => "see whether the workers run, and whom they wait for",
            Self::DeadLetters => "see why, and send them round again: /messages/dead-letters/redrive",
            Self::MessageFailuresPerMille => {
                "see which provider fails in /figures/delivery, and why in /messages"
            }
            Self::FeedLagSeconds => "see whether `insights-feed` fails in its log",
        }
    }

    fn broken(self, seen: &Seen) -> Option<Broken> {
        let value = self.value(seen);
        let (level, threshold) = *self.thresholds().iter().rev().find(|(_, threshold)| value > *threshold)?;
        Some(Broken { rule: self, level, value, threshold })
    }

    /// What it is about, as it is now.
    pub fn value(self, seen: &Seen) -> u64 {
        let per_mille = |of: u64, all: u64| if all < FEW { 0 } else { of.saturating_mul(1_000) / all };
        match self {
            Self::FaultsPerMille => per_mille(seen.faults, seen.requests),
            Self::P95Ms if seen.requests < FEW => 0,
            Self::P95Ms => seen.p95_ms.unwrap_or_default(),
            Self::QueueWaiting => seen.waiting,
            Self::DeadLetters => seen.dead_letters,
            Self::MessageFailuresPerMille => per_mille(seen.undelivered, seen.messages),
            Self::FeedLagSeconds => seen.feed_lag_seconds,
        }
    }
}

/// What rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Requests.
    pub requests: u64,
    /// Of these, those answered by 5xx.
    pub faults: u64,
    /// How many milliseconds 95 of a hundred took at most.
    pub p95_ms: Option<u64>,
    /// Jobs that wait in the queues.
    pub waiting: u64,
    /// Jobs that failed every time.
    pub dead_letters: u64,
    /// Messages that a provider was to take.
    pub messages: u64,
    /// Of these, those that did not get through.
    pub undelivered: u64,
    /// How far what is kept from the feed is behind.
    pub feed_lag_seconds: u64,
}

/// A rule that is broken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub rule: Rule,
    /// How bad it is.
    pub level: Level,
    /// What was seen.
    pub value: u64,
    /// What it is not to exceed.
    pub threshold: u64,
}

/// Which rules are broken, the worst first.
pub fn broken(seen: &Seen) -> Vec<Broken> {
    let mut found: Vec<_> = Rule::ALL.into_iter().filter_map(|rule| rule.broken(seen)).collect();
    found.sort_by_key(|broken| std::cmp::Reverse(broken.level));
    found
}

/// What is known of a rule that was broken at least once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Which.
    pub rule: Rule,
    /// How bad it was at its worst; unset when all is well again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// What was seen when it was told last.
    pub value: u64,
    /// What it was not to exceed, or does not exceed any more.
    pub threshold: u64,
    /// When it was told last.
    pub at: Timestamp,
    /// Counts what was told, from 1.
    pub version: u64,
}

impl Alert {
    /// What is known after `seen`, if there is something to tell that is not known `before`.
    pub fn next(rule: Rule, before: Option<&Self>, seen: &Seen, at: Timestamp) -> Option<Self> {
        let known = before.and_then(|before| before.level);
        let now = rule.broken(seen);
        let level = now.map(|now| now.level);
        let worse = level.is_some_and(|level| known.is_none_or(|known| known < level));
        let well = known.is_some() && level.is_none();
        let least = rule.thresholds().first().map_or(0, |(_, threshold)| *threshold);
        (worse || well).then(|| Self {
            rule,
            level,
            value: rule.value(seen),
            threshold: now.map_or(least, |now| now.threshold),
            at,
            version: before.map_or(1, |before| before.version + 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Seen = Seen {
        requests: 1_000,
        faults: 10,
        p95_ms: Some(1_000),
        waiting: 100,
        dead_letters: 0,
        messages: 100,
        undelivered: 5,
        feed_lag_seconds: 300,
    };

    fn told(seen: Seen) -> Vec<(&'static str, Level)> {
        broken(&seen).iter().map(|broken| (broken.rule.as_str(), broken.level)).collect()
    }

    #[test]
    fn a_rule_is_broken_beyond_its_threshold_and_not_at_it() {
        assert_eq!(told(WELL), []);
        assert_eq!(told(Seen::default()), []);
        assert_eq!(told(Seen { faults: 11, ..WELL }), [("faults_per_mille", Level::Warning)]);
        assert_eq!(told(Seen { faults: 51, ..WELL }), [("faults_per_mille", Level::Critical)]);
        assert_eq!(told(Seen { p95_ms: Some(2_000), ..WELL }), [("p95_ms", Level::Warning)]);
        assert_eq!(told(Seen { undelivered: 11, ..WELL }), [("message_failures_per_mille", Level::Critical)]);
        assert_eq!(
            told(Seen { p95_ms: Some(5_000), dead_letters: 1, waiting: 101, ..WELL }),
            [
                ("p95_ms", Level::Critical),
                ("queue_waiting", Level::Warning),
                ("dead_letters", Level::Warning),
            ]
        );
    }

    #[test]
    fn shares_of_a_few_say_nothing() {
        assert_eq!(told(Seen { requests: 19, faults: 19, messages: 19, undelivered: 19, ..WELL }), []);
    }

    #[test]
    fn a_rule_is_told_when_it_gets_worse_and_when_all_is_well() {
        let at = Timestamp::UNIX_EPOCH;
        let mut known: Option<Alert> = None;
        let mut told = Vec::new();
        for p95_ms in [500, 1_500, 1_600, 3_000, 1_500, 1_000, 500, 3_000] {
            let seen = Seen { p95_ms: Some(p95_ms), ..WELL };
            let next = Alert::next(Rule::P95Ms, known.as_ref(), &seen, at);
            told.push(next.as_ref().map(|next| (next.level, next.value, next.threshold, next.version)));
            known = next.or(known);
        }
        let expected = [
            None,
            Some((Some(Level::Warning), 1_500, 1_000, 1)),
            None,
            Some((Some(Level::Critical), 3_000, 2_000, 2)),
            None,
            Some((None, 1_000, 1_000, 3)),
            None,
            Some((Some(Level::Critical), 3_000, 2_000, 4)),
        ];
        assert_eq!(told, expected);
    }
}

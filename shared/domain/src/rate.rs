//! How fast somebody may ask: so many requests in so long, by one number for each caller.
//!
//! This is the generic cell rate algorithm (ITU-T I.371). Each request that is admitted moves the caller's pace by
//! `window / most`: the instant at which all that was asked would have been asked evenly. Whoever has been away may ask `most` times at
//! once, and then evenly. A request that is refused moves nothing. One number is one conditional write in a table, one key in a
//! shared cache and one atomic in a process, and the three count alike.

use jiff::Timestamp;

/// The most requests of a rate, and its longest window in seconds: a day.
pub const MOST_REQUESTS: u32 = 1_000_000;
/// The longest window of a rate.
pub const MOST_WINDOW_SECONDS: u32 = 86_400;

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    most: u32,
    seconds: u32,
}

/// Where a caller stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests that would be admitted right now.
    pub left: u32,
    /// Seconds until all of them would be, rounded up.
    pub full_in: u32,
    /// Seconds until the next one is, rounded up: 0 while some are left.
    pub next_in: u32,
}

impl Rate {
    /// 1 to [`MOST_REQUESTS`] requests in 1 to [`MOST_WINDOW_SECONDS`].
    pub const fn new(most: u32, seconds: u32) -> Option<Self> {
        let fine = most >= 1 && most <= MOST_REQUESTS && seconds >= 1 && seconds <= MOST_WINDOW_SECONDS;
        if fine { Some(Self { most, seconds }) } else { None }
    }

    /// How many.
    pub const fn most(self) -> u32 {
        self.most
    }

    /// In how many seconds.
    pub const fn seconds(self) -> u32 {
        self.seconds
    }

    /// What one request moves the pace by, in microseconds.
    pub fn step(self) -> i64 {
        i64::from(self.seconds) * 1_000_000 / i64::from(self.most)
    }

    /// How far ahead of the clock the pace may get, in microseconds.
    pub fn span(self) -> i64 {
        self.step() * i64::from(self.most)
    }

    /// The pace after so many more requests at `now`; nothing if that is too many. A caller without a pace has 0.
    pub fn admit(self, pace: i64, many: u32, now: Timestamp) -> Option<i64> {
        let moved = pace.max(now.as_microsecond()) + self.step() * i64::from(many);
        (moved - now.as_microsecond() <= self.span()).then_some(moved)
    }

    /// Where a caller with this pace stands.
    pub fn standing(self, pace: i64, now: Timestamp) -> Standing {
        let ahead = (pace - now.as_microsecond()).max(0);
        let left = (self.span() - ahead).max(0) / self.step();
        let seconds = |micros: i64| u32::try_from((micros.max(0) + 999_999) / 1_000_000).unwrap_or(u32::MAX);
        Standing {
            left: u32::try_from(left).unwrap_or(u32::MAX),
            full_in: seconds(ahead),
            next_in: seconds(ahead + self.step() - self.span()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    /// How many of `asked` requests at one instant are admitted.
    fn admitted(rate: Rate, pace: &mut i64, now: Timestamp, asked: u32) -> u32 {
        let one = |_: &u32| rate.admit(*pace, 1, now).map(|moved| *pace = moved).is_some();
        u32::try_from((0..asked).filter(one).count()).unwrap()
    }

    #[test]
    fn all_at_once_then_at_an_even_pace_and_after_a_rest_all_at_once_again() {
        let start: Timestamp = "2027-01-04T08:00:00Z".parse().unwrap();
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        for most in [1, 7, 60, 999] {
            let (rate, mut pace) = (Rate::new(most, 60).unwrap(), 0);
            assert_eq!(admitted(rate, &mut pace, at(0), most * 10), most);
            let standing = rate.standing(pace, at(0));
            let next_in = 60_u32.div_ceil(most);
            assert_eq!(standing, Standing { left: 0, full_in: 60, next_in }, "{most}");
            assert_eq!(admitted(rate, &mut pace, at(30), most * 10), most / 2, "{most}");
            let pace_then = pace;
            assert_eq!(rate.admit(pace, 1, at(30)), None);
            assert_eq!(pace, pace_then, "what is refused is not counted");
            assert_eq!(rate.admit(pace, most + 1, at(1_000)), None, "all of them or none");
            assert!(rate.admit(pace, most, at(1_000)).is_some());
            assert_eq!(admitted(rate, &mut pace, at(1_000), most * 10), most);
        }
    }

    #[test]
    fn ten_times_too_many_get_through_at_the_pace_and_no_faster() {
        let start: Timestamp = "2027-01-04T08:00:00Z".parse().unwrap();
        let (rate, mut pace, mut through) = (Rate::new(60, 60).unwrap(), 0, 0);
        // Six hundred requests a minute for ten minutes, one each tenth of a second.
        for tenth in 0..6_000 {
            through += admitted(rate, &mut pace, start + SignedDuration::from_millis(tenth * 100), 1);
        }
        // Sixty at once, and then one a second, of which the last falls after the end.
        assert_eq!(through, 60 + 599);
    }

    #[test]
    fn a_rate_is_within_its_bounds() {
        assert_eq!(Rate::new(0, 60), None);
        assert_eq!(Rate::new(1, 0), None);
        assert_eq!(Rate::new(MOST_REQUESTS + 1, 60), None);
        assert_eq!(Rate::new(1, MOST_WINDOW_SECONDS + 1), None);
        let most = Rate::new(MOST_REQUESTS, 1).unwrap();
        assert_eq!((most.step(), most.span()), (1, 1_000_000));
    }
}

//! How many requests in how long, by what is asked for and by who asks: the defaults, and how an operator says otherwise.
//!
//! Where the defaults come from is in `docs/limits.md`.

use axum::http::Method;
use domain::Rate;
use errors::{Error, Result};

use crate::access::Access;

/// Routes that are limited together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Reads: what a route that reads is in unless it says otherwise.
    Read,
    /// Reads that look at much: what is free, and who has what.
    Search,
    /// Exports, and figures of whole locations.
    Report,
    /// Writes by whoever is signed in, unless the route says otherwise.
    Write,
    /// What claims or moves capacity.
    Book,
    /// Where somebody proves who they are: what anybody may write to, unless the route says otherwise.
    SignIn,
    /// Where money moves.
    Pay,
    /// What providers tell.
    Hook,
    /// Whether the service is there.
    Probe,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Somebody without a token, known by their address.
    Anonymous,
    /// Somebody with an account.
    Customer,
    /// Somebody who works here.
    Staff,
    /// A machine that books for people.
    Service,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::Search,
        Self::Report,
        Self::Write,
        Self::Book,
        Self::SignIn,
        Self::Pay,
        Self::Hook,
        Self::Probe,
    ];

    /// The text form, which is also the name of the policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Search => "search",
            Self::Report => "report",
            Self::Write => "write",
            Self::Book => "book",
            Self::SignIn => "sign-in",
            Self::Pay => "pay",
            Self::Hook => "hook",
            Self::Probe => "probe",
        }
    }

    /// Whether a request that cannot be counted is refused: where guessing or paying could be tried without end.
    pub const fn is_authority(self) -> bool {
        matches!(self, Self::SignIn | Self::Pay)
    }

    /// The group of a route that names none. What anybody may write to is taken for a door.
    pub(crate) fn of(method: &Method, access: Access) -> Self {
        match (method, access) {
            (&Method::GET, _) => Self::Read,
            (_, Access::Anyone) => Self::SignIn,
            _ => Self::Write,
        }
    }

    /// Requests and seconds, by [`Tier::ALL`].
    const fn defaults(self) -> [(u32, u32); 4] {
        match self {
            Self::Read => [(300, 60), (300, 60), (1_200, 60), (3_000, 60)],
            Self::Search => [(120, 60), (120, 60), (300, 60), (1_200, 60)],
            Self::Report => [(10, 60), (10, 60), (60, 60), (300, 60)],
            Self::Write => [(60, 60), (60, 60), (300, 60), (1_200, 60)],
            Self::Book => [(60, 3_600), (60, 3_600), (1_000, 3_600), (10_000, 3_600)],
            Self::SignIn => [(100, 300), (100, 300), (100, 300), (100, 300)],
            Self::Pay => [(15, 60), (15, 60), (50, 60), (300, 60)],
            Self::Hook => [(1_000, 60), (1_000, 60), (1_000, 60), (1_000, 60)],
            Self::Probe => [(600, 60), (600, 60), (600, 60), (600, 60)],
        }
    }
}

impl Tier {
    /// Every tier.
    pub const ALL: [Self; 4] = [Self::Anonymous, Self::Customer, Self::Staff, Self::Service];

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Service => "service",
        }
    }
}

/// A rate for each group and tier; none is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotas(Vec<(Group, Tier, Option<Rate>)>);

impl Default for Quotas {
    fn default() -> Self {
        let all = Group::ALL.into_iter().flat_map(|group| {
            let tiers = Tier::ALL.into_iter().zip(group.defaults());
            tiers.map(move |(tier, (most, seconds))| (group, tier, Rate::new(most, seconds)))
        });
        Self(all.collect())
    }
}

impl Quotas {
    /// The defaults, changed by a text: changes with commas between, each `group=requests/seconds` or, for one tier,
    /// `group.tier=requests/seconds`. `all` is every group, and `off` instead of a rate is no limit. Later ones win:
    /// `all=1000/60,sign-in=off,book.customer=30/3600`.
    ///
    /// # Errors
    /// `internal`, naming the part that cannot be read.
    pub fn parse(text: &str) -> Result<Self> {
        let mut quotas = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong =
                || Error::internal(format!("HOLDFAST_LIMITS: {part} is no group.tier=requests/seconds"));
            let (name, rate) = part.split_once('=').ok_or_else(wrong)?;
            let (group, tier) =
                name.split_once('.').map_or((name, None), |(group, tier)| (group, Some(tier)));
            let rate = if rate == "off" {
                None
            } else {
                let (most, seconds) = rate.split_once('/').ok_or_else(wrong)?;
                let number = |text: &str| text.parse().map_err(|_| wrong());
                Some(Rate::new(number(most)?, number(seconds)?).ok_or_else(wrong)?)
            };
            let meant = |of: &Group, to: &Tier| {
                (group == "all" || group == of.as_str()) && tier.is_none_or(|tier| tier == to.as_str())
            };
            let mut changed = 0;
            for (_, _, now) in quotas.0.iter_mut().filter(|(of, to, _)| meant(of, to)) {
                (*now, changed) = (rate, changed + 1);
            }
            if changed == 0 {
                return Err(wrong());
            }
        }
        Ok(quotas)
    }

    /// The rate of a group for a tier.
    pub fn rate(&self, group: Group, tier: Tier) -> Option<Rate> {
        self.0.iter().find(|(of, to, _)| (*of, *to) == (group, tier)).and_then(|(_, _, rate)| *rate)
    }
}

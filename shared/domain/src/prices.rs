//! What AWS asks for, and what a use case costs by it.
//!
//! List prices of us-east-1 in millionths of a dollar for a million, as others quoted them by [`AS_OF`]; no free tier, no discount for
//! volume. Each names the page where AWS keeps it: look there before you rely on one.

use serde::Serialize;

/// The month by which these prices were seen.
pub const AS_OF: &str = "2026-11";

/// An HTTP API's request, up to 300 million a month. Source: <https://aws.amazon.com/api-gateway/pricing/>.
const GATEWAY: u64 = 1_000_000;
/// A Lambda invocation. Source: <https://aws.amazon.com/lambda/pricing/>.
const INVOCATION: u64 = 200_000;
/// Ten thousand GB-seconds on arm64, in millionths: 0.0000133334 $ each. Same source.
const GB_SECONDS_10_000: u64 = 133_334;
/// Half a write unit, on demand: 0.625 $ a million units. Source: <https://aws.amazon.com/dynamodb/pricing/on-demand/>.
const HALF_WRITE: u64 = 312_500;
/// Half a read unit, on demand: 0.125 $ a million units. Same source.
const HALF_READ: u64 = 62_500;
/// A request to a standard queue. Source: <https://aws.amazon.com/sqs/pricing/>.
const QUEUE: u64 = 400_000;
/// A byte of logs taken in: 0.50 $ a GB. Source: <https://aws.amazon.com/cloudwatch/pricing/>.
const LOG_BYTE: u64 = 500;
/// A byte sent out to the internet: 0.09 $ a GB. Source: <https://aws.amazon.com/ec2/pricing/on-demand/>.
const SENT_BYTE: u64 = 90;
/// A mail by SES, without its attachments' bytes: 0.10 $ a thousand. Source: <https://aws.amazon.com/ses/pricing/>.
const MAIL: u64 = 100_000_000;

/// A line of a table of prices: what, and millionths of a dollar for a million.
pub const LIST: [(&str, u64); 8] = [
    ("API Gateway, HTTP API: request", GATEWAY),
    ("Lambda: invocation", INVOCATION),
    ("DynamoDB on demand: write unit", 2 * HALF_WRITE),
    ("DynamoDB on demand: read unit", 2 * HALF_READ),
    ("SQS standard: request", QUEUE),
    ("CloudWatch Logs: kilobyte taken in", 1_000 * LOG_BYTE),
    ("data out: kilobyte", 1_000 * SENT_BYTE),
    ("SES: mail", MAIL),
];

/// What a use case consumes each time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Consumed {
    /// Requests through API Gateway.
    pub requests: u64,
    /// Invocations of functions.
    pub invocations: u64,
    /// Megabytes of memory times milliseconds, of all invocations together.
    pub mb_millis: u64,
    /// Write units, in halves.
    pub half_writes: u64,
    /// Read units, in halves.
    pub half_reads: u64,
    /// Requests to queues.
    pub queue: u64,
    /// Bytes logged.
    pub logged: u64,
    /// Bytes of answers.
    pub sent: u64,
    /// Mails.
    pub mails: u64,
}

/// What a million of a use case costs, in millionths of a dollar, by who is paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// API Gateway.
    pub gateway: u64,
    /// Lambda: invocations and time.
    pub functions: u64,
    /// `DynamoDB`, writing.
    pub writes: u64,
    /// `DynamoDB`, reading.
    pub reads: u64,
    /// SQS.
    pub queue: u64,
    /// Logs.
    pub logs: u64,
    /// Data out.
    pub sent: u64,
    /// Mail; not part of [`Cost::total`], since other providers of mail can be used.
    pub mail: u64,
}

impl Consumed {
    /// What a million of it costs.
    pub fn cost(&self) -> Cost {
        // MB × ms × a million = 1,000 MB-seconds; 1,024 of them are a GB-second.
        let functions = self.mb_millis * GB_SECONDS_10_000 / 10_240;
        Cost {
            gateway: self.requests * GATEWAY,
            functions: self.invocations * INVOCATION + functions,
            writes: self.half_writes * HALF_WRITE,
            reads: self.half_reads * HALF_READ,
            queue: self.queue * QUEUE,
            logs: self.logged * LOG_BYTE,
            sent: self.sent * SENT_BYTE,
            mail: self.mails * MAIL,
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            invocations: self.invocations + other.invocations,
            mb_millis: self.mb_millis + other.mb_millis,
            half_writes: self.half_writes + other.half_writes,
            half_reads: self.half_reads + other.half_reads,
            queue: self.queue + other.queue,
            logged: self.logged + other.logged,
            sent: self.sent + other.sent,
            mails: self.mails + other.mails,
        }
    }
}

impl Cost {
    /// Everything but mail.
    pub fn total(&self) -> u64 {
        self.parts().iter().map(|(_, cost)| cost).sum()
    }

    /// By who is paid, without mail.
    pub fn parts(&self) -> [(&'static str, u64); 7] {
        [
            ("API Gateway", self.gateway),
            ("DynamoDB, writes", self.writes),
            ("DynamoDB, reads", self.reads),
            ("Lambda", self.functions),
            ("SQS", self.queue),
            ("CloudWatch Logs", self.logs),
            ("data out", self.sent),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_case_costs_the_sum_of_its_parts() {
        let write = Consumed {
            requests: 1,
            invocations: 1,
            half_writes: 20,
            logged: 1_000,
            sent: 1_000,
            ..Consumed::default()
        };
        let cost = write.cost();
        assert_eq!((cost.writes, cost.logs, cost.sent), (6_250_000, 500_000, 90_000));
        assert_eq!(cost.total(), 1_000_000 + 200_000 + 6_250_000 + 500_000 + 90_000);
        // 1,000 ms of 1,024 MB: a million GB-seconds.
        assert_eq!(Consumed { mb_millis: 1_024_000, ..Consumed::default() }.cost().functions, 13_333_400);
        assert_eq!(write.and(write).cost().total(), 2 * cost.total());
        assert_eq!(Consumed { mails: 1, ..write }.cost().total(), cost.total());
    }
}

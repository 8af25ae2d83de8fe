//! What X-Ray is told of a request that Lambda traces: a subsegment of the invocation's, with annotations to search by.
//!
//! Lambda says in each invocation whether it is traced, and runs a daemon beside the function that takes what is sent to it by UDP;
//! nobody waits for it. The documents are those of <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>,
//! the way to the daemon that of <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>. Annotations have no ids
//! of people.

use std::net::{Ipv4Addr, UdpSocket};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::edge::Line;

/// What goes before each document.
const HEADER: &str = "{\"format\": \"json\", \"version\": 1}\n";

/// The way to the daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    socket: UdpSocket,
    address: String,
}

impl Daemon {
    /// The one that `AWS_XRAY_DAEMON_ADDRESS` names, as Lambda does; `None` where there is none to be reached.
    pub(crate) fn from_env() -> Option<Self> {
        Self::at(env::optional("AWS_XRAY_DAEMON_ADDRESS")?)
    }

    pub(crate) fn at(address: String) -> Option<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self { socket, address })
    }

    /// Tells of a request that ended now, if its invocation is traced. What does not get through is lost, as X-Ray allows.
    pub(crate) fn tell(&self, trace: &str, line: &Line, now: Timestamp) {
        if let Some(document) = document(trace, line, now, env::random()) {
            let _ = self.socket.send_to(format!("{HEADER}{document}").as_bytes(), &self.address);
        }
    }
}

/// The subsegment, below the segment that the trace names; `None` where it is not to be told of.
fn document(trace: &str, line: &Line, now: Timestamp, id: [u8; 8]) -> Option<Value> {
    let part =
        |name: &str| trace.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    if part("Sampled")? != "1" {
        return None;
    }
    let status = line.served.status;
    let end = now.as_microsecond();
    let begin = end - i64::try_from(line.served.micros).unwrap_or_default();
    Some(json!({
        "type": "subsegment",
        "name": line.served.operation,
        "id": format!("{:016x}", u64::from_be_bytes(id)),
        "trace_id": part("Root")?,
        "parent_id": part("Parent")?,
        "start_time": seconds(begin),
        "end_time": seconds(end),
        "error": (400..500).contains(&status),
        "throttle": status == 429,
        "fault": status >= 500,
        "http": { "request": { "method": line.method.as_str() }, "response": { "status": status } },
        "annotations": {
            "request_id": line.id.to_string(),
            "route": line.route,
            "version": line.version.as_str(),
            "caller": line.caller,
            "cold": line.cold,
            "limit": line.limited.map_or("none", |limited| limited.group.as_str()),
            "round_trips": line.served.usage.trips,
            "half_read_units": line.served.usage.half_reads,
            "half_write_units": line.served.usage.half_writes,
            "cache_hits": line.found.hits,
            "cache_misses": line.found.misses,
        },
    }))
}

/// Seconds since 1970, with their fraction.
#[expect(
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    reason = "X-Ray asks for floats, to a microsecond"
)]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use cache::Found;
    use domain::RequestId;
    use store::Usage;

    use super::*;
    use crate::Version;
    use crate::telemetry::Served;

    const TRACE: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";

    fn line(status: u16) -> Line {
        let usage = Usage { trips: 2, half_reads: 1, half_writes: 20 };
        Line {
            id: RequestId::derived([0; 16]),
            method: Method::POST,
            route: "/bookings",
            version: Version::V2,
            caller: "customer",
            served: Served { operation: "createBooking", status, micros: 2_500_000, usage },
            found: Found { hits: 3, misses: 1 },
            cold: true,
            limited: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_request_is_a_part_of_the_invocation_that_lambda_traces() {
        let told = document(TRACE, &line(201), at(10), [0, 0, 0, 0, 0, 0, 1, 255]).unwrap();
        let place = ["trace_id", "parent_id", "id", "name", "type"].map(|name| told[name].as_str().unwrap());
        let wanted = [
            "1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "9a9197af755a6419",
            "00000000000001ff",
            "createBooking",
            "subsegment",
        ];
        assert_eq!(place, wanted);
        assert_eq!((&told["start_time"], &told["end_time"]), (&json!(7.5), &json!(10.0)));
        let annotations = &told["annotations"];
        assert_eq!(
            (&annotations["route"], &annotations["caller"]),
            (&json!("/bookings"), &json!("customer"))
        );
        assert_eq!((&annotations["cache_hits"], &annotations["round_trips"]), (&json!(3), &json!(2)));
    }

    #[test]
    fn what_went_wrong_is_whose_fault_it_was() {
        let told = [201, 404, 429, 503].map(|status| {
            let told = document(TRACE, &line(status), at(10), [1; 8]).unwrap();
            ["error", "throttle", "fault"].map(|name| told[name].as_bool().unwrap())
        });
        assert_eq!(told, [[false; 3], [true, false, false], [true, true, false], [false, false, true]]);
    }

    #[test]
    fn what_is_not_traced_is_not_told_of() {
        for trace in
            ["", "Root=1-2-3;Parent=4;Sampled=0", "Root=1-2-3;Parent=4", "Root=1-2-3;Sampled=1", "Sampled=1"]
        {
            assert!(document(trace, &line(200), at(10), [1; 8]).is_none(), "{trace}");
        }
    }

    #[test]
    fn the_daemon_gets_a_header_and_the_document() {
        let beside = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let daemon = Daemon::at(beside.local_addr().unwrap().to_string()).unwrap();
        daemon.tell(TRACE, &line(200), at(10));
        let mut bytes = [0; 4_096];
        let length = beside.recv(&mut bytes).unwrap();
        let told = std::str::from_utf8(&bytes[..length]).unwrap().strip_prefix(HEADER).unwrap();
        assert_eq!(serde_json::from_str::<Value>(told).unwrap()["name"], "createBooking");
    }
}

//! Bookings as iCalendar objects. All times are written in UTC: the instant is what was booked, and no calendar can
//! misread it for want of a zone.

use domain::message::Method;
use domain::text::Email;
use domain::{Booking, BookingState};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::lines::{Writer, quoted};

/// A booking and what to say of it.
#[derive(Debug, Clone, Copy)]
pub struct Appointment<'a> {
    /// The booking.
    pub booking: &'a Booking,
    /// What its readers may see as its title.
    pub summary: &'a str,
    /// The room and its place.
    pub location: &'a str,
    /// Anything else.
    pub description: Option<&'a str>,
    /// Where to see or change it.
    pub url: Option<&'a str>,
}

/// Somebody in an invitation.
#[derive(Debug, Clone, Copy)]
pub struct Party<'a> {
    /// The name to show.
    pub name: Option<&'a str>,
    /// The address.
    pub address: &'a Email,
}

/// The calendar file of one booking (RFC 5546). Its UID is `<booking id>@<domain>` for ever, its SEQUENCE the booking's:
/// a calendar that gets the files in any order ends with the latest.
pub fn attachment(
    appointment: &Appointment<'_>,
    method: Method,
    domain: &str,
    organizer: &Party<'_>,
    attendee: &Party<'_>,
) -> String {
    let status = match method {
        Method::Cancel => "CANCELLED",
        Method::Publish | Method::Request => status(appointment.booking.state),
    };
    let mut file = begin(method);
    event(&mut file, appointment, domain, status);
    file.line(&format!("ORGANIZER{}", name(organizer)), &format!("mailto:{}", organizer.address));
    // The booking is made; nobody waits for an answer.
    let guest = format!("ATTENDEE{};PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE", name(attendee));
    file.line(&guest, &format!("mailto:{}", attendee.address));
    file.line("END", "VEVENT").line("END", "VCALENDAR").finish()
}

/// A private feed: a calendar of this name with these bookings, the cancelled ones as such, so that calendars which
/// have seen them strike them out.
pub fn feed<'a>(name: &str, domain: &str, appointments: impl IntoIterator<Item = Appointment<'a>>) -> String {
    let mut file = begin(Method::Publish);
    file.text("NAME", name).text("X-WR-CALNAME", name);
    file.line("REFRESH-INTERVAL;VALUE=DURATION", "PT15M").line("X-PUBLISHED-TTL", "PT15M");
    for appointment in appointments {
        event(&mut file, &appointment, domain, status(appointment.booking.state));
        file.line("END", "VEVENT");
    }
    file.line("END", "VCALENDAR").finish()
}

/// A private feed of whole days, each from a day until just before another, that all say the same: nights that are not to be had.
/// Nobody is named. `of` is what it is about, and begins each UID; `stamp` is the DTSTAMP of each, the same as long as nothing is new about it.
pub fn days(
    name: &str,
    (of, domain): (&str, &str),
    summary: &str,
    days: impl IntoIterator<Item = (Date, Date)>,
    stamp: Timestamp,
) -> String {
    let mut file = begin(Method::Publish);
    file.text("NAME", name).text("X-WR-CALNAME", name);
    file.line("REFRESH-INTERVAL;VALUE=DURATION", "PT15M").line("X-PUBLISHED-TTL", "PT15M");
    let day = |day: Date| day.strftime("%Y%m%d").to_string();
    for (from, to) in days {
        file.line("BEGIN", "VEVENT")
            .text("UID", &format!("{of}-{from}@{domain}"))
            .line("DTSTAMP", &utc(stamp))
            .line("DTSTART;VALUE=DATE", &day(from))
            .line("DTEND;VALUE=DATE", &day(to))
            .line("STATUS", "CONFIRMED")
            .line("TRANSP", "OPAQUE")
            .text("SUMMARY", summary)
            .line("END", "VEVENT");
    }
    file.line("END", "VCALENDAR").finish()
}

fn begin(method: Method) -> Writer {
    let mut file = Writer::default();
    file.line("BEGIN", "VCALENDAR")
        .line("VERSION", "2.0")
        .line("PRODID", "-//Holdfast//Holdfast//EN")
        .line("CALSCALE", "GREGORIAN")
        .line("METHOD", method.as_str());
    file
}

fn event(file: &mut Writer, appointment: &Appointment<'_>, domain: &str, status: &str) {
    let booking = appointment.booking;
    file.line("BEGIN", "VEVENT")
        .text("UID", &format!("{}@{domain}", booking.id))
        .line("SEQUENCE", &booking.sequence.to_string())
        .line("DTSTAMP", &utc(booking.updated_at))
        .line("CREATED", &utc(booking.created_at))
        .line("LAST-MODIFIED", &utc(booking.updated_at))
        .line("DTSTART", &utc(booking.span.start()))
        .line("DTEND", &utc(booking.span.end()))
        .line("STATUS", status)
        .text("SUMMARY", appointment.summary)
        .text("LOCATION", appointment.location);
    if let Some(description) = appointment.description {
        file.text("DESCRIPTION", description);
    }
    // A URI has no escapes: one that needs them is none.
    if let Some(url) =
        appointment.url.filter(|url| !url.contains(|c: char| c.is_control() || c.is_whitespace()))
    {
        file.line("URL", url);
    }
}

fn status(state: BookingState) -> &'static str {
    match state {
        BookingState::Held => "TENTATIVE",
        BookingState::Confirmed | BookingState::Completed | BookingState::NoShow => "CONFIRMED",
        BookingState::Expired | BookingState::Cancelled => "CANCELLED",
    }
}

fn name(party: &Party<'_>) -> String {
    party.name.map_or_else(String::new, |name| format!(";CN={}", quoted(name)))
}

fn utc(instant: Timestamp) -> String {
    instant.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::{BookingId, LocationId, ResourceId, Span, UserId, Zone};
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn booking() -> Booking {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        Booking {
            id: BookingId::derived([1; 16]),
            resource: ResourceId::derived([2; 16]),
            location: LocationId::derived([3; 16]),
            zone: Zone::utc(),
            user: UserId::derived([4; 16]),
            booked_by: None,
            span: Span::new(at("2027-03-01T08:30:00Z"), at("2027-03-01T09:00:00Z")).unwrap(),
            buffers: (0, 0),
            state: BookingState::Confirmed,
            hold_until: None,
            title: None,
            note: None,
            attendees: None,
            reason: None,
            occurrence: None,
            reviewed: false,
            sequence: 2,
            created_at: at("2027-02-01T10:00:00Z"),
            updated_at: at("2027-02-02T10:00:00Z"),
            version: 3,
            request: None,
            requests: domain::Requests::default(),
        }
    }

    pub(crate) fn appointment(booking: &Booking) -> Appointment<'_> {
        Appointment {
            booking,
            summary: "Sales; plans, and more",
            location: "Blue room, Harbour, 1 Quay Street, some town which has a rather long name indeed",
            description: Some("Bring:\r\n\\ the numbers"),
            url: Some("https://rooms.example/b/1?a=1,2"),
        }
    }

    pub(crate) fn sent(method: Method) -> String {
        let (desk, asha) = ("rooms@holdfast.example".parse().unwrap(), "asha@example.com".parse().unwrap());
        let organizer = Party { name: Some("Front desk, \"Harbour\""), address: &desk };
        let attendee = Party { name: None, address: &asha };
        attachment(&appointment(&booking()), method, "holdfast.example", &organizer, &attendee)
    }

    #[test]
    fn an_attachment_asks_for_the_booking_to_be_put_in() {
        insta::assert_snapshot!(sent(Method::Request).replace('\r', ""), @r#"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Holdfast//Holdfast//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:bkg_01040g2081040g2081040g2081@holdfast.example
        SEQUENCE:2
        DTSTAMP:20270202T100000Z
        CREATED:20270201T100000Z
        LAST-MODIFIED:20270202T100000Z
        DTSTART:20270301T083000Z
        DTEND:20270301T090000Z
        STATUS:CONFIRMED
        SUMMARY:Sales\; plans\, and more
        LOCATION:Blue room\, Harbour\, 1 Quay Street\, some town which has a rather
          long name indeed
        DESCRIPTION:Bring:\n\\ the numbers
        URL:https://rooms.example/b/1?a=1,2
        ORGANIZER;CN="Front desk, 'Harbour'":mailto:rooms@holdfast.example
        ATTENDEE;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE:mailto:asha@exam
         ple.com
        END:VEVENT
        END:VCALENDAR
        "#);
    }

    #[test]
    fn a_cancellation_names_the_same_entry() {
        let cancel = sent(Method::Cancel);
        for line in [
            "METHOD:CANCEL",
            "STATUS:CANCELLED",
            "SEQUENCE:2",
            "UID:bkg_01040g2081040g2081040g2081@holdfast.example",
        ] {
            assert!(cancel.contains(&format!("\r\n{line}\r\n")), "{line} in {cancel}");
        }
        assert!(!cancel.contains("STATUS:CONFIRMED"));
    }

    #[test]
    fn a_feed_tells_each_booking_by_its_state() {
        let states = BookingState::ALL.map(|state| Booking { state, ..booking() });
        let feed = feed("Blue room", "holdfast.example", states.iter().map(appointment));
        let told: Vec<&str> = feed.lines().filter_map(|line| line.strip_prefix("STATUS:")).collect();
        assert_eq!(told, ["TENTATIVE", "CANCELLED", "CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED"]);
        assert!(feed.contains("METHOD:PUBLISH\r\n") && feed.contains("X-WR-CALNAME:Blue room\r\n"));
    }

    proptest! {
        #[test]
        fn a_file_is_lines_of_at_most_75_octets_whatever_is_said(
            summary in "(\\PC|[\r\n\t\u{0}\u{7f}]| ){0,200}",
            name in "(\\PC|[\r\n\";:,]){0,100}",
        ) {
            let booking = booking();
            let address = "asha@example.com".parse().unwrap();
            let party = Party { name: Some(&name), address: &address };
            let appointment = Appointment { summary: &summary, ..appointment(&booking) };
            let file = attachment(&appointment, Method::Request, "holdfast.example", &party, &party);
            prop_assert!(file.ends_with("END:VCALENDAR\r\n"));
            for line in file.trim_end_matches("\r\n").split("\r\n") {
                prop_assert!(line.len() <= 75, "{} octets: {line:?}", line.len());
                prop_assert!(!line.contains(['\r', '\n', '\0']));
            }
        }
    }
}

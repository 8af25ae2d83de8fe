//! Calendars of channels: the nights of a room type that are not to be had, at a secret address.

use domain::Role;
use serde_json::json;

use super::Hotel;

#[tokio::test]
async fn a_channel_reads_which_nights_are_not_to_be_had_and_nobodys_name() {
    let hotel = Hotel::with(1, 0).await;
    let body = json!({ "room_type_id": hotel.double });
    let foreign = hotel.app.person(Role::Customer).await;
    hotel.app.post("/v2/calendar-feeds", body.clone()).by(&foreign).send().await.refused(403, "forbidden");
    let feed = hotel.app.post("/v2/calendar-feeds", body).by(&hotel.desk).key("f").send().await.expect(201);
    hotel.stay("1", ("2027-02-01", "2027-02-03")).await;
    hotel.stay("2", ("2027-02-03", "2027-02-04")).await;
    hotel.stay("3", ("2027-03-10", "2027-03-11")).await;
    let text = hotel.app.get(&feed.text_of("path")).send().await.expect(200).text;
    let days: Vec<&str> =
        text.lines().filter(|line| line.starts_with("DTSTART") || line.starts_with("DTEND")).collect();
    // Stays that follow one another are one event; what was never offered is not to be had either.
    let expected = [
        "DTSTART;VALUE=DATE:20270201",
        "DTEND;VALUE=DATE:20270204",
        "DTSTART;VALUE=DATE:20270310",
        "DTEND;VALUE=DATE:20270311",
    ];
    assert_eq!(days[..4], expected, "{text}");
    assert!(days.len() > 4 && !text.contains("The customer"), "{text}");
}

fn file(events: &[(&str, &str, &str)]) -> String {
    let mut file = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n");
    for (uid, from, to) in events {
        file.push_str("BEGIN:VEVENT\r\nSUMMARY:Somebody\r\nDTSTAMP:20270101T000000Z\r\n");
        for (name, value) in [("UID:", uid), ("DTSTART;VALUE=DATE:", from), ("DTEND;VALUE=DATE:", to)] {
            file.push_str(name);
            file.push_str(value);
            file.push_str("\r\n");
        }
        file.push_str("END:VEVENT\r\n");
    }
    file + "END:VCALENDAR\r\n"
}

#[tokio::test]
async fn a_channels_events_claim_nights_by_the_counter_and_again_only_what_differs() {
    let hotel = Hotel::with(2, 0).await;
    let import = async |events: &[(&str, &str, &str)]| {
        let body = json!({ "room_type_id": hotel.double, "channel": "elsewhere", "calendar": file(events) });
        let told = hotel.app.post("/v2/channel-calendars", body).by(&hotel.desk).send().await.expect(200);
        let counts =
            ["added", "changed", "removed", "unchanged"].map(|what| told.data()[what].as_u64().unwrap());
        (counts, told.data()["refused"].clone())
    };
    let first = ("a", "20270201", "20270203");
    assert_eq!(import(&[first, ("b", "20270210", "20270212")]).await, ([2, 0, 0, 0], json!([])));
    assert_eq!(hotel.left(("2027-02-01", "2027-02-03")).await, 1);
    assert_eq!(import(&[first, ("b", "20270210", "20270212")]).await, ([0, 0, 0, 2], json!([])));
    assert_eq!(hotel.left(("2027-02-01", "2027-02-03")).await, 1, "twice is once");
    // One is a night longer, one is gone, and for one there is no room.
    hotel.stay("1", ("2027-03-01", "2027-03-02")).await;
    hotel.stay("2", ("2027-03-01", "2027-03-02")).await;
    let third = ("c", "20270228", "20270303");
    let (counts, refused) = import(&[("a", "20270201", "20270204"), third]).await;
    assert_eq!(counts, [0, 1, 1, 0]);
    assert_eq!((&refused[0]["uid"], &refused[0]["code"]), (&json!("c"), &json!("sold_out")));
    assert_eq!(hotel.left(("2027-02-03", "2027-02-04")).await, 1);
    assert_eq!(hotel.left(("2027-02-10", "2027-02-12")).await, 2);
    assert_eq!(hotel.left(("2027-02-28", "2027-03-01")).await, 2, "all of an event or nothing");
    let nonsense = json!({ "room_type_id": hotel.double, "channel": "elsewhere", "calendar": "x" });
    let told = hotel.app.post("/v2/channel-calendars", nonsense).by(&hotel.desk).send().await.expect(200);
    assert_eq!(told.data()["refused"][0]["code"], "validation_failed");
    assert_eq!(hotel.left(("2027-02-01", "2027-02-04")).await, 1, "what cannot be read gives nothing back");
    let (counts, refused) = import(&[]).await;
    assert_eq!((counts, refused), ([0, 0, 1, 0], json!([])));
    assert_eq!(hotel.left(("2027-02-01", "2027-02-04")).await, 2);
}

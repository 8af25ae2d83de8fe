//! Guests: who may know how to reach them, who turned out to be whom, and what they are told.

use domain::{Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Hotel, NIGHT};

const DAYS: (&str, &str) = ("2027-01-05", "2027-01-07");

impl Hotel {
    async fn guest(&self, key: &str, body: Value) -> String {
        self.app.post("/v2/guests", body).by(&self.desk).key(key).send().await.expect(201).text_of("id")
    }

    /// A stay for a guest whom the desk knows.
    async fn stay_of(&self, key: &str, guest: &str) -> String {
        let mut body = self.new_stay(&[self.room(DAYS)]);
        body["guest_id"] = json!(guest);
        self.book(&self.desk, key, body).await.expect(201).text_of("id")
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let found = self.app.get(&format!("/v2/guests?{query}")).by(&self.desk).send().await.expect(200);
        found
            .data()
            .as_array()
            .unwrap()
            .iter()
            .map(|guest| guest["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What follows some time after.
    async fn renewed(&mut self) {
        self.app.settle().await;
        self.app.advance(SignedDuration::from_mins(1));
        self.app.settle().await;
    }
}

#[tokio::test]
async fn a_guest_is_found_by_name_address_and_number_and_shown_to_those_who_may() {
    let hotel = Hotel::start().await;
    let anna = json!({
        "name": "Anna Berg", "email": "anna@guest.example", "phone": "+351912345678", "country": "PT",
        "document": "Passport X1", "preferences": ["high floor"], "note": "Late",
    });
    let id = hotel.guest("1", anna.clone()).await;
    assert_eq!(hotel.guest("1", anna).await, id, "the same key again");
    hotel.guest("2", json!({ "name": "Bert" })).await;
    assert_eq!(hotel.names("name=an").await, ["Anna Berg"]);
    assert_eq!(hotel.names("email=ANNA@guest.example").await, ["Anna Berg"]);
    assert_eq!(hotel.names("phone=%2B351912345678").await, ["Anna Berg"]);
    hotel
        .app
        .get("/v2/guests?name=a&email=a@b.example")
        .by(&hotel.desk)
        .send()
        .await
        .refused(400, "bad_request");
    let path = format!("/v2/guests/{id}");
    let whole = hotel.app.get(&path).by(&hotel.desk).send().await.expect(200);
    assert_eq!(
        (whole.text_of("phone"), whole.text_of("document")),
        ("+351912345678".to_owned(), "Passport X1".to_owned())
    );
    let listed = hotel.app.get("/v2/guests?name=anna").by(&hotel.desk).send().await.expect(200);
    assert!(!listed.text.contains("351912345678") && !listed.text.contains("Passport"), "{}", listed.text);
    let auditor = hotel.app.person(Role::Auditor).await;
    let read = hotel.app.get(&path).by(&auditor).send().await.expect(200);
    for hidden in ["351912345678", "anna@guest.example", "Passport"] {
        assert!(!read.text.contains(hidden), "{}", read.text);
    }
    hotel.app.get("/v2/guests?email=anna@guest.example").by(&auditor).send().await.refused(403, "forbidden");
    hotel.app.get(&path).by(&hotel.anna).send().await.refused(403, "forbidden");
    // Found by what reaches them now, not by what did.
    let change = json!({ "email": "berg@guest.example", "phone": null, "country": "Portugal" });
    let refused =
        hotel.app.patch(&path, change).by(&hotel.desk).send().await.refused(422, "validation_failed");
    assert_eq!(refused.fields()[0].0, "/country");
    let change = json!({ "email": "berg@guest.example", "phone": null });
    let changed = hotel.app.patch(&path, change).by(&hotel.desk).key("3").send().await.expect(200);
    assert_eq!(changed.data()["phone"], Value::Null);
    assert_eq!(hotel.names("email=anna@guest.example").await, Vec::<String>::new());
    assert_eq!(hotel.names("email=berg@guest.example").await, ["Anna Berg"]);
    // What happened is told without how to reach them.
    let trail = format!("/v2/audit?subject={id}");
    let trail = hotel.app.get(&trail).by(&auditor).send().await;
    for hidden in ["351912345678", "guest.example", "Passport"] {
        assert!(!trail.text.contains(hidden), "{}", trail.text);
    }
}

#[tokio::test]
async fn a_new_name_and_a_new_number_are_told_in_stays_soon_after() {
    let mut hotel = Hotel::start().await;
    let guest = hotel.guest("1", json!({ "name": "Ana" })).await;
    let stay = hotel.stay_of("2", &guest).await;
    let room = hotel.hotel_room(&hotel.double, "101").await;
    hotel.assign(&stay, &room).await.expect(200);
    let path = format!("/v2/guests/{guest}");
    hotel.app.patch(&path, json!({ "name": "Anna" })).by(&hotel.desk).send().await.expect(200);
    let path = format!("/v2/hotel-rooms/{room}");
    hotel.app.patch(&path, json!({ "number": "1001" })).by(&hotel.desk).send().await.expect(200);
    hotel.renewed().await;
    let told = hotel.read(&stay).await;
    assert_eq!((&told["guest_name"], &told["rooms"][0]["number"]), (&json!("Anna"), &json!("1001")));
    // Nothing is written where nothing is new.
    let version = told["version"].clone();
    let path = format!("/v2/guests/{guest}");
    hotel.app.patch(&path, json!({ "name": "Anna", "note": "x" })).by(&hotel.desk).send().await.expect(200);
    hotel.renewed().await;
    assert_eq!(hotel.read(&stay).await["version"], version);
}

#[tokio::test]
async fn whoever_turns_out_to_be_another_guest_has_their_stays_there() {
    let mut hotel = Hotel::start().await;
    let first = hotel.guest("1", json!({ "name": "A. Berg", "email": "berg@guest.example" })).await;
    let second = hotel.guest("2", json!({ "name": "Anna Berg" })).await;
    let stay = hotel.stay_of("3", &first).await;
    let merge = |id: &str, into: &str, key: &str| {
        let path = format!("/v2/guests/{id}/merge");
        let call = hotel.app.post(&path, json!({ "into": into })).by(&hotel.desk).key(key);
        async move { call.send().await }
    };
    merge(&first, &first, "self").await.refused(422, "validation_failed");
    let kept = merge(&first, &second, "4").await.expect(200);
    assert_eq!(kept.data()["merged"], json!([first]));
    let again = merge(&first, &second, "4").await.expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    merge(&first, &second, "5").await.refused(409, "wrong_state");
    assert_eq!(hotel.names("").await.iter().filter(|name| name.contains("Berg")).count(), 1);
    assert_eq!(hotel.names("email=berg@guest.example").await, Vec::<String>::new());
    hotel.renewed().await;
    let list = format!("/v2/stays?guest_id={second}");
    let listed = hotel.app.get(&list).by(&hotel.desk).send().await.expect(200);
    assert_eq!(
        (&listed.data()[0]["id"], &listed.data()[0]["guest_name"]),
        (&json!(stay), &json!("Anna Berg"))
    );
    // A stay that is booked for the one who is gone is the other's.
    let other = hotel.stay_of("6", &first).await;
    assert_eq!(hotel.read(&other).await["guest_id"], json!(second));
    // Whoever has an account keeps it, and their stays.
    let own = hotel.stay("7", ("2027-02-01", "2027-02-02")).await;
    let own = hotel.read(&own).await["guest_id"].as_str().unwrap().to_owned();
    let path = format!("/v2/guests/{own}/merge");
    let refused = hotel.app.post(&path, json!({ "into": second })).by(&hotel.desk).send().await;
    refused.refused(409, "wrong_state");
    let nowhere = hotel.app.person_at(Role::Customer, Scope::All).await;
    hotel.app.post(&path, json!({ "into": second })).by(&nowhere).send().await.refused(403, "forbidden");
}

#[tokio::test]
async fn guests_without_an_account_are_told_by_mail_what_they_have() {
    let hotel = Hotel::start().await;
    let mut body = hotel.new_stay(&[hotel.room(DAYS), hotel.room(DAYS)]);
    body["guest"] = json!({ "name": "Bea", "email": "bea@guest.example" });
    let made = hotel.book(&hotel.desk, "1", body).await.expect(201);
    let mails = hotel.app.settle().await;
    let told = mails.iter().find(|mail| mail.to.address.as_str() == "bea@guest.example").expect("a mail");
    for word in [
        made.text_of("confirmation").as_str(),
        "Tuesday, 5 January 2027, from 15:00",
        "Thursday, 7 January 2027, until 11:00",
        "Double, Flexible",
        "EUR 400.00",
    ] {
        assert!(told.text.contains(word), "{word}: {}", told.text);
    }
    let path = format!("/v2/stays/{}/cancel", made.text_of("id"));
    hotel.app.post(&path, json!({})).by(&hotel.desk).send().await.expect(200);
    let mails = hotel.app.settle().await;
    let told = mails.iter().filter(|mail| mail.to.address.as_str() == "bea@guest.example");
    assert!(told.clone().any(|mail| mail.subject.starts_with("Cancelled")), "{:?}", told.count());
    assert_eq!(made.data()["price"]["total"], 4 * NIGHT);
    // Who has an account is told at its address.
    hotel.stay("2", DAYS).await;
    let mails = hotel.app.settle().await;
    assert_eq!(mails.iter().filter(|mail| mail.subject.starts_with("Booked")).count(), 2);
    // Whom nobody can reach is told nothing, and nothing gets stuck.
    let guest = hotel.guest("3", json!({ "name": "Cleo" })).await;
    hotel.stay_of("4", &guest).await;
    assert_eq!(hotel.app.settle().await.len(), mails.len());
}

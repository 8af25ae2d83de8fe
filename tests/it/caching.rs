//! What others may keep of an answer: nothing of one caller's ever reaches another, and whoever asks again learns whether it changed.

use std::collections::BTreeMap;

use domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;
use web::Keeping;

use crate::harness::{Answer, Person, TestApp};

/// Headers that `Vary` names, and what a request said there.
type Named = Vec<(String, Option<String>)>;

/// A cache between callers and the service that keeps and gives out whatever RFC 9111 allows it to: one that all share, or the browser
/// of a machine at which one person follows another.
struct Between<'a> {
    app: &'a TestApp,
    shared: bool,
    /// By path: what `Vary` named and what the request said there, and the answer.
    kept: BTreeMap<String, Vec<(Named, Answer)>>,
    /// Answers given out without asking, and those that the service said still hold.
    hits: (usize, usize),
}

impl<'a> Between<'a> {
    fn new(app: &'a TestApp, shared: bool) -> Self {
        Self { app, shared, kept: BTreeMap::new(), hits: (0, 0) }
    }

    async fn get(&mut self, path: &str, person: Option<&Person>) -> (StatusCode, String) {
        let token = person.map(|person| person.token.clone());
        let said = |name: &str| token.clone().filter(|_| name == "authorization");
        let kept = self.kept.entry(path.to_owned()).or_default();
        let at = kept.iter().position(|(named, _)| named.iter().all(|(name, value)| *value == said(name)));
        let mut call = self.app.get(path);
        if let Some(person) = person {
            call = call.by(person);
        }
        if let Some((_, answer)) = at.and_then(|at| kept.get(at)) {
            // The clock stands still, so what may be used for a while is fresh.
            if !control(answer).contains(&"no-cache") {
                self.hits.0 += 1;
                return (answer.status, answer.text.clone());
            }
            call = call.header("if-none-match", answer.header("etag").unwrap());
        }
        let answer = call.unchecked().await;
        if answer.status == StatusCode::NOT_MODIFIED {
            self.hits.1 += 1;
            let (_, known) = &kept[at.unwrap()];
            assert_eq!(known.header("etag"), answer.header("etag"));
            assert_eq!((known.header("vary"), control(known)), (answer.header("vary"), control(&answer)));
            return (known.status, known.text.clone());
        }
        let told = (answer.status, answer.text.clone());
        if answer.status == StatusCode::OK && may_keep(&answer, self.shared, token.is_some()) {
            let named = answer.header("vary").unwrap_or_default().split(", ");
            let named = named.map(|name| (name.to_owned(), said(name))).collect();
            kept.retain(|(known, _)| *known != named);
            kept.push((named, answer));
        }
        told
    }
}

fn may_keep(answer: &Answer, shared: bool, signed: bool) -> bool {
    let control = control(answer);
    let public = control.contains(&"public");
    !control.contains(&"no-store") && !(shared && (control.contains(&"private") || signed && !public))
}

fn control(answer: &Answer) -> Vec<&str> {
    answer.header("cache-control").unwrap().split(", ").collect()
}

/// Two places with rooms, one of them with a review; and callers of every kind.
async fn furnished(app: &TestApp) -> (String, String, Vec<Option<Person>>) {
    let admin = app.person(Role::Admin).await;
    let (mut place, mut room) = (String::new(), String::new());
    for name in ["Berlin", "Lisbon"] {
        let body = json!({ "name": name, "zone": "Europe/Berlin" });
        place = app.post("/v2/locations", body).by(&admin).send().await.expect(201).text_of("id");
        for room_name in ["Spree", "Havel"] {
            let body = json!({ "location_id": place, "name": room_name, "capacity": 6 });
            room = app.post("/v2/rooms", body).by(&admin).send().await.expect(201).text_of("id");
        }
    }
    let (anna, ben) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let body =
        json!({ "room_id": room, "local_start": "2027-01-05T10:00:00", "local_end": "2027-01-05T11:00:00" });
    app.post("/v2/bookings", body).by(&anna).key("one").send().await.expect(201);
    let (desk, auditor) = (app.person(Role::Staff).await, app.person(Role::Auditor).await);
    (place, room, vec![None, Some(anna), Some(ben), Some(desk), Some(auditor), Some(admin)])
}

/// Every path without parameters that is read, and some of those with them.
fn read(app: &TestApp, place: &str, room: &str) -> Vec<String> {
    let plain = app.api().table().filter(|(_, route)| route.method() == "GET" && !route.path().contains('{'));
    let mut paths: Vec<String> = plain
        .map(|(version, route)| match version {
            Some(version) => format!("/{}{}", version.as_str(), route.path()),
            None => route.path().to_owned(),
        })
        .collect();
    for list in ["rate-plans", "room-types", "offerings", "pools", "promo-codes", "hotel-rooms"] {
        paths.push(format!("/v2/{list}?location_id={place}"));
    }
    paths.extend([
        "/v2/rooms?limit=1".to_owned(),
        "/v2/locations?limit=1".to_owned(),
        format!("/v2/locations/{place}"),
        format!("/v2/rooms/{room}"),
        format!("/v2/rooms/{room}/reviews"),
        format!("/v2/rooms/{room}/availability?from=2027-01-05T08:00:00Z&to=2027-01-05T12:00:00Z"),
        "/v1/rooms/Spree".to_owned(),
        "/api/rooms".to_owned(),
    ]);
    paths
}

#[tokio::test]
async fn whoever_asks_through_a_cache_gets_what_is_for_them() {
    let app = TestApp::here().await;
    let (place, room, callers) = furnished(&app).await;
    let (mut shared, mut browser) = (Between::new(&app, true), Between::new(&app, false));
    for path in read(&app, &place, &room) {
        // Each of them, and each of them again.
        for caller in callers.iter().chain(&callers).map(Option::as_ref) {
            let call = app.get(&path);
            let direct = caller.map_or(app.get(&path), |person| call.by(person)).unchecked().await;
            for cache in [&mut shared, &mut browser] {
                let (status, text) = cache.get(&path, caller).await;
                assert_eq!(status, direct.status, "{path}");
                assert!(status != StatusCode::OK || text == direct.text || !is_kept(&direct), "{path}");
            }
        }
    }
    assert!(shared.hits.0 > 100 && shared.hits.1 == 0, "{:?}", shared.hits);
    assert!(browser.hits.0 >= shared.hits.0 && browser.hits.1 > 100, "{:?}", browser.hits);
}

fn is_kept(answer: &Answer) -> bool {
    !control(answer).contains(&"no-store")
}

#[tokio::test]
async fn the_next_page_of_a_public_list_is_anybodys() {
    let app = TestApp::start().await;
    let (_, _, callers) = furnished(&app).await;
    let first = app.get("/v2/locations?limit=1").send().await.expect(200);
    let next =
        format!("/v2/locations?limit=1&cursor={}", first.body["meta"]["next_cursor"].as_str().unwrap());
    for caller in callers.iter().flatten() {
        app.get(&next).by(caller).send().await.expect(200);
    }
}

#[tokio::test]
async fn a_read_says_what_it_depends_on_and_who_may_keep_it() {
    let app = TestApp::start().await;
    let (place, room, callers) = furnished(&app).await;
    let anna = callers[1].as_ref().unwrap();
    let of = |answer: Answer| {
        let header = |name| answer.header(name).unwrap_or_default().to_owned();
        (header("cache-control"), header("vary"))
    };
    let is = |control: &str, vary: &str| (control.to_owned(), vary.to_owned());
    let room = app.get(&format!("/v2/rooms/{room}")).by(anna).send().await.expect(200);
    assert_eq!(of(room), is("public, max-age=5", "accept-encoding"));
    let place = app.get(&format!("/api/locations/{place}")).header("x-api-version", "v2").unchecked().await;
    assert_eq!(of(place), is("public, max-age=30", "accept-encoding, accept, x-api-version"));
    let own = app.get("/v2/bookings").by(anna).send().await.expect(200);
    assert_eq!(of(own), is("private, no-cache", "accept-encoding, authorization"));
    let gone = app.get("/v2/rooms/none").send().await.expect(404);
    assert_eq!(of(gone).0, "no-store");
    assert_eq!(of(app.get("/health").send().await.expect(200)).0, "no-store");
}

#[tokio::test]
async fn a_tag_is_of_the_very_bytes_and_lists_and_weak_tags_name_it() {
    let app = TestApp::start().await;
    let (_, room, callers) = furnished(&app).await;
    let admin = callers.last().unwrap().as_ref().unwrap();
    let path = format!("/v2/rooms/{room}");
    let read = app.get(&path).send().await.expect(200);
    let tag = read.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("\"1-") && tag.len() == 28, "version and hash: {tag}");
    let some = app.get(&format!("{path}?fields=name")).unchecked().await.expect(200);
    assert_ne!(some.header("etag"), Some(tag.as_str()));
    for named in [tag.clone(), format!("\"x\", {tag}, \"y\""), format!("W/{tag}"), "*".to_owned()] {
        let answer = app.get(&path).header("if-none-match", &named).send().await.expect(304);
        assert_eq!((answer.header("etag"), answer.text.as_str()), (Some(tag.as_str()), ""), "{named}");
        assert_eq!(answer.header("cache-control"), read.header("cache-control"));
        assert!(answer.header("content-type").is_none() && answer.header("x-request-id").is_some());
    }
    for named in ["\"1\"", "\"x\"", "W/\"1\""] {
        app.get(&path).header("if-none-match", named).send().await.expect(200);
    }
    // A list has a tag too, and HEAD says all that GET does.
    let list = app.get("/v2/rooms").send().await.expect(200);
    let head = app.call(Method::HEAD, "/v2/rooms").unchecked().await.expect(200);
    for name in ["etag", "content-type", "cache-control", "vary"] {
        assert_eq!(head.header(name), list.header(name), "{name}");
    }
    // A gateway measures what it gets, and of this it gets no body.
    if app.stack().is_none() {
        assert_eq!(head.header("content-length"), list.header("content-length"));
    }
    assert_eq!(head.text, "");
    let known = head.header("etag").unwrap();
    app.call(Method::HEAD, "/v2/rooms").header("if-none-match", known).unchecked().await.expect(304);
    // The tag of a read is good for a write, and old afterwards.
    let change = || app.patch(&path, json!({ "capacity": 7 })).by(admin).header("if-match", &tag);
    change().send().await.expect(200);
    change().send().await.refused(412, "precondition_failed");
    app.get(&path).header("if-none-match", &tag).send().await.expect(200);
}

#[tokio::test]
async fn what_is_compressed_has_a_tag_of_its_own_and_what_is_small_is_not_compressed() {
    let app = TestApp::start().await;
    let (_, room, _) = furnished(&app).await;
    let as_it_is = app.get("/v2/rooms").send().await.expect(200);
    assert!(as_it_is.text.len() > 1_000 && as_it_is.header("content-encoding").is_none());
    let tag = as_it_is.header("etag").unwrap().trim_matches('"');
    for coding in ["gzip", "br"] {
        let call =
            |tag: &str| app.get("/v2/rooms").header("accept-encoding", coding).header("if-none-match", tag);
        let answer = call("\"x\"").unchecked().await.expect(200);
        assert_eq!(answer.header("content-encoding"), Some(coding));
        let coded = format!("\"{tag}-{coding}\"");
        assert_eq!(answer.header("etag"), Some(coded.as_str()));
        assert_eq!(call(&coded).unchecked().await.expect(304).header("etag"), Some(coded.as_str()));
        let small = app.get(&format!("/v2/rooms/{room}")).header("accept-encoding", coding).send().await;
        assert!(small.text.len() < 1_000 && small.header("content-encoding").is_none(), "{}", small.text);
    }
}

#[test]
fn what_anybody_may_keep_is_a_read_for_anybody() {
    let api = local::api(&crate::tidy::core(), &crate::tidy::queues(), None);
    for (_, route) in api.table().filter(|(_, route)| matches!(route.keeping(), Keeping::Public(_))) {
        assert!(route.method() == "GET" && route.access() == web::Access::Anyone, "{}", route.path());
    }
}

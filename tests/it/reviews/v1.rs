//! Reviews in the shapes of the source system.

use domain::Role;
use serde_json::json;

use super::{House, ids};
use crate::catalog::without_ids;

#[tokio::test]
async fn version_one_takes_and_shows_reviews_as_the_source_system_did() {
    let house = House::start().await;
    let (app, author) = (&house.app, house.app.person(Role::Customer).await);
    let body = json!({ "room_id": house.room, "rating": 4, "comment": "fine <i>" });
    app.post("/v1/reviews", body.clone()).by(&author).send().await.refused(409, "wrong_state");
    let (early, late) = (house.stay(&author, 0).await, house.stay(&author, 5).await);
    let foreign = json!({ "room_id": house.room, "rating": 4, "user_id": house.admin.id });
    app.post("/v1/reviews", foreign).by(&author).send().await.refused(403, "forbidden");
    let made = app.post("/v1/reviews", body.clone()).by(&author).key("k").send().await.expect(201);
    let again = app.post("/v1/reviews", body.clone()).by(&author).key("k").send().await.expect(201);
    assert_eq!(again.body, made.body);
    insta::assert_json_snapshot!(without_ids(&made.body), @r#"
    {
      "comment": "fine <i>",
      "created_at": "2027-01-04T08:00:00Z",
      "is_hidden": false,
      "rating": 4,
      "review_id": "rvw_",
      "room_id": "res_",
      "updated_at": "2027-01-04T08:00:00Z",
      "user_id": "usr_",
      "version": "v1"
    }
    "#);
    let reviewed =
        async |booking: &str| app.store().booking(booking.parse().unwrap()).await.unwrap().reviewed;
    assert_eq!((reviewed(&early).await, reviewed(&late).await), (false, true));
    app.post("/v1/reviews", body.clone()).by(&author).send().await.expect(201);
    app.post("/v1/reviews", body).by(&author).send().await.refused(409, "already_exists");

    let id = made.body["review_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/reviews/{id}");
    app.post(&format!("{path}/flag"), json!({})).by(&house.admin).send().await.expect(200);
    let flagged = app.get("/v1/reviews/flagged").by(&house.moderator).send().await.expect(200);
    insta::assert_json_snapshot!(without_ids(&flagged.body), @r#"
    {
      "count": 1,
      "page": 1,
      "page_size": 20,
      "pages": 1,
      "reviews": [
        {
          "comment": "fine <i>",
          "created_at": "2027-01-04T08:00:00Z",
          "flag_reason": "No reason given",
          "is_flagged": true,
          "is_hidden": false,
          "is_moderated": false,
          "moderated_by": null,
          "rating": 4,
          "review_id": "rvw_",
          "room_id": "res_",
          "updated_at": "2027-01-04T08:00:00Z",
          "user_id": "usr_"
        }
      ],
      "total": 1,
      "version": "v1"
    }
    "#);
    app.put(&format!("/v1/moderator/reviews/{id}/unflag"), json!({}))
        .by(&house.moderator)
        .send()
        .await
        .expect(200);
    app.put(&format!("/v1/moderator/reviews/{id}/unflag"), json!({}))
        .by(&house.moderator)
        .send()
        .await
        .refused(409, "wrong_state");
}

#[tokio::test]
async fn version_one_edits_lists_and_removes_reviews() {
    let house = House::start().await;
    let (app, author) = (&house.app, house.app.person(Role::Customer).await);
    house.stay(&author, 0).await;
    house.review(&author, 5, 3).await;
    let body = json!({ "room_id": house.room, "rating": 4, "comment": "fine <i>" });
    let made = app.post("/v1/reviews", body).by(&author).send().await.expect(201);
    let id = made.body["review_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/reviews/{id}");
    let edited = app.put(&path, json!({ "rating": 5 })).by(&author).send().await.expect(200);
    assert_eq!((&edited.body["rating"], &edited.body["comment"]), (&json!(5), &json!("fine <i>")));
    app.put(&format!("/v1/admin/reviews/{id}"), json!({ "comment": "tidied" }))
        .by(&house.admin)
        .send()
        .await
        .expect(200);
    app.put(&format!("/v1/admin/reviews/{id}"), json!({}))
        .by(&house.moderator)
        .send()
        .await
        .refused(403, "forbidden");
    let auditor = app.person(Role::Auditor).await;
    for (path, person, total) in [
        ("/v1/reviews".to_owned(), &house.admin, 2),
        ("/v1/auditor/reviews".to_owned(), &auditor, 2),
        (format!("/v1/reviews/room/{}", house.room), &author, 2),
        (format!("/v1/reviews/user/{}", author.id), &author, 2),
        (format!("/v1/reviews/user/{}", author.id), &auditor, 2),
    ] {
        let listed = app.get(&path).by(person).send().await.expect(200);
        assert_eq!((&listed.body["total"], &listed.body["count"]), (&json!(total), &json!(total)), "{path}");
    }
    app.get(&format!("/v1/reviews/user/{}", house.admin.id))
        .by(&author)
        .send()
        .await
        .refused(403, "forbidden");
    app.get(&path).send().await.refused(401, "unauthenticated");
    app.delete(&format!("/v1/moderator/reviews/{id}/remove")).by(&house.moderator).send().await.expect(200);
    app.get(&path).by(&author).send().await.refused(404, "not_found");
    let other = app.get(&format!("/v1/reviews/room/{}", house.room)).by(&author).send().await.expect(200);
    let rest = ids(&other).remove(0);
    let deleted = app.delete(&format!("/v1/reviews/{rest}")).by(&author).send().await.expect(200);
    assert_eq!(deleted.body["review_id"], rest);
}

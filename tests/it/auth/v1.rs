//! The source system's paths, names and shapes.

use domain::Role;
use serde_json::{Value, json};

use super::{PASSWORD, admin, link_of, logged_in, registered};
use crate::harness::TestApp;

fn registration(username: &str) -> Value {
    let email = format!("{username}@people.example");
    json!({ "user_name": "Ada Byron", "username": username, "email": email, "password": PASSWORD })
}

#[tokio::test]
async fn a_client_of_the_source_system_registers_and_logs_in() {
    let app = TestApp::start().await;
    let mut body = registration("ada");
    body["user_role"] = json!("Admin");
    let answer = app.post("/v1/register", body).send().await.expect(201);
    let user = &answer.body["user"];
    assert_eq!((&user["user_name"], &user["username"]), (&json!("Ada Byron"), &json!("ada")));
    assert_eq!(user["user_role"], "regular user", "whatever the body says");
    for path in ["/v1/login", "/v1/auth/login", "/api/login"] {
        let answer =
            app.post(path, json!({ "username": "ada", "password": PASSWORD })).send().await.expect(200);
        assert_eq!(answer.body["version"], "v1");
        let token = answer.body["token"].as_str().unwrap();
        let bearer = format!("Bearer {token}");
        let me = app.get("/v1/regular_user/ada").header("authorization", &bearer).send().await.expect(200);
        assert_eq!(me.body["email"], "ada@people.example");
        let body = json!({ "refresh_token": answer.body["refresh_token"] });
        assert!(app.post("/v1/auth/refresh", body).send().await.expect(200).body["token"].is_string());
    }
}

#[tokio::test]
async fn every_bad_field_is_told_at_once_in_the_shape_of_v1() {
    let app = TestApp::start().await;
    let body = json!({ "username": "a b", "email": "nobody", "password": "short", "colour": 1 });
    let answer = app.post("/v1/register", body).send().await.refused(422, "validation_failed");
    let mut problem = answer.body.clone();
    problem["details"]["request_id"] = json!("(id)");
    insta::assert_json_snapshot!(problem, @r#"
    {
      "details": {
        "errors": [
          {
            "code": "required",
            "detail": "is required",
            "pointer": "/user_name"
          },
          {
            "code": "invalid_value",
            "detail": "may have letters, digits, dots, dashes and underscores",
            "pointer": "/username"
          },
          {
            "code": "invalid_value",
            "detail": "is not an e-mail address",
            "pointer": "/email"
          },
          {
            "code": "invalid_value",
            "detail": "must have at least 10 characters",
            "pointer": "/password"
          }
        ],
        "request_id": "(id)"
      },
      "error": true,
      "error_code": "validation_failed",
      "message": "some fields are not valid",
      "status_code": 422,
      "version": "v1"
    }
    "#);
    let answer = app.post("/v1/login", json!({ "username": "nobody", "password": "x" })).send().await;
    answer.refused(401, "invalid_credentials");
    app.post("/v1/login", json!({})).send().await.refused(422, "validation_failed");
}

#[tokio::test]
async fn administrators_manage_users_by_their_names() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let (ada, _) = registered(&app, "ada").await;
    let list = app.get("/v1/admin/users?page_size=1&page=2").by(&admin).send().await.expect(200);
    assert_eq!(
        (&list.body["total"], &list.body["pages"], &list.body["page"]),
        (&json!(2), &json!(2), &json!(2))
    );
    assert_eq!(list.body["users"].as_array().unwrap().len(), 1);
    app.get("/v1/admin/users?page_size=101").by(&admin).send().await.refused(400, "bad_request");
    let one = app.get("/v1/admin/users/ada").by(&admin).send().await.expect(200);
    assert_eq!(one.body["user_id"], ada.id.to_string());
    app.get("/v1/admin/users/nobody").by(&admin).send().await.refused(404, "not_found");
    let body = json!({ "username": "ada", "user_role": "Facility Manager" });
    let answer = app.put("/v1/admin/update/user_role", body).by(&admin).send().await.expect(200);
    assert_eq!(answer.body["user_role"], "Facility Manager");
    let stored = app.store().account(ada.id).await.unwrap().user;
    assert_eq!((stored.role, stored.scope), (Role::Manager, domain::Scope::All));
    let body = json!({ "username_old": "ada", "user_name": "Ada", "username": "lovelace" });
    let answer = app.put("/v1/admin/user/update", body).by(&admin).send().await.expect(200);
    assert_eq!((&answer.body["user_name"], &answer.body["username"]), (&json!("Ada"), &json!("lovelace")));
    let body = json!({ "username": "nobody", "user_role": "Admin" });
    app.put("/v1/admin/update/user_role", body).by(&admin).send().await.refused(404, "not_found");
    let body = json!({ "username": "lovelace", "user_role": "king" });
    app.put("/v1/admin/update/user_role", body).by(&admin).send().await.refused(422, "validation_failed");
    let answer = app.delete("/v1/admin/users/delete/lovelace").by(&admin).send().await.expect(200);
    assert_eq!(answer.body["username"], "lovelace");
    assert!(!app.store().account(ada.id).await.unwrap().user.active);
}

#[tokio::test]
async fn no_administrator_sets_or_sees_a_password() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let answer = app.post("/v1/admin/users/add", registration("ada")).by(&admin).send().await.expect(201);
    assert_eq!(answer.body["user"]["user_role"], "regular user");
    let refused = app.post("/v1/login", json!({ "username": "ada", "password": PASSWORD })).send().await;
    refused.refused(401, "invalid_credentials");
    let id: domain::UserId = answer.body["user"]["user_id"].as_str().unwrap().parse().unwrap();
    let body = json!({ "token": link_of(&app, id).await, "password": PASSWORD });
    app.post("/v2/auth/password/reset", body).send().await.expect(204);
    let body = json!({ "username": "ada", "new_password": "set by somebody else" });
    let answer = app.put("/v1/admin/reset_password", body).by(&admin).send().await.expect(200);
    assert!(answer.body["message"].as_str().unwrap().contains("link was sent"));
    logged_in(&app, "ada", PASSWORD).await;
}

#[tokio::test]
async fn users_read_and_change_themselves_and_nobody_else() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    registered(&app, "eve").await;
    for path in ["/v1/regular_user/eve", "/v1/regular_user/nobody", "/v1/regular_user/eve/booking_history"] {
        app.get(path).by(&ada).send().await.refused(403, "forbidden");
    }
    let body = json!({ "username": "eve", "user_name": "Mine" });
    app.put("/v1/regular_user/update", body).by(&ada).send().await.refused(403, "forbidden");
    let body = json!({ "username": "ada", "user_name": "Ada L.", "email": "ada@people.example" });
    let answer = app.put("/v1/regular_user/update", body).by(&ada).send().await.expect(200);
    assert_eq!(answer.body["user_name"], "Ada L.");
    let mut body = json!({ "username": "ada", "password": "a mountain in summer" });
    app.put("/v1/regular_user/update", body.clone()).by(&ada).send().await.refused(422, "validation_failed");
    body["current_password"] = json!(PASSWORD);
    body["email"] = json!("eve@people.example");
    app.put("/v1/regular_user/update", body.clone()).by(&ada).send().await.refused(409, "already_exists");
    logged_in(&app, "ada", PASSWORD).await;
    body["email"] = json!("new@people.example");
    app.put("/v1/regular_user/update", body).by(&ada).send().await.expect(200);
    logged_in(&app, "new@people.example", "a mountain in summer").await;
    let history = app.get("/v1/regular_user/ada/booking_history").by(&ada).send().await.expect(200);
    assert_eq!((&history.body["count"], &history.body["username"]), (&json!(0), &json!("ada")));
    app.get("/v1/facility_manager/ada").by(&ada).send().await.refused(403, "forbidden");
    let manager = app.person(Role::Manager).await;
    let path = format!("/v1/facility_manager/{}", manager.user_name);
    app.get(&path).by(&manager).send().await.expect(200);
    let body = json!({ "username": manager.user_name, "user_name": "Boss" });
    app.put("/v1/facility_manager/update", body).by(&manager).send().await.expect(200);
}

#[tokio::test]
async fn only_administrators_and_auditors_list_users() {
    let app = TestApp::start().await;
    for role in Role::ALL {
        let person = app.person(role).await;
        let status = |allowed: bool| if allowed { 200 } else { 403 };
        let manages = role == Role::Admin;
        let reads = manages || role == Role::Auditor;
        app.get("/v1/admin/users").by(&person).send().await.expect(status(manages));
        app.get("/v1/auditor/users").by(&person).send().await.expect(status(reads));
    }
}

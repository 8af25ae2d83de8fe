//! Rate, quiet hours, and people who do not want it.

use domain::message::Channel;
use jiff::SignedDuration;
use serde_json::json;

use super::{MINUTE, Scene, sms};

#[tokio::test]
async fn no_minute_has_more_messages_than_the_rate() {
    let scene = Scene::start().await;
    scene.people(100).await;
    scene.to_all(30).await;
    let mut minutes = Vec::new();
    let mut before = 0;
    for _ in 0..6 {
        scene.app.settle().await;
        minutes.push(scene.texts.count() - before);
        before = scene.texts.count();
        scene.app.advance(MINUTE);
    }
    assert!(minutes.iter().all(|count| *count <= 30), "{minutes:?}");
    assert_eq!(before, 100, "{minutes:?}");
}

#[tokio::test]
async fn what_is_late_after_an_outage_goes_out_at_the_rate_too() {
    let scene = Scene::start().await;
    scene.people(100).await;
    let id = scene.to_all(30).await;
    scene.app.settle().await;
    // Nobody works for an hour, by whose end all of them are due.
    scene.app.advance(SignedDuration::from_hours(1));
    let mut minutes = Vec::new();
    let mut before = scene.texts.count();
    while before < 100 && minutes.len() < 60 {
        scene.app.settle().await;
        minutes.push(scene.texts.count() - before);
        before = scene.texts.count();
        scene.app.advance(MINUTE);
    }
    println!("campaign: 100 messages an hour late at 30 a minute: {minutes:?}");
    assert!(minutes.iter().all(|count| *count <= 30), "{minutes:?}");
    assert_eq!(before, 100, "{minutes:?}");
    assert_eq!(scene.progress(id).await.1["sent"], 100);
}

#[tokio::test]
async fn whoever_did_not_ask_for_it_or_opts_out_meanwhile_is_left_alone() {
    let scene = Scene::start().await;
    let app = &scene.app;
    let wants = scene.somebody(0, |_| {}).await;
    app.advance(SignedDuration::from_secs(1));
    let leaves = scene.somebody(1, |_| {}).await;
    scene.somebody(2, |user| user.preferences.promotions = false).await;
    scene.somebody(3, |user| user.preferences.opted_out = true).await;
    scene.somebody(4, |user| user.preferences.sms = false).await;
    scene.somebody(5, |user| user.active = false).await;
    scene.somebody(6, |user| user.phone = None).await;
    let mut later = sms(1);
    later["starts_at"] = json!(app.now() + MINUTE);
    let made = scene.create("opt-out", later).await.expect(201);
    app.advance(MINUTE);
    app.settle().await;
    // Accounts are read in the order of their making: the one who leaves is due a minute later.
    let account = app.store().account(leaves.id).await.unwrap();
    let mut gone = account.clone();
    gone.user.preferences.opted_out = true;
    gone.user = gone.user.touched(app.now());
    let mut tx = store::Tx::new();
    tx.update_account(app.store(), &account.user, &gone);
    app.store().commit(tx).await.unwrap();
    for _ in 0..3 {
        app.advance(MINUTE);
        app.settle().await;
    }
    let told: Vec<String> = scene.texts.by_number().into_keys().collect();
    assert_eq!(told, [wants.phone.unwrap().as_str()]);
    let (_, progress) = scene.progress(made.text_of("id").parse().unwrap()).await;
    assert_eq!((&progress["recipients"], &progress["sent"]), (&json!(2), &json!(1)));
    assert_eq!(progress["skipped"], json!({ "unwanted": 1 }));
}

#[tokio::test]
async fn nobody_is_woken_by_it() {
    let scene = Scene::start().await;
    // It is 17:00 in Tokyo at the start, and 23:00 six hours later.
    scene
        .somebody(0, |user| {
            user.preferences.quiet_hours = Some(domain::QuietHours::default());
            user.preferences.zone = Some("Asia/Tokyo".to_owned().try_into().unwrap());
        })
        .await;
    scene.app.advance(SignedDuration::from_hours(6));
    scene.to_all(60).await;
    scene.app.settle().await;
    assert_eq!(scene.texts.count(), 0);
    // 08:00 in Tokyo is 23:00 in UTC.
    scene.app.advance(SignedDuration::from_hours(9));
    for _ in 0..2 {
        scene.app.advance(MINUTE);
        scene.app.settle().await;
    }
    assert_eq!(scene.texts.count(), 1);
}

#[tokio::test]
async fn a_mail_has_its_subject_and_whatsapp_its_template() {
    let scene = Scene::start().await;
    scene.somebody(0, |user| user.name = "Asha <b>".parse().unwrap()).await;
    let mail = json!({
        "name": "Mail", "channel": "email", "per_minute": 60,
        "text": { "subject": "New dates", "body": "Dear {{1}},\n\ncome & see.", "values": ["{name}"] },
    });
    scene.create("mail", mail).await.expect(201);
    let whatsapp = json!({
        "name": "WhatsApp", "channel": "whatsapp", "per_minute": 60,
        "text": { "template": "puja_promp", "body": "Dear {{1}}: {{2}} now.", "values": ["{name}", "come"] },
    });
    scene.create("whatsapp", whatsapp).await.expect(201);
    scene.app.settle().await;
    scene.app.advance(MINUTE);
    let mails = scene.app.settle().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].subject.as_str(), mails[0].text.as_str()),
        ("New dates", "Dear Asha <b>,\n\ncome & see.\n")
    );
    assert!(mails[0].html.contains("<p>Dear Asha &lt;b&gt;,</p>"), "{}", mails[0].html);
    let text = scene.texts.0.lock().unwrap()[0].clone();
    assert_eq!((text.channel, text.template.as_deref()), (Channel::Whatsapp, Some("puja_promp")));
    assert_eq!(text.values, ["Asha <b>", "come"]);
}

//! SMS by SNS against the protocol as it is documented: what is sent, and what each answer means to a text.
#![expect(clippy::unwrap_used, reason = "tests")]

use aws_credential_types::Credentials;
use domain::message::Channel;
use domain::{MessageId, MessageKind};
use providers::{Failure, Language, Sns, SnsSettings, Text, Texts, body};
use senders::{ACCESS_KEY, Options, Senders, TOKEN};

fn text(kind: MessageKind) -> Text {
    let values = ["Blue room", "Harbour", "Monday, 1 March 2027", "09:30"].map(str::to_owned).to_vec();
    Text {
        id: MessageId::derived([1; 16]),
        date: "2027-03-01T08:00:00Z".parse().unwrap(),
        channel: Channel::Sms,
        to: "+919876543210".parse().unwrap(),
        kind,
        template: None,
        language: Language::English,
        body: body(MessageKind::Confirmed, Language::English, &values).unwrap(),
        values,
    }
}

fn sns(senders: &Senders, secret: &str, entity: Option<&str>) -> Sns {
    Sns::new(SnsSettings {
        region: "ap-south-1".to_owned(),
        credentials: Credentials::new(ACCESS_KEY, secret, None, None, "test"),
        endpoint: Some(senders.url().to_owned()),
        sender: Some("HLDFST".to_owned()),
        entity: entity.map(str::to_owned),
        templates: "confirmed=1107".parse().unwrap(),
    })
}

async fn senders(trouble: u32) -> Senders {
    let public_url = "https://book.example".to_owned();
    Senders::start(Options { seed: 5, trouble, public_url, bounces: 0 }).await.unwrap()
}

#[tokio::test]
async fn a_text_is_published_to_its_number_with_what_carriers_ask_for() {
    let senders = senders(0).await;
    let id = sns(&senders, TOKEN, Some("1201")).send(&text(MessageKind::Confirmed)).await.unwrap();
    let handed = senders.handed().pop().unwrap();
    assert_eq!((Some(handed.id), handed.to.as_str()), (id, "919876543210"));
    for said in [
        "Your booking stands: Blue room",
        "AWS.SNS.SMS.SMSType=Transactional",
        "AWS.SNS.SMS.SenderID=HLDFST",
        "AWS.MM.SMS.EntityId=1201",
        "AWS.MM.SMS.TemplateId=1107",
    ] {
        assert!(handed.body.contains(said), "{said}: {}", handed.body);
    }
    sns(&senders, TOKEN, None).send(&text(MessageKind::Campaign)).await.unwrap();
    let handed = senders.handed().pop().unwrap();
    assert!(handed.body.contains("SMSType=Promotional") && !handed.body.contains("EntityId"));
}

#[tokio::test]
async fn each_answer_means_what_may_be_done_about_the_text_and_none_tells_its_number() {
    let calm = senders(0).await;
    let Err(Failure::NotTaken(error)) = sns(&calm, "another", None).send(&text(MessageKind::Confirmed)).await
    else {
        panic!("taken")
    };
    assert!(error.is_transient() && error.chain().contains("SignatureDoesNotMatch"), "{}", error.chain());
    let unknown = sns(&calm, TOKEN, Some("1201")).send(&text(MessageKind::Reminder)).await;
    assert!(matches!(unknown, Err(Failure::Refused(_))), "no template is registered for it");
    assert!(calm.handed().is_empty());

    let troubled = senders(100).await;
    for _ in 0..30 {
        let before = troubled.handed().len();
        let answer = sns(&troubled, TOKEN, None).send(&text(MessageKind::Confirmed)).await;
        let worked = troubled.handed().len() > before;
        let (unclear, error) = match answer {
            Err(Failure::Unclear(error)) => (true, error),
            Err(Failure::NotTaken(error)) => (false, error),
            other => panic!("{other:?}"),
        };
        assert!(unclear || !worked, "{}", error.chain());
        assert!(!error.chain().contains("9876543210"), "{}", error.chain());
    }
}

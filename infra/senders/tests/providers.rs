//! Our providers against the documented HTTP: what they send, and what each answer means to a message.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use domain::message::Channel;
use domain::{MessageId, MessageKind};
use providers::{
    Failure, Language, Meta, MetaSettings, Msg91, Msg91Settings, Text, Texts, Twilio, TwilioSettings, body,
};
use senders::{ACCOUNT, Options, Pace, Senders, TOKEN, Trouble};

fn text(number: u8, channel: Channel) -> Text {
    let values = ["Blue room", "Harbour", "Monday, 1 March 2027", "09:30"].map(str::to_owned).to_vec();
    Text {
        id: MessageId::derived([number; 16]),
        date: "2027-03-01T08:00:00Z".parse().unwrap(),
        channel,
        to: "+919876543210".parse().unwrap(),
        kind: MessageKind::Confirmed,
        template: None,
        language: Language::English,
        body: body(MessageKind::Confirmed, Language::English, &values).unwrap(),
        values,
    }
}

fn all(senders: &Senders, token: &str) -> Vec<(Channel, Box<dyn Texts>)> {
    let templates: providers::Templates = "confirmed=T1/1107".parse().unwrap();
    let twilio = TwilioSettings {
        base: Some(senders.url().to_owned()),
        account: ACCOUNT.to_owned(),
        token: token.to_owned(),
        from: "+15550100".to_owned(),
        templates: templates.clone(),
        public_url: "https://book.example".to_owned(),
    };
    let msg91 = Msg91Settings {
        base: Some(senders.url().to_owned()),
        key: token.to_owned(),
        sender: "HLDFST".to_owned(),
        templates: templates.clone(),
    };
    let meta = MetaSettings {
        base: Some(format!("{}/v23.0", senders.url())),
        number: "1055".to_owned(),
        token: token.to_owned(),
        templates,
    };
    vec![
        (Channel::Sms, Box::new(Twilio::new(twilio.clone()).unwrap())),
        (Channel::Whatsapp, Box::new(Twilio::new(twilio).unwrap())),
        (Channel::Sms, Box::new(Msg91::new(msg91).unwrap())),
        (Channel::Whatsapp, Box::new(Meta::new(meta).unwrap())),
    ]
}

async fn senders(trouble: u32, seed: u64) -> Senders {
    let public_url = "https://book.example".to_owned();
    Senders::start(Options { seed, trouble, public_url, bounces: 0 }).await.unwrap()
}

#[tokio::test]
async fn each_provider_takes_a_text_as_documented_and_names_it() {
    let senders = senders(0, 1).await;
    for (number, (channel, provider)) in (1..).zip(all(&senders, TOKEN)) {
        let id = provider.send(&text(number, channel)).await.unwrap().unwrap();
        let handed = senders.handed().pop().unwrap();
        assert_eq!((handed.id, handed.to.as_str()), (id, "919876543210"), "{}", provider.name());
        assert_eq!(handed.message, MessageId::derived([number; 16]).to_string());
        assert!(handed.body.contains("Blue room") && handed.body.contains("09:30"), "{}", handed.body);
    }
    assert_eq!(senders.counts().len(), 4);
}

#[tokio::test]
async fn wrong_credentials_are_not_the_messages_fault_and_tell_nothing() {
    let senders = senders(0, 1).await;
    for (channel, provider) in all(&senders, "wrong-token-of-somebody") {
        let Err(Failure::NotTaken(error)) = provider.send(&text(1, channel)).await else { panic!("taken") };
        assert!(error.is_transient());
        assert!(
            !error.chain().contains("wrong-token") && !error.chain().contains("9876543210"),
            "{}",
            error.chain()
        );
    }
}

#[tokio::test]
async fn whatever_may_have_been_done_is_unclear_and_only_what_was_surely_not_done_is_free_to_be_sent_again() {
    let senders = senders(100, 5).await;
    let mut seen = BTreeMap::new();
    for number in 0..100 {
        for (channel, provider) in all(&senders, TOKEN) {
            let (before, met) = (senders.handed().len(), senders.met().1);
            let answer = provider.send(&text(number, channel)).await;
            let worked = senders.handed().len() > before;
            let trouble =
                senders.met().1.into_iter().find(|(kind, count)| met.get(kind) != Some(count)).unwrap().0;
            assert_eq!(trouble.works(), worked);
            let unclear = match answer {
                Err(Failure::Unclear(_)) => true,
                Err(Failure::NotTaken(_)) => false,
                other => panic!("{trouble:?}: {other:?}"),
            };
            assert!(unclear || !worked, "{trouble:?} by {}", provider.name());
            seen.insert(trouble, unclear);
        }
    }
    assert_eq!(seen.get(&Trouble::Busy), Some(&false));
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn a_template_that_the_provider_does_not_have_is_refused_before_it_is_asked() {
    let senders = senders(0, 1).await;
    for (channel, provider) in all(&senders, TOKEN) {
        let unknown = Text { kind: MessageKind::Reminder, ..text(1, channel) };
        match provider.send(&unknown).await {
            Err(Failure::Refused(error)) => assert!(!error.is_transient()),
            // Twilio's SMS needs none, and Meta's are called by the kind.
            Ok(_) => assert!((provider.name(), channel) != ("msg91", Channel::Sms)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_down_hands_nothing_over_and_one_that_is_back_does() {
    let senders = senders(0, 1).await;
    for (channel, provider) in all(&senders, TOKEN) {
        senders.pace(provider.name(), Pace::Down);
        let before = senders.handed().len();
        assert!(matches!(provider.send(&text(1, channel)).await, Err(Failure::Unclear(_))));
        assert_eq!(senders.handed().len(), before);
        senders.pace(provider.name(), Pace::Takes(1, 2));
        provider.send(&text(1, channel)).await.unwrap();
        assert_eq!(senders.handed().len(), before + 1);
    }
}

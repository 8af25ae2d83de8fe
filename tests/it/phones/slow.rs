//! A provider that takes its time: requests do not wait for it, and what it tells meanwhile is the last word.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::message::{Claim, MessageState, Report};
use jiff::SignedDuration;
use local::database::Data;
use providers::{Text, Texting, Texts};
use queue::{Attempt, Job};
use serde_json::json;
use tokio::sync::Semaphore;

use super::reachable;
use crate::harness::TestApp;
use crate::office;

/// Answers when it is let go.
struct Slow {
    go: Semaphore,
    asked: AtomicUsize,
}

impl Texts for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.go.acquire().await.unwrap().forget();
            Ok(Some(text.id.to_string()))
        })
    }
}

#[tokio::test]
async fn while_a_provider_takes_its_time_requests_go_on_and_a_doubled_job_leaves_the_message_alone() {
    let slow = Arc::new(Slow { go: Semaphore::new(0), asked: AtomicUsize::new(0) });
    let options = local::Options {
        sms: Some(Arc::clone(&slow) as Arc<dyn Texts>),
        ..local::Options::new(Data::Memory)
    };
    let app = TestApp::start_with(options).await;
    let anna = reachable(&app, json!({ "email": false, "quiet_hours": null })).await;
    let room = office::blue(&app).await;
    // The booking is answered before anybody has worked on its message.
    office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    assert_eq!(slow.asked.load(Ordering::SeqCst), 0);
    let meanwhile = async {
        while slow.asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let message = app.store().messages_waiting(10, None).await.unwrap().items.remove(0);
        assert_eq!(message.state, MessageState::Sending);
        // The same job again, half a minute later: somebody else has the message.
        app.advance(SignedDuration::from_secs(30));
        let notify = app.server().workers().notify();
        let job = Job::Deliver { message: message.id };
        Box::pin(notify::work(notify, job, Attempt { receive_count: 2 })).await.unwrap();
        assert!(matches!(message.clone().claim(app.now(), 60), Claim::Later(_)));
        office::book(&app, &anna, &room, "11:00", "12:00").await.expect(201);
        // The report is there before the answer.
        let arrived = message.report(&Report::Delivered, Some("1"), app.now()).unwrap();
        app.store().change_message(&arrived).await.unwrap();
        slow.go.add_permits(2);
        arrived.id
    };
    let (_, id) = tokio::join!(app.settle(), meanwhile);
    app.settle().await;
    assert_eq!(slow.asked.load(Ordering::SeqCst), 2, "one for each booking");
    assert_eq!(app.store().message(id).await.unwrap().state, MessageState::Delivered);
    assert!(app.store().messages_dead(10, None).await.unwrap().items.is_empty());
}

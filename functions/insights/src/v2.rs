//! Version 2: routes.

mod audit;
mod messages;

use domain::Permission::{ReadAudit, ReadMessages, ReplayMessages};
use web::{Access, Key, Route, get, post};

use crate::App;
use audit::EventView;
use messages::{DeadLettersView, MessageView, RedriveView};

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/audit", Access::Needs(ReadAudit), audit::list)
            .named(
                "readAudit",
                "What happened, oldest first: to a record, by a person, or in a range of time",
            )
            .queried::<audit::AuditQuery>()
            .paged()
            .answers::<Vec<EventView>>(200),
        get("/messages", Access::SignedIn, messages::list)
            .named("listMessages", "Messages to you; with the permission to anybody, waiting, or given up")
            .queried::<messages::MessagesQuery>()
            .paged()
            .answers::<Vec<MessageView>>(200),
        get("/messages/dead-letters", Access::Needs(ReadMessages), messages::dead_letters)
            .named("countDeadLetters", "How many jobs of the queue failed every time")
            .answers::<DeadLettersView>(200),
        post("/messages/dead-letters/redrive", Access::Needs(ReplayMessages), messages::redrive)
            .named("redriveDeadLetters", "Send jobs round again that failed every time")
            .takes::<messages::Redrive>()
            .answers::<RedriveView>(200),
        get("/messages/{id}", Access::SignedIn, messages::show)
            .named("readMessage", "Read a message: your own, or any with the permission")
            .answers::<MessageView>(200)
            .answers_empty(304),
        post("/messages/{id}/replay", Access::Needs(ReplayMessages), messages::replay)
            .named("replayMessage", "Send a message anew that failed, was given up or skipped")
            .keyed(Key::Accepted)
            .answers::<MessageView>(200),
    ]
}

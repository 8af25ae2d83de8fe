//! Telling those who run the installation how it works.

use domain::alert::{Level, Rule};
use domain::message::{Audience, Channel, Due, Skip, Subject};
use domain::{Alert, Event, Message, MessageKind};
use errors::Result;
use providers::{Language, Mailbox, written};

use crate::App;
use crate::compose::{Composed, posted};

/// Who is told, by what `HOLDFAST_ALERTS_TO` says. What is no address must not keep everybody else's messages: the log says so, and
/// nobody is told.
pub(crate) fn receiver(text: &str) -> Option<Mailbox> {
    let receiver = text.parse();
    if let Err(error) = &receiver {
        let error = format!("{error:?}");
        tracing::error!(error, "HOLDFAST_ALERTS_TO is no mail address: nobody is told of alerts");
    }
    receiver.ok()
}

/// The mail that an event of a rule calls for; `None` if the event is of something else.
pub(crate) fn called_for(app: &App, event: &Event) -> Option<Vec<Due>> {
    let named = event.subject.strip_prefix("alert_")?;
    let rule = Rule::ALL.into_iter().find(|rule| rule.as_str() == named)?;
    let due = |to: &Mailbox| Due {
        kind: MessageKind::Alert,
        channel: Channel::Email,
        recipient: app.keys.holder(to.address.as_str()),
        audience: Audience::Customer,
        subject: Subject::Alert { rule },
        location: None,
        at: app.clock.now(),
        expires_at: None,
    };
    Some(app.alerts_to.iter().map(due).collect())
}

/// The mail, unless a later one tells what is true now.
pub(crate) async fn compose(app: &App, message: &Message, rule: Rule) -> Result<Composed> {
    let Some(to) = app.alerts_to.clone() else { return Ok(Composed::Skip(Skip::Unreachable)) };
    let known = app.store.alerts().await?;
    let Some(alert) = known.iter().find(|alert| alert.rule == rule) else {
        return Ok(Composed::Skip(Skip::Gone));
    };
    if alert.version > message.sequence {
        return Ok(Composed::Skip(Skip::Superseded));
    }
    let (subject, body) = told(alert, &app.public_url);
    Ok(posted(app, message, to, written(&subject, &body, Language::English)?, None))
}

/// The mail in words.
fn told(alert: &Alert, public_url: &str) -> (String, String) {
    let (rule, Alert { value, threshold, at, .. }) = (alert.rule.as_str(), alert);
    let Some(level) = alert.level else {
        let body = format!("{rule} is {value}, and does not exceed {threshold} any more. Seen at {at:.0}.");
        return (format!("Well again: {rule}"), body);
    };
    let advice = alert.rule.advice();
    let word = match level {
        Level::Warning => "Warning",
        Level::Critical => "Critical",
    };
    let body = format!(
        "{rule} is {value}, and is not to exceed {threshold}. Seen at {at:.0}.\n\nWhat to do: {advice}.\n\n\
         How it goes on: {public_url}/v2/performance/scalability/overview"
    );
    (format!("{word}: {rule} is {value}"), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_keeps_nobody_from_their_messages() {
        assert_eq!(receiver("Operators <ops@example.org>").unwrap().address.as_str(), "ops@example.org");
        assert!(
            ["a@b@c", "ops@", "one@example.org, two@example.org"]
                .into_iter()
                .all(|to| receiver(to).is_none())
        );
    }
}

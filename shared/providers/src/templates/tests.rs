//! What the messages say, word for word.

use super::*;

fn facts(kind: MessageKind) -> Facts {
    let span =
        Span::new("2027-03-01T08:30:00Z".parse().unwrap(), "2027-03-01T09:00:00Z".parse().unwrap()).unwrap();
    let reason = matches!(kind, MessageKind::Cancelled | MessageKind::OutOfService);
    let about = match kind {
        MessageKind::Code => About::Code { code: "042137".to_owned() },
        MessageKind::PasswordReset => About::PasswordReset { until: span.end() },
        MessageKind::SessionConfirmed
        | MessageKind::SessionCancelled
        | MessageKind::SessionLost
        | MessageKind::SessionCompleted => About::Session {
            title: "Evening concert".to_owned(),
            place: "Harbour, 1 Quay Street".to_owned(),
            zone: "Europe/Berlin".to_owned().try_into().unwrap(),
            span,
            amount: Some("EUR 31.00".to_owned()),
            recording: Some("https://v.example/1".to_owned()),
        },
        MessageKind::StayConfirmed | MessageKind::StayCancelled => About::Stay {
            confirmation: "ACD-EFG-HJK".to_owned(),
            rooms: vec!["Double, Flexible".to_owned(), "Twin, Flexible".to_owned()],
            place: "Harbour, 1 Quay Street".to_owned(),
            zone: "Europe/Berlin".to_owned().try_into().unwrap(),
            span: Span::new("2027-03-01T14:00:00Z".parse().unwrap(), "2027-03-03T10:00:00Z".parse().unwrap())
                .unwrap(),
            amount: "EUR 310.00".to_owned(),
            due: (kind == MessageKind::StayConfirmed).then(|| "EUR 210.00".to_owned()),
        },
        _ => About::Booking {
            room: "Blue room".to_owned(),
            place: "Harbour, 1 Quay Street".to_owned(),
            zone: "Europe/Berlin".to_owned().try_into().unwrap(),
            span,
            title: Some("Sales & plans".to_owned()),
            reason: reason.then(|| "Water damage".to_owned()),
        },
    };
    Facts {
        name: "Asha".to_owned(),
        zone: Some("Asia/Kolkata".to_owned().try_into().unwrap()),
        link: Some("https://rooms.example/b/1?a=1&b=2".to_owned()),
        about,
    }
}

/// Subject, an empty line, text.
fn told(language: Language, kind: MessageKind) -> String {
    let rendered = render(kind, language, &facts(kind)).unwrap();
    format!("{}\n\n{}", rendered.subject, rendered.text)
}

mod words;

#[test]
fn html_is_one_document_that_reads_on_a_phone() {
    let html =
        render(MessageKind::Cancelled, Language::English, &facts(MessageKind::Cancelled)).unwrap().html;
    insta::assert_snapshot!(html, @r#"
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Cancelled: Blue room on Monday, 1 March 2027 at 09:30</title>
    <style>
    body { margin: 0; padding: 16px; background: #f4f4f5; color: #18181b; font: 16px/1.5 sans-serif; }
    main { max-width: 34em; margin: 0 auto; padding: 8px 20px; background: #ffffff; border-radius: 8px; }
    h1 { font-size: 20px; line-height: 1.3; }
    table { width: 100%; border-collapse: collapse; }
    th, td { padding: 6px 12px 6px 0; text-align: left; vertical-align: top; }
    th { color: #52525b; font-weight: normal; white-space: nowrap; }
    .button { display: inline-block; padding: 12px 18px; border-radius: 6px; background: #1d4ed8; color: #ffffff; text-decoration: none; }
    </style>
    </head>
    <body>
    <main>
    <h1>Your booking is cancelled</h1>
    <p>Hello Asha,</p>
    <p>The room is no longer kept for you, and there is nothing left for you to do.</p>
    <p>Reason: Water damage</p><table>
    <tr><th>Room</th><td>Blue room</td></tr>
    <tr><th>Where</th><td>Harbour, 1 Quay Street</td></tr>
    <tr><th>When</th><td>Monday, 1 March 2027, 09:30 to 10:00 CET (Europe&#x2f;Berlin)</td></tr>
    <tr><th>Your time</th><td>Monday, 1 March 2027, 14:00 to 14:30 IST (Asia&#x2f;Kolkata)</td></tr>
    <tr><th>What for</th><td>Sales &amp; plans</td></tr>
    </table>
    <p><a class="button" href="https:&#x2f;&#x2f;rooms.example&#x2f;b&#x2f;1?a=1&amp;b=2">See the booking</a></p>
    </main>
    </body>
    </html>
    "#);
}

#[test]
fn html_says_what_the_text_says_and_loads_nothing() {
    for language in Language::ALL {
        for kind in MessageKind::ALL.into_iter().filter(|kind| Texts::of(language, *kind).is_some()) {
            let rendered = render(kind, language, &facts(kind)).unwrap();
            let html = rendered.html.replace("&amp;", "&").replace("&#x2f;", "/");
            for line in rendered.text.lines().filter(|line| !line.is_empty()) {
                let said = line.split_once(": ").map_or(line, |(_, said)| said).trim_end_matches(':');
                assert!(html.contains(said), "{} {}: {said}", language.as_str(), kind.as_str());
            }
            for from_outside in ["src=", "url(", "<link", "<script", "@import"] {
                assert!(!html.contains(from_outside), "{from_outside}");
            }
            assert!(!rendered.subject.contains('\n'));
        }
    }
}

#[test]
fn what_people_typed_is_text_in_html() {
    let mut facts = facts(MessageKind::Confirmed);
    facts.name = "<script>alert(1)</script>".to_owned();
    facts.link = Some("https://a.example/\"onclick=\"x".to_owned());
    if let About::Booking { title, room, .. } = &mut facts.about {
        *title = Some("</td><img src=x>{{ link }}".to_owned());
        *room = "{% raw %}<b>".to_owned();
    }
    let rendered = render(MessageKind::Confirmed, Language::English, &facts).unwrap();
    for bad in ["<script", "<img", "<b>", "\"onclick"] {
        assert!(!rendered.html.contains(bad), "{bad}");
    }
    assert!(rendered.text.contains("<script>alert(1)</script>"));
    assert!(rendered.text.contains("</td><img src=x>{{ link }}"));
}

#[test]
fn a_recipient_on_the_same_clocks_is_told_the_time_once() {
    let mut facts = facts(MessageKind::Reminder);
    for zone in [None, Some("Europe/Paris".to_owned().try_into().unwrap())] {
        facts.zone = zone;
        let text = render(MessageKind::Reminder, Language::English, &facts).unwrap().text;
        assert!(!text.contains("Your time"), "{text}");
    }
}

#[test]
fn a_language_without_texts_falls_back_to_english() {
    assert_eq!(Language::of_tag("de-AT"), Language::German);
    assert_eq!(Language::of_tag("HI"), Language::Hindi);
    for tag in ["", "en-GB", "fr", "den", "\u{fffd}"] {
        assert_eq!(Language::of_tag(tag), Language::English, "{tag}");
    }
}

#[test]
fn facts_of_another_kind_are_refused() {
    assert!(render(MessageKind::Confirmed, Language::English, &facts(MessageKind::PasswordReset)).is_err());
    assert!(render(MessageKind::PasswordReset, Language::English, &facts(MessageKind::Confirmed)).is_err());
    let no_link = Facts { link: None, ..facts(MessageKind::PasswordReset) };
    assert!(render(MessageKind::PasswordReset, Language::English, &no_link).is_err());
}

//! Tables to take out: complete, in pages that can be put behind one another, and harmless in a spreadsheet.

use super::{busy, orders};
use crate::harness::Answer;
use crate::payments::Temple;

const JANUARY: &str = "from=2027-01-01&to=2027-02-01";

async fn page(temple: &Temple, query: &str) -> Answer {
    temple.app.get(&format!("/v2/exports/{query}")).by(&temple.desk).send().await.expect(200)
}

/// The query of the next page.
fn next(answer: &Answer) -> Option<String> {
    let (query, _) = answer.header("link")?.strip_prefix("<?")?.split_once(">; rel=\"next\"")?;
    Some(query.to_owned())
}

#[tokio::test]
async fn all_orders_come_in_pages_that_make_one_table() {
    let temple = busy().await;
    let whole = page(&temple, &format!("orders?location_id={}&{JANUARY}", temple.place.id)).await;
    assert_eq!(whole.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(whole.header("content-disposition"), Some("attachment; filename=\"orders.csv\""));
    assert_eq!(next(&whole), None);
    let rows: Vec<_> = whole.text.split_terminator("\r\n").collect();
    let all = orders(&temple).await;
    assert_eq!(rows.len(), all.len() + 1);
    assert!(rows[0].starts_with("order_id,made_at,state,"), "{}", rows[0]);
    let column = |name: &str| rows[0].split(',').position(|column| column == name).unwrap();
    let titles: Vec<_> = rows[1..].iter().map(|row| row.split(',').nth(column("title")).unwrap()).collect();
    assert!(titles.contains(&"'=Morning prayer") && titles.contains(&"Evening lamp ceremony"), "{titles:?}");
    assert!(rows[1].contains(",2027-01-04T13:30:00+05:30,"), "{}", rows[1]);
    for name in ["charged", "captured", "refunded", "due"] {
        let minor =
            |row: &&str| row.split(',').nth(column(name)).unwrap().replace('.', "").parse::<i64>().unwrap();
        let sum: i64 = rows[1..].iter().map(minor).sum();
        assert_eq!(
            sum,
            all.iter().map(|order| order["price"][name].as_i64().unwrap()).sum::<i64>(),
            "{name}"
        );
    }
    let (mut pages, mut query) = (Vec::new(), format!("location_id={}&{JANUARY}&limit=3", temple.place.id));
    loop {
        let answer = page(&temple, &format!("orders?{query}")).await;
        let header = if pages.is_empty() { "present" } else { "absent" };
        assert!(answer.header("content-type").unwrap().ends_with(header));
        pages.push(answer.text.clone());
        match next(&answer) {
            Some(more) => query = more,
            None => break,
        }
    }
    assert!(pages.len() > 2, "{}", pages.len());
    assert_eq!(pages.concat(), whole.text);
}

#[tokio::test]
async fn payments_and_months_come_as_tables_too() {
    let temple = busy().await;
    let place = temple.place.id;
    let payments = page(&temple, &format!("payments?location_id={place}&{JANUARY}")).await;
    let rows: Vec<_> = payments.text.split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 8, "{}", payments.text);
    assert!(rows.iter().any(|row| row.contains(",upi,412345678901,INR,100.00,100.00,0.00,true")), "{rows:?}");
    let months = page(&temple, &format!("revenue?location_id={place}&from=2026-12-01&to=2027-02-01")).await;
    let rows: Vec<_> = months.text.split_terminator("\r\n").collect();
    assert_eq!(rows[..2], ["month,currency,captured,refunded,net", "2026-12,INR,0.00,0.00,0.00"]);
    assert!(rows[2].starts_with("2027-01,INR,2216.00,"), "{}", months.text);
    // A day on which nothing was sold is a table too.
    let none = page(&temple, &format!("orders?location_id={place}&from=2027-01-20&to=2027-01-21")).await;
    assert_eq!(none.text.lines().count(), 1);
}

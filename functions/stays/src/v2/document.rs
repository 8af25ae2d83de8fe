//! An invoice as a page to be printed. Whatever people wrote stands in it as text.

use domain::Money;
use domain::hotel::Invoice;
use domain::hotel::folio::FolioLine;

use super::invoice::taxes;

/// Looks of the page, on paper and on a screen.
const STYLE: &str = "body{font:14px/1.5 sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#111}\
header,footer{display:flex;justify-content:space-between;gap:2em}table{width:100%;border-collapse:collapse;margin:2em 0}\
th,td{text-align:left;padding:.3em .5em;border-bottom:1px solid #ccc;vertical-align:top}td:last-child,th:last-child\
{text-align:right;white-space:nowrap}tfoot td{font-weight:bold}p{margin:0}h1{font-size:1.4em}\
@media print{body{margin:0;max-width:none}}";

/// The page.
pub(crate) fn html(invoice: &Invoice, lines: &[FolioLine]) -> String {
    let day = |at| invoice.zone.local(at).date().to_string();
    let money = |minor: i64| Money::new(minor, invoice.currency).to_string();
    let mut page = String::from("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    let title = format!("Invoice {}", invoice.number);
    for part in ["<title>", &title, "</title><style>", STYLE, "</style></head><body>"] {
        page.push_str(part);
    }
    page.push_str("<header><div>");
    let issuer = &invoice.issuer;
    paragraphs(
        &mut page,
        [issuer.name.as_str()].into_iter().chain(issuer.address.iter().map(domain::text::Line::as_str)),
    );
    paragraphs(&mut page, issuer.tax_number.iter().map(domain::text::Name::as_str));
    page.push_str("</div><div>");
    let payer = &invoice.payer;
    paragraphs(
        &mut page,
        [payer.payer.as_str()].into_iter().chain(payer.address.iter().map(domain::text::Line::as_str)),
    );
    paragraphs(&mut page, payer.tax_number.iter().map(domain::text::Name::as_str));
    page.push_str("</div></header>");
    for part in ["<h1>", &title, "</h1>"] {
        page.push_str(part);
    }
    let stayed = invoice.stayed.map(|(from, to)| format!("{from} to {to}")).unwrap_or_default();
    let about = [invoice.date.to_string(), invoice.guest.to_string(), invoice.confirmation.clone(), stayed];
    paragraphs(&mut page, about.iter().map(String::as_str).filter(|text| !text.is_empty()));
    page.push_str("<table><thead>");
    row(&mut page, "th", &["Date", "What", "Amount"]);
    page.push_str("</thead><tbody>");
    for sum in invoice.nights.iter().filter(|sum| !sum.is_tax) {
        row(&mut page, "td", &["", &sum.text, &money(sum.amount)]);
    }
    for line in lines {
        let reason = line.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        row(
            &mut page,
            "td",
            &[&day(line.created_at), &format!("{}{reason}", line.text()), &money(line.amount)],
        );
    }
    for tax in taxes(invoice, lines) {
        row(&mut page, "td", &["", &format!("Tax: {}", tax.text), &money(tax.amount)]);
    }
    page.push_str("</tbody><tfoot>");
    row(&mut page, "td", &["", "Total", &money(invoice.total)]);
    page.push_str("</tfoot></table><table><tbody>");
    for paid in &invoice.payments {
        row(&mut page, "td", &[&day(paid.at), &format!("Paid: {}", paid.means), &money(paid.amount)]);
    }
    page.push_str("</tbody><tfoot>");
    row(&mut page, "td", &["", "Balance", &money(invoice.total - invoice.paid)]);
    page.push_str("</tfoot></table></body></html>");
    page
}

fn paragraphs<'a>(page: &mut String, texts: impl Iterator<Item = &'a str>) {
    for text in texts {
        page.push_str("<p>");
        page.push_str(&escaped(text));
        page.push_str("</p>");
    }
}

fn row(page: &mut String, cell: &str, texts: &[&str]) {
    page.push_str("<tr>");
    for text in texts {
        for part in ["<", cell, ">", &escaped(text), "</", cell, ">"] {
            page.push_str(part);
        }
    }
    page.push_str("</tr>");
}

/// As text between tags.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_people_wrote_stands_as_text() {
        assert_eq!(escaped(r#"<b a="1">'&'</b>"#), "&lt;b a=&quot;1&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;");
    }
}

//! The charts of a report as an SVG of its own: system fonts, and colours that follow the reader's light or dark theme.

use std::fmt::Write;

use crate::report::{Chart, Report};

const WIDTH: u64 = 860;
const LEFT: u64 = 24;
/// Where bars begin.
const BARS: u64 = 190;
/// Room for what is written at the end of the longest bar.
const ROOM: u64 = 190;
const BAR: u64 = 16;
const GAP: u64 = 3;
const BETWEEN: u64 = 12;

const STYLE: &str = "
text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.small { font-size: 12px; fill: #59636e; }
.paper { fill: #ffffff; }
.s0 { fill: #1a7f64; } .s1 { fill: #b6bec8; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .small { fill: #9198a1; } .paper { fill: #0d1117; }
  .s0 { fill: #3fb68b; } .s1 { fill: #59636e; }
}";

/// All charts, one below the other.
pub(crate) fn render(report: &Report) -> String {
    let mut body = String::new();
    let mut y = 18;
    for chart in &report.charts {
        y = drawn(&mut body, chart, y);
    }
    for line in &report.about {
        y += 18;
        text(&mut body, "small", (LEFT, y), line);
    }
    let height = y + 20;
    let named: Vec<&str> = report.charts.iter().map(|chart| chart.title.as_str()).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}\n</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n{body}</svg>\n",
        escaped(&named.join("; "))
    )
}

/// Draws a chart from `top`; where the next one may begin.
fn drawn(body: &mut String, chart: &Chart, top: u64) -> u64 {
    let mut y = top + 20;
    text(body, "title", (LEFT, y), &chart.title);
    if chart.series.len() > 1 {
        y += 20;
        let mut x = BARS;
        for (n, series) in chart.series.iter().enumerate() {
            rect(body, n, (x, y - 10), (11, 11));
            text(body, "small", (x + 17, y), series);
            // A letter of this size is seven wide on average.
            x += 17 + 7 * u64::try_from(series.chars().count()).unwrap_or(0) + 24;
        }
    }
    y += 12;
    let bars = || chart.groups.iter().flat_map(|group| &group.bars);
    let longest = bars().map(|(value, _)| *value).max().unwrap_or(0).max(1);
    for group in &chart.groups {
        let count = u64::try_from(group.bars.len()).unwrap_or(0);
        let height = count * (BAR + GAP);
        text(body, "", (LEFT, y + height / 2 + 3), &group.label);
        for (n, (value, written)) in group.bars.iter().enumerate() {
            let length = (value * (WIDTH - BARS - ROOM) / longest).max(2);
            rect(body, n, (BARS, y), (length, BAR));
            text(body, "small", (BARS + length + 8, y + 12), written);
            y += BAR + GAP;
        }
        y += if count > 1 { BETWEEN } else { GAP };
    }
    y + 10
}

fn rect(body: &mut String, series: usize, (x, y): (u64, u64), (width, height): (u64, u64)) {
    let class = series % 2;
    // Writing to a string cannot fail.
    let _ = writeln!(
        body,
        "<rect class=\"s{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"/>"
    );
}

fn text(body: &mut String, class: &str, (x, y): (u64, u64), text: &str) {
    let _ = writeln!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

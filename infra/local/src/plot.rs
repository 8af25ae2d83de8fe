//! Plots of the operator's pages, as SVG in the page: columns side by side by label, in whole numbers.
//!
//! Whoever has numbers by day or month for several series calls [`columns`]; colours are the page's (`s0`, `s1`, `s2`), and the
//! picture is as wide as its reader's screen.

use std::fmt::Write;

use crate::html::escaped;

const WIDTH: i64 = 640;
const HEIGHT: i64 = 220;
const TOP: i64 = 40;
const BOTTOM: i64 = 24;
/// A label of seven letters needs so much room.
const LABEL: i64 = 56;

/// Numbers under one name, one for each label.
pub(crate) struct Series<'a> {
    /// As the legend has it.
    pub(crate) name: &'a str,
    /// From the first label to the last.
    pub(crate) values: Vec<i64>,
}

/// Columns for each label, a colour for each series, `written` as people read the values.
pub(crate) fn columns(
    title: &str,
    labels: &[String],
    series: &[Series<'_>],
    written: impl Fn(i64) -> String,
) -> String {
    let values = || series.iter().flat_map(|series| series.values.iter().copied());
    let most = values().max().unwrap_or_default().max(0);
    let least = values().min().unwrap_or_default().min(0);
    let range = (most - least).max(1);
    let height = HEIGHT - TOP - BOTTOM;
    let y = |value: i64| {
        TOP + i64::try_from(i128::from(most - value) * i128::from(height) / i128::from(range)).unwrap_or(0)
    };
    let count = |number: usize| i64::try_from(number).unwrap_or(1).max(1);
    let room = WIDTH / count(labels.len());
    let width = (room * 4 / 5 / count(series.len())).max(1);
    let every = (LABEL + room - 1) / room;

    let mut body = String::new();
    let mut x = 0;
    for (n, series) in series.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(body, "<rect class=\"s{}\" x=\"{x}\" y=\"2\" width=\"11\" height=\"11\"/>", n % 3);
        let _ = write!(body, "<text x=\"{}\" y=\"12\">{}</text>", x + 16, escaped(series.name));
        x += 16 + 8 * count(series.name.chars().count()) + 16;
    }
    let _ =
        write!(body, "<text x=\"{WIDTH}\" y=\"12\" text-anchor=\"end\">{}</text>", escaped(&written(most)));
    for (n, series) in series.iter().enumerate() {
        for ((label, value), at) in labels.iter().zip(&series.values).zip(0_i64..) {
            let left = at * room + room / 10 + width * i64::try_from(n).unwrap_or(0);
            let (from, to) = (y((*value).max(0)), y((*value).min(0)));
            let told = escaped(&format!("{label}, {}: {}", series.name, written(*value)));
            let _ = write!(
                body,
                "<rect class=\"s{}\" x=\"{left}\" y=\"{from}\" width=\"{width}\" height=\"{}\"><title>{told}</title></rect>",
                n % 3,
                to - from
            );
        }
    }
    let base = y(0);
    let _ = write!(body, "<line x1=\"0\" y1=\"{base}\" x2=\"{WIDTH}\" y2=\"{base}\"/>");
    for (label, at) in labels.iter().zip(0_i64..).filter(|(_, at)| at % every == 0) {
        let _ = write!(
            body,
            "<text x=\"{}\" y=\"{}\">{}</text>",
            at * room + room / 10,
            HEIGHT - 6,
            escaped(label)
        );
    }
    let title = escaped(title);
    format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">{body}</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_high_as_its_value_and_hangs_below_the_line_when_there_is_less_than_nothing() {
        let labels = ["2027-01".to_owned(), "2027-02".to_owned()];
        let series = [Series { name: "<net>", values: vec![300, -100] }];
        let drawn = columns("Net", &labels, &series, |value| value.to_string());
        // 156 units for 400: the line lies 117 below the top.
        assert!(
            drawn.contains("y=\"40\" width=\"256\" height=\"117\"><title>2027-01, &lt;net&gt;: 300"),
            "{drawn}"
        );
        assert!(
            drawn.contains("y=\"157\" width=\"256\" height=\"39\"><title>2027-02, &lt;net&gt;: -100"),
            "{drawn}"
        );
        assert!(drawn.contains("<line x1=\"0\" y1=\"157\""), "{drawn}");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let drawn =
            columns("Nothing", &[], &[Series { name: "none", values: Vec::new() }], |v| v.to_string());
        assert!(drawn.starts_with("<svg") && !drawn.contains("height=\"0\""), "{drawn}");
    }
}

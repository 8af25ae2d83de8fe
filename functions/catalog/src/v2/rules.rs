//! What a room allows, on the wire: minutes, and opening hours as `HH:MM`. Everything that is wrong is told at once.

use std::collections::BTreeMap;

use domain::resource::{OpeningHours, Period, Rules};
use errors::FieldError;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use web::{Reader, Request};

/// What may be booked, and when. All lengths are minutes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Rules")]
pub(crate) struct View {
    grid: u32,
    min_length: u32,
    max_length: u32,
    min_notice: u32,
    max_notice: u32,
    buffer_before: u32,
    buffer_after: u32,
    /// Always open when null.
    hours: Option<Hours>,
}

/// When a room is open, by its location's wall clock.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OpeningHours")]
pub(crate) struct Hours {
    /// Monday to Sunday.
    week: [Vec<Open>; 7],
    /// Dates that differ from their weekday; an empty list means closed.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<Open>>")]
    exceptions: BTreeMap<Date, Vec<Open>>,
}

/// Open from `start` until just before `end`, as `HH:MM`; `24:00` is the midnight at the end of the day.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OpenPeriod")]
pub(crate) struct Open {
    start: String,
    end: String,
}

web::request! {
    /// What may be booked, and when. All lengths are minutes; what is left out has its default.
    pub(crate) struct Body {
        /// Bookings start and end on it, counted from local midnight: a multiple of 5 that divides a day; 15 by default.
        grid: Option<u32> as u32,
        /// Shortest booking; the grid by default.
        min_length: Option<u32> as u32,
        /// Longest booking; 1,440 by default.
        max_length: Option<u32> as u32,
        /// How long before its start a booking must be made; 0 by default.
        min_notice: Option<u32> as u32,
        /// How long before its start a booking may be made; 366 days by default.
        max_notice: Option<u32> as u32,
        /// Kept free before each booking: a multiple of 5; 0 by default.
        buffer_before: Option<u32> as u32,
        /// Kept free after each booking: a multiple of 5; 0 by default.
        buffer_after: Option<u32> as u32,
        /// Always open without.
        hours: Option<Hours> as Hours,
    }
}

impl JsonSchema for Body {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NewRules".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Self as Request>::schema(generator)
    }
}

/// The rules that the value tells of.
pub(crate) fn parse(value: Value) -> Result<Rules, Vec<FieldError>> {
    let Value::Object(object) = value else {
        return Err(vec![FieldError::new("", "invalid_type", "must be an object")]);
    };
    let mut reader = Reader::of_body(object);
    let body = Body::read(&mut reader);
    let errors = reader.finish(true);
    match body {
        Some(body) if errors.is_empty() => body.checked(),
        _ => Err(errors),
    }
}

/// The rules after a merge patch (RFC 7396).
pub(crate) fn patched(rules: &Rules, patch: Map<String, Value>) -> Result<Rules, Vec<FieldError>> {
    let mut told = serde_json::to_value(View::of(rules)).unwrap_or_default();
    merge(&mut told, Value::Object(patch));
    parse(told)
}

fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(object) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            object.remove(&name);
        } else {
            merge(object.entry(name).or_insert(Value::Null), value);
        }
    }
}

impl Body {
    fn checked(self) -> Result<Rules, Vec<FieldError>> {
        let usual = Rules::default();
        let (hours, mut errors) = match self.hours.map(|hours| hours.parsed("/hours")).transpose() {
            Ok(hours) => (hours, Vec::new()),
            Err(errors) => (None, errors),
        };
        let grid = self.grid.unwrap_or(usual.grid);
        let rules = Rules {
            grid,
            min_length: self.min_length.unwrap_or(grid),
            max_length: self.max_length.unwrap_or(usual.max_length),
            min_notice: self.min_notice.unwrap_or(usual.min_notice),
            max_notice: self.max_notice.unwrap_or(usual.max_notice),
            buffer_before: self.buffer_before.unwrap_or(usual.buffer_before),
            buffer_after: self.buffer_after.unwrap_or(usual.buffer_after),
            hours,
        };
        match rules.checked("") {
            Ok(rules) if errors.is_empty() => Ok(rules),
            Ok(_) => Err(errors),
            Err(more) => {
                errors.extend(more);
                Err(errors)
            }
        }
    }
}

impl Hours {
    fn parsed(self, pointer: &str) -> Result<OpeningHours, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut day = |periods: Vec<Open>, at: String| -> Vec<Period> {
            let mut parsed = Vec::new();
            for (n, open) in periods.into_iter().enumerate() {
                match Period::parse(&open.start, &open.end, &format!("{at}/{n}")) {
                    Ok(period) => parsed.push(period),
                    Err(wrong) => errors.extend(wrong),
                }
            }
            parsed
        };
        let mut weekday = 0;
        let week = self.week.map(|periods| {
            let at = format!("{pointer}/week/{weekday}");
            weekday += 1;
            day(periods, at)
        });
        let exceptions = self.exceptions.into_iter();
        let exceptions: BTreeMap<Date, Vec<Period>> = exceptions
            .map(|(date, periods)| (date, day(periods, format!("{pointer}/exceptions/{date}"))))
            .collect();
        if errors.is_empty() { OpeningHours::new(week, exceptions, pointer) } else { Err(errors) }
    }

    fn of(hours: &OpeningHours) -> Self {
        let day = |periods: &Vec<Period>| -> Vec<Open> {
            periods.iter().map(|period| Open { start: period.start_text(), end: period.end_text() }).collect()
        };
        Self {
            week: hours.week.each_ref().map(day),
            exceptions: hours.exceptions.iter().map(|(date, periods)| (*date, day(periods))).collect(),
        }
    }
}

impl View {
    pub(crate) fn of(rules: &Rules) -> Self {
        Self {
            grid: rules.grid,
            min_length: rules.min_length,
            max_length: rules.max_length,
            min_notice: rules.min_notice,
            max_notice: rules.max_notice,
            buffer_before: rules.buffer_before,
            buffer_after: rules.buffer_after,
            hours: rules.hours.as_ref().map(Hours::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wrong(value: Value) -> Vec<(String, &'static str)> {
        parse(value).unwrap_err().into_iter().map(|error| (error.pointer, error.code)).collect()
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(parse(json!({})), Ok(Rules::default()));
    }

    #[test]
    fn hours_and_lengths_are_judged_together() {
        let mut week = vec![json!([]); 7];
        week[3] = json!([{ "start": "9:00", "end": "25:00" }]);
        let told = wrong(
            json!({ "grid": 7, "hours": { "week": week, "exceptions": { "2027-12-24": [{ "start": "10:00", "end": "09:00" }] } } }),
        );
        let expected = [
            ("/hours/week/3/0/start", "invalid_format"),
            ("/hours/week/3/0/end", "invalid_format"),
            ("/hours/exceptions/2027-12-24/0/end", "end_before_start"),
            ("/grid", "invalid_grid"),
        ];
        for (pointer, code) in expected {
            assert!(told.contains(&(pointer.to_owned(), code)), "{pointer} in {told:?}");
        }
    }

    #[test]
    fn a_patch_changes_what_it_names_and_null_takes_away() {
        let week = vec![json!([{ "start": "09:00", "end": "24:00" }]); 7];
        let open = parse(json!({ "grid": 30, "max_length": 120, "hours": { "week": week } })).unwrap();
        let patch = |value: Value| patched(&open, value.as_object().unwrap().clone());
        assert_eq!(patch(json!({})), Ok(open.clone()));
        let longer = patch(json!({ "max_length": 240 })).unwrap();
        assert_eq!((longer.max_length, longer.grid), (240, 30));
        assert_eq!(patch(json!({ "hours": null })).unwrap().hours, None);
        let closed = patch(json!({ "hours": { "exceptions": { "2027-05-01": [] } } })).unwrap();
        assert_eq!(closed.hours.unwrap().exceptions.len(), 1);
        assert!(patch(json!({ "colour": 1 })).is_err());
    }
}

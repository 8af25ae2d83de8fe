//! The lines of an order on the wire: everything that is wrong in any of them is told at once.

use domain::order::{MOST_LINES, checked};
use domain::pool::{Cells, Nights};
use domain::sale::{Choice, Extra, MOST_EXTRAS};
use domain::text::{Note, Tag};
use domain::{OrderLine, PoolId};
use errors::FieldError;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use web::{Reader, Request};

/// Lines that were read, and what is chosen for each.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) choices: Vec<Choice>,
}

/// An add-on of the offering, chosen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChosenAddOn")]
pub(crate) struct ExtraBody {
    #[schemars(with = "String")]
    code: Tag,
    /// How many of it for the line as a whole, 1 to 1,000; one when unset.
    quantity: Option<u32>,
    /// What is to be known about it; some add-ons need that.
    #[schemars(with = "Option<String>")]
    note: Option<Note>,
}

web::request! {
    /// So many units of a pool, of each night or in total.
    pub(crate) struct LineBody {
        pool_id: PoolId as String,
        /// 1 to 10,000.
        quantity: u32 as u32,
        /// The date of the first night, where nights are sold.
        arrival: Option<Date> as String,
        /// The day after the last night: at most 60 nights.
        departure: Option<Date> as String,
        /// The code of a plan, where it is a session; the only plan when unset.
        plan: Option<Tag> as String,
        /// At most 20 add-ons, where it is a session.
        add_ons: Option<Vec<ExtraBody>> as Vec<ExtraBody>,
    }
}

impl JsonSchema for LineBody {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NewOrderLine".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Self as Request>::schema(generator)
    }
}

/// The lines that the value tells of.
pub(crate) fn parse(value: Value) -> Result<Lines, Vec<FieldError>> {
    let Value::Array(values) = value else {
        return Err(vec![FieldError::new("", "invalid_type", "must be an array of lines")]);
    };
    if !(1..=MOST_LINES).contains(&values.len()) {
        return Err(vec![FieldError::new("", "out_of_range", format!("must have 1 to {MOST_LINES} lines"))]);
    }
    let (mut lines, mut choices, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (at, value) in values.into_iter().enumerate() {
        match line(value) {
            Ok((line, choice)) => {
                lines.push(line);
                choices.push(Choice { line: at, ..choice });
            }
            Err(wrong) => errors.extend(
                wrong
                    .into_iter()
                    .map(|error| FieldError { pointer: format!("/{at}{}", error.pointer), ..error }),
            ),
        }
    }
    if errors.is_empty() { Ok(Lines { lines, choices }) } else { Err(errors) }
}

fn line(value: Value) -> Result<(OrderLine, Choice), Vec<FieldError>> {
    let Value::Object(object) = value else {
        return Err(vec![FieldError::new("", "invalid_type", "must be an object")]);
    };
    let mut reader = Reader::of_body(object);
    let body = LineBody::read(&mut reader);
    let errors = reader.finish(true);
    match body {
        Some(body) if errors.is_empty() => body.line(),
        _ => Err(errors),
    }
}

impl LineBody {
    fn line(self) -> Result<(OrderLine, Choice), Vec<FieldError>> {
        let mut errors = Vec::new();
        let nights = self.arrival.zip(self.departure).map(|(from, to)| Nights::new(from, to));
        let wrong = match (self.arrival, self.departure) {
            (Some(_), None) => Some(("/departure", "required", "goes with arrival")),
            (None, Some(_)) => Some(("/arrival", "required", "goes with departure")),
            _ if nights == Some(None) => Some(("/departure", "not_after_start", "must be after the arrival")),
            _ => None,
        };
        errors.extend(wrong.map(|(pointer, code, message)| FieldError::new(pointer, code, message)));
        let cells = nights.flatten().map_or(Cells::Total, Cells::Nights);
        let line = OrderLine { pool: self.pool_id, cells, quantity: self.quantity, overbooked: false };
        // The domain points at the line within an order; here it is the only one.
        let within = |error: &FieldError| FieldError {
            pointer: error.pointer.replacen("/lines/0", "", 1),
            ..error.clone()
        };
        if let Err(error) = checked(vec![line]) {
            errors.extend(error.field_errors().iter().map(within));
        }
        let extras = self.add_ons.unwrap_or_default();
        if extras.len() > MOST_EXTRAS {
            let message = format!("must be at most {MOST_EXTRAS}");
            errors.push(FieldError::new("/add_ons", "out_of_range", message));
        }
        let extra = |body: ExtraBody| Extra {
            code: body.code,
            quantity: body.quantity.unwrap_or(1),
            note: body.note,
        };
        let extras = extras.into_iter().map(extra).collect();
        let choice = Choice { line: 0, quantity: self.quantity, plan: self.plan, extras };
        if errors.is_empty() { Ok((line, choice)) } else { Err(errors) }
    }
}

//! Where something is posted, on the wire: everything that is wrong with it is told at once.

use domain::Address;
use domain::Phone;
use domain::address::{Country, PostalCode};
use domain::text::{Line, Name};
use errors::FieldError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use web::{Reader, Request};

web::request! {
    /// Where something is posted.
    pub(crate) struct AddressBody {
        /// To whom.
        name: Name as String,
        /// Street, house, what else: 1 to 4 lines.
        lines: Vec<Line> as Vec<String>,
        city: Name as String,
        /// The state or province, where addresses have one.
        region: Option<Name> as String,
        /// 2 to 12 letters, digits, spaces and dashes, where the country has them.
        postal_code: Option<PostalCode> as String,
        /// ISO 3166-1, two letters, e.g. `IN`.
        country: Country as String,
        /// Whom the carrier calls, with the country: `+91 98765 43210`.
        phone: Phone as String,
    }
}

impl JsonSchema for AddressBody {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NewAddress".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Self as Request>::schema(generator)
    }
}

/// Where something is posted. Only for whose order it is and for those who read bookings there.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Address")]
pub(crate) struct AddressView {
    name: String,
    lines: Vec<String>,
    city: String,
    region: Option<String>,
    postal_code: Option<String>,
    /// ISO 3166-1, two letters.
    country: String,
    phone: String,
}

impl AddressView {
    pub(crate) fn of(address: &Address) -> Self {
        Self {
            name: address.name.to_string(),
            lines: address.lines.iter().map(ToString::to_string).collect(),
            city: address.city.to_string(),
            region: address.region.as_ref().map(ToString::to_string),
            postal_code: address.postal_code.as_ref().map(|code| code.as_str().to_owned()),
            country: address.country.as_str().to_owned(),
            phone: address.phone.as_str().to_owned(),
        }
    }
}

/// The address that the value tells of.
pub(crate) fn parse(value: Value) -> Result<Address, Vec<FieldError>> {
    let Value::Object(object) = value else {
        return Err(vec![FieldError::new("", "invalid_type", "must be an object")]);
    };
    let mut reader = Reader::of_body(object);
    let body = AddressBody::read(&mut reader);
    let errors = reader.finish(true);
    match body {
        Some(body) if errors.is_empty() => body.address(),
        _ => Err(errors),
    }
}

impl AddressBody {
    fn address(self) -> Result<Address, Vec<FieldError>> {
        let Self { name, lines, city, region, postal_code, country, phone } = self;
        let address = Address { name, lines, city, region, postal_code, country, phone };
        address.checked().map_err(|error| error.field_errors().to_vec())
    }
}

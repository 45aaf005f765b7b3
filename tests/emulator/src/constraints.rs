//! Checks a request against the API's model, and reports every violation at once.
//!
//! One answer lists them all, because a caller who has to fix them one by one needs a write for each,
//! and writes are scarce (one a second).

use jiff::Timestamp;
use serde_json::Value;

use crate::document::Document;
use crate::refusal::{Code, Reason, Refusal, Violation, refuse};
use crate::shape::{SHAPES, Shape, Structure, Text};

/// The operations whose request holds an opportunity beside the operation's own members.
const WRITERS: [&str; 2] = ["CreateOpportunity", "UpdateOpportunity"];

/// Refuses a request that the model does not allow.
pub(crate) fn validate(
    operation: &str,
    request: &Document,
    carried: Option<&Document>,
) -> Result<(), Refusal> {
    let violations = violations(operation, request, carried);
    refuse(Reason::RequestValidationFailed, violations)
}

/// Everything in a request that the model does not allow.
///
/// A value that `carried` already has at the same place is not held against its value list: live
/// opportunities hold values outside the model (`Do Not Need Support from AWS Sales Rep`, recorded in
/// December 2025), and AWS takes them back unchanged.
fn violations(operation: &str, request: &Document, carried: Option<&Document>) -> Vec<Violation> {
    let mut check = Check {
        carried,
        pointer: String::new(),
        found: Vec::new(),
    };
    if let Some(shape) = SHAPES.requests.get(operation) {
        check.structure(shape, request);
    }
    if WRITERS.contains(&operation) {
        check.structure(&SHAPES.opportunity, request);
    }
    check.found
}

/// Walks a request and its shape side by side.
struct Check<'a> {
    carried: Option<&'a Document>,
    /// The current place, as a JSON Pointer.
    pointer: String,
    found: Vec<Violation>,
}

impl Check<'_> {
    fn structure(&mut self, shape: &Structure, object: &Document) {
        for (name, shape) in &shape.members {
            self.enter(name, |check| match object.get(name) {
                Some(value) if !value.is_null() => check.value(shape, value),
                _ => {}
            });
        }
        for name in &shape.required {
            if object.get(name).is_none_or(Value::is_null) {
                self.enter(name, |check| {
                    check.report(Code::RequiredFieldMissing, "is missing, expected a value");
                });
            }
        }
    }

    fn value(&mut self, shape: &Shape, value: &Value) {
        match (shape, value) {
            (Shape::Structure(shape), Value::Object(object)) => self.structure(shape, object),
            (Shape::List { item, min, max }, Value::Array(items)) => {
                let length = items.len();
                if let Some(min) = min.filter(|min| length < *min) {
                    let what = format!("has {length} items, expected at least {min}");
                    self.report(Code::NotEnoughValues, &what);
                }
                if let Some(max) = max.filter(|max| length > *max) {
                    let what = format!("has {length} items, expected at most {max}");
                    self.report(Code::TooManyValues, &what);
                }
                for (position, value) in items.iter().enumerate() {
                    self.enter(&position.to_string(), |check| check.value(item, value));
                }
            }
            (Shape::String(shape), Value::String(text)) => self.text(shape, text),
            (Shape::Integer { min, max }, Value::Number(number)) => {
                if number
                    .as_i64()
                    .is_none_or(|number| number < *min || number > *max)
                {
                    let what = format!("is `{number}`, expected an integer from {min} to {max}");
                    self.report(Code::ValueOutOfRange, &what);
                }
            }
            (Shape::Timestamp, Value::String(text)) => {
                if text.parse::<Timestamp>().is_err() {
                    let what = format!("is `{text}`, expected an instant in ISO 8601");
                    self.report(Code::InvalidStringFormat, &what);
                }
            }
            (shape, value) => {
                let expected = match shape {
                    Shape::Structure(_) => "an object",
                    Shape::List { .. } => "a list",
                    Shape::Integer { .. } => "an integer",
                    Shape::String(_) | Shape::Timestamp => "a string",
                };
                self.report(
                    Code::InvalidValue,
                    &format!("is `{value}`, expected {expected}"),
                );
            }
        }
    }

    fn text(&mut self, shape: &Text, text: &str) {
        let length = text.chars().count();
        if let Some(min) = shape.min.filter(|min| length < *min) {
            let what = format!("has {length} characters, expected at least {min}");
            self.report(Code::InvalidStringFormat, &what);
        }
        if let Some(max) = shape.max.filter(|max| length > *max) {
            let what = format!("has {length} characters, expected at most {max}");
            self.report(Code::InvalidStringFormat, &what);
        }
        if let Some(pattern) = &shape.pattern
            && !pattern.matches(text)
        {
            let what = format!("is `{text}`, expected a match of `{}`", pattern.source);
            self.report(Code::InvalidStringFormat, &what);
        }
        if let Some(name) = &shape.values
            && let Some(values) = SHAPES.values.get(name)
            && !values.iter().any(|value| value == text)
            && !self.is_carried(text)
        {
            let what = format!("is `{text}`, expected one of the values of `{name}`");
            self.report(Code::InvalidEnumValue, &what);
        }
    }

    /// Whether the stored opportunity has the value at this place, or elsewhere in the same list.
    fn is_carried(&self, text: &str) -> bool {
        let mut parts = self.pointer.split('/').skip(1);
        let member = parts.next().and_then(|name| self.carried?.get(name));
        member.is_some_and(|value| has(value, parts, text))
    }

    fn enter(&mut self, part: &str, then: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(part);
        then(self);
        self.pointer.truncate(length);
    }

    fn report(&mut self, code: Code, what: &str) {
        let message = format!("`{}` {what}", self.pointer);
        self.found
            .push(Violation::new(&self.pointer, code, message));
    }
}

/// Whether the parts of a pointer lead to the text, at any position of a list.
fn has<'a>(value: &Value, mut parts: impl Iterator<Item = &'a str> + Clone, text: &str) -> bool {
    match (parts.next(), value) {
        (None, value) => value == text,
        (Some(_), Value::Array(items)) => items.iter().any(|it| has(it, parts.clone(), text)),
        (Some(part), value) => value.get(part).is_some_and(|it| has(it, parts, text)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use Code::{
        InvalidEnumValue, InvalidStringFormat, InvalidValue, NotEnoughValues, RequiredFieldMissing,
        TooManyValues, ValueOutOfRange,
    };

    fn found(operation: &str, request: &Value, carried: &Value) -> Vec<(String, Code)> {
        let request = request.as_object().unwrap();
        let violations = violations(operation, request, carried.as_object());
        violations
            .into_iter()
            .map(|it| (it.field_name, it.code))
            .collect()
    }

    fn request() -> Value {
        json!({
            "Catalog": "AWS",
            "Identifier": "O1234567",
            "LastModifiedDate": "2025-12-15T10:20:30.149Z",
            "Customer": { "Account": { "CompanyName": "Example" }, "Contacts": [{}] },
            "Project": {},
        })
    }

    /// Puts a value at a pointer; everything but its last part must exist.
    fn put_at(request: &mut Value, pointer: &str, value: Value) {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[name] = value;
    }

    /// Each case: a place, the value put there, and the code of the violation, if any.
    #[test]
    fn a_value_is_checked_against_the_model() {
        let long = |length: usize| json!("ä".repeat(length));
        let email = |length: usize| json!(format!("{}@example.com", "a".repeat(length - 12)));
        let spend =
            json!({ "CurrencyCode": "EUR", "Frequency": "Monthly", "TargetCompany": "AWS" });
        let spends = |length| Value::Array(vec![spend.clone(); length]);
        let cases = [
            ("/Catalog", json!("AWS 2"), Some(InvalidStringFormat)),
            ("/Identifier", json!("0123"), Some(InvalidStringFormat)),
            ("/Identifier", json!(null), Some(RequiredFieldMissing)),
            (
                "/LastModifiedDate",
                json!("2025-12-15"),
                Some(InvalidStringFormat),
            ),
            (
                "/LastModifiedDate",
                json!(1_765_794_030),
                Some(InvalidValue),
            ),
            (
                "/LastModifiedDate",
                json!("2025-12-15T11:20:30.149000+01:00"),
                None,
            ),
            ("/Tomorrow", json!({ "Is": ["another", "day"] }), None),
            ("/OpportunityType", json!("Expansion"), None),
            ("/OpportunityType", json!("Renewal"), Some(InvalidEnumValue)),
            ("/OpportunityType", json!(null), None),
            ("/OpportunityType", json!(1), Some(InvalidValue)),
            ("/PartnerOpportunityIdentifier", long(64), None),
            (
                "/PartnerOpportunityIdentifier",
                long(65),
                Some(InvalidStringFormat),
            ),
            ("/Project", json!("none"), Some(InvalidValue)),
            (
                "/Project/CustomerBusinessProblem",
                long(19),
                Some(InvalidStringFormat),
            ),
            (
                "/Project/AdditionalComments",
                json!(""),
                Some(InvalidStringFormat),
            ),
            ("/Project/DeliveryModels", json!(["Resell"]), None),
            ("/Project/DeliveryModels", json!([null]), Some(InvalidValue)),
            (
                "/Project/DeliveryModels",
                json!({ "0": "Resell" }),
                Some(InvalidValue),
            ),
            ("/Project/ExpectedCustomerSpend", spends(10), None),
            (
                "/Project/ExpectedCustomerSpend",
                spends(11),
                Some(TooManyValues),
            ),
            (
                "/Customer/Account/CompanyName",
                json!(null),
                Some(RequiredFieldMissing),
            ),
            ("/Customer/Account/Duns", json!("123456789"), None),
            (
                "/Customer/Account/Duns",
                json!("123456789\n"),
                Some(InvalidStringFormat),
            ),
            (
                "/Customer/Account/Duns",
                json!("١٢٣٤٥٦٧٨٩"),
                Some(InvalidStringFormat),
            ),
            ("/Customer/Contacts/0/Email", email(80), None),
            (
                "/Customer/Contacts/0/Email",
                email(81),
                Some(InvalidStringFormat),
            ),
            (
                "/Customer/Contacts/0/Email",
                json!("Ada@example.com"),
                Some(InvalidStringFormat),
            ),
        ];
        for (pointer, value, code) in cases {
            let mut request = request();
            put_at(&mut request, pointer, value.clone());
            let expected = code.map(|code| {
                (
                    Violation::new(pointer, code, String::new()).field_name,
                    code,
                )
            });
            let found = found("UpdateOpportunity", &request, &Value::Null);
            assert_eq!(found, Vec::from_iter(expected), "{value} at {pointer}");
        }
    }

    #[test]
    fn other_requests_are_checked_against_the_model_too() {
        let cases = [
            (
                "GetOpportunity",
                json!({ "Catalog": "AWS" }),
                ("identifier", RequiredFieldMissing),
            ),
            (
                "ListOpportunities",
                json!({ "Catalog": "AWS", "MaxResults": 101 }),
                ("maxResults", ValueOutOfRange),
            ),
            (
                "ListOpportunities",
                json!({ "Catalog": "AWS", "Sort": { "SortBy": "Identifier" } }),
                ("sort.sortOrder", RequiredFieldMissing),
            ),
            (
                "CreateOpportunity",
                json!({ "Catalog": "AWS" }),
                ("clientToken", RequiredFieldMissing),
            ),
            (
                "CreateOpportunity",
                json!({ "Catalog": "AWS", "ClientToken": "1", "Tags": [] }),
                ("tags", NotEnoughValues),
            ),
        ];
        for (operation, request, (field, code)) in cases {
            let found = found(operation, &request, &Value::Null);
            assert_eq!(found, [(field.to_owned(), code)], "{operation} {request}");
        }
    }

    #[test]
    fn a_value_outside_its_list_may_be_kept_but_not_added() {
        let spend = |frequency| json!([{ "CurrencyCode": "EUR", "TargetCompany": "Self", "Frequency": frequency }]);
        let (own, other) = (
            "Do Not Need Support from AWS Sales Rep",
            "Co-Sell - Deal Support",
        );
        let (spends, needs) = ("/Project/ExpectedCustomerSpend", "/PrimaryNeedsFromAws");
        let frequency = "project.expectedCustomerSpend.frequency";
        let cases = [
            (spends, spend("None"), spend("None"), None),
            (spends, spend("Monthly"), spend("None"), Some(frequency)),
            (needs, json!([own]), json!([other, own]), None),
            (
                needs,
                json!([other]),
                json!([other, own]),
                Some("primaryNeedsFromAws"),
            ),
        ];
        for (pointer, before, after, expected) in cases {
            let (mut carried, mut request) = (request(), request());
            put_at(&mut carried, pointer, before.clone());
            put_at(&mut request, pointer, after.clone());
            let expected = expected.map(|field| (field.to_owned(), InvalidEnumValue));
            let found = found("UpdateOpportunity", &request, &carried);
            assert_eq!(found, Vec::from_iter(expected), "{after} over {before}");
        }
    }

    #[test]
    fn all_violations_are_reported_at_once_with_their_places() {
        let contacts = json!([{ "Phone": "+4912345" }, { "Phone": "1", "LastName": 5 }]);
        let request = json!({ "Catalog": "AWS", "Customer": { "Contacts": contacts } });
        let violations = violations("UpdateOpportunity", request.as_object().unwrap(), None);
        let messages: Vec<&str> = violations.iter().map(|it| it.message.as_str()).collect();
        let expected = [
            "`/LastModifiedDate` is missing, expected a value",
            "`/Identifier` is missing, expected a value",
            "`/Customer/Contacts/1/LastName` is `5`, expected a string",
            r"`/Customer/Contacts/1/Phone` is `1`, expected a match of `\+[1-9]\d{1,14}`",
        ];
        assert_eq!(messages, expected);
    }
}

//! The opportunity in the CRM's own names, for a CRM that no program stands in front of.

use mapping::{Facts, Mapping};
use model::{CloudEvent, Code, Object, Problem, ProblemCode};
use serde_json::Value;

/// The event with a body for the CRM's API, made of the whole document: the event may hold less of it.
pub(crate) fn with_body(event: CloudEvent, document: &Object, mapping: &Mapping) -> CloudEvent {
    let facts = Facts {
        sequence: event.sequence(),
        id: event.id(),
    };
    let heard = mapping.get(document, &facts);
    let problems = heard.problems.into_iter().map(left_out);
    match mapping.body(event.subject(), heard.record) {
        Value::Object(body) => event.with_crm(body, problems),
        // A mapping's `send` has an object for its body.
        _ => event,
    }
}

/// A field that is not in the body.
fn left_out(finding: mapping::Finding) -> Problem {
    let code = match finding.code {
        Code::WrongType => ProblemCode::WrongType,
        Code::UnmappedValue => ProblemCode::UnmappedValue,
        _ => ProblemCode::NotRepresentable,
    };
    Problem::unmapped(&finding.pointer, finding.field, code, finding.detail)
}

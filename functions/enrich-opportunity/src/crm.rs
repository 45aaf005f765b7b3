//! Adds the opportunity in the CRM's own names, for a CRM that takes events without a program between.

use mapping::{Facts, Mapping};
use model::{CloudEvent, Code, Object, Problem, ProblemCode};
use serde_json::Value;

/// Adds a body for the CRM's API. It comes from the whole document, of which the event may hold less.
pub(crate) fn with_body(event: CloudEvent, document: &Object, mapping: &Mapping) -> CloudEvent {
    let facts = Facts {
        sequence: event.sequence(),
        id: event.id(),
    };
    let heard = mapping.get(document, &facts);
    let problems = heard.problems.into_iter().map(left_out);
    match mapping.body(event.subject(), heard.record) {
        Value::Object(body) => event.with_crm(body, problems),
        // The body in a mapping's `send` is always an object.
        _ => event,
    }
}

/// The problem for a field that the body lacks.
fn left_out(finding: mapping::Finding) -> Problem {
    let code = match finding.code {
        Code::WrongType => ProblemCode::WrongType,
        Code::UnmappedValue => ProblemCode::UnmappedValue,
        _ => ProblemCode::NotRepresentable,
    };
    Problem::unmapped(&finding.pointer, finding.field, code, finding.detail)
}

//! A CRM's own names for an opportunity's fields: one table, as data, that works in both directions.
//!
//! A CRM team writes down which of its fields stands for which place of the opportunity, and in which
//! form; nobody writes a program. There is no expression language, so that whatever the table says can
//! be turned round. It is a lens, and obeys the two laws of one:
//!
//! 1. What was heard and is sent back changes nothing: `put(document, get(document)) = document`, for
//!    every document and every mapping. Where AWS's value already stands for the one that comes in, it
//!    is kept: neither several stages that are one to the CRM, nor rounded amounts, nor shortened texts
//!    flip or echo.
//! 2. What was sent is heard: `get(put(document, record)) = record` in every field that goes both
//!    ways, or the record is refused, `not-representable`. (Two values are equal where they mean the
//!    same in the row's `as`. A row that goes to AWS alone is never heard, and may lose what AWS cannot
//!    hold: a time of day, a stage finer than AWS's.)
//!
//! ```
//! use mapping::{Facts, Mapping};
//! use serde_json::json;
//!
//! let mapping = Mapping::parse(br#"{
//!     "crm": "example",
//!     "receive": {"id": "/aws_id", "record": ""},
//!     "send": {"body": {}, "id": "/aws_id", "record": ""},
//!     "fields": [{"aws": "/LifeCycle/Stage", "crm": "stage", "values": [
//!         ["Qualified", "open"], ["Technical Validation", "demo"], ["Business Validation", "demo"]]}]
//! }"#)?;
//!
//! let document = json!({"LifeCycle": {"Stage": "Business Validation", "NextSteps": "Call"}});
//! let document = document.as_object().unwrap();
//! let heard = mapping.get(document, &Facts { sequence: "7", id: "e" });
//! assert_eq!(heard.record, json!({"stage": "demo"}));
//! assert_eq!(&mapping.put(document, &heard.record).unwrap().document, document);
//!
//! let put = mapping.put(document, &json!({"stage": "open", "owner": 7})).unwrap();
//! assert_eq!(put.document["LifeCycle"], json!({"Stage": "Qualified", "NextSteps": "Call"}));
//! assert_eq!((put.field("/LifeCycle/Stage"), put.ignored), (Some("stage"), 1));
//! # Ok::<(), mapping::MappingError>(())
//! ```

mod check;
mod decimal;
mod file;
mod finding;
mod form;
#[cfg(test)]
mod laws;
mod parse;
mod place;
mod put;
mod receive;
#[cfg(test)]
mod recipes;
#[cfg(test)]
mod samples;
mod table;

use model::{Code, Object};
use serde_json::{Value, json};

use self::form::{Form, Pair};
use self::place::Place;
pub use self::{
    file::{LoadError, load},
    finding::Finding,
    parse::MappingError,
    put::{Put, Source},
    receive::{ReceiveError, Received},
};

/// A table of pairs of fields, and how the CRM's messages are made.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    crm: String,
    receive: Receive,
    send: Send,
    locked: Locked,
    rows: Vec<Row>,
    facts: Vec<FactRow>,
    /// The rows that go to AWS, an array's items in their order.
    to_aws: Vec<usize>,
    warnings: Vec<MappingError>,
}

/// What a sender hears of an edit that a review closes: `locked` in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locked {
    /// It is refused.
    #[default]
    Refuse,
    /// It is to be sent again later: for senders that give up on an answer of 4xx.
    Retry,
}

/// What is known of an event besides its opportunity, for rows with `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The event's `sequence`: of two events for one opportunity the greater is the newer.
    pub sequence: &'a str,
    /// The event's `id`.
    pub id: &'a str,
}

/// An opportunity in the CRM's own names.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The fields, null (or the empty text, where the CRM takes only texts) where AWS has nothing.
    pub record: Value,
    /// The fields that are left out, because the mapping cannot tell them.
    pub problems: Vec<Finding>,
}

/// Where a message of the CRM's has what.
#[derive(Debug, Clone, PartialEq)]
struct Receive {
    id: Place,
    record: Place,
}

/// How a message to the CRM is made.
#[derive(Debug, Clone, PartialEq)]
struct Send {
    body: Value,
    id: Option<Place>,
    record: Place,
    /// Whether every value is written as text.
    is_text: bool,
}

/// A pair of fields.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    /// The place in the opportunity.
    aws: Place,
    /// The field, as the file writes it.
    field: String,
    /// The same as a place in the record.
    crm: Place,
    to: Direction,
    form: Form,
    pairs: Vec<Pair>,
    default: Option<Value>,
    with: Option<usize>,
    new: Object,
    clears: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Both,
    Aws,
    Crm,
}

/// A field that the CRM is told and that is no part of the opportunity.
#[derive(Debug, Clone, PartialEq)]
struct FactRow {
    fact: Fact,
    field: String,
    crm: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Sequence,
    Id,
}

impl Fact {
    const ALL: [Self; 2] = [Self::Sequence, Self::Id];

    fn name(self) -> &'static str {
        match self {
            Self::Sequence => "sequence",
            Self::Id => "id",
        }
    }

    fn of<'a>(self, facts: &Facts<'a>) -> &'a str {
        match self {
            Self::Sequence => facts.sequence,
            Self::Id => facts.id,
        }
    }
}

impl Row {
    fn goes_to_crm(&self) -> bool {
        self.to != Direction::Aws
    }

    fn goes_to_aws(&self) -> bool {
        self.to != Direction::Crm
    }

    fn finding(&self, code: Code, detail: impl Into<String>) -> Finding {
        Finding {
            pointer: self.aws.to_string(),
            field: self.field.clone(),
            code,
            detail: detail.into(),
        }
    }
}

impl Mapping {
    /// The CRM's name, as the file has it.
    #[must_use]
    pub fn crm(&self) -> &str {
        &self.crm
    }

    /// What a sender hears of an edit that a review closes.
    #[must_use]
    pub fn locked(&self) -> Locked {
        self.locked
    }

    /// Values that AWS's documentation does not list, though its model takes any: each may be a typo.
    #[must_use]
    pub fn warnings(&self) -> &[MappingError] {
        &self.warnings
    }

    /// The opportunity as the CRM writes it. A value that the table cannot tell is left out and is a
    /// problem.
    #[must_use]
    pub fn get(&self, document: &Object, facts: &Facts<'_>) -> Record {
        let mut record = json!({});
        let mut problems = Vec::new();
        for row in self.rows.iter().filter(|row| row.goes_to_crm()) {
            match row.form.hear(&row.pairs, row.aws.find_in(document)) {
                Ok(value) => row.crm.write(&mut record, self.send.as_taken(value)),
                Err(misfit) => problems.push(row.finding(misfit.code, misfit.detail)),
            }
        }
        for row in &self.facts {
            row.crm.write(&mut record, json!(row.fact.of(facts)));
        }
        Record { record, problems }
    }

    /// A record that the CRM could send: what AWS has, in the fields that go to AWS.
    #[must_use]
    pub fn example(&self, document: &Object) -> Value {
        let mut record = json!({});
        for row in self.rows.iter().filter(|row| row.goes_to_aws()) {
            let heard = row.form.hear(&row.pairs, row.aws.find_in(document));
            if let Some(value) = heard.ok().filter(|value| !value.is_null()) {
                row.crm.write(&mut record, self.send.as_taken(value));
            }
        }
        record
    }

    /// The whole body for the CRM's API, with `record` in it, for the opportunity of this identifier.
    #[must_use]
    pub fn body(&self, identifier: &str, record: Value) -> Value {
        let mut body = self.send.body.clone();
        self.send.record.write(&mut body, record);
        if let Some(id) = &self.send.id {
            id.write(&mut body, json!(identifier));
        }
        body
    }

    /// The field of the CRM's that stands for a place of the opportunity, or for what holds it. Of
    /// several, the first that can change it.
    #[must_use]
    pub fn field(&self, pointer: &str) -> Option<&str> {
        let place = Place::parse(pointer).ok()?;
        let of_it = |row: &&Row| place.is_within(&row.aws);
        let mut rows = self.rows.iter().filter(of_it);
        let first = rows.clone().next();
        rows.find(|row| row.goes_to_aws())
            .or(first)
            .map(|row| row.field.as_str())
    }
}

impl Send {
    /// A value in the form that the CRM takes.
    fn as_taken(&self, value: Value) -> Value {
        match value {
            Value::Null if self.is_text => json!(""),
            Value::Bool(_) | Value::Number(_) if self.is_text => json!(value.to_string()),
            value => value,
        }
    }
}

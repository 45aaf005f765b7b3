//! A mapping as it is once its file is parsed: a table of paired fields, and the form of messages.

use model::{Code, Object};
use serde_json::{Value, json};

use crate::{
    error::MappingError,
    finding::Finding,
    form::{Form, Pair},
    place::Place,
};

/// A table of paired fields, and the form of the CRM's messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    pub(crate) crm: String,
    pub(crate) receive: Receive,
    pub(crate) send: Send,
    pub(crate) locked: Locked,
    pub(crate) rows: Vec<Row>,
    pub(crate) facts: Vec<FactRow>,
    /// The rows that go to AWS, an array's items in order.
    pub(crate) to_aws: Vec<usize>,
    pub(crate) warnings: Vec<MappingError>,
}

/// What to answer to an edit that a review closes: `locked` in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locked {
    /// The edit is refused.
    #[default]
    Refuse,
    /// The sender is asked to try again later: for senders that give up after an answer of 4xx.
    Retry,
}

/// The facts of an event besides its opportunity, for rows with `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The event's `sequence`: of two events for one opportunity, the greater is the newer.
    pub sequence: &'a str,
    /// The event's `id`.
    pub id: &'a str,
}

/// An opportunity in the CRM's own names.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The fields; null (or an empty text, if the CRM takes only texts) for fields that AWS does not
    /// have.
    pub record: Value,
    /// The fields left out because the mapping has no value for them.
    pub problems: Vec<Finding>,
}

/// Where a message from the CRM has its identifier and its record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Receive {
    pub(crate) id: Place,
    pub(crate) record: Place,
}

/// How to build a message for the CRM.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Send {
    pub(crate) body: Value,
    pub(crate) id: Option<Place>,
    pub(crate) record: Place,
    /// Whether to write every value as text.
    pub(crate) is_text: bool,
}

/// A pair of fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The place in the opportunity.
    pub(crate) aws: Place,
    /// The field, as the file writes it.
    pub(crate) field: String,
    /// The same field as a place in the record.
    pub(crate) crm: Place,
    pub(crate) to: Direction,
    pub(crate) form: Form,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) default: Option<Value>,
    pub(crate) with: Option<usize>,
    pub(crate) new: Object,
    pub(crate) clears: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Both,
    Aws,
    Crm,
}

/// A field for the CRM that is not part of the opportunity.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FactRow {
    pub(crate) fact: Fact,
    pub(crate) field: String,
    pub(crate) crm: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    Sequence,
    Id,
}

impl Fact {
    pub(crate) const ALL: [Self; 2] = [Self::Sequence, Self::Id];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sequence => "sequence",
            Self::Id => "id",
        }
    }

    pub(crate) fn of<'a>(self, facts: &Facts<'a>) -> &'a str {
        match self {
            Self::Sequence => facts.sequence,
            Self::Id => facts.id,
        }
    }
}

impl Row {
    pub(crate) fn goes_to_crm(&self) -> bool {
        self.to != Direction::Aws
    }

    pub(crate) fn goes_to_aws(&self) -> bool {
        self.to != Direction::Crm
    }

    pub(crate) fn finding(&self, code: Code, detail: impl Into<String>) -> Finding {
        Finding {
            pointer: self.aws.to_string(),
            field: self.field.clone(),
            code,
            detail: detail.into(),
        }
    }
}

impl Mapping {
    /// The CRM's name, as in the file.
    #[must_use]
    pub fn crm(&self) -> &str {
        &self.crm
    }

    /// What to answer to an edit that a review closes.
    #[must_use]
    pub fn locked(&self) -> Locked {
        self.locked
    }

    /// Values that AWS's documentation does not list although its model takes any: each may be a typo.
    #[must_use]
    pub fn warnings(&self) -> &[MappingError] {
        &self.warnings
    }

    /// The opportunity as the CRM writes it. A value that the table cannot convert is left out and
    /// reported.
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

    /// A record that the CRM could send: AWS's values, in the fields that go to AWS.
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

    /// The whole body for the CRM's API: `record`, for the opportunity with this identifier.
    #[must_use]
    pub fn body(&self, identifier: &str, record: Value) -> Value {
        let mut body = self.send.body.clone();
        self.send.record.write(&mut body, record);
        if let Some(id) = &self.send.id {
            id.write(&mut body, json!(identifier));
        }
        body
    }

    /// The CRM's field for a place of the opportunity, or for one that contains it. Of several, the first
    /// that can change it.
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
    /// A value as the CRM takes it.
    pub(crate) fn as_taken(&self, value: Value) -> Value {
        match value {
            Value::Null if self.is_text => json!(""),
            Value::Bool(_) | Value::Number(_) if self.is_text => json!(value.to_string()),
            value => value,
        }
    }
}

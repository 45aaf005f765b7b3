//! Applies the CRM's record to an opportunity: all of its changes or none.

use model::{Code, Object};
use serde_json::Value;

use crate::{
    finding::Finding,
    form::{Reading, is_nothing, quoted},
    mapping::{Mapping, Row},
    place::Place,
};

/// A document after a record's changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Put {
    /// The whole document. Fields that the record clears are null.
    pub document: Object,
    /// Which field changed which place.
    pub fields: Vec<Source>,
    /// How many fields of the record the mapping does not name.
    pub ignored: usize,
    /// What was ignored or added and is worth knowing.
    pub notices: Vec<Finding>,
}

/// A place in the opportunity, and the field of its value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Source {
    /// The place in the opportunity, as a JSON Pointer.
    pub pointer: String,
    /// The place in the CRM's record, as the mapping writes it.
    pub field: String,
}

impl Put {
    /// The field that caused a change: to `pointer`, or to a place inside or around it. Of several, the
    /// first. The whole opportunity belongs to no single field.
    #[must_use]
    pub fn field(&self, pointer: &str) -> Option<&str> {
        let is_within = |one: &str, outer: &str| {
            one.strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let of_it = |source: &&Source| {
            is_within(&source.pointer, pointer) || is_within(pointer, &source.pointer)
        };
        let source = self
            .fields
            .iter()
            .find(of_it)
            .filter(|_| !pointer.is_empty());
        source.map(|source| source.field.as_str())
    }
}

/// What to do with a field of the record.
enum Step {
    /// AWS already has the value.
    Kept,
    /// The value and AWS's are both empty: nothing to do.
    Empty,
    /// The value is ignored, with a notice.
    Told(Finding),
    /// AWS gets this value.
    Change(Value),
}

impl Mapping {
    /// Applies a record to a document. Absent fields change nothing; null and an empty text clear a field
    /// only if the row says so.
    ///
    /// # Errors
    /// With every finding for which the record is refused.
    pub fn put(&self, document: &Object, record: &Value) -> Result<Put, Vec<Finding>> {
        let mut after = document.clone();
        let (mut heard, mut changed, mut notices) = (Vec::new(), Vec::new(), Vec::new());
        let (mut made, mut refusals) = (Vec::new(), Vec::new());
        for row in self.rows_to_aws() {
            let Some(incoming) = row.crm.find(record) else {
                continue;
            };
            match self.step(row, incoming, document, record) {
                Ok(Step::Kept) => heard.push((row, incoming)),
                Ok(Step::Empty) => {}
                Ok(Step::Told(notice)) => notices.push(notice),
                Ok(Step::Change(value)) => match change(row, &mut after, value, &mut made) {
                    Ok(()) => {
                        heard.push((row, incoming));
                        changed.push(row);
                    }
                    Err(refusal) => refusals.push(refusal),
                },
                Err(refusal) => refusals.push(refusal),
            }
        }
        // A default is only added to another change. Alone, it would make a record that is sent back
        // unchanged change something.
        if !changed.is_empty() {
            for row in self.rows_to_aws() {
                let Some(default) = &row.default else {
                    continue;
                };
                if is_nothing(row.aws.find_in(&after)) {
                    match change(row, &mut after, default.clone(), &mut made) {
                        Ok(()) => {
                            let told = quoted(default);
                            let detail = format!("AWS has nothing there and gets {told}");
                            notices.push(row.finding(Code::Defaulted, detail));
                            changed.push(row);
                        }
                        Err(refusal) => refusals.push(refusal),
                    }
                }
            }
        }
        let is_cleared = |place: &Place| {
            let of_it = |(row, _): &(&Row, &Value)| row.clears && row.aws == *place;
            heard.iter().any(of_it)
        };
        self.fill(&mut after, &made, is_cleared);
        for (row, incoming) in heard {
            refusals.extend(contradiction(row, incoming, &after));
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        notices.extend(self.one_way(document, record));
        let source = |row: &Row| Source {
            pointer: row.aws.to_string(),
            field: row.field.clone(),
        };
        Ok(Put {
            document: after,
            fields: changed.into_iter().map(source).collect(),
            ignored: self.ignored(record),
            notices,
        })
    }

    fn rows_to_aws(&self) -> impl Iterator<Item = &Row> {
        self.to_aws.iter().filter_map(|index| self.rows.get(*index))
    }

    /// Decides about one field of the record.
    fn step(
        &self,
        row: &Row,
        incoming: &Value,
        document: &Object,
        record: &Value,
    ) -> Result<Step, Finding> {
        let refused = |misfit: crate::form::Misfit| row.finding(misfit.code, misfit.detail);
        let now = row.aws.find_in(document);
        let reading = row.form.read(&row.pairs, incoming).map_err(refused)?;
        if let Ok(heard) = row.form.hear(&row.pairs, now)
            && row.form.read(&row.pairs, &heard).as_ref() == Ok(&reading)
        {
            let says_nothing = reading == Reading::Nothing && !row.clears;
            return Ok(if says_nothing {
                Step::Empty
            } else {
                Step::Kept
            });
        }
        if reading == Reading::Nothing && !row.clears {
            let detail =
                "the empty value is ignored, expected `\"null\": \"clear\"` in the mapping";
            return Ok(Step::Told(row.finding(Code::NullIgnored, detail)));
        }
        let value = row.form.tell(&row.pairs, incoming, &reading, now);
        let value = value.map_err(refused)?;
        if row.form.is_same_for_aws(now, &value) {
            return Ok(Step::Kept);
        }
        match row.with.and_then(|index| self.rows.get(index)) {
            Some(companion) if !companion.is_in(record) => {
                let field = &companion.field;
                let detail = format!("it was sent without `{field}`, expected both in one record");
                Err(row.finding(Code::MissingCompanion, detail))
            }
            _ => Ok(Step::Change(value)),
        }
    }

    /// Fills the objects created for a value with their rows' `new`, except for fields that the record
    /// clears.
    fn fill(&self, after: &mut Object, made: &[Place], is_cleared: impl Fn(&Place) -> bool) {
        for row in self.rows_to_aws().filter(|row| !row.new.is_empty()) {
            let Some(parent) = row.aws.parent().filter(|parent| made.contains(parent)) else {
                continue;
            };
            for (name, value) in &row.new {
                let place = parent.child(name);
                if place.find_in(after).is_none() && !is_cleared(&place) {
                    // It cannot be blocked: its parent was just created.
                    let _ = place.put(after, value.clone());
                }
            }
        }
    }

    /// The fields that go only to the CRM and have another value in the record.
    fn one_way(&self, document: &Object, record: &Value) -> Vec<Finding> {
        let rows = self.rows.iter().filter(|row| !row.goes_to_aws());
        let differs = |row: &&Row| {
            let Some(incoming) = row.crm.find(record) else {
                return false;
            };
            let heard = row.form.hear(&row.pairs, row.aws.find_in(document));
            heard.is_ok_and(|heard| {
                row.form.read(&row.pairs, &heard) != row.form.read(&row.pairs, incoming)
            })
        };
        let detail =
            "it differs from AWS's value and is ignored, because the row goes to the CRM alone";
        rows.filter(differs)
            .map(|row| row.finding(Code::OneWay, detail))
            .collect()
    }

    /// How many of the record's fields the mapping does not name.
    fn ignored(&self, record: &Value) -> usize {
        let rows = self.rows.iter().map(|row| &row.crm);
        let facts = self.facts.iter().map(|row| &row.crm);
        let id = self.receive.id.from(&self.receive.record);
        let named: Vec<_> = rows.chain(facts).chain(&id).collect();
        let Value::Object(fields) = record else {
            return 0;
        };
        beyond(fields, &Place::default(), &named)
    }
}

impl Row {
    /// Whether a record has a value for this row.
    fn is_in(&self, record: &Value) -> bool {
        let read = |value| self.form.read(&self.pairs, value);
        let found = self.crm.find(record).map(read);
        found.is_some_and(|reading| reading != Ok(Reading::Nothing))
    }
}

fn change(
    row: &Row,
    after: &mut Object,
    value: Value,
    made: &mut Vec<Place>,
) -> Result<(), Finding> {
    match row.aws.put(after, value) {
        Ok(is_made) => {
            made.extend(row.aws.parent().filter(|_| is_made));
            Ok(())
        }
        Err(blocked) => Err(row.finding(Code::NotRepresentable, blocked.to_string())),
    }
}

/// Applies the second law: the CRM must get back what it sent.
fn contradiction(row: &Row, incoming: &Value, after: &Object) -> Option<Finding> {
    if !row.goes_to_crm() {
        return None;
    }
    let back = match row.form.hear(&row.pairs, row.aws.find_in(after)) {
        Ok(heard) => {
            let read = |value| row.form.read(&row.pairs, value);
            if read(&heard) == read(incoming) {
                return None;
            }
            quoted(&heard)
        }
        Err(_) => "a value that the mapping cannot convert".to_owned(),
    };
    let sent = quoted(incoming);
    let detail =
        format!("{sent} would come back as {back}, expected a value that comes back as it is");
    Some(row.finding(Code::NotRepresentable, detail))
}

fn beyond(fields: &Object, at: &Place, named: &[&Place]) -> usize {
    let count = |(name, value): (&String, &Value)| {
        let place = at.child(name);
        let mut inner = named.iter().filter(|named| named.overlaps(&place));
        match (inner.next(), value) {
            (None, _) => 1,
            (Some(_), Value::Object(fields)) if !named.contains(&&place) => {
                beyond(fields, &place, named)
            }
            (Some(_), _) => 0,
        }
    };
    fields.iter().map(count).sum()
}

#[cfg(test)]
mod tests;

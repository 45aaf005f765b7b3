//! Parses a mapping's file; an error names the place in it.
//!
//! Anything that would break a law is refused here, before a deploy: two rows for one field, two that
//! change one place, a `null` that clears what AWS requires.

mod members;
mod table;

use model::{
    json::{self, Flaw},
    kind,
};
use serde_json::Value;

use self::members::{Members, Result, error};
use self::table::Table;
use crate::{
    error::MappingError,
    mapping::{Locked, Mapping, Receive, Row, Send},
};

impl Mapping {
    /// Parses a mapping, and checks its places and values against AWS's model.
    ///
    /// # Errors
    /// At the first error, with its place in the file.
    pub fn parse(bytes: &[u8]) -> std::result::Result<Self, MappingError> {
        let not_json = |problem: serde_json::Error| MappingError {
            pointer: String::new(),
            detail: format!("is not JSON: {problem}"),
        };
        match json::flaw(bytes).map_err(not_json)? {
            Some(Flaw::Twice(pointer)) => {
                return error(pointer, "appears twice, expected once");
            }
            Some(Flaw::Reserved(pointer)) => return error(pointer, "is a reserved name"),
            None => {}
        }
        let file = json::parse(bytes).map_err(not_json)?;
        let known = ["$schema", "crm", "receive", "send", "locked", "fields"];
        let file = Members::new(&file, String::new(), &known)?;
        let crm = file.text("crm", "the CRM's name")?.to_owned();
        let receive = receive(&file)?;
        let send = send(&file)?;
        let choices = [("refuse", Locked::Refuse), ("retry", Locked::Retry)];
        let locked = file.choice("locked", &choices, Locked::Refuse)?;
        let items = match file.require("fields", "a list of rows")? {
            Value::Array(items) if !items.is_empty() => items,
            _ => {
                return file.error(
                    "fields",
                    "is empty or not a list, expected one or more rows",
                );
            }
        };
        let mut table = Table::default();
        for (index, item) in items.iter().enumerate() {
            table.add(item, format!("/fields/{index}"), &send)?;
        }
        table.link()?;
        let mut to_aws: Vec<_> = (0..table.rows.len()).collect();
        let rows: Vec<_> = table.rows.into_iter().map(|(_, row)| row).collect();
        to_aws.retain(|index| rows.get(*index).is_some_and(Row::goes_to_aws));
        to_aws.sort_by(|one, other| match (rows.get(*one), rows.get(*other)) {
            (Some(one), Some(other)) => one.aws.order(&other.aws),
            _ => one.cmp(other),
        });
        Ok(Self {
            crm,
            receive,
            send,
            locked,
            rows,
            facts: table.facts,
            to_aws,
            warnings: table.warnings,
        })
    }
}

fn receive(file: &Members<'_>) -> Result<Receive> {
    let value = file.require("receive", "an object with `id` and `record`")?;
    let receive = Members::new(value, "/receive".to_owned(), &["id", "record"])?;
    let (id, record) = (receive.place("id")?, receive.place("record")?);
    if id.is_whole() {
        return receive.error(
            "id",
            "is the whole body, expected the place of the identifier",
        );
    }
    Ok(Receive { id, record })
}

fn send(file: &Members<'_>) -> Result<Send> {
    let value = file.require("send", "an object with `body`, `record` and perhaps `id`")?;
    let known = ["body", "id", "record", "as"];
    let send = Members::new(value, "/send".to_owned(), &known)?;
    let body = send.require("body", "an object, the constant part of a message")?;
    if !body.is_object() {
        return send.error("body", format!("is {}, expected an object", kind(body)));
    }
    let record = send.place("record")?;
    let is_free = |value: Option<&Value>| value.is_none_or(Value::is_null);
    let there = record.find(body);
    if !record.is_writable(body) || !(is_free(there) || there.is_some_and(Value::is_object)) {
        return send.error("record", "is not a place for an object in `body`");
    }
    let mut id = None;
    if send.get("id").is_some() {
        let place = send.place("id")?;
        if !place.is_writable(body) || place.is_whole() || !is_free(place.find(body)) {
            return send.error("id", "is not a free place in `body`");
        }
        if !record.is_whole() && place.overlaps(&record) {
            return send.error("id", "is the record's place, expected another");
        }
        id = Some(place);
    }
    Ok(Send {
        body: body.clone(),
        id,
        record,
        is_text: send.choice("as", &[("text", true)], false)?,
    })
}

#[cfg(test)]
mod tests;

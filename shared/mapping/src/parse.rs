//! The file becomes a mapping, or an error that names the place in the file.
//!
//! What would break a law is refused here, before a deploy: two rows for one field, two that change
//! one place, a `null` that clears what AWS requires.

use std::fmt::{self, Display, Formatter};

use model::{Object, kind};
use serde_json::{Value, json};

use crate::{
    Direction, Fact, FactRow, Locked, Mapping, Receive, Row, Send, check,
    decimal::Decimal,
    form::{Form, Pair, code_text, quoted},
    place::Place,
};

/// More decimals than a currency has.
const MOST_DECIMALS: u64 = 9;

/// A mapping that cannot be, or a value in it that may be a typo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// Where in the file, as a JSON Pointer; empty for the whole.
    pub pointer: String,
    /// What is there, and what was expected.
    pub detail: String,
}

impl Display for MappingError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(formatter, "the mapping {}", self.detail),
            pointer => write!(formatter, "the mapping's `{pointer}` {}", self.detail),
        }
    }
}

impl std::error::Error for MappingError {}

type Result<T> = std::result::Result<T, MappingError>;

fn error<T>(pointer: impl Into<String>, detail: impl Into<String>) -> Result<T> {
    Err(MappingError {
        pointer: pointer.into(),
        detail: detail.into(),
    })
}

/// An object of the file, with the only names that it may have.
struct Members<'a> {
    at: String,
    members: &'a Object,
}

impl<'a> Members<'a> {
    fn new(value: &'a Value, at: String, known: &[&str]) -> Result<Self> {
        let Value::Object(members) = value else {
            return error(at, format!("is {}, expected an object", kind(value)));
        };
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(Self { at, members }),
            Some(name) => {
                let at = model::pointer::child(&at, name);
                let expected = check::unknown(name, known);
                error(at, format!("is unknown, {expected}"))
            }
        }
    }

    fn at(&self, name: &str) -> String {
        model::pointer::child(&self.at, name)
    }

    fn error<T>(&self, name: &str, detail: impl Into<String>) -> Result<T> {
        error(self.at(name), detail)
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    fn require(&self, name: &str, expected: &str) -> Result<&'a Value> {
        match self.get(name) {
            Some(value) => Ok(value),
            None => self.error(name, format!("is missing, expected {expected}")),
        }
    }

    fn text(&self, name: &str, expected: &str) -> Result<&'a str> {
        match self.require(name, expected)? {
            Value::String(text) if !text.is_empty() => Ok(text),
            Value::String(_) => self.error(name, format!("is empty, expected {expected}")),
            other => self.error(name, format!("is {}, expected {expected}", kind(other))),
        }
    }

    fn place(&self, name: &str) -> Result<Place> {
        let expected = "a JSON Pointer";
        match self.require(name, expected)? {
            Value::String(text) => Place::parse(text)
                .or_else(|expected| self.error(name, format!("is `{text}`, {expected}"))),
            other => self.error(name, format!("is {}, expected {expected}", kind(other))),
        }
    }

    /// One of the texts that may stand there; the first of them where there is nothing.
    fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)], default: T) -> Result<T> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        let known: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let found = value.as_str().unwrap_or_default();
        match choices
            .iter()
            .find(|(name, _)| Some(*name) == value.as_str())
        {
            Some((_, choice)) => Ok(*choice),
            None => {
                let expected = check::unknown(found, &known);
                self.error(name, format!("is {}, {expected}", quoted(value)))
            }
        }
    }

    /// A whole number from `least` to `most`.
    fn count(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value
            .as_u64()
            .filter(|count| (least..=most).contains(count))
        {
            Some(count) => Ok(Some(count)),
            None => self.error(
                name,
                format!(
                    "is {}, expected a whole number from {least} to {most}",
                    quoted(value)
                ),
            ),
        }
    }

    /// Refuses names that say nothing in this row.
    fn refuse(&self, names: &[&str], expected: &str) -> Result<()> {
        match names.iter().find(|name| self.get(name).is_some()) {
            Some(name) => self.error(name, format!("says nothing here, expected {expected}")),
            None => Ok(()),
        }
    }
}

impl Mapping {
    /// Reads a mapping, and checks its places and values against AWS's model.
    ///
    /// # Errors
    /// At the first thing that is wrong, with its place in the file.
    pub fn parse(bytes: &[u8]) -> std::result::Result<Self, MappingError> {
        let not_json = |problem: serde_json::Error| MappingError {
            pointer: String::new(),
            detail: format!("is not JSON: {problem}"),
        };
        if let Some(pointer) = model::find_duplicate(bytes).map_err(not_json)? {
            return error(pointer, "is there twice, expected it once");
        }
        let file: Value = serde_json::from_slice(bytes).map_err(not_json)?;
        let known = ["$schema", "crm", "receive", "send", "locked", "fields"];
        let file = Members::new(&file, String::new(), &known)?;
        let crm = file.text("crm", "the CRM's name")?.to_owned();
        let receive = receive(&file)?;
        let send = send(&file)?;
        let choices = [("refuse", Locked::Refuse), ("retry", Locked::Retry)];
        let locked = file.choice("locked", &choices, Locked::Refuse)?;
        let items = match file.require("fields", "a list of rows")? {
            Value::Array(items) if !items.is_empty() => items,
            _ => return file.error("fields", "is no list of rows, expected one or more"),
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
        return send.error("record", "is no place of an object in `body`");
    }
    let id = match send.get("id") {
        None => None,
        Some(_) => {
            let id = send.place("id")?;
            if !id.is_writable(body) || id.is_whole() || !is_free(id.find(body)) {
                return send.error("id", "is no free place in `body`");
            }
            if !record.is_whole() && id.overlaps(&record) {
                return send.error("id", "is the record's place, expected another");
            }
            Some(id)
        }
    };
    Ok(Send {
        body: body.clone(),
        id,
        record,
        is_text: send.choice("as", &[("text", true)], false)?,
    })
}

/// The rows read so far, each with its place in the file.
#[derive(Default)]
struct Table {
    rows: Vec<(String, Row)>,
    companions: Vec<(usize, String)>,
    facts: Vec<FactRow>,
    taken: Vec<(String, Place)>,
    warnings: Vec<MappingError>,
}

impl Table {
    fn add(&mut self, item: &Value, at: String, send: &Send) -> Result<()> {
        let is_fact = item.get("from").is_some();
        let known: &[&str] = match is_fact {
            true => &["from", "crm"],
            false => &[
                "aws",
                "crm",
                "to",
                "as",
                "times",
                "decimals",
                "separator",
                "values",
                "max",
                "default",
                "with",
                "new",
                "null",
            ],
        };
        let members = Members::new(item, at, known)?;
        let field = members.text("crm", "the name of a field, or a JSON Pointer to it")?;
        let crm = match field.starts_with('/') {
            true => members.place("crm")?,
            false => Place::named(field),
        };
        for (other, taken) in &self.taken {
            if taken.overlaps(&crm) || taken.is_at_odds_with(&crm) {
                let detail = format!("is `{field}`, which `{other}` has, expected each field once");
                return members.error("crm", detail);
            }
        }
        let goes_to_crm = is_fact || members.get("to") != Some(&json!("aws"));
        if goes_to_crm && crm.has_index() {
            let detail = format!("is `{field}`, an array's item, expected `\"to\": \"aws\"`");
            return members.error("crm", detail);
        }
        if goes_to_crm {
            let whole = send.record.join(&crm);
            let is_the_id = |id: &Place| id.overlaps(&whole) || id.is_at_odds_with(&whole);
            let is_taken = send.id.as_ref().is_some_and(is_the_id);
            let there = whole.find(&send.body);
            if is_taken || there.is_some() || !whole.is_writable(&send.body) {
                let detail = format!("is `{field}`, where `/send` puts something else");
                return members.error("crm", detail);
            }
        }
        self.taken.push((members.at.clone(), crm.clone()));
        let field = field.to_owned();
        if is_fact {
            let choices = Fact::ALL.map(|fact| (fact.name(), fact));
            let fact = members.choice("from", &choices, Fact::Id)?;
            self.facts.push(FactRow { fact, field, crm });
            return Ok(());
        }
        let row = self.row(&members, field, crm)?;
        if let Some((other, _)) = self.rows.iter().find(|(_, other)| {
            row.goes_to_aws() && other.goes_to_aws() && other.aws.overlaps(&row.aws)
        }) {
            let detail = format!(
                "is `{}`, which `{other}` changes too, expected `\"to\": \"crm\"` in one of them",
                row.aws
            );
            return members.error("aws", detail);
        }
        self.rows.push((members.at, row));
        Ok(())
    }

    fn row(&mut self, members: &Members<'_>, field: String, crm: Place) -> Result<Row> {
        let aws = members.place("aws")?;
        let shape = check::shape(&aws)
            .or_else(|problem| members.error("aws", format!("is `{aws}`, {problem}")))?;
        let choices = [("crm", Direction::Crm), ("aws", Direction::Aws)];
        let to = members.choice("to", &choices, Direction::Both)?;
        if to == Direction::Crm {
            let expected = "a row that goes to AWS";
            members.refuse(&["default", "with", "new", "null"], expected)?;
        } else if !shape.is_writable {
            let detail = format!("is `{aws}`, which AWS does not take, expected `\"to\": \"crm\"`");
            return members.error("aws", detail);
        }
        let form = form(members, to)?;
        check::form(&aws, shape, &form)
            .or_else(|problem| members.error("as", format!("does not fit `{aws}`: {problem}")))?;
        let mut row = Row {
            pairs: self.pairs(members, &aws, shape, &form)?,
            default: None,
            with: None,
            new: Object::new(),
            clears: members.choice("null", &[("clear", true)], false)?,
            aws,
            field,
            crm,
            to,
            form,
        };
        if row.clears && check::value(&row.aws, &Value::Null).is_err() {
            let detail = format!("clears `{}`, which AWS requires", row.aws);
            return members.error("null", detail);
        }
        if let Some(default) = members.get("default") {
            self.warn(members.at("default"), &row.aws, default)?;
            if row.clears {
                return members.error("default", "fills what `null` clears, expected one of them");
            }
            if let Err(problem) = row.form.hear(&row.pairs, Some(default)) {
                return members.error("default", format!("cannot be told: {}", problem.detail));
            }
            row.default = Some(default.clone());
        }
        if let Some(new) = members.get("new") {
            row.new = self.new_fields(members, &row.aws, new)?;
        }
        if members.get("with").is_some() {
            let with = members.text("with", "the pointer of another row")?;
            self.companions.push((self.rows.len(), with.to_owned()));
        }
        Ok(row)
    }

    fn pairs(
        &mut self,
        members: &Members<'_>,
        aws: &Place,
        shape: check::Shape,
        form: &Form,
    ) -> Result<Vec<Pair>> {
        let Some(values) = members.get("values") else {
            return Ok(Vec::new());
        };
        let Some(items) = values.as_array().filter(|items| !items.is_empty()) else {
            return members.error("values", "is no list of pairs, expected one or more");
        };
        let mut pairs = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let at = format!("{}/{index}", members.at("values"));
            let [Value::String(ours), theirs] = item.as_array().map_or(&[][..], Vec::as_slice)
            else {
                return error(at, "is no pair, expected AWS's text and the CRM's value");
            };
            let code = code_text(theirs).filter(|code| !code.is_empty());
            let Some(code) = code else {
                return error(
                    at,
                    "has no value of the CRM's, expected a text, number or boolean",
                );
            };
            if ours.is_empty() {
                return error(at, "has no value of AWS's, expected a text");
            }
            if let Form::List { separator } = form
                && (code.contains(separator) || code.trim() != code)
            {
                let expected = "expected neither the separator nor blanks around it";
                return error(at, format!("is `{code}` for the CRM, {expected}"));
            }
            if shape.is_writable {
                let value = if shape.is_list {
                    json!([ours])
                } else {
                    json!(ours)
                };
                self.warn(at, aws, &value)?;
            }
            pairs.push((ours.clone(), theirs.clone()));
        }
        Ok(pairs)
    }

    /// Refuses what AWS does not take, and remembers what it may not take.
    fn warn(&mut self, pointer: String, aws: &Place, value: &Value) -> Result<()> {
        match check::value(aws, value) {
            Ok(None) => Ok(()),
            Ok(Some(detail)) => {
                let detail = format!("may be a typo: {detail}");
                self.warnings.push(MappingError { pointer, detail });
                Ok(())
            }
            Err(detail) => error(pointer, format!("is not what AWS takes: {detail}")),
        }
    }

    fn new_fields(&mut self, members: &Members<'_>, aws: &Place, new: &Value) -> Result<Object> {
        let Value::Object(new) = new else {
            let detail = format!("is {}, expected the fields beside this one", kind(new));
            return members.error("new", detail);
        };
        let parent = aws.parent().filter(|parent| !parent.is_whole());
        let (Some(parent), Some(own)) = (parent, aws.name()) else {
            let detail = format!("says nothing here, because nothing is made for `{aws}`");
            return members.error("new", detail);
        };
        for (name, value) in new {
            let at = model::pointer::child(&members.at("new"), name);
            if name == own {
                return error(at, "is this row's own, expected the fields beside it");
            }
            self.warn(at, &parent.child(name), value)?;
        }
        Ok(new.clone())
    }

    /// Finds the rows that `with` names, once all are known.
    fn link(&mut self) -> Result<()> {
        for (index, with) in std::mem::take(&mut self.companions) {
            let is_it = |(other, (_, row)): &(usize, &(String, Row))| {
                *other != index && row.goes_to_aws() && row.aws.to_string() == with
            };
            let found = self.rows.iter().enumerate().find(is_it);
            let companion = found.map(|(companion, _)| companion);
            let Some((at, row)) = self.rows.get_mut(index) else {
                continue;
            };
            if companion.is_none() {
                let detail = format!("is `{with}`, which no other row changes");
                return error(format!("{at}/with"), detail);
            }
            row.with = companion;
        }
        Ok(())
    }
}

fn form(members: &Members<'_>, to: Direction) -> Result<Form> {
    let choices = ["text", "number", "date", "date-ms", "list", "boolean"].map(|name| (name, name));
    let name = members.choice("as", &choices, "text")?;
    let names = |names: &[&'static str]| names.contains(&name);
    for (option, forms) in [
        ("times", &["number"][..]),
        ("decimals", &["number"]),
        ("separator", &["list"]),
        ("max", &["text"]),
        ("values", &["text", "list"]),
    ] {
        if !names(forms) {
            let expected = format!("`as` to be `{}`", forms.join("` or `"));
            members.refuse(&[option], &expected)?;
        }
    }
    if to == Direction::Aws {
        members.refuse(&["max", "decimals"], "a row that goes to the CRM")?;
    }
    Ok(match name {
        "number" => {
            let times = match members.get("times") {
                None => None,
                Some(value) => {
                    let times = value.as_number().map(ToString::to_string);
                    let times = times.and_then(|text| Decimal::parse(&text));
                    match times.filter(|times| times.is_positive()) {
                        Some(times) => Some(times),
                        None => {
                            let found = quoted(value);
                            let detail = format!("is {found}, expected a number greater than 0");
                            return members.error("times", detail);
                        }
                    }
                }
            };
            let decimals = members.count("decimals", 0, MOST_DECIMALS)?;
            let decimals = decimals.and_then(|count| u32::try_from(count).ok());
            Form::Number { times, decimals }
        }
        "date" => Form::Date,
        "date-ms" => Form::DateMs,
        "boolean" => Form::Boolean,
        "list" => {
            let separator = match members.get("separator") {
                None => ";",
                Some(_) => members.text("separator", "the text between two items")?,
            };
            let separator = separator.to_owned();
            Form::List { separator }
        }
        _ => {
            if members.get("values").is_some() {
                members.refuse(&["max"], "`max` without `values`")?;
            }
            let max = members.count("max", 1, 1_000_000)?;
            let max = max.and_then(|count| usize::try_from(count).ok());
            Form::Text { max }
        }
    })
}

#[cfg(test)]
mod tests;

//! Parses the rows, each by itself and against the others.

use model::{Object, kind};
use serde_json::{Value, json};

use super::members::{Members, Result, error};
use crate::{
    check,
    decimal::Decimal,
    error::MappingError,
    form::{Form, Pair, code_text, is_nothing, quoted},
    mapping::{Direction, Fact, FactRow, Row, Send},
    place::Place,
};

/// More decimals than any currency has.
const MOST_DECIMALS: u64 = 9;

/// The rows parsed so far, each with its place in the file.
#[derive(Default)]
pub(super) struct Table {
    pub(super) rows: Vec<(String, Row)>,
    companions: Vec<(usize, String)>,
    pub(super) facts: Vec<FactRow>,
    taken: Vec<(String, Place)>,
    pub(super) warnings: Vec<MappingError>,
}

impl Table {
    pub(super) fn add(&mut self, item: &Value, at: String, send: &Send) -> Result<()> {
        let is_fact = item.get("from").is_some();
        let known: &[&str] = if is_fact {
            &["from", "crm"]
        } else {
            &[
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
            ]
        };
        let members = Members::new(item, at, known)?;
        let field = members.text("crm", "the name of a field, or a JSON Pointer to it")?;
        let crm = if field.starts_with('/') {
            members.place("crm")?
        } else {
            Place::named(field)
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
            if is_nothing(Some(default)) {
                return members.error("default", "is empty, expected a value for AWS");
            }
            self.warn(members.at("default"), &row.aws, default)?;
            if row.clears {
                return members.error(
                    "default",
                    "fills the field that `null` clears, expected only one of the two",
                );
            }
            if let Err(problem) = row.form.hear(&row.pairs, Some(default)) {
                return members.error(
                    "default",
                    format!("cannot be converted: {}", problem.detail),
                );
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
            return members.error(
                "values",
                "is empty or not a list, expected one or more pairs",
            );
        };
        let mut pairs = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let at = format!("{}/{index}", members.at("values"));
            let [Value::String(ours), theirs] = item.as_array().map_or(&[][..], Vec::as_slice)
            else {
                return error(at, "is not a pair, expected AWS's text and the CRM's value");
            };
            let code = code_text(theirs).filter(|code| !code.is_empty());
            let Some(code) = code else {
                return error(
                    at,
                    "has no valid value for the CRM, expected a text, number or boolean",
                );
            };
            if ours.is_empty() {
                return error(at, "has no valid value for AWS, expected a text");
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

    /// Refuses a value that AWS does not take; warns of one that it may not take.
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
            let detail = format!("has no effect here, because nothing is created for `{aws}`");
            return members.error("new", detail);
        };
        for (name, value) in new {
            let at = model::pointer::child(&members.at("new"), name);
            if name == own {
                return error(at, "is this row's own field, expected the fields beside it");
            }
            self.warn(at, &parent.child(name), value)?;
        }
        Ok(new.clone())
    }

    /// Resolves the rows that `with` names, once all are known.
    pub(super) fn link(&mut self) -> Result<()> {
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
            let times = members.get("times").map(|value| times(members, value));
            let times = times.transpose()?;
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

fn times(members: &Members<'_>, value: &Value) -> Result<Decimal> {
    let text = value.as_number().map(ToString::to_string);
    let times = text.and_then(|text| Decimal::parse(&text));
    match times.filter(|times| times.is_positive()) {
        Some(times) => Ok(times),
        None => members.error(
            "times",
            format!("is {}, expected a number greater than 0", quoted(value)),
        ),
    }
}

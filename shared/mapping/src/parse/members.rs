//! Reads the file's objects, each by the names that it may have.

use model::{Object, kind};
use serde_json::Value;

use crate::{check, error::MappingError, form::quoted, place::Place};

pub(super) type Result<T> = std::result::Result<T, MappingError>;

pub(super) fn error<T>(pointer: impl Into<String>, detail: impl Into<String>) -> Result<T> {
    Err(MappingError {
        pointer: pointer.into(),
        detail: detail.into(),
    })
}

/// An object of the file, limited to the names that it may have.
pub(super) struct Members<'a> {
    pub(super) at: String,
    members: &'a Object,
}

impl<'a> Members<'a> {
    pub(super) fn new(value: &'a Value, at: String, known: &[&str]) -> Result<Self> {
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

    pub(super) fn at(&self, name: &str) -> String {
        model::pointer::child(&self.at, name)
    }

    pub(super) fn error<T>(&self, name: &str, detail: impl Into<String>) -> Result<T> {
        error(self.at(name), detail)
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    pub(super) fn require(&self, name: &str, expected: &str) -> Result<&'a Value> {
        match self.get(name) {
            Some(value) => Ok(value),
            None => self.error(name, format!("is missing, expected {expected}")),
        }
    }

    pub(super) fn text(&self, name: &str, expected: &str) -> Result<&'a str> {
        match self.require(name, expected)? {
            Value::String(text) if !text.is_empty() => Ok(text),
            Value::String(_) => self.error(name, format!("is empty, expected {expected}")),
            other => self.error(name, format!("is {}, expected {expected}", kind(other))),
        }
    }

    pub(super) fn place(&self, name: &str) -> Result<Place> {
        let expected = "a JSON Pointer";
        match self.require(name, expected)? {
            Value::String(text) => Place::parse(text)
                .or_else(|expected| self.error(name, format!("is `{text}`, {expected}"))),
            other => self.error(name, format!("is {}, expected {expected}", kind(other))),
        }
    }

    /// One of the allowed texts; the first of them if the member is absent.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
        default: T,
    ) -> Result<T> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        let known: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let is_it = |(name, _): &&(&str, T)| Some(*name) == value.as_str();
        if let Some((_, choice)) = choices.iter().find(is_it) {
            return Ok(*choice);
        }
        let expected = check::unknown(value.as_str().unwrap_or_default(), &known);
        self.error(name, format!("is {}, {expected}", quoted(value)))
    }

    /// A whole number from `least` to `most`.
    pub(super) fn count(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>> {
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

    /// Refuses names that have no effect in this row.
    pub(super) fn refuse(&self, names: &[&str], expected: &str) -> Result<()> {
        match names.iter().find(|name| self.get(name).is_some()) {
            Some(name) => self.error(name, format!("has no effect here, expected {expected}")),
            None => Ok(()),
        }
    }
}

//! Stores the opportunities, each with the date of its last change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use crate::clock::Clock;
use crate::document::{Document, instant, text};
use crate::event::Change;
use crate::outbox::Outbox;
use crate::refusal::Refusal;

/// Why a document cannot be seeded.
#[derive(Debug, Error, PartialEq)]
pub enum SeedError {
    /// The document is a list, a string, a number...
    #[error("the document is not an opportunity, expected a JSON object")]
    NotAnObject,
    /// A member without which an opportunity cannot be found or changed.
    #[error("`{member}` is {found}, expected {expected}")]
    Member {
        /// The member's name.
        member: &'static str,
        /// The value in backticks, or `missing`.
        found: String,
        /// What it must be, with an example.
        expected: &'static str,
    },
}

impl SeedError {
    /// The member that is wrong, unless the whole document is.
    pub(crate) fn member(&self) -> Option<&'static str> {
        match self {
            Self::NotAnObject => None,
            Self::Member { member, .. } => Some(member),
        }
    }
}

/// All opportunities.
#[derive(Default)]
pub(crate) struct Store {
    /// By id.
    documents: BTreeMap<String, Document>,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Clock,
}

impl Store {
    /// An empty store that announces its changes.
    pub(crate) fn new(outbox: Outbox) -> Self {
        Self {
            outbox,
            ..Self::default()
        }
    }

    /// Seeds a document unchanged, replacing one with the same id; returns the id.
    pub(crate) fn seed(&mut self, document: Value) -> Result<String, SeedError> {
        let id = Self::check(&document)?.to_owned();
        if let Value::Object(document) = document {
            self.documents.insert(id.clone(), document);
        }
        Ok(id)
    }

    /// The id of a document, if it can be seeded.
    pub(crate) fn check(document: &Value) -> Result<&str, SeedError> {
        let Value::Object(document) = document else {
            return Err(SeedError::NotAnObject);
        };
        let is_id = |id: &str| {
            let digits = id.strip_prefix('O').unwrap_or_default();
            (1..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        let id = member(document, "Id", "`O` and digits, such as `O1234567`", is_id)?;
        member(document, "Catalog", "`AWS` or `Sandbox`", |name| {
            !name.is_empty()
        })?;
        let expected = "an instant, such as `2025-12-15T10:20:30.149Z`";
        member(document, "LastModifiedDate", expected, |date| {
            instant(date).is_some()
        })?;
        Ok(id)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Document> {
        self.documents.get(id)
    }

    /// Removes an opportunity; returns whether it existed.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.documents.remove(id).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.documents.clear();
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    /// The opportunity that a request names by its catalog and the given member.
    pub(crate) fn find(&self, request: &Document, member: &str) -> Result<&Document, Refusal> {
        let (catalog, id) = (text(request, "Catalog"), text(request, member));
        let is_in_catalog = |document: &&Document| text(document, "Catalog") == catalog;
        let found = self.get(id).filter(is_in_catalog);
        found.ok_or_else(|| Refusal::NotFound(id.to_owned()))
    }

    /// An id that no opportunity has.
    pub(crate) fn unused_id(&self) -> String {
        let ids = (1_000_001 + self.documents.len()..).map(|number| format!("O{number}"));
        let mut unused = ids.filter(|id| !self.documents.contains_key(id));
        unused.next().unwrap_or_default()
    }

    /// Stores a new document, created now; returns that instant as the document writes it.
    pub(crate) fn create(&mut self, mut document: Document) -> String {
        let date = later_than(0, self.clock.now());
        document.insert("CreatedDate".to_owned(), Value::from(date.as_str()));
        document.insert("LastModifiedDate".to_owned(), Value::from(date.as_str()));
        self.keep(document, Change::Created);
        date
    }

    /// Stores a changed document under a new `LastModifiedDate`; returns that date.
    pub(crate) fn write(&mut self, mut document: Document) -> String {
        let before = instant(text(&document, "LastModifiedDate"));
        let date = later_than(before.unwrap_or_default(), self.clock.now());
        document.insert("LastModifiedDate".to_owned(), Value::from(date.as_str()));
        self.keep(document, Change::Updated);
        date
    }

    /// Stores a document and announces it, before anybody can read it.
    fn keep(&mut self, document: Document, change: Change) {
        self.outbox.announce(change, &document, self.clock.now());
        let id = text(&document, "Id").to_owned();
        self.documents.insert(id, document);
    }

    /// Writes as somebody else: applies `change` to the opportunity, under a new date. Returns whether
    /// the opportunity exists.
    pub(crate) fn edit(&mut self, id: &str, change: impl FnOnce(&mut Value)) -> bool {
        let Some(document) = self.get(id) else {
            return false;
        };
        let mut edited = Value::Object(document.clone());
        change(&mut edited);
        let Value::Object(edited) = edited else {
            return false;
        };
        self.write(edited);
        true
    }
}

fn member<'a>(
    document: &'a Document,
    member: &'static str,
    expected: &'static str,
    is_right: impl Fn(&str) -> bool,
) -> Result<&'a str, SeedError> {
    let value = document.get(member);
    let right = value.and_then(Value::as_str).filter(|text| is_right(text));
    right.ok_or_else(|| SeedError::Member {
        member,
        found: value.map_or("missing".to_owned(), |value| format!("`{value}`")),
        expected,
    })
}

/// The current time, or the next millisecond after `before` if that is later.
fn later_than(before: i64, now: Timestamp) -> String {
    let next = now.as_millisecond().max(before.saturating_add(1));
    format!("{:.3}", Timestamp::from_millisecond(next).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_write_has_a_later_date_even_after_one_from_the_future() {
        let mut store = Store::default();
        let date = "2999-12-31T23:59:59.999Z";
        let document = json!({ "Id": "O1", "Catalog": "AWS", "LastModifiedDate": date });
        store.seed(document).unwrap();
        let mut write = || store.write(store.get("O1").unwrap().clone());
        assert_eq!(write(), "3000-01-01T00:00:00.000Z");
        assert_eq!(write(), "3000-01-01T00:00:00.001Z");
    }

    #[test]
    fn a_document_that_nobody_could_find_or_change_is_refused() {
        let cases = [
            (
                json!([]),
                "the document is not an opportunity, expected a JSON object",
            ),
            (
                json!({}),
                "`Id` is missing, expected `O` and digits, such as `O1234567`",
            ),
            (
                json!({ "Id": "1" }),
                "`Id` is `\"1\"`, expected `O` and digits, such as `O1234567`",
            ),
            (
                json!({ "Id": "O1" }),
                "`Catalog` is missing, expected `AWS` or `Sandbox`",
            ),
            (
                json!({ "Id": "O1", "Catalog": "AWS" }),
                "`LastModifiedDate` is missing, expected an instant, such as `2025-12-15T10:20:30.149Z`",
            ),
            (
                json!({ "Id": "O1", "Catalog": "AWS", "LastModifiedDate": 5 }),
                "`LastModifiedDate` is `5`, expected an instant, such as `2025-12-15T10:20:30.149Z`",
            ),
        ];
        for (document, expected) in cases {
            let refused = Store::default().seed(document).unwrap_err();
            assert_eq!(refused.to_string(), expected);
        }
    }
}

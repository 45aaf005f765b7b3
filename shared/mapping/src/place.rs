//! Places in a document, taken apart once when the mapping is read.
//!
//! A number between slashes is the index of an array's item, anything else the name of a field: AWS
//! names nothing by digits alone.

use std::fmt::{self, Display, Formatter};

use model::{Object, kind, pointer};
use serde_json::Value;

/// An array of the CRM's is made no longer than this.
const MOST_ITEMS: usize = 100;

/// A place, as a JSON Pointer says it. Its `Display` is the pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Index(usize),
    Name(String),
}

/// Why a value cannot be put at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// On the way there stands something of another kind.
    Kind {
        at: String,
        found: &'static str,
        expected: &'static str,
    },
    /// Items before it are missing.
    Gap { at: String, items: usize },
}

impl Place {
    /// Parses a JSON Pointer; what is wrong with it, otherwise. The empty one is the whole.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(tokens) = text.strip_prefix('/') else {
            return match text {
                "" => Ok(Self(Vec::new())),
                _ => Err("expected a JSON Pointer, which begins with `/`"),
            };
        };
        tokens
            .split('/')
            .map(Token::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A field of the record, by its name alone.
    pub(crate) fn named(name: &str) -> Self {
        Self(vec![Token::Name(name.to_owned())])
    }

    /// The place of what holds this one; `None` for the whole.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    /// A field of what is at this place.
    pub(crate) fn child(&self, name: &str) -> Self {
        let name = Token::Name(name.to_owned());
        Self(self.0.iter().cloned().chain([name]).collect())
    }

    /// A place within this one, by its own pointer.
    pub(crate) fn join(&self, inner: &Self) -> Self {
        Self(self.0.iter().chain(&inner.0).cloned().collect())
    }

    /// This place, as seen from one that it lies within.
    pub(crate) fn from(&self, outer: &Self) -> Option<Self> {
        let inner = self.0.strip_prefix(outer.0.as_slice())?;
        Some(Self(inner.to_vec()))
    }

    /// The first name, and how many follow.
    pub(crate) fn first(&self) -> Option<(&str, usize)> {
        match self.0.split_first()? {
            (Token::Name(name), rest) => Some((name, rest.len())),
            (Token::Index(_), _) => None,
        }
    }

    /// The last name, if it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self.0.last()? {
            Token::Name(name) => Some(name),
            Token::Index(_) => None,
        }
    }

    pub(crate) fn has_index(&self) -> bool {
        self.0.iter().any(|token| matches!(token, Token::Index(_)))
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is the other or lies within it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.len() >= other.0.len() && self.overlaps(other)
    }

    /// Whether one of the two is the other or lies within it.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one == other)
    }

    /// Whether the two need an array and an object at one place.
    pub(crate) fn is_at_odds_with(&self, other: &Self) -> bool {
        let mut pairs = self.0.iter().zip(&other.0);
        let differing = pairs.find(|(one, other)| one != other);
        differing.is_some_and(|pair| {
            matches!(
                pair,
                (Token::Index(_), Token::Name(_)) | (Token::Name(_), Token::Index(_))
            )
        })
    }

    /// Whether a value can be put here beside what is there: nothing of another kind, no gap before it.
    pub(crate) fn is_writable(&self, whole: &Value) -> bool {
        let mut slot = Some(whole);
        self.0.iter().all(|token| {
            let there = slot.filter(|slot| !slot.is_null());
            slot = there.and_then(|there| token.of(there));
            match (token, there) {
                (Token::Name(_) | Token::Index(0), None) => true,
                (Token::Name(_), Some(there)) => there.is_object(),
                (Token::Index(index), Some(Value::Array(items))) => *index <= items.len(),
                (Token::Index(_), _) => false,
            }
        })
    }

    /// Items in their order, whatever the order of the rows.
    pub(crate) fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }

    pub(crate) fn find<'a>(&self, whole: &'a Value) -> Option<&'a Value> {
        self.0
            .iter()
            .try_fold(whole, |value, token| token.of(value))
    }

    pub(crate) fn find_in<'a>(&self, document: &'a Object) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        let Token::Name(name) = first else {
            return None;
        };
        rest.iter()
            .try_fold(document.get(name)?, |value, token| token.of(value))
    }

    /// Puts a value here. What is missing or null on the way is made, an item only after the last one.
    /// Says whether what holds the value had to be made.
    pub(crate) fn put(&self, document: &mut Object, value: Value) -> Result<bool, Blocked> {
        let mut whole = Value::Object(std::mem::take(document));
        let put = self.put_into(&mut whole, value);
        if let Value::Object(whole) = whole {
            *document = whole;
        }
        put
    }

    fn put_into(&self, whole: &mut Value, value: Value) -> Result<bool, Blocked> {
        let mut slot = whole;
        let mut at = String::new();
        let mut is_made = false;
        for token in &self.0 {
            is_made = slot.is_null();
            if is_made {
                *slot = token.holder();
            }
            let found = kind(slot);
            slot = match (token, slot) {
                (Token::Name(name), Value::Object(fields)) => {
                    fields.entry(name.as_str()).or_insert(Value::Null)
                }
                (Token::Index(index), Value::Array(items)) => {
                    if items.len() == *index {
                        items.push(Value::Null);
                    }
                    let count = items.len();
                    items.get_mut(*index).ok_or_else(|| Blocked::Gap {
                        at: at.clone(),
                        items: count,
                    })?
                }
                (token, _) => {
                    let expected = token.expected();
                    return Err(Blocked::Kind {
                        at,
                        found,
                        expected,
                    });
                }
            };
            at = pointer::child(&at, &token.to_string());
        }
        *slot = value;
        Ok(is_made)
    }

    /// Puts a value into what goes to the CRM, where nothing but the mapping's own parts stand.
    /// Items before it that are missing are null.
    pub(crate) fn write(&self, whole: &mut Value, value: Value) {
        let mut slot = whole;
        for token in &self.0 {
            if !token.fits(slot) {
                *slot = token.holder();
            }
            slot = match (token, slot) {
                (Token::Name(name), Value::Object(fields)) => {
                    fields.entry(name.as_str()).or_insert(Value::Null)
                }
                (Token::Index(index), Value::Array(items)) => {
                    if items.len() <= *index {
                        items.resize(*index + 1, Value::Null);
                    }
                    match items.get_mut(*index) {
                        Some(item) => item,
                        None => return,
                    }
                }
                _ => return,
            };
        }
        match (slot, value) {
            (Value::Object(fields), Value::Object(more)) => fields.extend(more),
            (slot, value) => *slot = value,
        }
    }
}

impl Token {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
            return match text.parse() {
                Ok(index) if index < MOST_ITEMS && (text == "0" || !text.starts_with('0')) => {
                    Ok(Self::Index(index))
                }
                _ => Err("expected an index from `0` to `99`"),
            };
        }
        let name = text.replace("~1", "/").replace("~0", "~");
        let tildes = text.matches('~').count();
        let escapes = text.matches("~0").count() + text.matches("~1").count();
        if tildes == escapes {
            Ok(Self::Name(name))
        } else {
            Err("expected `~0` for a tilde, `~1` for a slash")
        }
    }

    fn of<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        match (self, value) {
            (Self::Name(name), Value::Object(fields)) => fields.get(name),
            (Self::Index(index), Value::Array(items)) => items.get(*index),
            _ => None,
        }
    }

    fn fits(&self, holder: &Value) -> bool {
        match self {
            Self::Name(_) => holder.is_object(),
            Self::Index(_) => holder.is_array(),
        }
    }

    fn holder(&self) -> Value {
        match self {
            Self::Name(_) => Value::Object(Object::new()),
            Self::Index(_) => Value::Array(Vec::new()),
        }
    }

    fn expected(&self) -> &'static str {
        match self {
            Self::Name(_) => "an object",
            Self::Index(_) => "an array",
        }
    }
}

impl Display for Token {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(formatter),
            Self::Name(name) => name.fmt(formatter),
        }
    }
}

impl Display for Place {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let pointer = self.0.iter().fold(String::new(), |at, token| {
            pointer::child(&at, &token.to_string())
        });
        formatter.write_str(&pointer)
    }
}

impl Display for Blocked {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind {
                at,
                found,
                expected,
            } => write!(formatter, "`{at}` is {found}, expected {expected}"),
            Self::Gap { at, items } => {
                write!(
                    formatter,
                    "`{at}` has {items} items, expected those before this one"
                )
            }
        }
    }
}

//! Parses JSON as it is written, whatever its members are called.
//!
//! `serde_json` passes numbers and raw text through objects whose one member has a special name, such as
//! `$serde_json::private::RawValue`. It treats the same object in a text as one of these: the JSON inside a
//! string is parsed, past the limit on levels and past any check of the text. Here such a name is an
//! ordinary name. (A patch may not use it.)

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Error, Value, value::RawValue};

use crate::{pointer::Place, value::Object};

/// The prefix of the names that `serde_json` interprets.
const RESERVED: &str = "$serde_json::private::";

/// The most levels that are parsed, as in `serde_json`.
const MAX_LEVELS: usize = 127;

/// Parses JSON. If an object names a member twice, the last one counts.
///
/// # Errors
/// If the bytes are not JSON, or have more than 127 levels.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    if !may_be_interpreted(bytes) {
        return serde_json::from_slice(bytes);
    }
    plain(serde_json::from_slice(bytes)?, MAX_LEVELS)
}

/// Whether `serde_json` interprets a member of this name.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED)
}

/// Whether the bytes may hold a name that `serde_json` interprets, perhaps escaped (`\u0024` is `$`).
fn may_be_interpreted(bytes: &[u8]) -> bool {
    let text = str::from_utf8(bytes).unwrap_or_default();
    text.contains(RESERVED) || text.contains("\\u00")
}

fn plain(json: &RawValue, levels: usize) -> Result<Value, Error> {
    match Inner::of(json)? {
        Inner::Scalar => serde_json::from_str(json.get()),
        _ if levels == 0 => Err(Error::custom("recursion limit exceeded")),
        Inner::Items(items) => items
            .into_iter()
            .map(|item| plain(item, levels - 1))
            .collect(),
        Inner::Members(members) => members
            .into_iter()
            .map(|(name, value)| Ok((name, plain(value, levels - 1)?)))
            .collect::<Result<Object, _>>()
            .map(Value::Object),
    }
}

/// A defect of JSON text that parses, but would be misread.
#[derive(Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A member named twice in one object. JSON does not define what that means, and parsers keep the last
    /// one: a change would be lost silently.
    Twice(String),
    /// A member with a reserved name.
    Reserved(String),
}

/// The first flaw of a JSON text, and its place as a JSON Pointer.
///
/// # Errors
/// If the bytes are not JSON. Levels too deep to parse are not searched.
pub fn flaw(bytes: &[u8]) -> Result<Option<Flaw>, Error> {
    flaw_in(serde_json::from_slice(bytes)?, &Place::Root, MAX_LEVELS)
}

fn flaw_in(json: &RawValue, at: &Place<'_>, levels: usize) -> Result<Option<Flaw>, Error> {
    if levels == 0 {
        return Ok(None);
    }
    match Inner::of(json)? {
        Inner::Scalar => {}
        Inner::Items(items) => {
            for (index, item) in items.into_iter().enumerate() {
                if let found @ Some(_) = flaw_in(item, &Place::Item(at, index), levels - 1)? {
                    return Ok(found);
                }
            }
        }
        Inner::Members(members) => {
            let mut names = HashSet::with_capacity(members.len());
            for (name, _) in &members {
                let place = || Place::Member(at, name).to_string();
                if is_reserved(name) {
                    return Ok(Some(Flaw::Reserved(place())));
                }
                if !names.insert(name.as_str()) {
                    return Ok(Some(Flaw::Twice(place())));
                }
            }
            for (name, value) in &members {
                if let found @ Some(_) = flaw_in(value, &Place::Member(at, name), levels - 1)? {
                    return Ok(found);
                }
            }
        }
    }
    Ok(None)
}

/// One level of a text.
enum Inner<'a> {
    Scalar,
    Items(Vec<&'a RawValue>),
    /// The members as written, repetitions included.
    Members(Vec<(String, &'a RawValue)>),
}

impl<'a> Inner<'a> {
    fn of(json: &'a RawValue) -> Result<Self, Error> {
        match json.get().bytes().next() {
            Some(b'{') => {
                serde_json::from_str(json.get()).map(|Members(members)| Self::Members(members))
            }
            Some(b'[') => serde_json::from_str(json.get()).map(Self::Items),
            _ => Ok(Self::Scalar),
        }
    }
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RAW: &str = "$serde_json::private::RawValue";
    const NUMBER: &str = "$serde_json::private::Number";

    #[test]
    fn the_first_member_that_is_named_twice_is_found() {
        for (json, found) in [
            (r#"{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}"#, None),
            (r#"{"a":1,"b":2,"a":1}"#, Some("/a")),
            (r#" { "a" : 1 , "\u0061" : 2 } "#, Some("/a")),
            (
                r#"{"a":{"b/c":[0,{"d":null,"d":1.10}]}}"#,
                Some("/a/b~1c/1/d"),
            ),
            ("[1,{\"\":1,\"\":1}]", Some("/1/")),
            ("7", None),
            ("\"{\"", None),
        ] {
            let found = found.map(|place| Flaw::Twice(place.to_owned()));
            assert_eq!(flaw(json.as_bytes()).unwrap(), found, "{json}");
        }
        assert!(flaw(b"{").is_err());
    }

    #[test]
    fn a_name_that_serde_json_interprets_is_found_at_any_depth_even_escaped() {
        let deep = format!("{}{{\"{RAW}\":\"1\"}}{}", "[".repeat(126), "]".repeat(126));
        for (json, found) in [
            (format!(r#"{{"{RAW}":"1"}}"#), format!("/{RAW}")),
            (
                format!(r#"{{"a":[{{"b":1,"{NUMBER}":"1"}}]}}"#),
                format!("/a/0/{NUMBER}"),
            ),
            (
                r#"{"a":{"\u0024serde_json::private::RawValue":"1"}}"#.to_owned(),
                format!("/a/{RAW}"),
            ),
            (
                r#"{"$\u0073erde_json\u003a:private::Number":"1"}"#.to_owned(),
                format!("/{NUMBER}"),
            ),
            (deep, format!("{}/{RAW}", "/0".repeat(126))),
        ] {
            let found = Some(Flaw::Reserved(found));
            assert_eq!(flaw(json.as_bytes()).unwrap(), found, "{json}");
        }
        for harmless in [
            format!(r#"{{"a":"{RAW}"}}"#),
            r#"{"$serde_json":1,"private::RawValue":2}"#.to_owned(),
        ] {
            assert_eq!(flaw(harmless.as_bytes()).unwrap(), None, "{harmless}");
        }
    }

    #[test]
    fn a_text_with_countless_levels_does_not_exhaust_the_stack() {
        for (open, close) in [("[", "]"), ("{\"a\":[", "]}")] {
            let deep = format!("{}{}", open.repeat(30_000), close.repeat(30_000));
            assert_eq!(flaw(deep.as_bytes()).unwrap(), None, "{open}");
        }
    }

    #[test]
    fn json_from_aws_is_kept_as_written_whatever_its_members_are_called() {
        let levels = format!("{}{}", "[".repeat(800), "]".repeat(800));
        for json in [
            format!(r#"{{"a":{{"{RAW}":"{levels}"}}}}"#),
            format!(r#"{{"{RAW}":"{{\"a\":1,\"a\":2}}"}}"#),
            format!(r#"{{"a":[{{"{RAW}":"not JSON"}},1.10]}}"#),
            format!(r#"{{"{RAW}":7,"b":null}}"#),
            format!(r#"{{"{NUMBER}":"7"}}"#),
            format!(r#"{{"a":{{"{NUMBER}":[true,-0]}}}}"#),
            format!(r#"{{"b":1,"{NUMBER}":"7"}}"#),
        ] {
            assert_eq!(parse(json.as_bytes()).unwrap().to_string(), json);
            let escaped = json.replace('$', "\\u0024");
            assert_eq!(parse(escaped.as_bytes()).unwrap().to_string(), json);
        }
    }

    #[test]
    fn more_levels_than_serde_json_reads_are_refused_the_same_way() {
        for name in ["a", RAW] {
            let nested = |levels: usize| {
                let inner = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
                format!(r#"{{"{name}":{inner}}}"#)
            };
            assert!(parse(nested(126).as_bytes()).is_ok());
            let error = parse(nested(127).as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("recursion limit exceeded"), "{error}");
        }
    }

    #[test]
    fn text_that_is_not_json_is_refused_whatever_its_members_are_called() {
        for json in [
            format!(r#"{{"{RAW}":"1""#),
            format!(r#"{{"{RAW}":"1"}}x"#),
            format!(r#"{{"{RAW}":"\ud800"}}"#),
            r#"{"a":"\u00"}"#.to_owned(),
        ] {
            assert!(parse(json.as_bytes()).is_err(), "{json}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }

    proptest! {
        #[test]
        fn texts_without_a_reserved_name_are_read_as_serde_json_reads_them(text in r#"[\[\]{}":,0-9a-b\\u.eE+ -]{0,48}"#) {
            let ours = serde_json::from_str(&text).and_then(|json| plain(json, MAX_LEVELS));
            prop_assert_eq!(ours.ok(), serde_json::from_str::<Value>(&text).ok());
        }
    }
}

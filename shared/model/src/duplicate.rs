//! Members that a JSON text names twice.
//!
//! JSON leaves open what that means, and parsers keep the last one. In a patch it would be a change
//! that is dropped in silence.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::pointer;

/// The first member that is named twice in one object of `json`, as a JSON Pointer.
///
/// # Errors
/// Where `json` is no JSON.
pub fn find(json: &[u8]) -> Result<Option<String>, serde_json::Error> {
    find_in(serde_json::from_slice(json)?, "")
}

fn find_in(json: &RawValue, at: &str) -> Result<Option<String>, serde_json::Error> {
    let inner: Vec<(String, &RawValue)> = match json.get().bytes().next() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(json.get())?;
            let mut names = HashSet::new();
            if let Some((name, _)) = members
                .iter()
                .find(|(name, _)| !names.insert(name.as_str()))
            {
                return Ok(Some(pointer::child(at, name)));
            }
            members
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json.get())?;
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| (index.to_string(), item))
                .collect()
        }
        _ => return Ok(None),
    };
    for (token, json) in inner {
        if let found @ Some(_) = find_in(json, &pointer::child(at, &token))? {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The members of an object as they are written, repetitions included.
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
            assert_eq!(
                super::find(json.as_bytes()).unwrap().as_deref(),
                found,
                "{json}"
            );
        }
        assert!(super::find(b"{").is_err());
    }
}

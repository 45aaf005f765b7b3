//! Generates random documents for property tests.

use proptest::prelude::*;
use serde_json::Value;

use crate::value::Object;

/// JSON whose members have these names: nulls, empty and nested objects and lists, and numbers that a float
/// cannot hold. Use few names, so that two documents have members in common.
pub(crate) fn value(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        Just("1.10"),
        Just("1.1"),
        Just("18446744073709551617"),
        Just("-0"),
        Just("1e+400"),
        Just("0.1000000000000000055511151231257827"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number.prop_map(|digits| digits.parse().unwrap()),
        "[a-c\u{e9}&;/~]{0,4}".prop_map(Value::String),
        Just(Value::from("a &amp; b")),
        Just(Value::from("a & b")),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let members = prop::collection::vec((prop::sample::select(names), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            members.prop_map(|members| {
                let members = members.into_iter();
                members
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

/// An object whose members have these names.
pub(crate) fn members(names: &'static [&'static str]) -> impl Strategy<Value = Object> {
    let member = (prop::sample::select(names), value(names));
    prop::collection::vec(member, 0..5).prop_map(|members| {
        let members = members.into_iter();
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

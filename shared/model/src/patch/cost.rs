//! Estimates the memory and the time that a patch costs.
//!
//! Memory depends on nodes, not on bytes of JSON: the four bytes `,{"":` can take half a kilobyte once they
//! are parsed. So the cost of a value counts its node in the document, and the pointers of its change and
//! its finding.

use std::mem::size_of;

use serde_json::Value;

use crate::{change::Change, finding::Finding};

/// The most levels of a document: somewhat fewer than the JSON parser takes.
pub(super) const MAX_LEVELS: usize = 120;

/// The most that a patch may cost, and separately the most that its operations may touch.
///
/// A body of 256 KiB with 20 bytes a field costs about 12 MiB, an opportunity of 10 KiB about 300 KiB: only
/// a body built for the purpose exceeds the limit.
///
/// A patch of 16 MiB takes less than 36 MiB, with the document, its changes, its findings and the answer;
/// so does a text of 256 KiB until it is parsed and refused. The smallest function has 128 MB.
/// `tests/memory.rs` measures both.
pub(super) const MAX: usize = 16 * 1024 * 1024;

/// A node: its `Value`, and one change and one finding about it.
const NODE: usize = size_of::<Value>() + size_of::<Change>() + size_of::<Finding>();
/// A member: its name's `String`, its hash, its slot in the object's table; all twice, because objects
/// double in size as they grow.
const MEMBER: usize = 2 * (size_of::<Value>() + size_of::<String>() + 2 * size_of::<usize>());
/// An object with at least one member: the smallest list of members (4) and the smallest table.
const OBJECT: usize = 2 * MEMBER + 64;
/// The allocator's overhead for each allocation.
const PIECE: usize = 16;
/// How often a pointer is written: in a change, in a finding and in the finding's text.
const POINTERS: usize = 3;

/// The cost of a value whose pointer has `pointer` bytes. `None` if it has more than `levels` levels.
pub(super) fn cost(value: &Value, pointer: usize, levels: usize) -> Option<usize> {
    let own = NODE + POINTERS * pointer;
    Some(match value {
        Value::Null | Value::Bool(_) => own,
        Value::Number(number) => own + PIECE + number.as_str().len(),
        Value::String(text) => own + PIECE + text.len(),
        Value::Array(items) => {
            let levels = levels.checked_sub(1)?;
            let mut sum = own + PIECE;
            for item in items {
                // An index has at most seven digits.
                sum += cost(item, pointer + 8, levels)?;
            }
            sum
        }
        Value::Object(members) => {
            let levels = levels.checked_sub(1)?;
            let mut sum = own + if members.is_empty() { 0 } else { OBJECT };
            for (name, value) in members {
                sum += MEMBER + PIECE + name.len();
                sum += cost(value, pointer + 1 + name.len(), levels)?;
            }
            sum
        }
    })
}

/// The cost of changing the length of a container: all its items or members may move.
pub(super) fn shift(container: &Value) -> usize {
    let length = match container {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    length * size_of::<Value>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_cost_of_a_value_is_that_of_its_nodes_names_texts_and_pointers() {
        for (value, expected) in [
            (json!(null), NODE + 3 * 10),
            (json!(false), NODE + 3 * 10),
            (json!("text"), NODE + 3 * 10 + 16 + 4),
            (json!(12345), NODE + 3 * 10 + 16 + 5),
            (json!([]), NODE + 3 * 10 + 16),
            (json!([null, null]), 3 * NODE + 3 * (10 + 18 + 18) + 16),
            (json!({}), NODE + 3 * 10),
            (
                json!({"ab": null, "c": [true]}),
                4 * NODE + 3 * (10 + 13 + 12 + 20) + OBJECT + 2 * MEMBER + 3 * 16 + 3,
            ),
        ] {
            assert_eq!(cost(&value, 10, 2), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_value_with_too_many_levels_has_no_cost() {
        for (value, levels) in [
            (json!(1), 0),
            (json!([]), 1),
            (json!({"a": [1]}), 2),
            (json!([1, [{}], 1]), 3),
        ] {
            assert!(cost(&value, 0, levels).is_some(), "{value}");
            if let Some(fewer) = levels.checked_sub(1) {
                assert_eq!(cost(&value, 0, fewer), None, "{value}");
            }
        }
    }

    #[test]
    fn inserting_costs_as_much_as_moving_every_neighbour() {
        assert_eq!(shift(&json!([1, 2, 3])), 3 * size_of::<Value>());
        assert_eq!(shift(&json!({"a": 1})), size_of::<Value>());
        assert_eq!(shift(&json!("text")), 0);
    }

    #[test]
    fn a_large_opportunity_costs_a_small_part_of_the_limit() {
        let contact = json!({
            "Email": "a.rook@rook.example", "FirstName": "Anneke", "LastName": "Rook",
            "BusinessTitle": "Head of Openings", "Phone": "+31105550123",
        });
        let step = json!({"Value": "Wrote to the customer", "Time": "2026-01-02T03:04:05.000Z"});
        let document = json!({
            "Customer": {"Contacts": vec![contact; 100]},
            "LifeCycle": {"NextStepsHistory": vec![step; 50]},
        });
        let cost = cost(&document, 0, MAX_LEVELS).unwrap();
        assert!(cost < MAX / 16, "{cost}");
    }
}

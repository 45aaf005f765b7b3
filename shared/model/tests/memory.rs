//! Measures the memory that the worst patches take, in a process of their own.
//!
//! The smallest function has 128 MB, of which the process itself takes some 15. Whatever patch of 256 KiB
//! arrives, the rest must suffice to parse it, apply it, review it and write the answer.

use std::fmt::Write;

use model::{Catalog, Opportunity, Patch, review};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The largest body.
const BODY: usize = 256 * 1024;

/// The most memory that a patch may take, in bytes.
const MOST: usize = 48 * 1024 * 1024;

type Parse = fn(&[u8]) -> Result<Patch, model::ParsePatchError>;

/// A text of at most `most` bytes: `piece` between `start` and `end`, as often as it fits. `@` in a piece
/// becomes a number that never repeats.
fn repeated(most: usize, start: &str, piece: &str, end: &str) -> String {
    let mut text = start.to_owned();
    for number in 0_u32.. {
        let piece = piece.replace('@', &format!("{number:x}"));
        if text.len() + piece.len() + end.len() > most {
            break;
        }
        text.push_str(&piece);
    }
    text.truncate(text.trim_end_matches(',').len());
    text + end
}

fn nested(levels: usize, open: &str, inner: &str, close: &str) -> String {
    open.repeat(levels) + inner + &close.repeat(levels)
}

/// Merge patches of `size` bytes, each bad in its own way.
fn merge_patches(size: usize) -> Vec<(&'static str, String)> {
    let objects = nested(110, r#"{"":"#, "0", "}");
    let lists = nested(110, "[", "", "]");
    let long_name = "n".repeat(size / 3);
    let deep = r#"{"some-name-of-many-letters":"#.repeat(100);
    let deep_end = "}".repeat(100);
    let merge = |start: &str, piece: &str, end: &str| repeated(size, start, piece, end);
    vec![
        ("numbers", merge(r#"{"a":["#, "0,", "]}")),
        ("lists", merge(r#"{"a":["#, "[],", "]}")),
        ("objects", merge(r#"{"a":["#, "{},", "]}")),
        ("lists of one", merge(r#"{"a":["#, "[0],", "]}")),
        ("objects of one", merge(r#"{"a":["#, r#"{"":0},"#, "]}")),
        ("members", merge("{", r#""@":0,"#, "}")),
        ("objects in members", merge("{", r#""@":{"":0},"#, "}")),
        (
            "objects in objects",
            merge("{", &format!(r#""@":{objects},"#), "}"),
        ),
        (
            "lists in lists",
            merge("{", &format!(r#""@":{lists},"#), "}"),
        ),
        (
            "a long name",
            merge(&format!(r#"{{"{long_name}":{{"#), r#""@":0,"#, "}}"),
        ),
        (
            "a long way",
            merge(&format!("{deep}{{"), r#""@":0,"#, &format!("}}{deep_end}")),
        ),
        ("a text", merge(r#"{"a":""#, "xxxxxxxx", r#""}"#)),
        (
            "unknown fields",
            merge(r#"{"Project":{"#, r#""Titl@":0,"#, "}}"),
        ),
        (
            "unlisted values",
            merge(r#"{"PrimaryNeedsFromAws":["#, r#""Co-@","#, "]}"),
        ),
        (
            "wrong spends",
            merge(
                r#"{"Project":{"ExpectedCustomerSpend":["#,
                r#"{"CurrencyCode":"@"},"#,
                "]}}",
            ),
        ),
        (
            "interpreted text",
            merge(
                r#"{"a":{"$serde_json::private::RawValue":"["#,
                "[],",
                r#"[]]"}}"#,
            ),
        ),
    ]
}

/// JSON Patches of `size` bytes.
fn operations(size: usize) -> Vec<(&'static str, String)> {
    let objects = nested(50, r#"{"":"#, "0", "}");
    let with = |value: &str, piece: &str| {
        let start = format!(r#"[{{"op":"add","path":"/a","value":{value}}},"#);
        repeated(size, &start, piece, "]")
    };
    let numbers = repeated(size / 2, "[", "0,", "]");
    let members = repeated(size / 2, "{", r#""@":0,"#, "}");
    let text = format!("\"{}\"", "x".repeat(size / 2));
    let long_name = "n".repeat(size / 8);
    vec![
        (
            "add",
            with("[]", r#"{"op":"add","path":"/a/0","value":[{"":0}]},"#),
        ),
        (
            "add to many numbers",
            with(&numbers, r#"{"op":"add","path":"/a/0","value":0},"#),
        ),
        (
            "add to many members",
            with(&members, r#"{"op":"add","path":"/a/x@","value":0},"#),
        ),
        (
            "add objects",
            with(
                "[]",
                &format!(r#"{{"op":"add","path":"/a/-","value":{objects}}},"#),
            ),
        ),
        (
            "add and remove",
            with(
                "[]",
                r#"{"op":"add","path":"/b","value":[[],[],[]]},{"op":"remove","path":"/b"},"#,
            ),
        ),
        (
            "replace",
            with(
                "0",
                r#"{"op":"replace","path":"/a","value":[{"":{"":0}}]},"#,
            ),
        ),
        (
            "copy a list into itself",
            with("[0]", r#"{"op":"copy","from":"/a","path":"/a/-"},"#),
        ),
        (
            "copy an object into itself",
            with("{}", r#"{"op":"copy","from":"/a","path":"/a/@"},"#),
        ),
        (
            "copy a long text",
            with(&text, r#"{"op":"copy","from":"/a","path":"/b@"},"#),
        ),
        (
            "copy many numbers",
            with(&numbers, r#"{"op":"copy","from":"/a","path":"/b@"},"#),
        ),
        (
            "copy many members",
            with(&members, r#"{"op":"copy","from":"/a","path":"/b@"},"#),
        ),
        (
            "move under a long name",
            with(
                &members,
                &format!(r#"{{"op":"move","from":"/a","path":"/{long_name}@"}},"#),
            ),
        ),
        (
            "move in a list",
            with(&numbers, r#"{"op":"move","from":"/a/0","path":"/a/9"},"#),
        ),
        (
            "remove",
            with(&numbers, r#"{"op":"remove","path":"/a/0"},"#),
        ),
        (
            "test",
            with(&numbers, r#"{"op":"test","path":"/a/0","value":0},"#),
        ),
    ]
}

/// The peak memory, and whether the patch reached the review.
fn measure(parse: Parse, text: &str, read: &Opportunity) -> (usize, bool) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let reviewed = parse(text.as_bytes())
        .ok()
        .and_then(|patch| Some((patch.apply(read).ok()?, patch)))
        .map(|(after, _patch)| {
            let review = review(read, after, "2026-03-01");
            let told = (review.errors(false), review.warnings(false));
            let answer = serde_json::to_vec(&(&review.changes, &told.0, &told.1));
            let body = serde_json::to_vec(&review.update.body);
            (answer, body)
        });
    (ALLOCATOR.peak_usage() - before, reviewed.is_some())
}

#[test]
fn no_patch_takes_more_memory_than_the_smallest_function_has() {
    model::load_rules();
    let document = br#"{"Id":"O1","LastModifiedDate":"m","Project":{"Title":"t"},"LifeCycle":{"Stage":"Qualified"}}"#;
    let read = Opportunity::parse(document, &Catalog::parse("AWS").unwrap()).unwrap();
    let mut report = String::new();
    let mut most = 0;
    let mut reviewed = 0;
    for (parse, patches) in [
        (
            Patch::parse_merge as Parse,
            merge_patches as fn(usize) -> Vec<_>,
        ),
        (Patch::parse_operations, operations),
    ] {
        // A large patch may be refused before it takes as much as a smaller one.
        for size in [1, 2, 8].map(|part| BODY / part) {
            for (name, text) in patches(size) {
                assert!(text.len() <= BODY, "{name}");
                let (taken, is_reviewed) = measure(parse, &text, &read);
                let taken_kib = taken / 1024;
                writeln!(
                    report,
                    "{taken_kib:>6} KiB {size:>6} {is_reviewed:>5} {name}"
                )
                .unwrap();
                most = most.max(taken);
                reviewed += usize::from(is_reviewed);
            }
        }
    }
    assert!(most <= MOST, "{most} bytes at the most:\n{report}");
    assert!(reviewed > 20, "nearly all patches are refused:\n{report}");
}

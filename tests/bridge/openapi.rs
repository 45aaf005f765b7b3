//! `openapi.json` against the function: the routes, the methods and the problems that there are, and
//! no others; and `docs/problems.md` against both.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use bridge_tests::Request;
use serde_json::Value;

use crate::{documents, patch};

const OPENAPI: &str = include_str!("../../functions/patch-opportunity/openapi.json");
const CODE: &str = include_str!("../../functions/patch-opportunity/src/problem.rs");
const PAGE: &str = include_str!("../../docs/problems.md");

const TYPE_BASE: &str = "urn:opportunity-bridge:problems/";

/// Where a response has its problems.
const EXAMPLES: &str = "/content/application~1problem+json/examples";

/// The methods that a Function URL hands on.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn document() -> Value {
    OPENAPI.parse().expect("the document is JSON")
}

/// The members of an object at a pointer.
fn members<'a>(
    document: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let members = document.pointer(pointer).and_then(Value::as_object);
    members.expect(pointer).iter()
}

/// The methods that the document has for a path. `HEAD` comes with `GET` (RFC 9110, 9.1).
fn methods(path: &Value) -> BTreeSet<&'static str> {
    let is_there = |method: &str| path.get(method.to_lowercase()).is_some();
    let is_taken = |method: &&str| is_there(method) || *method == "HEAD" && is_there("GET");
    METHODS.into_iter().filter(is_taken).collect()
}

#[tokio::test]
async fn the_function_takes_the_methods_that_the_document_has_and_no_others() {
    let (_emulator, function) = patch::with_document(documents::sample()).await;
    for (path, item) in members(&document(), "/paths") {
        let target = path.replace("{identifier}", "O7654321");
        let expected = methods(item);
        for method in METHODS {
            let request = Request::new(method, &target)
                .header("content-type", "application/json")
                .body(r#"{"Identifier":"O7654321"}"#);
            let answer = function.send(&request).await;
            assert_ne!(answer.status, 404, "{method} {path}: {answer:?}");
            if expected.contains(method) {
                assert_ne!(answer.status, 405, "{method} {path}");
                continue;
            }
            assert_eq!(answer.status, 405, "{method} {path}");
            let allow = answer.headers["allow"].as_str().expect("text");
            assert_eq!(
                allow.split(',').collect::<BTreeSet<_>>(),
                expected,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_path_that_the_document_does_not_have_is_not_found() {
    let (_emulator, function) = patch::with_document(documents::sample()).await;
    for path in [
        "/",
        "/opportunities/",
        "/opportunities/O7654321/",
        "/openapi",
    ] {
        let answer = function.send(&Request::new("GET", path)).await;
        assert_eq!(
            answer.body["type"],
            format!("{TYPE_BASE}route-not-found"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_document_is_served_as_it_is() {
    let (_emulator, function) = patch::with_document(documents::sample()).await;
    let answer = function.send(&Request::new("GET", "/openapi.json")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.body, document());
}

/// The problems as examples, by their names, from the document's responses.
fn documented() -> BTreeMap<String, Value> {
    let document = document();
    let responses = members(&document, "/components/responses");
    let examples = responses.filter_map(|(_, response)| response.pointer(EXAMPLES));
    let examples = examples.flat_map(|examples| members(examples, ""));
    examples
        .map(|(name, example)| (name.clone(), example["value"].clone()))
        .collect()
}

/// The problems in the code, read from the table in its text: no program needs the list but this.
/// Name, status and title.
fn in_code() -> BTreeSet<(String, u64, String)> {
    let (_, table) = CODE.split_once("fn face(").expect("the table");
    let (table, _) = table.split_once("\n    }\n").expect("its end");
    let problem = |row: &str| {
        let (_, status) = row.split_once("StatusCode::")?;
        let mut texts = row.split('"').skip(1).step_by(2).map(str::to_owned);
        Some((
            texts.next()?,
            number(status.split(',').next()?)?,
            texts.next()?,
        ))
    };
    let rows = table.split("=> (").skip(1);
    rows.map(|row| problem(row).expect("a row")).collect()
}

/// The number of a status by its name in the `http` crate, such as `NOT_FOUND`.
fn number(name: &str) -> Option<u64> {
    let mut statuses = (400..600).filter_map(|number| StatusCode::from_u16(number).ok());
    let is_named = |status: &StatusCode| {
        let reason = status.canonical_reason().unwrap_or_default();
        reason.to_uppercase().replace(' ', "_") == name
    };
    statuses
        .find(is_named)
        .map(|status| u64::from(status.as_u16()))
}

#[test]
fn every_problem_is_in_the_document_and_no_others_are() {
    let problem = |(name, example): (String, Value)| {
        assert_eq!(example["type"], format!("{TYPE_BASE}{name}"));
        let status = example["status"].as_u64().expect("a status");
        let title = example["title"].as_str().expect("a title");
        (name, status, title.to_owned())
    };
    assert_eq!(
        documented()
            .into_iter()
            .map(problem)
            .collect::<BTreeSet<_>>(),
        in_code()
    );
}

#[test]
fn every_problem_is_explained_with_its_status_and_the_example_of_the_document() {
    let section = |section: &str| {
        let (name, text) = section.split_once("\n\n").expect("a heading");
        let (_, example) = text.split_once("```json\n").expect("an example");
        let (example, _) = example.split_once("```").expect("its end");
        let example: Value = example.parse().expect("JSON");
        assert!(
            text.starts_with(&format!("{}. ", example["status"])),
            "{name}"
        );
        (name.to_owned(), example)
    };
    let explained: BTreeMap<_, _> = PAGE.split("\n## ").skip(1).map(section).collect();
    assert_eq!(explained, documented());
}

#[test]
fn every_problem_of_an_operation_is_under_its_status() {
    let document = document();
    let paths = members(&document, "/paths").flat_map(|(_, path)| members(path, ""));
    for (method, operation) in paths.filter(|(_, operation)| operation.is_object()) {
        for (status, response) in members(operation, "/responses") {
            let reference = response["$ref"].as_str().unwrap_or_default();
            let response = document.pointer(reference.trim_start_matches('#'));
            let Some(examples) = response.and_then(|response| response.pointer(EXAMPLES)) else {
                assert!(status.starts_with('2'), "{method} {status}");
                continue;
            };
            for (name, example) in members(examples, "") {
                assert_eq!(example["value"]["status"].to_string(), *status, "{name}");
            }
        }
    }
}

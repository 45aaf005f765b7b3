//! `openapi.json` against the function: the routes, the methods and the problems that there are, and
//! no others; and `docs/problems.md` against both.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use bridge_tests::Request;
use serde_json::Value;

use crate::{documents, patch};

const OPENAPI: &str = include_str!("../../functions/patch-opportunity/openapi.json");
const CODE: &str = include_str!("../../functions/patch-opportunity/src/problem.rs");
const PAGE: &str = include_str!("../../docs/problems.md");

const TYPE_BASE: &str = "urn:opportunity-bridge:problems/";

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

/// Status and name of a problem.
type Problem = (u64, String);

/// The problems in the document's responses.
fn documented() -> BTreeSet<Problem> {
    let document = document();
    let responses = members(&document, "/components/responses");
    let problems = responses.filter_map(|(_, response)| {
        response.pointer("/content/application~1problem+json/schema/allOf/1/properties")
    });
    let named = |problem: &Value| {
        let status = problem["status"]["const"].as_u64().expect("a status");
        let types = problem["type"]["enum"].as_array().expect("types").clone();
        let name = move |r#type: Value| r#type.as_str().and_then(name).map(|name| (status, name));
        types
            .into_iter()
            .map(move |r#type| name(r#type).expect("a type"))
    };
    problems.flat_map(named).collect()
}

fn name(r#type: &str) -> Option<String> {
    r#type.strip_prefix(TYPE_BASE).map(str::to_owned)
}

/// The problems in the code, read from the table in its text: no program needs the list but this.
fn in_code() -> BTreeSet<Problem> {
    let (_, table) = CODE.split_once("fn face(").expect("the table");
    let (table, _) = table.split_once("\n    }\n").expect("its end");
    let problem = |row: &str| {
        let name = row.split('"').nth(1)?;
        let (_, status) = row.split_once("StatusCode::")?;
        Some((number(status.split(',').next()?)?, name.to_owned()))
    };
    let rows = table.split("=> (").skip(1);
    rows.map(|row| problem(row).expect("a row")).collect()
}

/// The number of a status by its name in the `http` crate, such as `NOT_FOUND`.
fn number(name: &str) -> Option<u64> {
    let statuses = (400..600).filter_map(|number| StatusCode::from_u16(number).ok());
    let is_named = |status: &StatusCode| {
        let reason = status.canonical_reason().unwrap_or_default();
        reason.to_uppercase().replace(' ', "_") == name
    };
    let mut found = statuses.filter(is_named);
    found.next().map(|status| u64::from(status.as_u16()))
}

/// The problems that the page has a section and an example of.
fn explained() -> BTreeSet<Problem> {
    let section = |section: &str| {
        let (heading, text) = section.split_once("\n\n").expect("a heading");
        let (_, example) = text.split_once("```json\n").expect("an example");
        let (example, _) = example.split_once("```").expect("its end");
        let example: Value = example.parse().expect("JSON");
        let status = example["status"].as_u64().expect("a status");
        assert!(text.starts_with(&format!("{status}. ")), "{heading}");
        assert_eq!(
            example["type"].as_str().and_then(name).as_deref(),
            Some(heading)
        );
        (status, heading.to_owned())
    };
    PAGE.split("\n## ").skip(1).map(section).collect()
}

#[test]
fn every_problem_is_in_the_document_and_explained_and_no_others_are() {
    assert_eq!(documented(), in_code());
    assert_eq!(explained(), in_code());
}

#[test]
fn every_answer_of_an_operation_is_described_under_its_status() {
    let document = document();
    for (path, item) in members(&document, "/paths") {
        for method in methods(item) {
            let Some(operation) = item.get(method.to_lowercase()) else {
                continue;
            };
            for (status, response) in members(operation, "/responses") {
                let Some(reference) = response["$ref"].as_str() else {
                    continue;
                };
                let response = document.pointer(reference.trim_start_matches('#'));
                let response = response.expect(reference);
                let described = response.pointer(
                    "/content/application~1problem+json/schema/allOf/1/properties/status/const",
                );
                let is_described = match described {
                    Some(number) => number.to_string() == *status,
                    None => status.starts_with('2'),
                };
                assert!(is_described, "{method} {path} {status}");
            }
        }
    }
}

//! Holds `openapi.json` to the function: its routes, methods, names and problems, and no others; and
//! `docs/problems.md` to both.

use std::collections::{BTreeMap, BTreeSet};

use bridge_tests::{Function, Request, Response};
use model::{Code, Source};
use partner_central_emulator::{Emulator, Fault};
use patch_opportunity::{Kind, Outcome};
use serde_json::{Value, json};

use crate::{crm, documents, idempotency, parked, patch};

const OPENAPI: &str = include_str!("../../functions/patch-opportunity/openapi.json");
const OPENAPI_3_0: &str = include_str!("../../functions/patch-opportunity/openapi-3.0.json");
const PAGE: &str = include_str!("../../docs/problems.md");

const TYPE_BASE: &str = "urn:opportunity-bridge:problems/";

/// The pointer to a response's problems.
const EXAMPLES: &str = "/content/application~1problem+json/examples";

/// The methods that a Function URL passes on.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn document() -> Value {
    OPENAPI.parse().expect("the document is JSON")
}

fn document_3_0() -> Value {
    OPENAPI_3_0.parse().expect("the document is JSON")
}

/// The members of the object at a pointer.
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
async fn the_function_accepts_exactly_the_methods_in_the_document() {
    let (emulator, function) = crm::with(crm::HUBSPOT).await;
    emulator.seed_summary("O7654321", json!({}));
    for (path, item) in members(&document(), "/paths") {
        let target = path.replace("{identifier}", "O7654321");
        let expected = methods(item);
        for method in METHODS {
            let request = Request::new(method, &target)
                .header("content-type", "application/json")
                .body(r#"{"Identifier":"O7654321"}"#);
            let answer = function.send(&request).await;
            // Not of the function itself: without a memory nothing is parked.
            let no_route = "`/openapi.json` describes the routes";
            assert_ne!(
                answer.body["detail"], no_route,
                "{method} {path}: {answer:?}"
            );
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
async fn a_path_that_is_not_in_the_document_is_not_found() {
    let (_emulator, function) = patch::with_document(documents::sample()).await;
    for path in ["/opportunities/", "/opportunities/O7654321/", "/openapi"] {
        let answer = function.send(&Request::new("GET", path)).await;
        assert_eq!(
            answer.body["type"],
            format!("{TYPE_BASE}route-not-found"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn both_documents_are_served_unchanged() {
    let (_emulator, function) = patch::with_document(documents::sample()).await;
    for (path, document) in [
        ("/openapi.json", document()),
        ("/openapi-3.0.json", document_3_0()),
    ] {
        let answer = function.send(&Request::new("GET", path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], "application/json", "{path}");
        assert_eq!(answer.body, document, "{path}");
    }
}

/// The text of a section of the page, by its heading.
fn section(heading: &str) -> &'static str {
    let (_, text) = PAGE
        .split_once(&format!("\n## {heading}\n"))
        .expect(heading);
    text.split("\n## ").next().unwrap_or_default()
}

/// The first column of a section's table; the second must not be empty.
fn explained(heading: &str) -> Vec<&'static str> {
    let rows = section(heading).lines();
    let rows = rows.filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.map(|(name, text)| {
        assert!(text.trim_end_matches(" |").ends_with('.'), "{name}: {text}");
        name
    })
    .collect()
}

fn listed(document: &Value, schema: &str) -> Vec<String> {
    let values = document.pointer(&format!("/components/schemas/{schema}/enum"));
    let values = values.and_then(Value::as_array).expect(schema).iter();
    let values = values.map(|value| value.as_str().expect("a text").to_owned());
    values.collect()
}

#[test]
fn the_documents_and_the_page_list_exactly_the_names_that_the_function_knows() {
    let names = |of: &[&str]| of.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let sources: Vec<_> = Source::ALL.iter().map(|source| source.as_str()).collect();
    let outcomes = Outcome::OF_PATCHES.map(Outcome::name);
    for (schema, heading, known) in [
        ("Code", "Codes", &codes[..]),
        ("Source", "Sources", &sources[..]),
        ("Outcome", "Outcomes", &outcomes[..]),
    ] {
        assert_eq!(explained(heading), known, "{heading}");
        assert_eq!(listed(&document(), schema), names(known), "{schema}");
        assert_eq!(listed(&document_3_0(), schema), names(known), "{schema}");
    }
    let kinds = Kind::ALL
        .iter()
        .map(|kind| format!("{TYPE_BASE}{}", kind.name()));
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(listed(&document(), "ProblemType"), kinds);
    assert_eq!(listed(&document_3_0(), "ProblemType"), kinds);
    // Client generators take the names of an enumeration's values from a list beside it.
    let names = Kind::ALL.iter().map(|kind| kind.name());
    let names: Vec<_> = names
        .map(|name| name.to_uppercase().replace('-', "_"))
        .collect();
    for document in [document(), document_3_0()] {
        let schema = &document["components"]["schemas"]["ProblemType"];
        assert_eq!(schema["x-enum-varnames"], json!(names));
    }
}

#[tokio::test]
async fn every_listed_preference_is_applied() {
    let listed = listed(&document(), "Preference");
    assert_eq!(explained("Preferences"), listed);
    // That one is applied where a review closes something: `parked` shows it.
    let applied = listed.into_iter().filter(|name| name != "respond-async");
    for preference in applied {
        let (_emulator, function) = patch::with_document(documents::sample()).await;
        let request = Request::patch("O7654321", &json!({"LifeCycle": {"Stage": "Committed"}}))
            .header("prefer", &preference);
        let answer = function.send(&request).await;
        assert_eq!(answer.headers["preference-applied"], preference);
    }
}

/// The problems in the document's responses, by name.
fn documented(document: &Value) -> BTreeMap<String, Value> {
    let responses = members(document, "/components/responses");
    let examples = responses.filter_map(|(_, response)| response.pointer(EXAMPLES));
    let examples = examples.flat_map(|examples| members(examples, ""));
    examples
        .map(|(name, example)| (name.clone(), example["value"].clone()))
        .collect()
}

#[test]
fn every_kind_of_problem_is_in_the_documents_with_its_status_and_title() {
    let kinds = Kind::ALL.iter().map(|kind| {
        let status = u64::from(kind.status().as_u16());
        (kind.name().to_owned(), (status, kind.title().to_owned()))
    });
    let kinds: BTreeMap<_, _> = kinds.collect();
    for document in [document(), document_3_0()] {
        let faces = documented(&document).into_iter().map(|(name, example)| {
            assert_eq!(example["type"], format!("{TYPE_BASE}{name}"));
            let status = example["status"].as_u64().expect("a status");
            let title = example["title"].as_str().expect("a title").to_owned();
            (name, (status, title))
        });
        assert_eq!(faces.collect::<BTreeMap<_, _>>(), kinds);
    }
}

#[test]
fn every_problem_is_explained_with_its_status_and_the_example_of_the_document() {
    let explained = section("Types").split("\n### ").skip(1).map(|problem| {
        let (name, text) = problem.split_once("\n\n").expect("a heading");
        let (_, example) = text.split_once("```json\n").expect("an example");
        let (example, _) = example.split_once("```").expect("its end");
        let example: Value = example.parse().expect("JSON");
        assert!(
            text.starts_with(&format!("{}. ", example["status"])),
            "{name}"
        );
        (name.to_owned(), example)
    });
    assert_eq!(
        explained.collect::<BTreeMap<_, _>>(),
        documented(&document())
    );
}

#[test]
fn every_problem_of_an_operation_is_listed_under_its_status() {
    for document in [document(), document_3_0()] {
        let paths = members(&document, "/paths").flat_map(|(_, path)| members(path, ""));
        for (method, operation) in paths.filter(|(_, operation)| operation.is_object()) {
            for (status, response) in members(operation, "/responses") {
                let reference = response["$ref"].as_str().unwrap_or_default();
                let response = document.pointer(reference.trim_start_matches('#'));
                let Some(examples) = response.and_then(|response| response.pointer(EXAMPLES))
                else {
                    assert!(status.starts_with('2'), "{method} {status}");
                    continue;
                };
                for (name, example) in members(examples, "") {
                    assert_eq!(example["value"]["status"].to_string(), *status, "{name}");
                }
            }
        }
    }
}

#[test]
fn every_operation_has_one_type_of_body() {
    for document in [document(), document_3_0()] {
        for (name, body) in members(&document, "/components/requestBodies") {
            assert_eq!(members(body, "/content").count(), 1, "{name}");
        }
    }
}

/// Sends a request to a function of its own, whose Partner Central has these faults.
async fn provoked(request: &Request, faults: Vec<(&str, usize, Fault)>) -> Response {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    for (operation, times, fault) in faults {
        emulator.inject(operation, times, fault);
    }
    function.send(request).await
}

/// The problem without the texts that differ between requests; those only have to be there.
fn comparable(problem: &Value) -> Value {
    let mut problem = problem.clone();
    for name in ["instance", "etag"] {
        if let Some(value @ Value::String(_)) = problem.get_mut(name) {
            *value = json!("differs");
        }
    }
    problem
}

#[tokio::test]
async fn every_example_is_an_answer_of_the_function() {
    let target = "/opportunities/O7654321";
    let body = |media_type: &str, body: &str| {
        Request::new("PATCH", target)
            .header("content-type", media_type)
            .body(body)
    };
    let merge = |patch: &Value| Request::patch("O7654321", patch);
    let committed = merge(&json!({"LifeCycle": {"Stage": "Committed"}}));
    let stage_is = |stage: &str| {
        let test = json!([{"op": "test", "path": "/LifeCycle/Stage", "value": stage}]);
        body("application/json-patch+json", &test.to_string())
    };
    let theirs = || {
        Fault::ConcurrentEdit(|document| {
            document["LifeCycle"]["Stage"] = json!("Business Validation");
        })
    };
    let read = "GetOpportunity";
    let write = "UpdateOpportunity";

    let mut answers = Vec::new();
    for (request, faults) in [
        (body("application/json", "{"), vec![]),
        (Request::new("GET", "/nowhere"), vec![]),
        (Request::new("GET", "/opportunities/O1"), vec![]),
        (Request::new("DELETE", target), vec![]),
        (committed.clone(), vec![(write, 9, theirs())]),
        (merge(&json!({"Project": {"Title": "Locked"}})), vec![]),
        (stage_is("Prospect"), vec![]),
        (committed.clone().header("if-match", "\"stale\""), vec![]),
        (body("application/json", &" ".repeat(262_145)), vec![]),
        (body("text/plain", "{}"), vec![]),
        (merge(&json!({"Lifecycle": {"Stage": "Committed"}})), vec![]),
        (
            merge(&json!({"LifeCycle": {"Stage": "Won"}})).header("prefer", "handling=lenient"),
            vec![],
        ),
        (committed.clone(), vec![(read, 99, Fault::Throttling)]),
        (committed.clone(), vec![(read, 99, Fault::AccessDenied)]),
        (committed.clone(), vec![(read, 99, Fault::InternalServer)]),
        (
            committed.clone(),
            vec![
                (write, 1, Fault::AnswerLost),
                (read, 1, Fault::Delay(std::time::Duration::ZERO)),
                (read, 1, theirs()),
            ],
        ),
    ] {
        answers.push(provoked(&request, faults).await);
    }
    let emulator = Emulator::start().await;
    let token = [
        ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
        ("WEBHOOK_AUTH", "bearer"),
        ("WEBHOOK_SECRETS", "token"),
    ];
    let function = Function::start("patch-opportunity", &emulator, &token).await;
    answers.push(function.send(&committed).await);
    let function = Function::start("panicking", &emulator, &[]).await;
    answers.push(function.send(&Request::new("GET", "/panic")).await);

    let secret = [
        ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
        ("WEBHOOK_AUTH", "bearer"),
        ("WEBHOOK_SECRET_ID", "bridge/token"),
    ];
    emulator.seed_secret("bridge/token", r#"{"secrets": ["token"]}"#);
    let function = Function::start("patch-opportunity", &emulator, &secret).await;
    // An answer shows that the function has started, and so has read its secret.
    function.send(&Request::new("GET", "/healthz")).await;
    emulator.seed_secret("bridge/token", r#"{"secrets": []}"#);
    answers.push(function.send(&committed).await);
    answers.extend(idempotency::problems().await);
    answers.extend(parked::problems().await);

    let (emulator, function) = crm::with(crm::HUBSPOT).await;
    let mut submitted = documents::sample();
    submitted["LifeCycle"]["ReviewStatus"] = json!("Submitted");
    emulator.seed(submitted);
    answers.push(
        function
            .send(&crm::deal(&json!({"hs_next_step": "Call"})))
            .await,
    );

    let mut documented = documented(&document());
    for answer in answers {
        let name = answer.body["type"].as_str().expect("a problem");
        let name = name.trim_start_matches(TYPE_BASE);
        let example = documented.remove(name).expect(name);
        assert_eq!(comparable(&answer.body), comparable(&example), "{name}");
        for (header, member) in [("etag", "etag"), ("retry-after", "retryAfter")] {
            let header = answer.headers.get(header).and_then(Value::as_str);
            let member = answer.body.get(member).map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            assert_eq!(header, member.as_deref(), "{name}");
        }
    }
    let left: Vec<_> = documented.keys().collect();
    assert!(left.is_empty(), "not provoked: {left:?}");
}

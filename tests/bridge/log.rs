//! Checks what the functions print: one line per event for the operator, and no content of an
//! opportunity, a request or a secret, even at the most verbose level.

use std::time::Duration;

use bridge_tests::{Cut, Function, Invoked, Request, Table};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::documents;

const MARK: &str = "PRIVATE";
const TOKEN: &str = "PRIVATE-bearer-token";

/// The sample, with a mark in every text that may be private.
fn marked() -> Value {
    let mut document = documents::sample();
    let account = &mut document["Customer"]["Account"];
    account["CompanyName"] = json!("PRIVATE company");
    account["WebsiteUrl"] = json!("https://PRIVATE.example");
    account["Address"]["StreetAddress"] = json!("PRIVATE street");
    document["Customer"]["Contacts"][0]["LastName"] = json!("PRIVATE name");
    document["Customer"]["Contacts"][0]["Phone"] = json!("PRIVATE phone");
    document["OpportunityTeam"][0]["Email"] = json!("PRIVATE@partner.example");
    document["Project"]["Title"] = json!("PRIVATE title");
    document["LifeCycle"]["NextSteps"] = json!("PRIVATE steps");
    document["AddedTomorrow"] = json!({"PRIVATE": "PRIVATE"});
    document
}

/// A function at its most verbose level, with its whole log.
struct Observed {
    emulator: Emulator,
    function: Function,
    /// Invocations so far, which is the end of the next request id.
    count: usize,
}

impl Observed {
    async fn start(name: &str, others: &[(&str, &str)]) -> Self {
        let emulator = private().await;
        let variables = [&VERBOSE, others].concat();
        let function = Function::start(name, &emulator, &variables).await;
        Self {
            emulator,
            function,
            count: 0,
        }
    }

    async fn invoke(&mut self, event: Value) -> Invoked {
        self.count += 1;
        self.function.invoke(event).await
    }

    async fn send(&mut self, request: &Request) -> u64 {
        let event = self.function.event(request);
        let answer = self.invoke(event).await.expect("an answer");
        answer["statusCode"].as_u64().expect("a status")
    }

    /// Checks the whole log so far: `last` is invoked, and its line marks the end to wait for.
    async fn assert_nothing_private(mut self, last: Value) {
        let _ = self.invoke(last).await;
        let outcome_of = |number| [request_id(number), r#""outcome":"#.to_owned()];
        let [id, outcome] = outcome_of(self.count - 1);
        let log = self.function.log_with(&[&id, &outcome]).await;
        for number in 0..self.count {
            let of_this = |line: &&str| outcome_of(number).iter().all(|text| line.contains(text));
            let lines = log.lines().filter(of_this).count();
            assert!(lines >= 1, "no line of invocation {number}: {log}");
        }
        assert!(
            log.contains(r#""level":"DEBUG""#),
            "the log is not verbose: {log}"
        );
        assert_none_is_private(&log);
    }
}

/// The request id of a function's `number`th invocation.
fn request_id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

const VERBOSE: [(&str, &str); 4] = [
    ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
    ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
    ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ("RUST_LOG", "trace"),
];

/// An emulator with private content in it.
async fn private() -> Emulator {
    let emulator = Emulator::start().await;
    emulator.seed(marked());
    emulator.seed_summary("O7654321", json!({"Insights": "PRIVATE insight"}));
    emulator.seed_secret("tokens", TOKEN);
    emulator
}

fn assert_none_is_private(log: &str) {
    let private: Vec<_> = log.lines().filter(|line| line.contains(MARK)).collect();
    assert_eq!(private, [] as [&str; 0]);
}

/// `patch-opportunity` with the sample, with its log as on Lambda.
async fn logging_in_json() -> (Emulator, Function) {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [
        ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
        ("WEBHOOK_AUTH", "none"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ];
    let function = Function::start("patch-opportunity", &emulator, &variables).await;
    (emulator, function)
}

/// Every way in which a call to AWS can end, with private content wherever AWS can put it.
fn ends() -> Vec<Fault> {
    let mut ends = vec![
        Fault::AccessDenied,
        Fault::AnswerLost,
        Fault::ConcurrentEdit(|document| document["LifeCycle"]["NextSteps"] = json!("PRIVATE too")),
        Fault::ConnectionDropped,
        // Longer than an attempt may take.
        Fault::Delay(Duration::from_millis(6_500)),
        Fault::ConcurrentPatch(json!({"LifeCycle": {"NextSteps": "PRIVATE too"}})),
        Fault::InternalServer,
        Fault::InternalServerAfterLanding,
        Fault::NotFound,
        Fault::Throttling,
    ];
    ends.extend(bodies().map(Fault::Answer));
    for status in STATUSES {
        ends.extend(bodies().map(|body| Fault::Status {
            error_type: String::new(),
            status,
            body,
        }));
    }
    for end in &ends {
        // This match fails to compile until a new fault of the emulator is added to the list above.
        match end {
            Fault::AccessDenied
            | Fault::Answer(_)
            | Fault::AnswerLost
            | Fault::ConcurrentEdit(_)
            | Fault::ConcurrentPatch(_)
            | Fault::ConnectionDropped
            | Fault::Delay(_)
            | Fault::Status { .. }
            | Fault::InternalServer
            | Fault::InternalServerAfterLanding
            | Fault::NotFound
            | Fault::Throttling => {}
        }
    }
    ends
}

/// AWS's messages about access (401, 403) are for the operator and may be logged, so those are left
/// out.
const STATUSES: [u16; 9] = [302, 400, 404, 408, 409, 413, 429, 500, 503];

/// Bodies that an answer can have, on success or failure.
fn bodies() -> impl Iterator<Item = String> {
    let named = [
        "ValidationException",
        "ConflictException",
        "ResourceNotFoundException",
        "ThrottlingException",
        "InternalServerException",
        "InvalidRequestException",
        "DecryptionFailure",
        "PRIVATE name",
    ];
    let errors = named.map(|name| {
        json!({
            "__type": format!("com.amazon.partnerintegrationapi.common#{name}"),
            "Message": "PRIVATE message",
            "message": "PRIVATE message",
            "Reason": "PRIVATE reason",
            "ErrorList": [{
                "FieldName": "project.PRIVATE field", "Code": "PRIVATE code", "Message": "PRIVATE detail",
            }],
        })
        .to_string()
    });
    let others = [
        r#"{"PRIVATE": "PRIVATE"}"#,
        r#"{"Id": "PRIVATE", "Catalog": "PRIVATE", "LastModifiedDate": "PRIVATE", "ARN": "PRIVATE"}"#,
        r#"{"Id": "O7654321", "Catalog": {"PRIVATE": 1}, "LastModifiedDate": 1}"#,
        r#"{"SecretString": {"PRIVATE": "PRIVATE"}, "Name": "PRIVATE"}"#,
        r#"{"SecretBinary": "PRIVATE", "CreatedDate": "PRIVATE"}"#,
        r#"{"SecretString": "PRIVATE secret"#,
        r#""PRIVATE""#,
        r#"["PRIVATE"]"#,
        "<html>PRIVATE</html>",
        "",
    ];
    errors.into_iter().chain(others.map(str::to_owned))
}

/// One attempt per call, so that each fault decides how the call ends.
const ONCE: (&str, &str) = ("AWS_MAX_ATTEMPTS", "1");
const TOKENS: [(&str, &str); 2] = [("WEBHOOK_AUTH", "bearer"), ("WEBHOOK_SECRET_ID", "tokens")];

fn authorized(request: Request) -> Request {
    request.header("authorization", &format!("Bearer {TOKEN}"))
}

fn read() -> Request {
    authorized(Request::new("GET", "/opportunities/O7654321"))
}

fn patch(patch: &Value) -> Request {
    authorized(Request::patch("O7654321", patch))
}

fn steps(number: usize) -> Request {
    patch(&json!({"LifeCycle": {"NextSteps": format!("PRIVATE steps {number}")}}))
}

fn event() -> Value {
    include_str!("../../events/opportunity-updated.json")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn nothing_private_is_printed_however_a_write_ends() {
    let mut observed = Observed::start("patch-opportunity", &[&TOKENS[..], &[ONCE]].concat()).await;
    for (number, end) in ends().into_iter().enumerate() {
        observed.emulator.inject("UpdateOpportunity", 1, end);
        observed.send(&steps(number)).await;
    }
    observed.assert_nothing_private(read().event()).await;
}

#[tokio::test]
async fn nothing_private_is_printed_when_any_other_end_follows_a_lost_answer() {
    let twice = ("AWS_MAX_ATTEMPTS", "2");
    let mut observed =
        Observed::start("patch-opportunity", &[&TOKENS[..], &[twice]].concat()).await;
    for (number, body) in bodies().enumerate() {
        let inject = |fault| observed.emulator.inject("UpdateOpportunity", 1, fault);
        inject(Fault::AnswerLost);
        inject(Fault::Status {
            error_type: String::new(),
            status: 400,
            body,
        });
        observed.send(&steps(number)).await;
    }
    observed.assert_nothing_private(read().event()).await;
}

#[tokio::test]
async fn nothing_private_is_printed_however_a_read_ends() {
    let mut observed = Observed::start("patch-opportunity", &[&TOKENS[..], &[ONCE]].concat()).await;
    for end in ends() {
        observed.emulator.inject("GetOpportunity", 1, end);
        observed.send(&read()).await;
    }
    // The read after a write, for the representation.
    for (number, body) in bodies().enumerate() {
        let edit = Fault::ConcurrentEdit(|_| ());
        observed.emulator.inject("GetOpportunity", 1, edit);
        let end = Fault::Answer(body);
        observed.emulator.inject("GetOpportunity", 1, end);
        let request = steps(number).header("prefer", "return=representation");
        observed.send(&request).await;
    }
    observed.assert_nothing_private(read().event()).await;
}

#[tokio::test]
async fn nothing_private_is_printed_of_what_a_caller_sends() {
    let mut observed = Observed::start("patch-opportunity", &TOKENS).await;
    for request in [
        steps(100).header("prefer", "return=representation"),
        patch(&json!({"LifeCycle": {"Stage": "PRIVATE"}, "PRIVATE": "PRIVATE"})),
        patch(&json!({"PRIVATE": "PRIVATE"})).header("prefer", "handling=lenient"),
        patch(&json!({"Project": {"Title": "PRIVATE"}})),
        patch(&json!({"Id": "PRIVATE"})),
        patch(&json!({})).body("PRIVATE"),
        patch(&json!({})).body(&"PRIVATE".repeat(64 * 1024)),
        patch(&json!({})).header("content-type", "PRIVATE/PRIVATE"),
        patch(&json!({})).header("if-match", "\"PRIVATE\""),
        patch(&json!({})).header("authorization", "Bearer PRIVATE"),
        patch(&json!({})).header("authorization", "Basic PRIVATE"),
        authorized(Request::new("PATCH", "/opportunities/PRIVATE")),
        authorized(Request::new("PATCH", "/opportunities/O7654321?PRIVATE")),
        Request::new("GET", "/PRIVATE?PRIVATE"),
    ] {
        observed.send(&request).await;
    }
    observed.assert_nothing_private(read().event()).await;
}

#[tokio::test]
async fn nothing_private_is_printed_however_the_reads_of_an_event_end() {
    let mut observed = Observed::start("enrich-opportunity", &[ONCE]).await;
    for operation in ["GetOpportunity", "GetAwsOpportunitySummary"] {
        for end in ends() {
            observed.emulator.inject(operation, 1, end);
            let _ = observed.invoke(event()).await;
        }
    }
    observed.assert_nothing_private(event()).await;
}

/// A backfill of all time, so that the marked opportunity is listed.
fn fill() -> Value {
    json!({"since": "2020-01-01T00:00:00Z"})
}

const TO_ENRICH: [(&str, &str); 3] = [("ENRICH_FUNCTION", "enrich"), ("SWEEP_MINUTES", "60"), ONCE];

#[tokio::test]
async fn nothing_private_is_printed_however_the_list_of_a_sweep_ends() {
    let mut observed = Observed::start("sweep-opportunities", &TO_ENRICH).await;
    for end in ends() {
        observed.emulator.inject("ListOpportunities", 1, end);
        let _ = observed.invoke(fill()).await;
    }
    observed.assert_nothing_private(fill()).await;
}

#[tokio::test]
async fn nothing_private_is_printed_however_an_opportunity_is_handed_on() {
    let mut observed = Observed::start("sweep-opportunities", &TO_ENRICH).await;
    let failed = bodies().map(|body| Fault::Status {
        error_type: String::new(),
        status: 500,
        body,
    });
    for end in bodies().map(Fault::Answer).chain(failed) {
        observed.emulator.inject("Invoke", 1, end);
        let _ = observed.invoke(fill()).await;
    }
    observed.assert_nothing_private(fill()).await;
}

#[tokio::test]
async fn each_function_logs_an_added_field_by_name_once_and_counts_it() {
    let emulator = Emulator::start().await;
    let mut document = documents::sample();
    document["Project"]["QuantumReadiness"] = json!("PRIVATE");
    document["LifeCycle"]["Stage"] = json!("PRIVATE");
    emulator.seed(document);
    emulator.seed_summary("O7654321", json!({"Added": {"Tomorrow": "PRIVATE"}}));
    let json = ("AWS_LAMBDA_LOG_FORMAT", "JSON");
    let catalog = ("PARTNER_CENTRAL_CATALOG", "Sandbox");
    let enrich = Function::start("enrich-opportunity", &emulator, &[catalog, json]).await;
    enrich.invoke(event()).await.unwrap();
    enrich.invoke(event()).await.unwrap();
    let none = ("WEBHOOK_AUTH", "none");
    let patch = Function::start("patch-opportunity", &emulator, &[catalog, json, none]).await;
    let read = Request::new("GET", "/opportunities/O7654321");
    assert_eq!(patch.send(&read).await.status, 200);

    for (function, counts, told) in [
        (
            enrich,
            vec![3, 3],
            vec![
                ("/LifeCycle/Stage", "opportunity"),
                ("/Project/QuantumReadiness", "opportunity"),
                ("/Added", "summary"),
            ],
        ),
        (
            patch,
            vec![2],
            vec![
                ("/LifeCycle/Stage", "opportunity"),
                ("/Project/QuantumReadiness", "opportunity"),
            ],
        ),
    ] {
        let log = function.finish().await;
        assert_none_is_private(&log);
        let lines = log.lines().filter_map(|line| line.parse::<Value>().ok());
        let lines: Vec<Value> = lines.collect();
        let warnings: Vec<_> = lines
            .iter()
            .filter(|line| line["level"] == "WARN")
            .map(|line| {
                (
                    line["pointer"].as_str().unwrap(),
                    line["of"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(warnings, told);
        let counted: Vec<_> = lines
            .iter()
            .filter_map(|line| line.get("UnknownFields")?.as_u64())
            .collect();
        assert_eq!(counted, counts);
    }
}

#[tokio::test]
async fn nothing_private_is_printed_of_what_is_remembered() {
    let table = Table::start().await;
    let memory = table.variables();
    let mut enrich = Observed::start("enrich-opportunity", &memory).await;
    let mut patch = Observed::start("patch-opportunity", &[&TOKENS[..], &memory].concat()).await;
    for (number, cut) in [None, Some(Cut::Before), Some(Cut::After)]
        .into_iter()
        .enumerate()
    {
        table.cut(&[cut; 8]);
        for _retry in 0..2 {
            let request = steps(number).header("idempotency-key", &format!("PRIVATE-{number}"));
            patch.send(&request).await;
        }
        let other = steps(number + 100).header("idempotency-key", &format!("PRIVATE-{number}"));
        patch.send(&other).await;
        patch
            .send(&steps(number).header("idempotency-key", "\"PRIVATE"))
            .await;
        table.cut(&[cut; 2]);
        enrich.emulator.edit("O7654321", |document| {
            document["LifeCycle"]["NextSteps"] = json!("PRIVATE too");
        });
        let told = enrich.invoke(event()).await.expect("an event");
        assert_eq!(
            told["data"]["opportunity"]["LifeCycle"]["NextSteps"],
            "PRIVATE too"
        );
    }
    enrich.assert_nothing_private(event()).await;
    patch.assert_nothing_private(read().event()).await;
}

#[tokio::test]
async fn nothing_private_is_printed_however_the_read_of_the_secret_ends() {
    let variables = [&VERBOSE[..], &TOKENS, &[ONCE]].concat();
    let ends = ends().into_iter().filter(|end| {
        // This fault lets the read succeed, so the function starts.
        !matches!(end, Fault::ConcurrentEdit(_))
    });
    for end in ends {
        // At the start.
        let emulator = private().await;
        emulator.inject("GetSecretValue", 1, end.clone());
        let output = Function::refused_start("patch-opportunity", &emulator, &variables).await;
        let log = [output.stdout, output.stderr].concat();
        let log = String::from_utf8_lossy(&log);
        assert_eq!(output.status.code(), Some(1), "{end:?}: {log}");
        assert!(log.contains("the function cannot run"), "{end:?}: {log}");
        assert!(log.contains(r#""level":"DEBUG""#), "{end:?}: {log}");
        assert_none_is_private(&log);
    }
}

#[tokio::test]
async fn nothing_private_is_printed_however_a_later_read_of_the_secret_ends() {
    // Each end has a function of its own, because a function reads the secret at most every half
    // minute.
    let failed = bodies().map(|body| Fault::Status {
        error_type: String::new(),
        status: 500,
        body,
    });
    for end in bodies().map(Fault::Answer).chain(failed) {
        let variables = [&TOKENS[..], &[ONCE]].concat();
        let mut observed = Observed::start("patch-opportunity", &variables).await;
        assert_eq!(observed.send(&read()).await, 200);
        observed.emulator.inject("GetSecretValue", 1, end.clone());
        let unknown = read().header("authorization", "Bearer PRIVATE");
        let status = observed.send(&unknown).await;
        assert!(matches!(status, 401 | 503), "{end:?}");
        let reads = observed.emulator.requests();
        let reads = reads
            .iter()
            .filter(|request| request.operation == "GetSecretValue");
        assert_eq!(reads.count(), 2, "{end:?}");
        observed.assert_nothing_private(read().event()).await;
    }
}

#[tokio::test]
async fn each_request_has_a_log_line_and_metrics() {
    let (emulator, function) = logging_in_json().await;
    emulator.inject(
        "UpdateOpportunity",
        1,
        Fault::ConcurrentEdit(|document| document["LifeCycle"]["NextSteps"] = json!("Other")),
    );
    function
        .send(&Request::patch(
            "O7654321",
            &json!({"LifeCycle": {"Stage": "Committed"}}),
        ))
        .await;

    let log = function.log_with(&["_aws"]).await;
    let lines: Vec<Value> = log
        .lines()
        .map(|line| line.parse().expect("each line is JSON"))
        .collect();
    let answered = lines
        .iter()
        .find(|line| line["message"] == "answered")
        .expect("a line of the request");
    assert_eq!(answered["opportunity.id"], "O7654321");
    assert_eq!(answered["outcome"], "updated");
    assert_eq!(answered["status"], 200);
    assert_eq!(answered["attempts"], 2);
    assert_eq!(answered["route"], "/opportunities/{identifier}");
    assert_eq!(
        answered["span"]["requestId"],
        "00000000-0000-4000-8000-000000000000"
    );
    assert!(
        answered["span"]["xrayTraceId"]
            .as_str()
            .unwrap()
            .starts_with("Root=1-")
    );
    assert!(
        answered["duration_ms"].is_number() && answered["upstream_ms"].is_number(),
        "{answered}"
    );

    let metrics = lines
        .iter()
        .find(|line| line.get("_aws").is_some())
        .expect("a line of metrics");
    assert_eq!(
        (&metrics["Updated"], &metrics["Conflicts"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(metrics["function"], "patch-opportunity");
}

#[tokio::test]
async fn one_line_says_why_a_request_was_answered_with_a_5xx() {
    let (emulator, function) = logging_in_json().await;
    for (times, fault, status, cause) in [
        (1, Fault::AccessDenied, 502, "AWS denied the call: "),
        (
            3,
            Fault::ConnectionDropped,
            503,
            "AWS Partner Central is unavailable: no usable answer from AWS",
        ),
    ] {
        emulator.inject("GetOpportunity", times, fault);
        let answer = function
            .send(&Request::new("GET", "/opportunities/O7654321"))
            .await;
        assert_eq!(answer.status, status);
        let marks = [
            format!(r#""status":{status}"#),
            r#""level":"ERROR""#.to_owned(),
        ];
        let log = function
            .log_with(&marks.each_ref().map(String::as_str))
            .await;
        let lines = log.lines().map(|line| line.parse::<Value>().unwrap());
        let of_it: Vec<_> = lines.filter(|line| line["status"] == status).collect();
        let [line] = &of_it[..] else {
            panic!("more than one line tells of it: {log}")
        };
        let told = [&line["level"], &line["message"], &line["opportunity.id"]];
        assert_eq!(told, ["ERROR", "answered", "O7654321"]);
        assert!(line["cause"].as_str().unwrap().starts_with(cause), "{line}");
        assert!(line["span"]["requestId"].is_string(), "{line}");
        // The call itself has a line too, because a request may succeed in spite of it.
        let call = [r#""message":"no usable answer""#, cause];
        function.log_with(&call).await;
    }
}

#[tokio::test]
async fn the_line_of_a_request_that_was_not_let_in_says_from_which_address_it_came() {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [
        ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
        ("WEBHOOK_AUTH", "bearer"),
        ("WEBHOOK_SECRETS", TOKEN),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ];
    let function = Function::start("patch-opportunity", &emulator, &variables).await;
    // What a caller says of itself is not believed, and not printed.
    let read = Request::new("GET", "/opportunities/O7654321")
        .header("x-forwarded-for", "PRIVATE")
        .header("user-agent", "PRIVATE");
    let refused = read
        .clone()
        .header("authorization", "Bearer PRIVATE-another");
    assert_eq!(function.send(&refused).await.status, 401);
    let token = format!("Bearer {TOKEN}");
    let admitted = read.header("authorization", &token);
    assert_eq!(function.send(&admitted).await.status, 200);
    let log = function.log_with(&[r#""outcome":"read""#]).await;
    assert_none_is_private(&log);
    let lines = log.lines().map(|line| line.parse::<Value>().expect("JSON"));
    let answered = lines.filter(|line| line["message"] == "answered");
    let told = answered
        .map(|line| ["level", "outcome", "route", "caller.address"].map(|name| line[name].clone()));
    let route = "/opportunities/{identifier}";
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            [
                json!("WARN"),
                json!("unauthorized"),
                json!(route),
                json!("127.0.0.1")
            ],
            [json!("INFO"), json!("read"), json!(route), Value::Null],
        ]
    );
}

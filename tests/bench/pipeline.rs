//! What a request costs besides the network: authenticate, parse, merge, compare, judge, answer.
//!
//! The whole router runs, with Partner Central answering from memory, so that the AWS SDK's share
//! (signing, its own pipeline) is in the figures too. The first request of a process is measured in
//! processes of its own: this program, run again with `--first`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and must not go on where its ground gives way"
)]

use std::{
    hint::black_box,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use axum::{Router, body::Body, http::Request};
use criterion::{Criterion, Throughput};
use mapping::Mapping;
use model::Catalog;
use partner_central::PartnerCentral;
use patch_opportunity::{Auth, AuthConfig, Bridge, SecretSource, router};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::runtime::{self, Runtime};
use tower::ServiceExt;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const DOCUMENT_SIZE: usize = 10 * 1024;
const PROCESSES: usize = 21;

/// Partner Central in memory: each call is answered with the same document.
#[derive(Debug)]
struct Memory(Vec<u8>);

impl HttpConnector for Memory {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let ok = StatusCode::try_from(200).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(ok, SdkBody::from(self.0.as_slice()))))
    }
}

/// The sample opportunity, with contacts added until it has the size.
fn document() -> Vec<u8> {
    let mut document: Value = include_str!("../../events/opportunity.json")
        .parse()
        .expect("the sample is JSON");
    let mut text = document.to_string();
    while text.len() < DOCUMENT_SIZE {
        let contacts = document["Customer"]["Contacts"]
            .as_array_mut()
            .expect("contacts");
        let number = contacts.len();
        contacts.push(json!({
            "BusinessTitle": "Planner", "Email": format!("planner{number}@harbour.example"),
            "FirstName": "Berth", "LastName": format!("Planner {number}"), "Phone": "+31105550123",
        }));
        text = document.to_string();
    }
    text.into_bytes()
}

fn sdk_config() -> SdkConfig {
    let connector = SharedHttpConnector::new(Memory(document()));
    let credentials = Credentials::new("id", "key", None, None, "bench");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build()
}

async fn service() -> Router {
    let config = sdk_config();
    let source = SecretSource::Inline(SECRET.to_owned());
    let auth = Auth::load(AuthConfig::StandardWebhooks(source), &config)
        .await
        .expect("a secret");
    let catalog = Catalog::parse("Sandbox").expect("a catalog");
    let mapping = Mapping::parse(include_bytes!("../../mappings/hubspot.json"));
    let mapping = mapping.expect("the sample is right");
    let bridge = Bridge::new(PartnerCentral::new(&config), catalog, auth);
    router(bridge.with_mapping(Some(mapping)))
}

/// A signed dry run of a patch: everything but the write.
fn request() -> Request<Body> {
    let body = r#"{"LifeCycle":{"Stage":"Committed","NextSteps":"Sign"},"Project":{"ApnPrograms":["ISV Workload Migration"]}}"#;
    signed("/opportunities/O7654321?dry_run=true", body)
}

/// As many changes in a CRM's own names.
fn record() -> Request<Body> {
    let body = r#"{"aws_opportunity_id":"O7654321","changed_dealstage":"contractsent","hs_next_step":"Sign","aws_needs":"Co-Sell - Deal Support"}"#;
    signed("/crm?dry_run=true", body)
}

fn signed(target: &str, body: &'static str) -> Request<Body> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    let timestamp = i64::try_from(now).expect("a time");
    let signature =
        Webhook::new(SECRET).and_then(|key| key.sign("msg_1", timestamp, body.as_bytes()));
    Request::post(target)
        .header("content-type", "application/json")
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature.expect("a signature"))
        .body(Body::from(body))
        .expect("a request")
}

async fn answer(service: Router, request: Request<Body>) {
    let response = service.oneshot(request).await.expect("an answer");
    assert_eq!(response.status(), 200);
    black_box(
        axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .expect("a body"),
    );
}

fn runtime() -> Runtime {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The time that a process takes for its first request.
fn first() -> Duration {
    let runtime = runtime();
    let (service, request) = (runtime.block_on(service()), request());
    let started = Instant::now();
    runtime.block_on(answer(service, request));
    started.elapsed()
}

fn report_first_requests() {
    let mut times: Vec<f64> = (0..PROCESSES)
        .map(|_| {
            let output = Command::new(this())
                .arg("--first")
                .output()
                .expect("this program runs");
            String::from_utf8_lossy(&output.stderr)
                .trim()
                .parse()
                .expect("a time in microseconds")
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    let [.., slowest] = times[..] else { return };
    println!(
        "first request of a process: median {} µs, slowest of {PROCESSES} {slowest} µs",
        times[PROCESSES / 2]
    );
}

/// Criterion's report on requests to a service that has answered many.
fn warm() {
    let runtime = runtime();
    let service = runtime.block_on(service());
    let mut criterion = Criterion::default();
    let mut group = criterion.benchmark_group("pipeline");
    group.throughput(Throughput::Elements(1));
    for (name, request) in [
        (
            "a signed dry run on 10 KiB",
            request as fn() -> Request<Body>,
        ),
        ("a signed dry run of a CRM's record on 10 KiB", record),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || (service.clone(), request()),
                |(service, request)| runtime.block_on(answer(service, request)),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
    criterion.final_summary();
}

/// Runs `warm` in a process of its own, and leaves out the metrics that the requests print.
fn report_warm_requests() {
    let mut process = Command::new(this())
        .arg("--warm")
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program runs");
    let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    for line in lines.map_while(Result::ok) {
        if !line.starts_with('{') {
            println!("{line}");
        }
    }
    assert!(process.wait().expect("an end").success(), "the benchmark");
}

fn this() -> PathBuf {
    std::env::current_exe().expect("this program")
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        // Standard output is where the metrics go.
        Some("--first") => eprintln!("{}", first().as_micros()),
        Some("--warm") => warm(),
        _ => {
            report_first_requests();
            report_warm_requests();
        }
    }
}

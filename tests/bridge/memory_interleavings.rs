//! Both functions on one memory, in whatever order: patches, retries, events, duplicates, other writers, a
//! table and a Partner Central whose answers get lost, and functions that die at any of their awaits.
//!
//! The functions run in this process, so that they can be dropped between two polls. What has to hold in
//! the end does not depend on the order:
//!
//! - a patch that waits for a review ends once, and all that tells of its end tells the same; one that was
//!   acknowledged is not lost, and one that was carried out is not carried out again over somebody's later edit;
//! - no patch is carried out twice, and one that was answered with success was carried out;
//! - the last event tells the opportunity as it is;
//! - two events tell the same if they have the same id, and begin at different events if they have not;
//! - the changes of an event are the difference to the event that they begin at, and an event that nobody
//!   has seen is one whose function died.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use axum::{Router, body::Body};
use bridge_tests::{Cut, Table};
use enrich_opportunity::Clock;
use http_body_util::BodyExt;
use lambda_http::LambdaEvent;
use memory::Memory;
use model::{Catalog, CloudEvent, Object};
use partner_central::PartnerCentral;
use partner_central_emulator::{Emulator, Fault};
use patch_opportunity::{Auth, Bridge, Wake, router};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::documents;

/// Interleavings in a run of the tests. The seed of one that fails is told.
const INTERLEAVINGS: u64 = 40;
/// Different patches in one of them.
const PATCHES: usize = 4;
/// Different patches that may wait, in one of them.
const PARKED: usize = 3;
/// Steps of one of them.
const STEPS: usize = 20;
/// More polls than a function takes.
const POLLS: u32 = 40;

/// A future that is dropped after a number of polls: a function that dies at one of its awaits.
struct Mortal<F> {
    future: Pin<Box<F>>,
    polls_left: Option<u32>,
}

impl<F: Future> Future for Mortal<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.polls_left {
            Some(0) => return Poll::Ready(None),
            Some(left) => *left -= 1,
            None => {}
        }
        self.future.as_mut().poll(context).map(Some)
    }
}

struct Ground {
    emulator: Emulator,
    table: Table,
    patch: Router,
    bridge: Bridge,
    memory: Memory,
    enrich: enrich_opportunity::Enricher,
}

impl Ground {
    async fn new() -> Self {
        let emulator = Emulator::start().await;
        let table = Table::start().await;
        let config = |url: &str| {
            aws_config::defaults(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::for_tests())
                .retry_config(aws_config::retry::RetryConfig::disabled())
                .endpoint_url(url)
                .load()
        };
        let partner_central = PartnerCentral::new(&config(&emulator.url()).await);
        let (day, patience) = (Duration::from_hours(24), Duration::from_secs(30));
        let config = config(table.url()).await;
        let memory = Memory::with_patience(&config, table.name(), day, patience);
        let catalog = Catalog::parse("Sandbox").unwrap();
        let patch = Bridge::new(partner_central.clone(), catalog, Auth::None);
        let variable =
            |name: &str| (name == "PARTNER_CENTRAL_CATALOG").then(|| "Sandbox".to_owned());
        let config = enrich_opportunity::Config::from_env(variable).unwrap();
        let clock = Clock::new(SystemTime::now);
        let enrich = enrich_opportunity::Enricher::new(partner_central, config, clock);
        let bridge = patch.with_memory(Some(memory.clone()));
        Self {
            emulator,
            table,
            patch: router(bridge.clone()),
            bridge,
            memory: memory.clone(),
            enrich: enrich.with_memory(Some(memory)),
        }
    }
}

/// One interleaving: an opportunity of its own, and what was seen of it.
struct Interleaving<'a> {
    ground: &'a Ground,
    identifier: String,
    dice: fastrand::Rng,
    /// The patches that were answered with success at least once.
    succeeded: BTreeSet<usize>,
    sent: BTreeSet<usize>,
    told: Vec<Value>,
    /// Whether an event may have been remembered and not told.
    has_lost_events: bool,
    /// The patches that were acknowledged as waiting, by their numbers.
    parked: BTreeMap<usize, String>,
    /// What was told of patches that ended, by their ids.
    ended: BTreeMap<String, Value>,
    /// Events that name patches, for the rule on the bus.
    bus: Vec<Value>,
}

/// What an answer to a patch says.
#[derive(Debug, Clone, PartialEq)]
struct Answered {
    status: u16,
    problem: String,
}

impl<'a> Interleaving<'a> {
    fn new(ground: &'a Ground, seed: u64) -> Self {
        let identifier = format!("O{}", 1_000_000 + seed);
        let mut document = documents::sample();
        document["Id"] = json!(identifier);
        ground.emulator.seed(document);
        ground
            .emulator
            .seed_summary(&identifier, json!({"Score": 1}));
        Self {
            ground,
            identifier,
            dice: fastrand::Rng::with_seed(seed),
            succeeded: BTreeSet::new(),
            sent: BTreeSet::new(),
            told: Vec::new(),
            has_lost_events: false,
            parked: BTreeMap::new(),
            ended: BTreeMap::new(),
            bus: Vec::new(),
        }
    }

    /// Adds a contact: to do that twice can be seen.
    async fn patch(&self, number: usize, polls_left: Option<u32>) -> Option<Answered> {
        let contact = json!({
            "Email": email(number), "FirstName": "A", "LastName": "B", "Phone": "+4940123456",
        });
        let operations = json!([{"op": "add", "path": "/Customer/Contacts/-", "value": contact}]);
        let request = http::Request::patch(format!("/opportunities/{}", self.identifier))
            .header("content-type", "application/json-patch+json")
            .header("idempotency-key", format!("{}-{number}", self.identifier))
            .body(Body::from(operations.to_string()))
            .unwrap();
        let answering = async {
            let answer = self.ground.patch.clone().oneshot(request).await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            let problem = body["type"].as_str().unwrap_or_default();
            let (_, problem) = problem.rsplit_once('/').unwrap_or_default();
            Answered {
                status,
                problem: problem.to_owned(),
            }
        };
        let future = Box::pin(answering);
        Mortal { future, polls_left }.await
    }

    /// Sends a patch that may wait: the id where it does.
    async fn park(&mut self, number: usize, polls_left: Option<u32>) {
        let patch = json!({"LifeCycle": {"NextSteps": parked(number)}});
        let request = http::Request::patch(format!("/opportunities/{}", self.identifier))
            .header("content-type", "application/merge-patch+json")
            .header("prefer", "respond-async")
            .header(
                "idempotency-key",
                format!("{}-parked-{number}", self.identifier),
            )
            .body(Body::from(patch.to_string()))
            .unwrap();
        let future = Box::pin(self.ground.patch.clone().oneshot(request));
        let answered = Mortal { future, polls_left }.await;
        let Some(Ok(answer)) = answered else {
            return;
        };
        if let Some(location) = answer.headers().get("location") {
            let (_, id) = location.to_str().unwrap().rsplit_once('/').unwrap();
            let before = self.parked.insert(number, id.to_owned());
            assert!(before.is_none_or(|before| before == id), "parked twice");
        }
    }

    /// What the rule on the bus does with an event.
    async fn wake(&mut self, event: Value, polls_left: Option<u32>) {
        let wake: Wake = serde_json::from_value(event).unwrap();
        let context = lambda_http::Context::default();
        let bridge = self.ground.bridge.clone();
        let future = Box::pin(bridge.wake(wake, &context));
        let woken = Mortal { future, polls_left }.await;
        if let Some(Ok(Some(ended))) = woken {
            let event = serde_json::to_value(ended).unwrap();
            let data = without(&event["data"], "parked");
            let first = self.ended.entry(text(&event, "id").to_owned());
            assert_eq!(*first.or_insert(data.clone()), data, "two ends");
            self.hear(&event);
        }
    }

    fn hear(&mut self, event: &Value) {
        if event["data"]["parked"].is_array() {
            self.bus.push(event.clone());
        }
    }

    fn review(&self, status: &'static str) {
        self.ground.emulator.edit(&self.identifier, |document| {
            document["LifeCycle"]["ReviewStatus"] = json!(status);
        });
    }

    async fn waiting(&self) -> Vec<Value> {
        let path = format!("/opportunities/{}/parked", self.identifier);
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        let answer = self.ground.patch.clone().oneshot(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        body["parked"].as_array().expect("a list").clone()
    }

    /// What a sweep does about patches that wait.
    async fn sweep_parked(&self) {
        let catalog = Catalog::parse("Sandbox").unwrap();
        let now = SystemTime::now().into();
        let memory = &self.ground.memory;
        let waiting = memory.all_waiting(&catalog, now).await.unwrap();
        for id in waiting.get(&self.identifier).into_iter().flatten() {
            let name = memory.name_as_waiting(&catalog, &self.identifier, id, now);
            name.await.unwrap();
        }
    }

    /// The review is over, and nothing fails: whatever waits comes to its end.
    async fn settle_parked(&mut self) {
        self.review("Approved");
        for _round in 0..20 {
            self.pass_leases().await;
            self.sweep_parked().await;
            let event = self.event(None).await.expect("an event");
            self.saw_event(Some(event));
            while let Some(event) = self.bus.pop() {
                self.wake(event, None).await;
            }
            if self.waiting().await.is_empty() {
                break;
            }
        }
        assert_eq!(self.waiting().await, Vec::<Value>::new(), "it waits on");
    }

    fn assert_parked_patches_end_once(&self) {
        for (number, id) in &self.parked {
            assert!(self.ended.contains_key(id), "{number} has no end");
        }
        // Its value is written in one go, if at all: after another one, it is not written again.
        let writes = self.ground.emulator.writes().into_iter();
        let of_this = writes.filter(|write| write.identifier == self.identifier);
        let mut steps: Vec<String> = of_this
            .map(|write| {
                let body: Value = serde_json::from_slice(&write.body).expect("a body");
                body["LifeCycle"]["NextSteps"].to_string()
            })
            .collect();
        steps.dedup();
        for number in 0..PARKED {
            let value = json!(parked(number)).to_string();
            let times = steps.iter().filter(|steps| **steps == value).count();
            let is_parked = self.parked.contains_key(&number);
            assert!(
                !is_parked || times <= 1,
                "{number} was written again: {steps:?}"
            );
        }
    }

    async fn event(&self, polls_left: Option<u32>) -> Option<Value> {
        let mut event: Value = include_str!("../../events/opportunity-updated.json")
            .parse()
            .unwrap();
        event["detail"]["opportunity"]["identifier"] = json!(self.identifier);
        let event = LambdaEvent::new(event, lambda_http::Context::default());
        let future = Box::pin(self.ground.enrich.handle(event));
        let handled = Mortal { future, polls_left }.await?;
        handled
            .ok()
            .map(|event| serde_json::to_value(event).unwrap())
    }

    fn death(&mut self) -> Option<u32> {
        (self.dice.u8(..3) == 0).then(|| self.dice.u32(..POLLS))
    }

    fn saw_answer(&mut self, number: usize, answered: Option<&Answered>) {
        self.sent.insert(number);
        if answered.is_some_and(|answered| answered.status == 200) {
            self.succeeded.insert(number);
        }
    }

    fn saw_event(&mut self, event: Option<Value>) {
        if let Some(event) = &event {
            self.hear(event);
        }
        let is_remembered = |event: &&Value| event["data"].get("origin").is_some();
        match event {
            Some(event) if is_remembered(&&event) => self.told.push(event),
            _ => self.has_lost_events = true,
        }
    }

    /// Two events, of which the first has to stand still somewhere while the second overtakes it.
    async fn overtaken(&self, mut polls: u32, steps: u32) -> [Option<Value>; 2] {
        let mut slow = Box::pin(self.event(None));
        let early = poll_fn(|context| {
            if polls == 0 {
                return Poll::Ready(None);
            }
            polls -= 1;
            slow.as_mut().poll(context).map(Some)
        })
        .await;
        self.others_write(steps);
        let quick = self.event(None).await;
        let slow = match early {
            Some(event) => event,
            None => slow.await,
        };
        [quick, slow]
    }

    fn others_write(&self, steps: u32) {
        let steps = format!("Step {steps}");
        self.ground.emulator.edit(&self.identifier, |document| {
            document["LifeCycle"]["NextSteps"] = json!(steps);
        });
    }

    /// All that died is dead for long.
    async fn pass_leases(&self) {
        for mut item in self.ground.table.items().await {
            let is_ours = item["identifier"]["S"] == self.identifier.as_str();
            if is_ours && item.get("lease").is_some() {
                item["lease"] = json!({"N": "0"});
                self.ground.table.put(&item).await;
            }
        }
    }

    async fn step(&mut self) {
        let (one, other) = (self.dice.usize(..PATCHES), self.dice.usize(..PATCHES));
        let deaths = [self.death(), self.death(), self.death()];
        match self.dice.u8(..19) {
            0..=2 => {
                let answered = self.patch(one, deaths[0]).await;
                self.saw_answer(one, answered.as_ref());
            }
            3 | 4 => {
                let (this, that, event) = tokio::join!(
                    self.patch(one, deaths[0]),
                    self.patch(other, deaths[1]),
                    self.event(deaths[2]),
                );
                self.saw_answer(one, this.as_ref());
                self.saw_answer(other, that.as_ref());
                self.saw_event(event);
            }
            5 | 6 => {
                let event = self.event(deaths[0]).await;
                self.saw_event(event);
            }
            7 => {
                let events = tokio::join!(self.event(deaths[0]), self.event(deaths[1]));
                self.saw_event(events.0);
                self.saw_event(events.1);
            }
            8 => {
                let steps = self.dice.u32(..);
                self.others_write(steps);
            }
            9 => {
                let score = json!({"Score": self.dice.u32(..)});
                self.ground.emulator.seed_summary(&self.identifier, score);
            }
            10 => {
                let mut cut = || match self.dice.u8(..4) {
                    0 => Some(Cut::Before),
                    1 => Some(Cut::After),
                    _ => None,
                };
                self.ground.table.cut(&[cut(), cut(), cut(), cut()]);
            }
            11 => {
                let (polls, steps) = (self.dice.u32(..POLLS), self.dice.u32(..));
                for event in self.overtaken(polls, steps).await {
                    self.saw_event(event);
                }
            }
            13 | 14 => {
                let number = self.dice.usize(..PARKED);
                self.park(number, deaths[0]).await;
            }
            15 => {
                let status = ["In review", "Approved"][self.dice.usize(..2)];
                self.review(status);
            }
            16..=17 => {
                // The bus brings what it has in any order, and some of it twice or never.
                if !self.bus.is_empty() {
                    let chosen = self.dice.usize(..self.bus.len());
                    let event = self.bus[chosen].clone();
                    if self.dice.bool() {
                        self.bus.remove(chosen);
                    }
                    self.wake(event, deaths[0]).await;
                }
            }
            _ => {
                let fault = match self.dice.u8(..3) {
                    0 => Fault::AnswerLost,
                    1 => Fault::InternalServerAfterLanding,
                    _ => Fault::ConcurrentEdit(|document| {
                        document["Project"]["AdditionalComments"] = json!("Somebody else's");
                    }),
                };
                self.ground.emulator.inject("UpdateOpportunity", 1, fault);
                self.pass_leases().await;
            }
        }
    }

    /// Whoever has no answer asks until there is one that says how it ended.
    async fn settle(&mut self) -> BTreeMap<usize, Answered> {
        self.ground.table.mend();
        self.ground.emulator.clear_faults();
        self.settle_parked().await;
        let mut ends = BTreeMap::new();
        for number in self.sent.clone() {
            // The claim of one that has died may still be on its way to the table.
            for _attempt in 0..5 {
                self.pass_leases().await;
                let answered = self.patch(number, None).await.unwrap();
                self.saw_answer(number, Some(&answered));
                let is_running = answered.problem == "request-running";
                ends.insert(number, answered);
                if !is_running {
                    break;
                }
            }
        }
        for _duplicate in 0..2 {
            let event = self.event(None).await;
            assert!(event.is_some(), "the last event is told");
            self.saw_event(event);
        }
        ends
    }

    fn assert_patches_are_carried_out_once(&self, ends: &BTreeMap<usize, Answered>) {
        let document = self.ground.emulator.opportunity(&self.identifier).unwrap();
        let contacts = document["Customer"]["Contacts"].as_array().unwrap();
        for number in 0..PATCHES {
            let email = email(number);
            let times = contacts.iter().filter(|it| it["Email"] == email.as_str());
            let times = times.count();
            let end = ends.get(&number);
            assert!(
                times <= 1,
                "patch {number} was carried out {times} times: {end:?}"
            );
            if self.succeeded.contains(&number) {
                assert_eq!(times, 1, "patch {number} is not there: {end:?}");
            }
            let is_end = |end: &Answered| {
                end.status == 200 || (end.status, end.problem.as_str()) == (503, "unconfirmed")
            };
            assert!(end.is_none_or(is_end), "patch {number} has no end: {end:?}");
        }
    }

    fn assert_events_fit_together(&self) {
        let last = self.told.last().expect("an event");
        let document = self.ground.emulator.opportunity(&self.identifier).unwrap();
        assert_eq!(last["data"]["opportunity"], document);

        let mut by_id = BTreeMap::new();
        let mut by_sequence = BTreeMap::new();
        for event in &self.told {
            let data = by_id.entry(text(event, "id")).or_insert(&event["data"]);
            let without_origin = |data: &Value| without(&without(data, "origin"), "parked");
            assert_eq!(without_origin(data), without_origin(&event["data"]));
            let id = by_sequence
                .entry(text(event, "sequence"))
                .or_insert((text(event, "id"), event));
            assert_eq!(id.0, text(event, "id"));
        }
        let mut begins = BTreeMap::new();
        for (sequence, (id, event)) in &by_sequence {
            let Some(since) = event["data"]["since"].as_str() else {
                continue;
            };
            assert!(since < *sequence, "{since} {sequence}");
            let other = begins.insert(since, *id);
            assert_eq!(other, None, "two events begin at {since}");
            match by_sequence.get(since) {
                Some((_, before)) => {
                    assert_eq!(differences(before, event), event["data"]["changes"]);
                }
                None => assert!(self.has_lost_events, "nobody was told of {since}"),
            }
        }
    }
}

/// What a patch that may wait writes.
fn parked(number: usize) -> String {
    format!("Parked {number}")
}

fn without(data: &Value, name: &str) -> Value {
    let mut data = data.clone();
    data.as_object_mut().expect("an object").shift_remove(name);
    data
}

fn email(number: usize) -> String {
    format!("patch{number}@harbour.example")
}

fn text<'a>(event: &'a Value, name: &str) -> &'a str {
    event[name].as_str().expect("a text")
}

fn differences(before: &Value, after: &Value) -> Value {
    let documents = |event: &Value| -> (Object, Option<Object>) {
        let opportunity = event["data"]["opportunity"].as_object().cloned();
        let summary = event["data"]["awsSummary"].as_object().cloned();
        (opportunity.expect("an opportunity"), summary)
    };
    let changes = CloudEvent::changes_between(documents(before), documents(after));
    serde_json::to_value(changes).unwrap()
}

async fn run(ground: &Ground, seed: u64) {
    let mut interleaving = Interleaving::new(ground, seed);
    for _step in 0..STEPS {
        interleaving.step().await;
    }
    let ends = interleaving.settle().await;
    interleaving.assert_patches_are_carried_out_once(&ends);
    let outcomes = interleaving
        .ended
        .values()
        .map(|ended| text(ended, "outcome"));
    eprintln!("{seed}: {:?}", outcomes.collect::<Vec<_>>());
    interleaving.assert_parked_patches_end_once();
    interleaving.assert_events_fit_together();
}

/// The functions print their metrics past what a test's output is kept back by. So this program is run
/// again for them, and told of where something is wrong.
#[test]
fn whatever_the_order_no_patch_is_carried_out_twice_and_events_fit_together() {
    let program = std::env::current_exe().expect("the path of what runs");
    let ran = std::process::Command::new(program)
        .args([
            "--ignored",
            "--exact",
            "memory_interleavings::interleavings",
        ])
        .output()
        .expect("this program runs");
    let told = String::from_utf8_lossy(&ran.stderr);
    let failed = String::from_utf8_lossy(&ran.stdout);
    let failed = failed.lines().filter(|line| !line.starts_with("{\"_aws\""));
    let failed: Vec<_> = failed.collect();
    assert!(
        failed.iter().any(|line| line.contains("1 passed")) || !ran.status.success(),
        "nothing ran"
    );
    assert!(ran.status.success(), "{told}\n{}", failed.join("\n"));
}

#[tokio::test]
#[ignore = "run by the test above, with its output kept back"]
async fn interleavings() {
    let ground = Ground::new().await;
    for seed in first_seed()..first_seed() + count() {
        eprintln!("interleaving {seed}");
        run(&ground, seed).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a choice of whoever runs the tests, and of nothing that is tested"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn count() -> u64 {
    number("INTERLEAVINGS").unwrap_or(INTERLEAVINGS)
}

fn first_seed() -> u64 {
    number("FIRST_INTERLEAVING").unwrap_or_default()
}

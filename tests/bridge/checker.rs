//! Checks every answer of `patch-opportunity` under random trouble: other writers, lost answers,
//! failures before and after a write, conflicts and killed processes.
//!
//! Every value is written only once, so that each can be traced to its author. `CHECKER_SEED` repeats a
//! run, `CHECKER_OPERATIONS` makes it longer.

use std::{collections::BTreeMap, time::Duration};

use crate::{documents, patch};
use bridge_tests::{Function, Request, Response};
use partner_central_emulator::{Emulator, Fault};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

const ID: &str = "O7654321";
/// Free text that any partner may change once the sample's review is over.
const FIELDS: [&str; 4] = [
    "/LifeCycle/NextSteps",
    "/Project/AdditionalComments",
    "/Project/OtherSolutionDescription",
    "/Marketing/CampaignName",
];
/// The list that operations append to.
const LIST: &str = "/Project/ApnPrograms";

/// One operation, and the trouble around it. Fields are indexes into [`FIELDS`].
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent coin toss"
)]
struct Plan {
    named: Vec<usize>,
    is_append: bool,
    if_match: bool,
    representation: bool,
    writes: Vec<Trouble>,
    reads: Vec<Trouble>,
    is_killed: bool,
}

#[derive(Debug, Clone)]
enum Trouble {
    None,
    /// Somebody else edits this field.
    Edit(usize),
    LostAnswer,
    Dropped,
    FailedBefore,
    FailedAfter,
    Throttled,
}

fn plan() -> impl Strategy<Value = Plan> {
    let field = 0..FIELDS.len();
    let on_write = prop_oneof![
        3 => Just(Trouble::None),
        3 => field.clone().prop_map(Trouble::Edit),
        2 => Just(Trouble::LostAnswer),
        1 => Just(Trouble::Dropped),
        2 => Just(Trouble::FailedBefore),
        2 => Just(Trouble::FailedAfter),
        1 => Just(Trouble::Throttled),
    ];
    let on_read = prop_oneof![3 => Just(Trouble::None), 2 => field.clone().prop_map(Trouble::Edit)];
    (
        prop::collection::btree_set(field, 1..=2),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
        prop::collection::vec(on_write, 0..5),
        prop::collection::vec(on_read, 0..3),
        prop::bool::weighted(0.05),
    )
        .prop_map(
            |(named, is_append, if_match, representation, writes, reads, is_killed)| Plan {
                named: named.into_iter().collect(),
                is_append,
                if_match,
                representation,
                writes,
                reads,
                is_killed,
            },
        )
}

/// The true history, besides the bridge's answers.
struct World {
    emulator: Emulator,
    function: Option<Function>,
    /// Numbers the values, so that each is written only once.
    count: u32,
    late: Option<Late>,
}

/// What may still be written of an operation whose function was killed, or that was answered as unconfirmed: its
/// last request may be on its way. AWS takes it as long as the date is the same.
#[derive(Debug, Clone)]
struct Late {
    date: Value,
    fields: Vec<(usize, String)>,
}

impl World {
    fn unique(&mut self, by: &str) -> String {
        self.count += 1;
        format!("{by} {}", self.count)
    }

    fn now(&self) -> Value {
        self.emulator.opportunity(ID).expect("the opportunity")
    }

    async fn start_again(&mut self) {
        if let Some(function) = &self.function {
            function.kill();
        }
        let function = Function::start("patch-opportunity", &self.emulator, &patch::VARIABLES);
        self.function = Some(function.await);
    }

    /// Injects the trouble into the next requests, and returns the edits that it will make.
    fn arrange(&mut self, operation: &str, troubles: &[Trouble]) -> Vec<(usize, String)> {
        let mut edits = Vec::new();
        for trouble in troubles {
            let fault = match trouble {
                Trouble::None => Fault::Delay(Duration::ZERO),
                Trouble::Edit(field) => {
                    let value = self.unique("somebody");
                    edits.push((*field, value.clone()));
                    Fault::ConcurrentPatch(nested(FIELDS[*field], json!(value)))
                }
                Trouble::LostAnswer => Fault::AnswerLost,
                Trouble::Dropped => Fault::ConnectionDropped,
                Trouble::FailedBefore => Fault::InternalServer,
                Trouble::FailedAfter => Fault::InternalServerAfterLanding,
                Trouble::Throttled => Fault::Throttling,
            };
            self.emulator.inject(operation, 1, fault);
        }
        edits
    }
}

fn nested(pointer: &str, value: Value) -> Value {
    let names = pointer.rsplit('/').filter(|name| !name.is_empty());
    names.fold(value, |inner, name| json!({name: inner}))
}

fn at<'a>(document: &'a Value, pointer: &str) -> &'a Value {
    document.pointer(pointer).unwrap_or(&Value::Null)
}

/// The name of the problem that an answer is.
fn problem(answer: &Response) -> Option<&str> {
    answer.body["type"].as_str()?.rsplit('/').next()
}

/// The list's values.
fn items(document: &Value) -> impl Iterator<Item = &str> {
    let items = at(document, LIST).as_array().map_or(&[][..], Vec::as_slice);
    items.iter().map(|item| item.as_str().expect("a text"))
}

/// How often the list has a value.
fn times(document: &Value, value: &str) -> usize {
    items(document).filter(|item| *item == value).count()
}

async fn step(world: &mut World, plan: &Plan) -> String {
    let before = world.now();
    let wanted: Vec<(usize, String)> = plan
        .named
        .iter()
        .map(|field| (*field, world.unique("patch")))
        .collect();
    let appended = world.unique("appended");
    let mut request =
        if plan.is_append {
            let mut operations =
                vec![json!({"op": "add", "path": format!("{LIST}/-"), "value": appended})];
            operations.extend(wanted.iter().map(
                |(field, value)| json!({"op": "add", "path": FIELDS[*field], "value": value}),
            ));
            Request::new("PATCH", &format!("/opportunities/{ID}"))
                .header("content-type", "application/json-patch+json")
                .body(&Value::from(operations).to_string())
        } else {
            let mut patch = json!({});
            for (field, value) in &wanted {
                json_merge(&mut patch, &nested(FIELDS[*field], json!(value)));
            }
            Request::patch(ID, &patch)
        };
    let read = format!(
        "\"{}\"",
        before["LastModifiedDate"].as_str().expect("a date")
    );
    if plan.if_match {
        request = request.header("if-match", &read);
    }
    if plan.representation {
        request = request.header("prefer", "return=representation");
    }
    let mut edits = world.arrange("UpdateOpportunity", &plan.writes);
    edits.extend(world.arrange("GetOpportunity", &plan.reads));
    let late = world.late.take();
    edits.extend(late.iter().flat_map(|late| late.fields.clone()));
    let writes = world.emulator.writes().len();

    let function = world.function.as_ref().expect("a function");
    let answer = if plan.is_killed {
        let killed = Duration::from_millis(u64::from(world.count % 40));
        let sent = tokio::time::timeout(killed, function.send(&request)).await;
        if sent.is_err() {
            world.start_again().await;
        }
        sent.ok()
    } else {
        Some(function.send(&request).await)
    };
    world.emulator.clear_faults();

    let after = world.now();
    let sent = &world.emulator.writes()[writes..];
    let most = 6 + usize::from(late.is_some());
    assert!(sent.len() <= most, "{} updates for one patch", sent.len());
    let date = after["LastModifiedDate"].clone();
    let is_unconfirmed = |answer: &Response| problem(answer) == Some("unconfirmed");
    world.late = if answer.as_ref().is_none_or(is_unconfirmed) {
        let fields = [&wanted[..], &edits].concat();
        Some(Late { date, fields })
    } else {
        late.filter(|late| late.date == date)
    };
    let seen = Seen {
        _plan: plan,
        before: &before,
        after: &after,
        wanted: &wanted,
        appended: &appended,
        edits: &edits,
    };
    seen.nobody_else_is_reverted();
    let Some(answer) = answer else {
        return "killed".to_owned();
    };
    seen.the_answer_is_true(
        &answer,
        sent.last().map(partner_central_emulator::Request::json),
    )
}

fn json_merge(target: &mut Value, patch: &Value) {
    let (Some(target), Some(patch)) = (target.as_object_mut(), patch.as_object()) else {
        unreachable!("objects are merged")
    };
    for (name, value) in patch {
        match target.get_mut(name) {
            Some(inner) if inner.is_object() => json_merge(inner, value),
            _ => drop(target.insert(name.clone(), value.clone())),
        }
    }
}

/// One operation as seen from outside.
#[derive(Debug)]
struct Seen<'a> {
    /// For the message of a failed check.
    _plan: &'a Plan,
    before: &'a Value,
    after: &'a Value,
    wanted: &'a [(usize, String)],
    appended: &'a str,
    edits: &'a [(usize, String)],
}

impl Seen<'_> {
    /// A field that the patch does not name has its old value, or the last one that somebody else gave
    /// it; an append happens at most once, and no earlier append is lost.
    fn nobody_else_is_reverted(&self) {
        for (field, pointer) in FIELDS.iter().enumerate() {
            let found = at(self.after, pointer);
            let is_theirs = self
                .edits
                .iter()
                .any(|(one, value)| *one == field && found == value);
            let is_old = found == at(self.before, pointer);
            let is_wanted = self
                .wanted
                .iter()
                .any(|(one, value)| *one == field && found == value);
            assert!(
                is_theirs || is_old || is_wanted,
                "{pointer}: {found}: {self:?}"
            );
        }
        for item in items(self.after) {
            assert_eq!(times(self.after, item), 1, "appended twice: {self:?}");
        }
        for item in items(self.before) {
            assert_eq!(times(self.after, item), 1, "{item} is lost: {self:?}");
        }
        for name in [
            "Customer",
            "OpportunityTeam",
            "PrimaryNeedsFromAws",
            "SoftwareRevenue",
        ] {
            assert_eq!(
                self.after.get(name),
                self.before.get(name),
                "{name}: {self:?}"
            );
        }
    }

    /// Whether a value of the patch is there, or was there and somebody overwrote it.
    fn may_have_landed(&self, field: usize, value: &str) -> bool {
        let found = at(self.after, FIELDS[field]);
        found == value
            || self
                .edits
                .iter()
                .any(|(one, theirs)| *one == field && found == theirs)
    }

    fn the_answer_is_true(&self, answer: &Response, last: Option<Value>) -> String {
        let outcome = answer.body["outcome"].as_str().map(str::to_owned);
        let landed: Vec<_> = self
            .wanted
            .iter()
            .filter(|(field, value)| at(self.after, FIELDS[*field]) == value)
            .collect();
        match (outcome.as_deref(), problem(answer)) {
            (Some("updated"), _) => {
                for (field, value) in self.wanted {
                    assert!(
                        self.may_have_landed(*field, value),
                        "{field}: {self:?} {answer:?}"
                    );
                }
                let changes = answer.body["changes"].as_array().expect("changes");
                for (field, value) in landed {
                    let is_told = changes.iter().any(|change| {
                        change["pointer"] == FIELDS[*field] && change["after"] == *value
                    });
                    assert!(is_told, "{}: {self:?} {answer:?}", FIELDS[*field]);
                }
                self.the_etag_is_of_a_known_document(answer, last);
            }
            (Some("unchanged"), _) => panic!("nothing is unchanged here: {self:?} {answer:?}"),
            (_, Some("unconfirmed")) => assert_eq!(answer.status, 503),
            (_, Some(name)) => {
                assert!(
                    landed.is_empty(),
                    "{name}, and yet written: {self:?} {answer:?}"
                );
                assert_eq!(times(self.after, self.appended), 0, "{name}: {self:?}");
                let detail = answer.body["detail"].as_str().unwrap_or_default();
                assert!(
                    matches!(name, "precondition-failed") || detail.contains("nothing was written"),
                    "{name}: {detail}"
                );
            }
            other => panic!("{other:?}: {answer:?}"),
        }
        let problem = problem(answer).map(str::to_owned);
        outcome.or(problem).unwrap_or_default()
    }

    /// If the tag is the current document's, that document is the one that was sent last.
    fn the_etag_is_of_a_known_document(&self, answer: &Response, last: Option<Value>) {
        let date = self.after["LastModifiedDate"].as_str().expect("a date");
        if answer.headers.get("etag") != Some(&json!(format!("\"{date}\""))) {
            return;
        }
        let last = last.expect("an update was sent");
        for pointer in FIELDS.iter().chain([&LIST]) {
            assert_eq!(
                at(self.after, pointer),
                at(&last, pointer),
                "{pointer}: {self:?}"
            );
        }
    }
}

/// A number from the environment, to make a run longer or repeat it.
#[expect(
    clippy::disallowed_methods,
    reason = "it configures the test, not the product"
)]
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

/// Runs random plans one after the other, and counts the answers.
async fn run(seed: u64, operations: u64) -> BTreeMap<String, u32> {
    println!("CHECKER_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);

    let mut document = documents::sample();
    document["Project"]["ApnPrograms"] = json!([]);
    let (emulator, function) = patch::with_document(document).await;
    let mut world = World {
        emulator,
        function: Some(function),
        count: 0,
        late: None,
    };
    let mut outcomes = BTreeMap::new();
    for _ in 0..operations {
        let plan = plan().new_tree(&mut runner).expect("a plan").current();
        let outcome = step(&mut world, &plan).await;
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

#[tokio::test]
async fn every_answer_is_true_whatever_others_write_and_whatever_is_lost() {
    let seed = number("CHECKER_SEED").unwrap_or_else(|| fastrand::u64(..));
    let operations = number("CHECKER_OPERATIONS").unwrap_or(160);
    // Pauses between attempts take most of the time, so several worlds share it.
    let worlds = 8;
    let mut running = tokio::task::JoinSet::new();
    for world in 0..worlds {
        running.spawn(run(seed.wrapping_add(world), operations / worlds));
    }
    let mut outcomes = BTreeMap::<String, u32>::new();
    for (outcome, count) in running.join_all().await.into_iter().flatten() {
        *outcomes.entry(outcome).or_default() += count;
    }
    println!("{outcomes:?}");
    for outcome in ["updated", "unconfirmed", "precondition-failed"] {
        assert!(
            outcomes.contains_key(outcome),
            "no `{outcome}` in {outcomes:?}"
        );
    }
}

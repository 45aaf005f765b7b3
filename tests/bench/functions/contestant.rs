//! A contestant: its program, environment, events and answers.

use std::{
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use bridge_tests::Request;
use partner_central_emulator::Emulator;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const TOKEN: &str = "a-token-of-a-caller-who-does-not-sign";
const IDENTIFIER: &str = "O7654321";
/// The size of the opportunity in bytes; AWS sends 3 to 10 KiB.
const DOCUMENT_SIZE: usize = 8 * 1024;

/// A program that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    Floor,
    /// A patch that changes something. It is signed, so with a memory its `webhook-id` is its key.
    Patch,
    /// The same by a caller with a token, without a key.
    PatchWithoutKey,
    /// A patch that changes nothing.
    NoOp,
    /// The same without a key.
    NoOpWithoutKey,
    Enrich,
    /// The floor's work with AWS's SDK for Python.
    Boto3,
    /// The floor's work with AWS's SDK for JavaScript.
    JavaScript,
}

impl Contestant {
    /// The floor and the deployed functions, measured in every way.
    pub(crate) const COLUMNS: [Self; 3] = [Self::Floor, Self::Patch, Self::Enrich];
    /// Alternatives for writing a function: their starts are measured, if they are installed.
    pub(crate) const OTHER_SDKS: [Self; 2] = [Self::Boto3, Self::JavaScript];

    /// What a memory is measured with.
    pub(crate) const REMEMBERED: [Self; 5] = [
        Self::Enrich,
        Self::PatchWithoutKey,
        Self::Patch,
        Self::NoOpWithoutKey,
        Self::NoOp,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Patch | Self::PatchWithoutKey | Self::NoOp | Self::NoOpWithoutKey => {
                "patch-opportunity"
            }
            Self::Enrich => "enrich-opportunity",
            Self::Boto3 => "boto3",
            Self::JavaScript => "the AWS SDK for JavaScript",
        }
    }

    /// The program: beside the floor, in the directory of release builds, or the interpreter of
    /// [`Self::script`].
    pub(crate) fn binary(self) -> PathBuf {
        match self {
            Self::Boto3 => root().join(".venv/bin/python"),
            Self::JavaScript => root().join("target/bench/node"),
            _ => PathBuf::from(env!("CARGO_BIN_EXE_floor")).with_file_name(self.name()),
        }
    }

    /// The script to run, if the program is an interpreter.
    pub(crate) fn script(self) -> Option<PathBuf> {
        match self {
            Self::Boto3 => Some(root().join("tests/bench/sdks/function.py")),
            Self::JavaScript => Some(root().join("target/bench/function.cjs")),
            _ => None,
        }
    }

    /// Whether everything that it needs is installed: `make bench` installs what it can.
    pub(crate) fn is_installed(self) -> bool {
        let script = self.script();
        self.binary().exists() && script.is_none_or(|script| script.exists())
    }

    /// The variables that it needs besides those of Lambda and AWS.
    pub(crate) fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Floor | Self::JavaScript => &[],
            Self::Boto3 => &[("AWS_DEFAULT_REGION", "us-east-1")],
            Self::Patch | Self::NoOp => &[
                ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
                ("WEBHOOK_AUTH", "standard-webhooks"),
                ("WEBHOOK_SECRETS", SECRET),
            ],
            Self::PatchWithoutKey | Self::NoOpWithoutKey => &[
                ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
                ("WEBHOOK_AUTH", "bearer"),
                ("WEBHOOK_SECRETS", TOKEN),
            ],
            Self::Enrich => &[("PARTNER_CENTRAL_CATALOG", "Sandbox")],
        }
    }

    /// How many calls to Partner Central it makes for an event.
    pub(crate) fn calls(self) -> u32 {
        match self {
            Self::NoOp | Self::NoOpWithoutKey => 1,
            _ => 2,
        }
    }

    /// The event of an invocation, signed now; no two that change something are equal. What an event from
    /// Partner Central is about has changed since the one before.
    pub(crate) fn event(self, number: u32, emulator: &Emulator) -> Value {
        let call = || json!(format!("Call {number}"));
        match self {
            Self::Floor | Self::Patch | Self::Boto3 | Self::JavaScript => {
                signed(number, &patch(&call())).event()
            }
            Self::PatchWithoutKey => with_token(&patch(&call())).event(),
            Self::NoOp => signed(number, &patch(&next_steps(emulator))).event(),
            Self::NoOpWithoutKey => with_token(&patch(&next_steps(emulator))).event(),
            Self::Enrich => {
                emulator.edit(IDENTIFIER, |it| it["LifeCycle"]["NextSteps"] = call());
                include_str!("../../../events/opportunity-updated.json")
                    .parse()
                    .expect("the sample is JSON")
            }
        }
    }

    /// Panics if an answer is not the result of the measured work.
    pub(crate) fn check(self, answer: &Value) {
        let is_right = match self {
            Self::Enrich => {
                let data = &answer["data"];
                data["opportunity"]["Id"] == IDENTIFIER && data["awsSummary"].is_object()
            }
            _ => answer["statusCode"] == 200,
        };
        assert!(is_right, "{} answered {answer}", self.name());
    }
}

/// The workspace's folder.
fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the workspace")
}

/// A patch of one member.
fn patch(next_steps: &Value) -> Value {
    json!({"LifeCycle": {"NextSteps": next_steps}})
}

fn next_steps(emulator: &Emulator) -> Value {
    let mut document = emulator.opportunity(IDENTIFIER).expect("it is seeded");
    document["LifeCycle"]["NextSteps"].take()
}

fn with_token(patch: &Value) -> Request {
    Request::patch(IDENTIFIER, patch).header("authorization", &format!("Bearer {TOKEN}"))
}

/// A patch signed by Standard Webhooks.
fn signed(number: u32, patch: &Value) -> Request {
    let id = format!("msg_{number}");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock");
    let timestamp = i64::try_from(now.as_secs()).expect("a time");
    let signature = Webhook::new(SECRET)
        .and_then(|secret| secret.sign(&id, timestamp, patch.to_string().as_bytes()))
        .expect("a signature");
    Request::patch(IDENTIFIER, patch)
        .header("webhook-id", &id)
        .header("webhook-timestamp", &timestamp.to_string())
        .header("webhook-signature", &signature)
}

/// What people write about next steps. No two steps are alike: a memory bills what is left of them deflated.
const WORDS: &str = "ask berths budget call compared contract customer data deadline decide demo draft finance forecast \
    harbour invite legal meeting migration model month next offer pilot planners port prices procurement \
    proposal quarter questions review schedule security send sizing storage team terminal the their \
    tides training until vendor weekly with workshop";

/// The sample opportunity after many changes of its next steps: AWS adds the old ones to the history.
pub(crate) fn document() -> Value {
    let words: Vec<_> = WORDS.split(' ').collect();
    let mut random = fastrand::Rng::with_seed(1);
    let mut document: Value = include_str!("../../../events/opportunity.json")
        .parse()
        .expect("the sample is JSON");
    while document.to_string().len() < DOCUMENT_SIZE {
        let history = document["LifeCycle"]["NextStepsHistory"]
            .as_array_mut()
            .expect("a history");
        let value: Vec<_> = (0..20)
            .filter_map(|_| random.choice(&words).copied())
            .collect();
        history.push(json!({"Time": "2026-03-03T08:00:00.000Z", "Value": value.join(" ")}));
    }
    document
}

//! Who is measured: the program, its environment, its events, its answers.

use std::{
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use bridge_tests::Request;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const IDENTIFIER: &str = "O7654321";
/// The size of the opportunity in bytes; AWS answers with 3 to 10 KiB.
const DOCUMENT_SIZE: usize = 8 * 1024;

/// A program that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    Floor,
    Patch,
    Enrich,
    /// The floor's work with AWS's SDK for Python.
    Boto3,
    /// The floor's work with AWS's SDK for JavaScript.
    JavaScript,
}

impl Contestant {
    /// The floor and what is deployed: measured in every way.
    pub(crate) const COLUMNS: [Self; 3] = [Self::Floor, Self::Patch, Self::Enrich];
    /// What a function could be written with instead: its starts are measured, where it is installed.
    pub(crate) const OTHER_SDKS: [Self; 2] = [Self::Boto3, Self::JavaScript];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Patch => "patch-opportunity",
            Self::Enrich => "enrich-opportunity",
            Self::Boto3 => "boto3",
            Self::JavaScript => "the AWS SDK for JavaScript",
        }
    }

    /// The program: beside the floor, in the directory that release builds go to, or what interprets
    /// [`Self::script`].
    pub(crate) fn binary(self) -> PathBuf {
        match self {
            Self::Boto3 => root().join(".venv/bin/python"),
            Self::JavaScript => root().join("target/bench/node"),
            _ => PathBuf::from(env!("CARGO_BIN_EXE_floor")).with_file_name(self.name()),
        }
    }

    /// What the program is to run, if it is not the function itself.
    pub(crate) fn script(self) -> Option<PathBuf> {
        match self {
            Self::Boto3 => Some(root().join("tests/bench/sdks/function.py")),
            Self::JavaScript => Some(root().join("target/bench/function.cjs")),
            _ => None,
        }
    }

    /// Whether there is everything that it takes: `make bench` installs what it can.
    pub(crate) fn is_installed(self) -> bool {
        let script = self.script();
        self.binary().exists() && script.is_none_or(|script| script.exists())
    }

    /// The variables that it takes besides those of Lambda and of AWS.
    pub(crate) fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Floor | Self::JavaScript => &[],
            Self::Boto3 => &[("AWS_DEFAULT_REGION", "us-east-1")],
            Self::Patch => &[
                ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
                ("WEBHOOK_AUTH", "standard-webhooks"),
                ("WEBHOOK_SECRETS", SECRET),
            ],
            Self::Enrich => &[("PARTNER_CENTRAL_CATALOG", "Sandbox")],
        }
    }

    /// The event of an invocation, signed as of now; no two patches are the same.
    pub(crate) fn event(self, number: u32) -> Value {
        match self {
            Self::Floor | Self::Patch | Self::Boto3 | Self::JavaScript => patch(number).event(),
            Self::Enrich => include_str!("../../../events/opportunity-updated.json")
                .parse()
                .expect("the sample is JSON"),
        }
    }

    /// Stops everything if an answer is not what the measured work ends in.
    pub(crate) fn check(self, answer: &Value) {
        let is_right = match self {
            Self::Floor | Self::Patch | Self::Boto3 | Self::JavaScript => {
                answer["statusCode"] == 200
            }
            Self::Enrich => {
                let data = &answer["data"];
                data["opportunity"]["Id"] == IDENTIFIER && data["awsSummary"].is_object()
            }
        };
        assert!(is_right, "{} answered {answer}", self.name());
    }
}

/// The folder that holds the workspace.
fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the workspace")
}

/// A signed patch of one member.
fn patch(number: u32) -> Request {
    let patch = json!({"LifeCycle": {"NextSteps": format!("Call {number}")}});
    let id = format!("msg_{number}");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock");
    let timestamp = i64::try_from(now.as_secs()).expect("a time");
    let signature = Webhook::new(SECRET)
        .and_then(|secret| secret.sign(&id, timestamp, patch.to_string().as_bytes()))
        .expect("a signature");
    Request::patch(IDENTIFIER, &patch)
        .header("webhook-id", &id)
        .header("webhook-timestamp", &timestamp.to_string())
        .header("webhook-signature", &signature)
}

/// The sample opportunity, as it is when its next steps have been changed many times: AWS adds the
/// old ones to the history.
pub(crate) fn document() -> Value {
    let mut document: Value = include_str!("../../../events/opportunity.json")
        .parse()
        .expect("the sample is JSON");
    while document.to_string().len() < DOCUMENT_SIZE {
        let history = document["LifeCycle"]["NextStepsHistory"]
            .as_array_mut()
            .expect("a history");
        let number = history.len();
        let value = format!(
            "Step {number}: the harbour's planners have compared last week's berths with the forecast, \
             and want the tides in it before they decide",
        );
        history.push(json!({"Time": "2026-03-03T08:00:00.000Z", "Value": value}));
    }
    document
}

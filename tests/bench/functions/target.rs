//! The performance targets, and whether the measurements meet them.

use crate::{
    column::Column,
    contestant::Contestant::{self, Enrich, JavaScript, Patch},
    memory::Row,
};

/// From the start of a patch to its first answer, at most this many times the floor's.
const PATCH_START: f64 = 1.35;
/// From the start of an event to its first answer, at most this many times the floor's.
const ENRICH_START: f64 = 1.25;
/// A start with boto3 takes at least this many times that of `patch-opportunity`.
const BOTO3: f64 = 28.0;
/// A start with the SDK for JavaScript takes at least this many times that of `patch-opportunity`.
const JAVASCRIPT: f64 = 13.0;
/// A start with a memory takes at most this many times that without one.
const MEMORY_START: f64 = 1.3;
/// CPU time of a patch, at most this many times the floor's.
const CPU: f64 = 2.2;
/// Peak memory, at most, in MiB.
const MEMORY: f64 = 25.0;
/// The zip file, at most, in MiB.
const ZIP: f64 = 4.0;
/// Start to first answer at the CPU of 128 MB, at most this many times that with a whole CPU.
const THROTTLED: f64 = 2.5;

/// A target.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) expected: String,
    /// The measurement and whether it meets the target; `None` if it could not be measured.
    pub(crate) found: Option<(String, bool)>,
}

impl Target {
    /// All targets, the ones that users notice first at the front.
    pub(crate) fn all(
        floor: &Column,
        functions: &[Column],
        ahead: &[(Contestant, Option<f64>)],
        remembered: &[Row],
    ) -> Vec<Self> {
        let of_functions = functions.iter().flat_map(|it| Self::of(floor, it));
        let ahead = ahead.iter().map(|(sdk, found)| {
            let limit = match sdk {
                JavaScript => JAVASCRIPT,
                _ => BOTO3,
            };
            Self {
                name: format!("{}: start, ahead of {}", Patch.name(), sdk.name()),
                expected: format!("at least {limit} ×"),
                found: found.map(|found| (format!("{found:.1} ×"), found >= limit)),
            }
        });
        let remembered = remembered.iter();
        let remembered = remembered.filter(|row| matches!(row.contestant, Enrich | Patch));
        let remembered = remembered.flat_map(|row| {
            row.starts().map(|(start, found)| Self {
                name: format!("{}: {start} with a memory", row.contestant.name()),
                expected: format!("at most {MEMORY_START} × without"),
                found: Some((format!("{found:.2} × without"), found <= MEMORY_START)),
            })
        });
        of_functions.chain(ahead).chain(remembered).collect()
    }

    fn of(floor: &Column, function: &Column) -> Vec<Self> {
        let name = function.contestant.name();
        let at_most = |what, limit: f64, unit, found: Option<f64>| Self {
            name: format!("{name}: {what}"),
            expected: format!("at most {limit}{unit}"),
            found: found.map(|found| (format!("{found:.2}{unit}"), found <= limit)),
        };
        let is_enrich = function.contestant == Enrich;
        let start = function.answered() / floor.answered();
        let most = if is_enrich { ENRICH_START } else { PATCH_START };
        let throttled = function
            .throttled()
            .map(|throttled| throttled / function.answered());
        let mut targets = vec![
            at_most("start to first answer", most, " × floor", Some(start)),
            at_most(
                "start to first answer at 128 MB",
                THROTTLED,
                " × unthrottled",
                throttled,
            ),
            at_most("peak memory", MEMORY, " MiB", Some(function.memory())),
            at_most("zip", ZIP, " MiB", Some(function.zip())),
        ];
        if function.contestant == Patch {
            let cpu = function.cpu() / floor.cpu();
            targets.push(at_most("warm CPU", CPU, " × floor", Some(cpu)));
        }
        // Two simultaneous reads take two HTTP/1.1 connections.
        let expected = if is_enrich { 2 } else { 1 };
        let connections = function.connections();
        targets.push(Self {
            name: format!("{name}: TCP connections"),
            expected: expected.to_string(),
            found: Some((connections.to_string(), connections == expected)),
        });
        targets
    }
}

//! Carries out parked patches once an event says that the review is over, through the same pipeline.
//!
//! A rule on the bridge's bus brings the events that name patches in `data.parked`. One patch is carried out, and
//! the function answers with an event of how it ended. AWS puts that onto the same bus; it names the patches that
//! still wait, and so brings the next one. The end of a patch is written down before it is told. If the function
//! dies in between, the next one tells it and does not carry the patch out again: the patch's id is the key of
//! a request (`idempotency.rs`).

use std::{collections::VecDeque, time::SystemTime};

use axum::{
    body,
    response::{IntoResponse, Response},
};
use lambda_http::Context;
use memory::{Memory, Parked, ParkedId, ParkedState, Unavailable, Waiting};
use model::{Change, EndedPatch, Ending, Identifier, Object, Patch, PatchEvent, pointer};
use serde::Deserialize;
use serde_json::Value;
use telemetry::{Metric, Metrics, milliseconds};
use tokio::time::Instant;

use crate::{
    bridge::Bridge,
    edit::Edit,
    idempotency,
    idempotency_key::Named,
    invocation::Invocation,
    park::{self, GONE, Parking},
    pipeline::carry_out,
    precondition::Precondition,
    prefer::Preference,
    problem::{Kind, Problem},
    request::PatchRequest,
};

/// An event that names patches which may be carried out: an opportunity's, or that of a patch that ended.
#[derive(Debug, Deserialize)]
pub struct Wake {
    source: String,
    subject: String,
    data: Data,
}

/// The part of an event's data that matters here.
#[derive(Debug, Deserialize)]
struct Data {
    #[serde(default)]
    parked: Vec<String>,
}

/// Why a wake has to be tried again. Lambda does so twice; after that the next event or the next sweep does.
#[derive(Debug, thiserror::Error)]
pub enum WakeError {
    /// The event is not of this bridge.
    #[error(
        "the event is about `{subject}` in `{source}`, expected an opportunity of this bridge's catalog"
    )]
    Foreign {
        /// The event's subject.
        subject: String,
        /// The event's source.
        r#source: String,
    },
    /// The memory did not answer.
    #[error(transparent)]
    Memory(#[from] Unavailable),
    /// Something temporary is in the way.
    #[error("the parked patch `{id}` could not be carried out: {cause}")]
    InTheWay {
        /// Which one.
        id: ParkedId,
        /// The problem's name.
        kind: &'static str,
        /// Its cause, for the log.
        cause: String,
    },
}

impl WakeError {
    /// The outcome of a wake, for the log.
    fn outcome(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "event-refused",
            Self::Memory(_) => Kind::MemoryUnavailable.name(),
            Self::InTheWay { kind, .. } => kind,
        }
    }
}

/// What came of a parked patch.
#[derive(Debug)]
enum Came {
    /// It ended.
    Ended(Ending),
    /// It waits on.
    Waits,
    /// It was withdrawn.
    Withdrawn,
}

/// What is left to do about a parked patch.
enum Left {
    Told(Object),
    Waits(Box<Waiting>),
    Gone,
}

impl Bridge {
    /// Carries out the first of the named patches that need not wait any longer, and returns the event of how it
    /// ended; `None` if all go on waiting.
    ///
    /// If an earlier patch goes on waiting, later ones that change the same place wait as well: their order stays.
    ///
    /// # Errors
    /// See [`WakeError`]: the function fails, and AWS invokes it again.
    pub async fn wake(
        &self,
        wake: Wake,
        context: &Context,
    ) -> Result<Option<PatchEvent>, WakeError> {
        let subject = wake.subject.clone();
        let woken = self.carry_out_first(wake, context).await;
        if let Err(error) = &woken {
            let identifier = Identifier::parse(&subject).ok();
            tracing::error!(
                opportunity.id = identifier.as_ref().map(Identifier::as_str),
                outcome = error.outcome(),
                %error,
                request_id = context.request_id,
                "not woken"
            );
        }
        woken
    }

    async fn carry_out_first(
        &self,
        wake: Wake,
        context: &Context,
    ) -> Result<Option<PatchEvent>, WakeError> {
        let Some(memory) = &self.memory else {
            return Ok(None);
        };
        let is_ours = wake.source.ends_with(&format!("catalog/{}", self.catalog));
        let identifier = Identifier::parse(&wake.subject).ok().filter(|_| is_ours);
        let Some(identifier) = identifier else {
            return Err(WakeError::Foreign {
                subject: wake.subject,
                r#source: wake.source,
            });
        };
        let (catalog, subject) = (&self.catalog, identifier.as_str());
        let ids = wake.data.parked.iter().filter_map(|id| id.parse().ok());
        let mut ids: VecDeque<ParkedId> = ids.collect();
        let mut waits: Vec<Box<Waiting>> = Vec::new();
        while let Some(id) = ids.pop_front() {
            let found = memory
                .parked(catalog, subject, &id, idempotency::now())
                .await?;
            let Some(parked) = found.filter(|found| found.id == id) else {
                memory.waits_no_more(catalog, subject, &id).await?;
                continue;
            };
            let settled = match &parked.state {
                // The function that wrote this may have died before it could tell it.
                ParkedState::Ended(told) => {
                    memory.waits_no_more(catalog, subject, &id).await?;
                    Left::Told(told.clone())
                }
                ParkedState::Waiting(waiting)
                    if waits.iter().any(|earlier| do_overlap(earlier, waiting)) =>
                {
                    Left::Waits(waiting.clone())
                }
                ParkedState::Waiting(waiting) => {
                    self.settle(memory, &identifier, (&parked, waiting), context)
                        .await?
                }
            };
            match settled {
                Left::Gone => {}
                Left::Waits(waiting) => waits.push(waiting),
                Left::Told(ended) => {
                    let next = ids.iter().map(ToString::to_string).collect();
                    let event = PatchEvent::new(wake.source, identifier.to_string(), ended, next);
                    return Ok(Some(event));
                }
            }
        }
        Ok(None)
    }

    /// Carries a patch out, and writes down how it ended.
    async fn settle(
        &self,
        memory: &Memory,
        identifier: &Identifier,
        (parked, waiting): (&Parked, &Waiting),
        context: &Context,
    ) -> Result<Left, WakeError> {
        let (catalog, subject, id) = (&self.catalog, identifier.as_str(), &parked.id);
        let started = Instant::now();
        let mut invocation = Invocation::of(Some(context));
        // Events of its write name the request that brought the patch.
        invocation.request_id.clone_from(&parked.request_id);
        invocation.notes.about(identifier);
        let came = self.came_of(memory, (parked, waiting), identifier, &invocation);
        let came = Box::pin(came).await;
        self.tell_operator(id, &came, &invocation, started);
        let ending = match came? {
            Came::Ended(ending) => ending,
            Came::Waits => return Ok(Left::Waits(Box::new(waiting.clone()))),
            Came::Withdrawn => {
                memory.withdraw(catalog, subject, id).await?;
                return Ok(Left::Gone);
            }
        };
        let ended = EndedPatch {
            patch: id.to_string(),
            parked_at: id.parked_at().to_rfc3339(),
            request_id: parked.request_id.clone(),
            ended_at: idempotency::now().to_rfc3339(),
            changes: waiting.changes.clone(),
            ending,
        };
        let Ok(Value::Object(ended)) = serde_json::to_value(ended) else {
            return Ok(Left::Gone);
        };
        let told = memory.end(catalog, subject, id, &ended, idempotency::now());
        Ok(told.await?.map_or(Left::Gone, Left::Told))
    }

    /// Carries a patch out as its sender's request would have been, but for what others have changed since.
    async fn came_of(
        &self,
        memory: &Memory,
        (parked, waiting): (&Parked, &Waiting),
        identifier: &Identifier,
        invocation: &Invocation,
    ) -> Result<Came, WakeError> {
        let named = Named::of_parked(&self.catalog, identifier, &parked.id);
        let has_expired = parked.id.has_expired(idempotency::now());
        let upstream = self.upstream(invocation);
        if has_expired && park::is_gone(upstream, memory, identifier, &named).await? {
            return Ok(Came::Ended(Ending::Expired {}));
        }
        let request = PatchRequest {
            identifier: identifier.clone(),
            edit: Edit::Patch(Patch::Merge(waiting.patch.clone())),
            precondition: Precondition::default(),
            preference: Preference {
                lenient: waiting.is_lenient,
                skips_locked: waiting.skips_locked,
                ..Preference::default()
            },
            dry_run: false,
        };
        let parking = Parking::parked(waiting);
        let carried_out = carry_out(self, invocation, &request, Some(named), &parking).await;
        let problem = match carried_out {
            Ok(response) if response.status().as_u16() == GONE => return Ok(Came::Withdrawn),
            Ok(response) => {
                let answer = json_of(response).await;
                return Ok(Came::Ended(Ending::Applied { answer }));
            }
            Err(problem) => problem,
        };
        let errors = parking.overtaken();
        match problem.kind() {
            Kind::RequestRunning => Ok(Came::Waits),
            Kind::OpportunityLocked if problem.is_locked_for_now() => Ok(Came::Waits),
            Kind::ConcurrentEdits if !errors.is_empty() => {
                Ok(Came::Ended(Ending::Overtaken { errors }))
            }
            kind if is_temporary(kind) => Err(WakeError::InTheWay {
                id: parked.id.clone(),
                kind: kind.name(),
                cause: problem.cause().unwrap_or(kind.name()).to_owned(),
            }),
            _ => {
                let problem = body_of(problem, &parked.request_id).await;
                Ok(Came::Ended(Ending::Refused { problem }))
            }
        }
    }

    fn tell_operator(
        &self,
        id: &ParkedId,
        came: &Result<Came, WakeError>,
        invocation: &Invocation,
        started: Instant,
    ) {
        let notes = &invocation.notes;
        let outcome = match came {
            Ok(Came::Ended(ending)) => ending.name(),
            Ok(Came::Waits) => "waits",
            Ok(Came::Withdrawn) => "withdrawn",
            Err(error) => error.outcome(),
        };
        tracing::info!(
            opportunity.id = notes.identifier(),
            patch = %id,
            request_id = invocation.request_id,
            outcome,
            attempts = notes.writes(),
            upstream_ms = milliseconds(notes.upstream_time()),
            duration_ms = milliseconds(started.elapsed()),
            "woken"
        );
        let mut metrics = Metrics::new("patch-opportunity", self.catalog.as_str());
        if let Ok(Came::Ended(Ending::Applied { .. })) = came {
            metrics.count(Metric::Updated, 1);
        }
        metrics.count(Metric::Conflicts, notes.conflicts());
        metrics.count(Metric::MemoryUnavailable, notes.memory_unavailable());
        if !notes.upstream_time().is_zero() {
            metrics.time(Metric::UpstreamMilliseconds, notes.upstream_time());
        }
        metrics.emit(SystemTime::now());
    }
}

/// Whether a problem is no fault of the patch, and may be gone the next time.
fn is_temporary(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::AccessDenied
            | Kind::ConcurrentEdits
            | Kind::InternalError
            | Kind::MemoryUnavailable
            | Kind::Throttled
            | Kind::Unavailable
    )
}

/// Whether two patches change the same place, or one changes an object or a list that holds the other's place. What
/// they change after other patches counts, too.
fn do_overlap(one: &Waiting, other: &Waiting) -> bool {
    let overlap = |one: &Change, other: &Change| pointer::overlap(&one.pointer, &other.pointer);
    one.all_changes()
        .any(|change| other.all_changes().any(|other| overlap(change, other)))
}

/// The body that a refusal is answered with.
async fn body_of(problem: Problem, request_id: &str) -> Value {
    let response = problem.clone().into_response();
    json_of(problem.finish(response, request_id)).await
}

async fn json_of(response: Response) -> Value {
    let body = body::to_bytes(response.into_body(), usize::MAX).await;
    serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default()
}

//! Patches that wait until a review is over: parked here, listed, read and withdrawn.
//!
//! With `Prefer: respond-async` the answer is 202 in place of the refusal, and the patch is kept with the values
//! that it found. `wake.rs` carries it out. A patch waits only if nothing but a review under way is against it.

use std::sync::{Mutex, PoisonError};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use memory::{Memory, Parked, ParkedId, ParkedState, Stored, Unavailable, Waiting};
use model::{Change, Code, Finding, Identifier, Object, Opportunity, Patch, Review, Source};
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Outcome},
    edit::Edit,
    idempotency::{self, Ended, Once},
    idempotency_key::Named,
    problem::{Kind, Problem},
    request::PatchRequest,
    settled::{Done, Settled},
    upstream::Upstream,
};

/// The most patches that wait for one opportunity: each wake reads all that come before the one it carries out.
const MOST: usize = 50;

/// Why a patch that is to wait does not, where the table gave no answer.
const NO_MEMORY: &str = "the patch does not wait: the memory did not answer, try again later";

/// The status of the stored answer that marks a patch as withdrawn or expired, so that nobody carries it out.
pub(crate) const GONE: u16 = 410;

/// What happens to a request whose change a review closes.
#[derive(Debug)]
pub(crate) enum Parking<'a> {
    /// It is refused.
    Refused,
    /// It is to wait: what is to be parked, once that is known.
    Wanted(Mutex<Option<Box<Closed>>>),
    /// It was parked before, and goes on waiting. `overtaken`: what others have changed meanwhile.
    Parked {
        waiting: &'a Waiting,
        overtaken: Mutex<Vec<Finding>>,
    },
}

/// A change that a review closes.
#[derive(Debug)]
pub(crate) struct Closed {
    read: Opportunity,
    review: Review,
}

impl<'a> Parking<'a> {
    /// What a caller asks for. Only merge patches wait: operations are meant for the state of now.
    pub(crate) fn of(request: &PatchRequest, memory: Option<&Memory>) -> Self {
        let is_merge = matches!(request.edit, Edit::Patch(Patch::Merge(_)));
        if memory.is_some() && request.preference.responds_async && is_merge && !request.dry_run {
            Self::Wanted(Mutex::default())
        } else {
            Self::Refused
        }
    }

    /// For a patch that was parked before.
    pub(crate) fn parked(waiting: &'a Waiting) -> Self {
        let overtaken = Mutex::default();
        Self::Parked { waiting, overtaken }
    }

    /// Refuses what the review status closes. If it is to wait, notes what has to be parked.
    pub(crate) fn refuse_locked(
        &self,
        read: &Opportunity,
        review: &Review,
        lenient: bool,
    ) -> Result<(), Problem> {
        let Err(refusal) = review.refuse_locked(lenient) else {
            return Ok(());
        };
        let refusal = Problem::from(refusal);
        if let Self::Wanted(closed) = self
            && refusal.is_locked_for_now()
        {
            // An invalid patch would wait for weeks only to be refused.
            review.refuse_invalid(lenient)?;
            let mut closed = closed.lock().unwrap_or_else(PoisonError::into_inner);
            *closed = Some(Box::new(Closed {
                read: read.clone(),
                review: review.clone(),
            }));
        }
        Err(refusal)
    }

    /// Refuses to change what somebody has changed since the patch was parked.
    pub(crate) fn refuse_overtaken(&self, review: &Review) -> Result<(), Problem> {
        let Self::Parked { waiting, overtaken } = self else {
            return Ok(());
        };
        let is_known = |change: &&Change| {
            let mut known = waiting.all_changes();
            known.any(|known| known.pointer == change.pointer && known.is_from(&change.before))
        };
        let found: Vec<_> = review
            .changes
            .iter()
            .filter(|change| !is_known(change))
            .map(|change| {
                let pointer = change.pointer.as_str();
                let detail = format!("`{pointer}` was changed since the patch was parked");
                Finding::new(pointer, Code::Overtaken, detail, Source::Opportunity)
            })
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        let mut overtaken = overtaken.lock().unwrap_or_else(PoisonError::into_inner);
        overtaken.clone_from(&found);
        let detail = "others have changed what the patch was to change";
        Err(Problem::new(Kind::ConcurrentEdits, detail).with_errors(found))
    }

    /// What somebody has changed meanwhile.
    pub(crate) fn overtaken(&self) -> Vec<Finding> {
        match self {
            Self::Parked { overtaken, .. } => {
                let overtaken = overtaken.lock().unwrap_or_else(PoisonError::into_inner);
                overtaken.clone()
            }
            Self::Refused | Self::Wanted(_) => Vec::new(),
        }
    }

    /// The answer to a request that was parked before, and whose sender may not have got the answer.
    pub(crate) async fn before(
        &self,
        upstream: Upstream<'_>,
        request: &PatchRequest,
        memory: Option<&Memory>,
        once: &Once<'_>,
    ) -> Option<Result<Answer, Ended>> {
        let (Self::Wanted(_), Some(memory), true) = (self, memory, once.has_key()) else {
            return None;
        };
        let id = ParkedId::new(idempotency::now(), &once.origin());
        let (catalog, identifier) = (upstream.catalog, &request.identifier);
        let found = memory.parked(catalog, identifier.as_str(), &id, idempotency::now());
        let parked = match found.await {
            Ok(found) => found?,
            Err(error) => {
                once.note(&error);
                return None;
            }
        };
        let has_ended = matches!(parked.state, ParkedState::Ended(_));
        if has_ended && parked.id.has_outlived_its_key(idempotency::now()) {
            return None;
        }
        if let Err(ended) = once.before().await {
            return Some(Err(ended));
        }
        // The function that parked it may have died before this step.
        if let ParkedState::Waiting(_) = parked.state {
            let name = memory.name_as_waiting(
                catalog,
                identifier.as_str(),
                &parked.id,
                idempotency::now(),
            );
            if let Err(error) = name.await {
                once.note(&error);
            }
        }
        let (id, changes) = (&parked.id, changes_of(&parked));
        let answer = Answer::parked(identifier, id, changes, None, request.preference);
        Some(Ok(answer))
    }

    /// Parks a refused patch, if it is to wait.
    ///
    /// # Errors
    /// With the refusal itself, if the patch is not to wait or cannot; or with the answer that the request had before.
    pub(crate) async fn instead_of(
        &self,
        refusal: Problem,
        upstream: Upstream<'_>,
        request: &PatchRequest,
        memory: Option<&Memory>,
        once: &Once<'_>,
    ) -> Result<Answer, Ended> {
        let (Self::Wanted(closed), Some(memory), Edit::Patch(Patch::Merge(patch))) =
            (self, memory, &request.edit)
        else {
            return Err(refusal.into());
        };
        let closed = closed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(closed), Kind::OpportunityLocked) = (closed, refusal.kind()) else {
            return Err(refusal.into());
        };
        once.before().await?;
        let Closed { read, review } = *closed;
        match park(upstream, request, memory, once, (patch, &read, &review)).await {
            Ok(Place::Parked(answer)) => Ok(*answer),
            Ok(Place::NothingToDo) => Err(refusal.into()),
            Ok(Place::TooMany) => Err(refusal.and(&too_many()).into()),
            Err(error) => {
                once.note(&error);
                Err(refusal.and(NO_MEMORY).into())
            }
        }
    }

    /// Parks a patch that changes nothing now, if patches that wait are to change the same: it was sent after them, and
    /// is the last word. `None` if there are none.
    pub(crate) async fn behind_others(
        &self,
        settled: &Settled,
        upstream: Upstream<'_>,
        request: &PatchRequest,
        memory: Option<&Memory>,
        once: &Once<'_>,
    ) -> Option<Result<Answer, Ended>> {
        let (Self::Wanted(_), Done::Unchanged, Some(memory), Edit::Patch(Patch::Merge(patch))) =
            (self, &settled.done, memory, &request.edit)
        else {
            return None;
        };
        if let Err(ended) = once.before().await {
            return Some(Err(ended));
        }
        let found = (patch, &settled.read, &settled.review);
        match park(upstream, request, memory, once, found).await {
            Ok(Place::Parked(answer)) => Some(Ok(*answer)),
            Ok(Place::NothingToDo) => None,
            Ok(Place::TooMany) => {
                Some(Err(Problem::new(Kind::OpportunityLocked, too_many()).into()))
            }
            Err(error) => {
                once.note(&error);
                Some(Err(Problem::memory_does_not_answer().into()))
            }
        }
    }
}

/// What became of a patch that is to wait.
enum Place {
    Parked(Box<Answer>),
    /// It would change nothing, neither now nor after the patches that wait.
    NothingToDo,
    TooMany,
}

fn too_many() -> String {
    format!("the patch does not wait: {MOST} patches wait for this opportunity already")
}

/// Parks a patch: what it is, the opportunity as it was read, and what was found of the change.
async fn park(
    upstream: Upstream<'_>,
    request: &PatchRequest,
    memory: &Memory,
    once: &Once<'_>,
    (patch, read, review): (&Object, &Opportunity, &Review),
) -> Result<Place, Unavailable> {
    let (catalog, identifier) = (upstream.catalog, request.identifier.as_str());
    let others = memory
        .waiting(catalog, identifier, idempotency::now())
        .await?;
    let changes = &review.changes;
    let changes_after_others = changes_after_others(upstream, &request.edit, read, &others);
    if changes.is_empty() && changes_after_others.is_empty() {
        return Ok(Place::NothingToDo);
    }
    if others.len() >= MOST {
        return Ok(Place::TooMany);
    }
    // AWS will have changed its own fields by then, the review status for one.
    let all = changes.iter().chain(&changes_after_others);
    let pointers: Vec<_> = all.map(|change| change.pointer.as_str()).collect();
    let waiting = Waiting {
        patch: model::part_of_the_partner(patch, &pointers),
        is_lenient: request.preference.lenient,
        skips_locked: request.preference.skips_locked,
        review_status: review.review_status.clone(),
        changes: changes.clone(),
        changes_after_others,
    };
    let now = idempotency::now();
    let id = ParkedId::new(now, &once.origin());
    let request_id = upstream.invocation.request_id.as_str();
    let parked = memory.park(catalog, identifier, (&id, request_id), &waiting, now);
    let id = parked.await?;
    if let Err(error) = memory.name_as_waiting(catalog, identifier, &id, now).await {
        // It is parked all the same: the sweep finds it.
        once.note(&error);
    }
    let changes = if waiting.changes.is_empty() {
        waiting.changes_after_others
    } else {
        waiting.changes
    };
    let date = read.last_modified_date();
    let (identifier, preference) = (&request.identifier, request.preference);
    let answer = Answer::parked(identifier, &id, changes, Some(date), preference);
    Ok(Place::Parked(Box::new(answer)))
}

/// What an edit changes after the patches that wait: after each of them in turn, since later ones may be refused.
fn changes_after_others(
    upstream: Upstream<'_>,
    edit: &Edit,
    read: &Opportunity,
    others: &[Parked],
) -> Vec<Change> {
    let mut state = read.clone();
    let mut changes: Vec<Change> = Vec::new();
    for other in others {
        let ParkedState::Waiting(waiting) = &other.state else {
            continue;
        };
        let after = Patch::Merge(waiting.patch.clone()).apply(&state);
        let after = after.map(|after| Opportunity::from_document(after, upstream.catalog));
        let Ok(Ok(next)) = after else {
            continue;
        };
        state = next;
        if let Ok(after) = edit.apply(&state) {
            for change in Change::between(state.document(), &after) {
                if !changes.contains(&change) {
                    changes.push(change);
                }
            }
        }
    }
    changes
}

fn changes_of(parked: &Parked) -> Vec<Change> {
    match &parked.state {
        ParkedState::Waiting(waiting) => waiting.changes.clone(),
        ParkedState::Ended(told) => {
            let changes = told.get("changes").cloned().unwrap_or_default();
            serde_json::from_value(changes).unwrap_or_default()
        }
    }
}

/// The patches that wait for one opportunity, for those who ask about them.
#[derive(Debug)]
pub(crate) struct ParkedPatches<'a> {
    upstream: Upstream<'a>,
    memory: &'a Memory,
    identifier: Identifier,
}

impl<'a> ParkedPatches<'a> {
    /// # Errors
    /// Where there is no memory, there are no such patches.
    pub(crate) fn of(
        upstream: Upstream<'a>,
        memory: Option<&'a Memory>,
        identifier: Identifier,
    ) -> Result<Self, Problem> {
        Ok(Self {
            upstream,
            memory: memory.ok_or_else(without_memory)?,
            identifier,
        })
    }

    /// Those that wait.
    pub(crate) async fn list(self) -> Result<Response, Problem> {
        let identifier = self.identifier.as_str();
        let waiting = self
            .memory
            .waiting(self.upstream.catalog, identifier, idempotency::now());
        let waiting = waiting.await.map_err(|error| self.unavailable(&error))?;
        let parked: Vec<_> = waiting.iter().map(shown).collect();
        Ok(read(&json!({"identifier": identifier, "parked": parked})))
    }

    /// One that waits, or how it ended.
    pub(crate) async fn show(self, id: &str) -> Result<Response, Problem> {
        Ok(read(&shown(&self.find(id).await?)))
    }

    /// Withdraws one that waits.
    pub(crate) async fn withdraw(self, id: &str) -> Result<Response, Problem> {
        let parked = self.find(id).await?;
        if let ParkedState::Ended(_) = parked.state {
            return Err(self.not_found(id));
        }
        let (memory, catalog) = (self.memory, self.upstream.catalog);
        let named = Named::of_parked(catalog, &self.identifier, &parked.id);
        let gone = is_gone(self.upstream, memory, &self.identifier, &named);
        if !gone.await.map_err(|error| self.unavailable(&error))? {
            return Err(Problem::running_parked());
        }
        let withdrawn = memory.withdraw(catalog, self.identifier.as_str(), &parked.id);
        if !withdrawn.await.map_err(|error| self.unavailable(&error))? {
            return Err(self.not_found(id));
        }
        let mut response = StatusCode::NO_CONTENT.into_response();
        response.extensions_mut().insert(Outcome::Withdrawn);
        Ok(response)
    }

    async fn find(&self, id: &str) -> Result<Parked, Problem> {
        let parsed: ParkedId = id.parse().map_err(|_| self.not_found(id))?;
        let (catalog, identifier) = (self.upstream.catalog, self.identifier.as_str());
        let found = self
            .memory
            .parked(catalog, identifier, &parsed, idempotency::now());
        let found = found.await.map_err(|error| self.unavailable(&error))?;
        found
            .filter(|found| found.id == parsed)
            .ok_or_else(|| self.not_found(id))
    }

    fn not_found(&self, id: &str) -> Problem {
        let detail = format!(
            "no patch `{id}` waits for `{}`: there was none, or it has ended, or was withdrawn",
            self.identifier
        );
        Problem::new(Kind::ParkedPatchNotFound, detail)
    }

    fn unavailable(&self, error: &Unavailable) -> Problem {
        self.upstream.invocation.notes.memory_was_unavailable();
        Problem::memory_does_not_answer().because(error.to_string())
    }
}

/// A signature covers neither the method nor the path. So the body of a signed withdrawal names the patch;
/// otherwise a signature for a read, or for another patch, could be used for it.
pub(crate) fn refuse_unsigned_target(
    is_signed: bool,
    body: &[u8],
    id: &str,
) -> Result<(), Problem> {
    let named: Option<Value> = serde_json::from_slice(body).ok();
    if is_signed && named != Some(json!({"withdraw": id})) {
        let detail = format!(
            "the body of a signed withdrawal names the patch, expected `{{\"withdraw\": \"{id}\"}}`"
        );
        return Err(Problem::new(Kind::MalformedRequest, detail));
    }
    Ok(())
}

/// Prevents a patch from being carried out. False if somebody carries it out now, or has done so.
pub(crate) async fn is_gone(
    upstream: Upstream<'_>,
    memory: &Memory,
    identifier: &Identifier,
    named: &Named,
) -> Result<bool, Unavailable> {
    let gone = Stored {
        status: GONE,
        headers: Vec::new(),
        body: String::new(),
    };
    let owner = idempotency::owner(upstream.invocation);
    let (key, fingerprint) = (&named.key, named.fingerprint.as_str());
    let now = idempotency::now();
    if memory
        .finish(key, &owner, fingerprint, identifier.as_str(), &gone, now)
        .await?
    {
        return Ok(true);
    }
    let record = memory.recall(key, now).await?;
    Ok(matches!(record, Some(memory::Record::Done { answer, .. }) if answer.status == GONE))
}

/// A parked patch as callers see it; one that has ended, as its event tells it.
fn shown(parked: &Parked) -> Value {
    match &parked.state {
        ParkedState::Ended(told) => told.clone().into(),
        ParkedState::Waiting(waiting) => json!({
            "patch": parked.id.to_string(),
            "parkedAt": parked.id.parked_at().to_rfc3339(),
            "waitsUntil": parked.id.waits_until().to_rfc3339(),
            "requestId": parked.request_id,
            "reviewStatus": waiting.review_status,
            "changes": waiting.changes,
            "outcome": Outcome::Parked,
        }),
    }
}

fn read(body: &Value) -> Response {
    let mut response = Json(body).into_response();
    response.extensions_mut().insert(Outcome::Read);
    response
}

fn without_memory() -> Problem {
    Problem::new(
        Kind::RouteNotFound,
        "patches are parked where `MEMORY_TABLE` names a table, with the parameter `Memory` in a deployment",
    )
}

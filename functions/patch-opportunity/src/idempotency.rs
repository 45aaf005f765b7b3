//! A request with a key is carried out once, also where its answer was lost or the function died.
//!
//! Just before a write, the request is claimed in the memory; after it, its answer is kept there. A request that
//! writes nothing claims nothing: once its answer is known, it only asks whether it was carried out before. A
//! claim whose owner has died is judged by a fresh read:
//!
//! | `LastModifiedDate` | its changes | so | what is done |
//! |---|---|---|---|
//! | is still the one that its write carried | | it did not land; of two writes with this date only one can | write again |
//! | is another one | all stand | it landed | answer `updated` |
//! | is another one | not all stand | nobody can tell | answer `unconfirmed`, never write again |

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use axum::{
    body::{self, Body},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use memory::{Claim, Memory, Record, Stored, Unavailable, Write, Writing};
use model::{Change, Code, Finding, Instant, Opportunity, Review, Source};
use tokio::time::timeout_at;

use crate::{
    answer::{Answer, Outcome},
    idempotency_key::Named,
    invocation::Invocation,
    prefer::PREFERENCE_APPLIED,
    problem::{Kind, Problem},
    problem_of::TOO_LATE,
    request::PatchRequest,
    upstream::Upstream,
};

/// Tells that a request was carried out before, and that this is its answer.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Why nobody can tell whether the write of a dead owner landed, for the log.
const NEITHER: &str = "the function of an earlier attempt died, and the opportunity is neither as it was read nor as it was to be";

/// The headers of an answer that are kept with it.
const KEPT: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::ETAG,
    header::LOCATION,
    PREFERENCE_APPLIED,
];

/// One request, as the memory sees it.
#[derive(Debug)]
pub(crate) struct Once<'a> {
    upstream: Upstream<'a>,
    request: &'a PatchRequest,
    memory: Option<&'a Memory>,
    /// `None` if the request has no key, or is a dry run.
    named: Option<Named>,
    /// Unique to each invocation.
    owner: String,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    is_claimed: bool,
    /// The claim that was taken over from an owner that has died.
    predecessor: Option<Writing>,
    /// The memory did not answer, and the request went on without it.
    is_unprotected: bool,
}

/// Why a request is not carried out.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It is refused.
    Refused(Problem),
    /// It was carried out before: its answer.
    Before(Stored),
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl<'a> Once<'a> {
    /// Without a memory, or without a key, everything is carried out as often as it is asked for.
    pub(crate) fn new(
        request: &'a PatchRequest,
        upstream: Upstream<'a>,
        memory: Option<&'a Memory>,
        named: Option<Named>,
    ) -> Self {
        Self {
            owner: owner(upstream.invocation),
            upstream,
            request,
            memory,
            named,
            progress: Mutex::default(),
        }
    }

    /// Names the request: with a key, the same name each time that it is sent.
    pub(crate) fn origin(&self) -> String {
        match &self.named {
            Some(named) => format!("{}\n{}", named.key.as_str(), named.fingerprint),
            None => self.owner.clone(),
        }
    }

    pub(crate) fn has_key(&self) -> bool {
        self.named.is_some()
    }

    /// Claims the request for a write of this change to the opportunity as it was read.
    ///
    /// # Errors
    /// If it must not be carried out, or not again. Then nothing was written.
    pub(crate) async fn claim(&self, read: &Opportunity, review: &Review) -> Result<(), Ended> {
        let Some((memory, named)) = self.memory.zip(self.named.as_ref()) else {
            return Ok(());
        };
        let now = now();
        let writing = Writing {
            owner: self.owner.clone(),
            fingerprint: named.fingerprint.clone(),
            lease: Writing::lease_from(now),
            identifier: read.id().to_owned(),
            date: read.last_modified_date().to_owned(),
            changes: review.changes.clone(),
            skipped: review.skipped.clone(),
        };
        let mut abandoned = self.progress().predecessor.clone();
        // The dead owner's write may have landed since.
        if let Some(predecessor) = &abandoned {
            self.judge_abandoned(predecessor, &self.owner, read).await?;
        }
        loop {
            let claim = memory.claim(&named.key, &writing, abandoned.as_ref(), now);
            let record = match claim.await {
                Ok(Claim::Mine) => {
                    let mut progress = self.progress();
                    progress.is_claimed = true;
                    progress.predecessor = abandoned;
                    return Ok(());
                }
                Ok(Claim::Taken(record)) => record,
                Err(error) => return self.without_memory(named, &error).map_err(Ended::from),
            };
            let dead = Self::judge(named, record)?;
            self.judge_abandoned(&dead, &dead.owner, read).await?;
            // Another attempt has taken it over first.
            if abandoned.replace(dead).is_some() {
                return Err(Problem::running().into());
            }
        }
    }

    /// The answer to the request: this one, or the one that it was given before.
    ///
    /// # Errors
    /// If the request is refused.
    pub(crate) async fn answer(self, own: Result<Answer, Ended>) -> Result<Response, Problem> {
        match own {
            Ok(answer)
                if answer.outcome().has_written()
                    || answer.outcome() == Outcome::Parked
                    || self.progress().is_claimed =>
            {
                Ok(self.keep(answer).await)
            }
            Ok(mut answer) => {
                let before = self.before().await;
                if self.progress().is_unprotected {
                    answer.warn(unprotected());
                }
                match before {
                    Ok(()) => Ok(answer.into_response()),
                    Err(ended) => Self::replay(ended),
                }
            }
            Err(ended @ Ended::Before(_)) => Self::replay(ended),
            Err(Ended::Refused(problem)) => match self.refused(&problem).await {
                Ok(()) => Err(problem),
                Err(ended) => Self::replay(ended),
            },
        }
    }

    /// Remembers the answer and the write. The write cannot be undone, so if the memory does not answer, the
    /// caller is only warned.
    async fn keep(&self, mut answer: Answer) -> Response {
        if self.progress().is_unprotected {
            answer.warn(unprotected());
        }
        let kept = tokio::join!(self.keep_answer(&answer), self.keep_write(&answer));
        if let (Err(error), _) | (_, Err(error)) = kept {
            self.note(&error);
            // A patch is parked only once even so: its id does not change.
            if answer.outcome().has_written() {
                answer.warn(not_remembered());
            }
        }
        answer.into_response()
    }

    async fn keep_answer(&self, answer: &Answer) -> Result<(), Unavailable> {
        let Some((memory, named)) = self.memory.zip(self.named.as_ref()) else {
            return Ok(());
        };
        let stored = stored(answer.clone().into_response()).await;
        self.finish(memory, named, &self.owner, &stored).await
    }

    async fn keep_write(&self, answer: &Answer) -> Result<(), Unavailable> {
        let (Some(memory), Some((before, date))) = (self.memory, answer.dates()) else {
            return Ok(());
        };
        let write = Write {
            before: before.to_owned(),
            date: date.to_owned(),
            request_id: self.upstream.invocation.request_id.clone(),
        };
        let identifier = self.request.identifier.as_str();
        let catalog = self.upstream.catalog;
        memory.wrote(catalog, identifier, &write, now()).await
    }

    async fn finish(
        &self,
        memory: &Memory,
        named: &Named,
        owner: &str,
        answer: &Stored,
    ) -> Result<(), Unavailable> {
        let (fingerprint, identifier) = (&named.fingerprint, self.request.identifier.as_str());
        let finish = memory.finish(&named.key, owner, fingerprint, identifier, answer, now());
        finish.await.map(|_is_ours| ())
    }

    /// Ends the request if it was carried out before. For answers that wrote nothing.
    pub(crate) async fn before(&self) -> Result<(), Ended> {
        let Some((memory, named)) = self.memory.zip(self.named.as_ref()) else {
            return Ok(());
        };
        let record = match memory.recall(&named.key, now()).await {
            Ok(None) => return Ok(()),
            Ok(Some(record)) => record,
            Err(error) => return self.without_memory(named, &error).map_err(Ended::from),
        };
        let dead = Self::judge(named, record)?;
        self.find_out(&dead, &dead.owner).await
    }

    /// Finds out by a fresh read whether the write of an abandoned claim landed.
    async fn find_out(&self, dead: &Writing, owner: &str) -> Result<(), Ended> {
        let read = self.upstream.get(&self.request.identifier);
        let read = timeout_at(self.upstream.invocation.deadline, read).await;
        let cause = match read {
            Ok(Ok(read)) => return self.judge_abandoned(dead, owner, &read).await,
            Ok(Err(error)) => error.to_string(),
            Err(_) => TOO_LATE.to_owned(),
        };
        Err(Problem::unconfirmed(&self.request.edit, cause).into())
    }

    /// Gives up the claim of a request that is refused.
    async fn refused(&self, problem: &Problem) -> Result<(), Ended> {
        let Some((memory, named)) = self.memory.zip(self.named.as_ref()) else {
            return Ok(());
        };
        let (is_claimed, predecessor) = {
            let progress = self.progress();
            (progress.is_claimed, progress.predecessor.clone())
        };
        let is_about_the_key = matches!(
            problem.kind(),
            Kind::RequestRunning | Kind::KeyReused | Kind::MemoryUnavailable
        );
        let may_have_landed = problem.kind() == Kind::Unconfirmed;
        if is_about_the_key {
            return Ok(());
        }
        if !is_claimed {
            return if may_have_landed {
                Ok(())
            } else {
                self.before().await
            };
        }
        let found_out = match &predecessor {
            Some(dead) => self.find_out(dead, &self.owner).await,
            None => Ok(()),
        };
        let let_go = if may_have_landed || predecessor.is_some() {
            memory.give_up(&named.key, &self.owner).await
        } else {
            memory.forget(&named.key, &self.owner).await
        };
        if let Err(error) = let_go {
            self.note(&error);
        }
        found_out
    }

    /// The answer that a request had before, marked as such.
    fn replay(ended: Ended) -> Result<Response, Problem> {
        let stored = match ended {
            Ended::Refused(problem) => return Err(problem),
            Ended::Before(stored) => stored,
        };
        let mut response = Response::new(Body::from(stored.body));
        *response.status_mut() = StatusCode::from_u16(stored.status).unwrap_or_default();
        let header = |(name, value): (String, String)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(&value).ok()?))
        };
        let headers = response.headers_mut();
        headers.extend(stored.headers.into_iter().filter_map(header));
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
        response.extensions_mut().insert(Outcome::Replayed);
        Ok(response)
    }

    /// Ends the request if its record says so; returns a claim whose owner has died.
    fn judge(named: &Named, record: Record) -> Result<Writing, Ended> {
        if record.fingerprint() != named.fingerprint {
            return Err(Problem::key_reused(&named.header).into());
        }
        match record {
            Record::Done { answer, .. } => Err(Ended::Before(answer)),
            Record::Writing(writing) if writing.is_running(now()) => Err(Problem::running().into()),
            Record::Writing(dead) => Ok(dead),
        }
    }

    /// Ends the request unless the write of an owner that has died did not land: see the table above.
    /// `owner` has the claim now.
    async fn judge_abandoned(
        &self,
        dead: &Writing,
        owner: &str,
        read: &Opportunity,
    ) -> Result<(), Ended> {
        if read.last_modified_date() == dead.date {
            return Ok(());
        }
        let stands = |change: &Change| change.is_made_in(read.document());
        if !dead.changes.iter().all(stands) {
            let unconfirmed = Problem::unconfirmed(&self.request.edit, NEITHER);
            return Err(unconfirmed.with_etag(read.last_modified_date()).into());
        }
        let answer =
            Answer::of_a_dead_owner(&self.request.identifier, dead, self.request.preference);
        let answer = stored(answer.into_response()).await;
        if let Some((memory, named)) = self.memory.zip(self.named.as_ref())
            && let Err(error) = self.finish(memory, named, owner, &answer).await
        {
            self.note(&error);
        }
        Err(Ended::Before(answer))
    }

    /// Decides whether a request goes on although the memory does not answer. Nothing is written yet.
    fn without_memory(&self, named: &Named, error: &Unavailable) -> Result<(), Problem> {
        self.note(error);
        if named.is_strict {
            return Err(Problem::memory_unavailable());
        }
        self.progress().is_unprotected = true;
        Ok(())
    }

    pub(crate) fn note(&self, error: &Unavailable) {
        tracing::warn!(cause = error.cause, "the memory does not answer");
        self.upstream.invocation.notes.memory_was_unavailable();
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name for one attempt to carry a request out.
pub(crate) fn owner(invocation: &Invocation) -> String {
    format!("{} {:016x}", invocation.request_id, fastrand::u64(..))
}

pub(crate) fn now() -> Instant {
    SystemTime::now().into()
}

/// A response as it is kept.
async fn stored(response: Response) -> Stored {
    let (parts, body) = response.into_parts();
    let body = body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let header = |name: HeaderName| {
        let value = parts.headers.get(&name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    Stored {
        status: parts.status.as_u16(),
        headers: KEPT.into_iter().filter_map(header).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

fn unprotected() -> Finding {
    let detail =
        "the memory did not answer: whether this request was carried out before is not known";
    Finding::new("", Code::NotRemembered, detail, Source::Unknown)
}

fn not_remembered() -> Finding {
    let detail = "the change is written, and the memory did not answer: should this request be sent again, it \
                  may be carried out again, and the event of it may not be marked as the bridge's own";
    Finding::new("", Code::NotRemembered, detail, Source::Unknown)
}

//! Reads the opportunity again after a write, for `Prefer: return=representation`, and compares it with
//! what was written.

use model::{Change, Code, Finding, Instant, Object, Opportunity, Source};
use tokio::time::timeout_at;

use crate::{
    prefer::Return,
    request::PatchRequest,
    settled::{Done, Settled},
    upstream::Upstream,
};

/// What the second read found.
#[derive(Debug)]
pub(crate) struct Representation {
    /// The opportunity; `None` if there is none to show.
    pub(crate) opportunity: Option<Object>,
    /// What differs from the document written.
    pub(crate) differences: Vec<Change>,
    /// Who made the differences.
    pub(crate) source: Source,
    /// Why there is no opportunity, or why nobody knows who made the differences.
    pub(crate) warning: Option<Finding>,
}

impl Default for Representation {
    /// For a read that failed.
    fn default() -> Self {
        Self::without("the change is written, but the opportunity could not be read again")
    }
}

impl Representation {
    fn without(why: &str) -> Self {
        Self {
            opportunity: None,
            differences: Vec::new(),
            source: Source::Aws,
            warning: Some(Finding::new("", Code::NoRepresentation, why, Source::Aws)),
        }
    }

    /// Compares the read with the write before it. If the `LastModifiedDate` is still the write's own,
    /// AWS made the differences; if not, somebody else has written since.
    fn new(fresh: Opportunity, date: Option<&str>, settled: &Settled) -> Self {
        let instant = |date: &str| Instant::parse(date).ok();
        let found = fresh.last_modified_date();
        let is_ours = date == Some(found);
        let is_older = date.and_then(instant) > instant(found);
        if is_older && !is_ours {
            return Self::without(
                "the change is written, but the read after it still gave an older state",
            );
        }
        let differences = settled.review.update.differences(&settled.read, &fresh);
        let (source, warning) = if is_ours {
            (Source::Aws, None)
        } else {
            let detail =
                "somebody has written since: `ETag` is that of this write, not of `opportunity`";
            let warning = Finding::new("", Code::ChangedSince, detail, Source::Unknown);
            (Source::Unknown, Some(warning))
        };
        Self {
            opportunity: Some(fresh.into_document()),
            differences,
            source,
            warning,
        }
    }
}

/// Reads the opportunity again, if something was written and the caller asked for a representation. If
/// the read fails, the response only lacks the representation.
pub(crate) async fn read_again(
    upstream: Upstream<'_>,
    request: &PatchRequest,
    settled: &Settled,
) -> Option<Representation> {
    let Done::Updated(date) = &settled.done else {
        return None;
    };
    if request.preference.answer != Return::Representation {
        return None;
    }
    let fresh = upstream.get(&request.identifier);
    let fresh = timeout_at(upstream.invocation.deadline, fresh).await;
    Some(match fresh {
        Ok(Ok(fresh)) => Representation::new(fresh, date.as_deref(), settled),
        _ => Representation::default(),
    })
}

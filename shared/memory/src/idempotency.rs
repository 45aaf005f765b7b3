//! Requests that are carried out once: a claim just before the write, the answer after it.
//!
//! ```text
//! (nothing) ──claim──▶ writing {owner, fingerprint, lease, identifier, date, changes, skipped} ──finish──▶ done {answer}
//! ```
//!
//! Whoever holds a claim is its owner. An owner that dies leaves a claim whose lease passes; another one
//! may then take it over. It cannot write a second time unseen: `UpdateOpportunity` takes one write for
//! each `LastModifiedDate`, and `date` is the one that the dead owner's write carried.

use std::time::Duration;

use model::{Catalog, Change, Instant, Skipped};
use serde::{Deserialize, Serialize};

use crate::{
    call::{Conditional, conditional},
    item::{self, Item, deflated, expiry, inflated, number, required_text, seconds, text},
    table::Memory,
    unavailable::Unavailable,
};

/// How long a request is remembered. Senders that retry give up within hours.
pub(crate) const LIFETIME: Duration = Duration::from_hours(24);
/// How long an owner has a claim to itself: longer than an invocation can take, which is 30 s.
const LEASE: Duration = Duration::from_secs(40);
/// The largest answer that is kept, in deflated bytes: an item has 400 KB.
const MAX_ANSWER: usize = 350 * 1024;

const SORT_KEY: &str = "request";

/// What a request is recognised by. The caller's own words are not in it, only their digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

/// A claim: somebody is about to write, or was.
#[derive(Debug, Clone, PartialEq)]
pub struct Writing {
    /// Who: another one for each invocation.
    pub owner: String,
    /// The digest of the request.
    pub fingerprint: String,
    /// Until when nobody else may take it over, in milliseconds since 1970.
    pub lease: u64,
    /// Which opportunity.
    pub identifier: String,
    /// `LastModifiedDate` that the write carries.
    pub date: String,
    /// What the write changes.
    pub changes: Vec<Change>,
    /// What it leaves out, if the caller asked for the open part.
    pub skipped: Option<Vec<Skipped>>,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The HTTP status.
    pub status: u16,
    /// Headers, by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// What is remembered of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A write is under way, or its owner has died.
    Writing(Writing),
    /// It was carried out.
    Done {
        /// The digest of the request.
        fingerprint: String,
        /// Its answer.
        answer: Stored,
    },
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// The caller is the owner.
    Mine,
    /// Somebody was there before.
    Taken(Record),
}

impl Key {
    /// The key as it stands in the table.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of a request to this catalog; `origin` tells one kind of key from another.
    #[must_use]
    pub fn of(catalog: &Catalog, origin: &str, key: &str) -> Self {
        let digest = item::sha256(&format!("{origin}\n{key}"));
        Self(format!("request#{catalog}#{digest}"))
    }
}

impl Record {
    /// The digest of the request that it is about.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        match self {
            Self::Writing(writing) => &writing.fingerprint,
            Self::Done { fingerprint, .. } => fingerprint,
        }
    }

    fn parse(item: &Item) -> Result<Self, Unavailable> {
        let fingerprint = required_text(item, "fingerprint")?;
        if let Some(answer) = inflated(item, "answer")? {
            return Ok(Self::Done {
                fingerprint,
                answer,
            });
        }
        Ok(Self::Writing(Writing {
            owner: required_text(item, "owner")?,
            fingerprint,
            lease: item::number_in(item, "lease").unwrap_or_default(),
            identifier: required_text(item, "identifier")?,
            date: required_text(item, "date")?,
            changes: inflated(item, "changes")?.unwrap_or_default(),
            skipped: inflated(item, "skipped")?,
        }))
    }
}

impl Writing {
    /// The moment until which a claim made now is its owner's alone.
    #[must_use]
    pub fn lease_from(now: Instant) -> u64 {
        let lease = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        now.unix_milliseconds().saturating_add(lease)
    }

    /// Whether its owner may still be at work.
    #[must_use]
    pub fn is_running(&self, now: Instant) -> bool {
        now.unix_milliseconds() < self.lease
    }
}

impl Memory {
    /// Claims a request, or claims it anew for its owner's next attempt. `abandoned` is the claim of an
    /// owner that has died, to be taken over: of several that try, one gets it.
    ///
    /// # Errors
    /// Where the table does not answer; the claim may be made all the same.
    pub async fn claim(
        &self,
        key: &Key,
        writing: &Writing,
        abandoned: Option<&Writing>,
        now: Instant,
    ) -> Result<Claim, Unavailable> {
        let condition = match abandoned {
            None => "attribute_not_exists(pk) OR expires <= :now OR #owner = :me",
            Some(_) => {
                "attribute_not_exists(pk) OR expires <= :now OR #owner = :me \
                 OR (#owner = :them AND lease = :theirs)"
            }
        };
        let mut item = item::key(&key.0, SORT_KEY);
        item.extend(
            [
                ("owner", text(&writing.owner)),
                ("fingerprint", text(&writing.fingerprint)),
                ("lease", number(writing.lease)),
                ("identifier", text(&writing.identifier)),
                ("date", text(&writing.date)),
                ("changes", deflated(&writing.changes)?),
                ("expires", expiry(now, LIFETIME)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        if let Some(skipped) = &writing.skipped {
            item.insert("skipped".to_owned(), deflated(skipped)?);
        }
        let values = [
            Some((":now", number(seconds(now)))),
            Some((":me", text(&writing.owner))),
            abandoned.map(|writing| (":them", text(&writing.owner))),
            abandoned.map(|writing| (":theirs", number(writing.lease))),
        ];
        match self
            .put(item, condition, &["owner"], values.into_iter().flatten())
            .await?
        {
            Conditional::Met(()) => Ok(Claim::Mine),
            Conditional::Unmet(item) => Ok(Claim::Taken(Record::parse(&item)?)),
        }
    }

    /// What is remembered of a request.
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn recall(&self, key: &Key, now: Instant) -> Result<Option<Record>, Unavailable> {
        let item = self.item(item::key(&key.0, SORT_KEY), now).await?;
        item.as_ref().map(Record::parse).transpose()
    }

    /// Remembers the answer of a request, if it is `owner`'s or nobody's, and gives whether it was. An answer
    /// that is too large is remembered without its body, as one that was asked for with `return=minimal`.
    ///
    /// # Errors
    /// Where the table does not answer; the answer may be remembered all the same.
    pub async fn finish(
        &self,
        key: &Key,
        owner: &str,
        fingerprint: &str,
        identifier: &str,
        answer: &Stored,
        now: Instant,
    ) -> Result<bool, Unavailable> {
        let mut kept = deflated(answer)?;
        if item::size(&kept) > MAX_ANSWER {
            kept = deflated(&Stored {
                status: 204,
                headers: answer.headers.clone(),
                body: String::new(),
            })?;
        }
        let mut item = item::key(&key.0, SORT_KEY);
        item.extend(
            [
                ("owner", text(owner)),
                ("fingerprint", text(fingerprint)),
                // Nothing is decided by it: it lets all that is about an opportunity be found.
                ("identifier", text(identifier)),
                ("answer", kept),
                ("expires", expiry(now, LIFETIME)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let condition = "attribute_not_exists(pk) OR expires <= :now OR #owner = :me";
        let values = [(":now", number(seconds(now))), (":me", text(owner))];
        // Where it is not, somebody who has taken it over has told the caller how it ended.
        let put = self.put(item, condition, &["owner"], values).await?;
        Ok(matches!(put, Conditional::Met(())))
    }

    /// Gives a claim up that may have come to a write: whoever comes next finds out whether it did.
    ///
    /// # Errors
    /// Where the table does not answer; the lease then passes by itself.
    pub async fn give_up(&self, key: &Key, owner: &str) -> Result<(), Unavailable> {
        let gave_up = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(item::key(&key.0, SORT_KEY)))
            .update_expression("SET lease = :over")
            .condition_expression("#owner = :me AND attribute_not_exists(answer)")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":over", number(0))
            .expression_attribute_values(":me", text(owner))
            .send()
            .await;
        conditional(gave_up)?;
        Ok(())
    }

    /// Forgets a claim that came to nothing.
    ///
    /// # Errors
    /// Where the table does not answer; the lease then passes by itself.
    pub async fn forget(&self, key: &Key, owner: &str) -> Result<(), Unavailable> {
        let forgot = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(item::key(&key.0, SORT_KEY)))
            .condition_expression("#owner = :me AND attribute_not_exists(answer)")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":me", text(owner))
            .send()
            .await;
        conditional(forgot)?;
        Ok(())
    }
}

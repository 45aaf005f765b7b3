//! What was handed on of an opportunity last, and what before that.
//!
//! One call remembers and recalls: `UpdateItem` moves the state that is there to `before`, puts the new one in its
//! place, and answers with both. Nothing is known to one invocation alone, so after a crash the next one can tell
//! what changed.
//!
//! | attribute | holds |
//! |---|---|
//! | `sequence`, `digest` | of the event that was handed on last |
//! | `told` | that event, but for AWS's summary, deflated |
//! | `summary` | AWS's summary as it was read last, deflated |
//! | `before`, `before_summary`, `before_sequence` | the same of the event before it |
//! | `waiting` | the ids of the patches that wait for its review |
//! | `write1` … `write4` | the bridge's own last writes: `LastModifiedDate` before and after, and the id of the request |
//!
//! Text in place of a document says that it was too large to keep, null that there was none.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use model::{Catalog, Instant, Object};
use serde::{Deserialize, Serialize};

use crate::{
    call::{Conditional, conditional},
    item::{
        self, Item, deflated, expiry, has_expired, inflated, number, required_text, seconds, size,
        text, text_in,
    },
    parked_id::ParkedId,
    table::Memory,
    unavailable::Unavailable,
};

/// The most that is kept of one state, in deflated bytes: an item has 400 KB, and holds two.
const MAX_STATE: usize = 180 * 1024;

/// In place of a document that is too large.
const TOO_LARGE: &str = "too-large";

const SORT_KEY: &str = "told";

/// The names of the bridge's last writes, the newest first.
const WRITES: [&str; 4] = ["write1", "write2", "write3", "write4"];

/// An event that was handed on, or is about to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The event's `sequence`.
    pub sequence: String,
    /// The digest of what it tells; another one for each event whose summary could not be read.
    pub digest: String,
    /// What it tells; `None` where that was too large to keep.
    pub content: Option<Content>,
}

/// What an event tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// What the event has besides documents, as the caller wrote it.
    pub envelope: serde_json::Value,
    /// The opportunity.
    pub opportunity: Object,
    /// AWS's summary of it.
    pub summary: Summary,
}

/// AWS's summary, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Summary {
    /// It was read.
    Read(Object),
    /// There is none.
    None,
    /// It was not read: what is known of it stays.
    Unread,
}

/// An opportunity and AWS's summary of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Documents {
    /// The opportunity.
    pub opportunity: Object,
    /// The summary as it was read last.
    pub summary: Option<Object>,
}

/// A write of the bridge's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// `LastModifiedDate` before it, byte for byte: nobody else's write is between the two.
    pub before: String,
    /// `LastModifiedDate` after it, byte for byte.
    pub date: String,
    /// The id of the request that it was for.
    pub request_id: String,
}

/// What is remembered after an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// What is to be handed on: the event that was given, or one that tells the same or newer.
    pub told: Told,
    /// The documents that it tells; `None` where they were too large to keep.
    pub now: Option<Documents>,
    /// What was handed on before it.
    pub before: Before,
    /// The `sequence` of the event before it.
    pub since: Option<String>,
    /// The bridge's last writes, the newest first.
    pub writes: Vec<Write>,
    /// The patches that wait for the opportunity's review, in their order.
    pub waiting: Vec<ParkedId>,
}

/// What was handed on before an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// These documents.
    Documents(Documents),
    /// Documents that were too large to keep.
    TooLarge,
    /// Nothing: it is the first.
    Nothing,
}

/// What the attributes `told` and `before` hold.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kept {
    envelope: serde_json::Value,
    opportunity: Object,
    /// Whether the attribute beside it holds what an earlier event told.
    is_summary_unread: bool,
}

impl Kept {
    pub(crate) fn into_opportunity(self) -> Object {
        self.opportunity
    }
}

impl Memory {
    /// Remembers an event, and recalls what was handed on before it. An event that tells what was told
    /// already, or something older, changes nothing: what was told is recalled, to be handed on again.
    ///
    /// # Errors
    /// Where the table does not answer; the event may be remembered all the same.
    pub async fn remember(
        &self,
        catalog: &Catalog,
        identifier: &str,
        told: &Told,
        now: Instant,
    ) -> Result<Remembered, Unavailable> {
        let key = key(catalog, identifier);
        let state = State::of(told)?;
        let mut moves = vec![
            "#before = if_not_exists(#told, :nothing)",
            "#before_summary = if_not_exists(#summary, :nothing)",
            "#before_sequence = if_not_exists(#sequence, :nothing)",
            "#told = :told",
            "#sequence = :sequence",
            "#digest = :digest",
            "#expires = :expires",
        ];
        if state.summary.is_some() {
            moves.push("#summary = :summary");
        }
        let names = ["before", "before_summary", "before_sequence", "told"];
        let names = names
            .into_iter()
            .chain(["summary", "sequence", "digest", "expires"]);
        let values = [
            Some((":nothing", AttributeValue::Null(true))),
            Some((":told", state.told.clone())),
            Some((":sequence", text(&told.sequence))),
            Some((":digest", text(&told.digest))),
            Some((":expires", expiry(now, self.retention))),
            Some((":now", number(seconds(now)))),
            state.summary.clone().map(|summary| (":summary", summary)),
        ];
        let values = values.into_iter().flatten();
        let updated = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key.clone()))
            .update_expression(format!("SET {}", moves.join(", ")))
            .condition_expression(
                "attribute_not_exists(pk) OR (#expires > :now AND (attribute_not_exists(#sequence) \
                 OR (#digest <> :digest AND #sequence < :sequence)))",
            )
            .set_expression_attribute_names(Some(
                names
                    .map(|name| (format!("#{name}"), name.to_owned()))
                    .collect(),
            ))
            .set_expression_attribute_values(Some(
                values
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            ))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let item = match conditional(updated)? {
            Conditional::Met(updated) => updated.attributes.unwrap_or_default(),
            Conditional::Unmet(found) if has_expired(&found, now) => {
                let item = state.item(key, told, expiry(now, self.retention));
                match self.put_anew(item.clone(), now).await? {
                    Conditional::Met(()) => item,
                    Conditional::Unmet(found) => found,
                }
            }
            Conditional::Unmet(found) => found,
        };
        Remembered::parse(&item)
    }

    /// Remembers that the bridge has written: the `LastModifiedDate` that the write left, and the id of
    /// the request that it was for.
    ///
    /// # Errors
    /// Where the table does not answer; the write may be remembered all the same.
    pub async fn wrote(
        &self,
        catalog: &Catalog,
        identifier: &str,
        write: &Write,
        now: Instant,
    ) -> Result<(), Unavailable> {
        let key = key(catalog, identifier);
        let this = text(format!(
            "{} {} {}",
            write.before, write.date, write.request_id
        ));
        let [first, second, third, fourth] = WRITES;
        let moves = format!(
            "SET {fourth} = if_not_exists({third}, :nothing), {third} = if_not_exists({second}, :nothing), \
             {second} = if_not_exists({first}, :nothing), {first} = :this, expires = :expires"
        );
        let updated = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key.clone()))
            .update_expression(moves)
            // A second attempt, after an answer that was lost, must not be remembered as a second write.
            .condition_expression(format!(
                "attribute_not_exists(pk) OR (expires > :now AND (attribute_not_exists({first}) OR {first} <> :this))"
            ))
            .expression_attribute_values(":nothing", AttributeValue::Null(true))
            .expression_attribute_values(":this", this.clone())
            .expression_attribute_values(":expires", expiry(now, self.retention))
            .expression_attribute_values(":now", number(seconds(now)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        if let Conditional::Unmet(found) = conditional(updated)?
            && has_expired(&found, now)
        {
            let mut item = key;
            item.insert(first.to_owned(), this);
            item.insert("expires".to_owned(), expiry(now, self.retention));
            self.put_anew(item, now).await?;
        }
        Ok(())
    }
}

pub(crate) fn key(catalog: &Catalog, identifier: &str) -> Item {
    item::key(&format!("opportunity#{catalog}#{identifier}"), SORT_KEY)
}

/// What is kept of an event, as attributes.
struct State {
    told: AttributeValue,
    /// `None` where the summary that is known stays.
    summary: Option<AttributeValue>,
}

impl State {
    fn of(told: &Told) -> Result<Self, Unavailable> {
        let too_large = || Self {
            told: text(TOO_LARGE),
            summary: Some(text(TOO_LARGE)),
        };
        let Some(content) = &told.content else {
            return Ok(too_large());
        };
        let kept = deflated(&Kept {
            envelope: content.envelope.clone(),
            opportunity: content.opportunity.clone(),
            is_summary_unread: content.summary == Summary::Unread,
        })?;
        let summary = match &content.summary {
            Summary::Read(summary) => Some(deflated(summary)?),
            Summary::None => Some(AttributeValue::Null(true)),
            Summary::Unread => None,
        };
        if size(&kept) + summary.as_ref().map_or(0, size) > MAX_STATE {
            return Ok(too_large());
        }
        Ok(Self {
            told: kept,
            summary,
        })
    }

    /// The item of an opportunity of which nothing is known besides.
    fn item(self, key: Item, told: &Told, expires: AttributeValue) -> Item {
        let mut item = key;
        item.insert("told".to_owned(), self.told);
        item.extend(self.summary.map(|summary| ("summary".to_owned(), summary)));
        item.insert("sequence".to_owned(), text(&told.sequence));
        item.insert("digest".to_owned(), text(&told.digest));
        item.insert("expires".to_owned(), expires);
        item
    }
}

impl Remembered {
    fn parse(item: &Item) -> Result<Self, Unavailable> {
        let (content, now) = match inflated::<Kept>(item, "told")? {
            None => (None, None),
            Some(kept) => {
                let known: Option<Object> = inflated(item, "summary")?;
                let summary = match (&known, kept.is_summary_unread) {
                    (_, true) => Summary::Unread,
                    (Some(summary), false) => Summary::Read(summary.clone()),
                    (None, false) => Summary::None,
                };
                let documents = Documents {
                    opportunity: kept.opportunity.clone(),
                    summary: known,
                };
                let content = Content {
                    envelope: kept.envelope,
                    opportunity: kept.opportunity,
                    summary,
                };
                (Some(content), Some(documents))
            }
        };
        let before = match inflated::<Kept>(item, "before")? {
            Some(kept) => Before::Documents(Documents {
                opportunity: kept.opportunity,
                summary: inflated(item, "before_summary")?,
            }),
            None if text_in(item, "before").is_some() => Before::TooLarge,
            None => Before::Nothing,
        };
        Ok(Self {
            told: Told {
                sequence: required_text(item, "sequence")?,
                digest: required_text(item, "digest")?,
                content,
            },
            now,
            before,
            since: text_in(item, "before_sequence").map(str::to_owned),
            writes: WRITES
                .iter()
                .filter_map(|name| Write::parse(text_in(item, name)?))
                .collect(),
            waiting: waiting_in(item),
        })
    }
}

impl Write {
    fn parse(text: &str) -> Option<Self> {
        let (before, rest) = text.split_once(' ')?;
        let (date, request_id) = rest.split_once(' ')?;
        Some(Self {
            before: before.to_owned(),
            date: date.to_owned(),
            request_id: request_id.to_owned(),
        })
    }
}

/// The patches that the item names as waiting.
fn waiting_in(item: &Item) -> Vec<ParkedId> {
    let Some(Ok(ids)) = item.get("waiting").map(AttributeValue::as_ss) else {
        return Vec::new();
    };
    let mut ids: Vec<_> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    ids.sort();
    ids
}

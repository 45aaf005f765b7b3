//! Patches that wait until a review is over.
//!
//! ```text
//! (nothing) ──park──▶ waiting {patch, changes} ──end──▶ ended {told}
//!                        └───────withdraw──▶ (nothing)
//! ```
//!
//! All patches of a catalog are in one partition, so that a sweep finds those that no event has woken. An
//! opportunity's own item names those that wait for it, in the set `waiting`, so that an event needs no second call
//! to learn of them. If the two disagree (a function died between two calls), the patches themselves count.
//!
//! A patch is carried out as a request whose key is its id (see `idempotency.rs`), and so only once. How it ended is
//! written here before it is told, and stays so that it can be told again.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use model::{Catalog, Change, Instant, Object};
use serde::{Deserialize, Serialize};

use crate::{
    call::{Conditional, conditional},
    idempotency::LIFETIME as KEY_LIFETIME,
    item::{self, Item, deflated, expiry, inflated, number, number_in, seconds, text},
    opportunity,
    parked_id::{PATIENCE, ParkedId},
    table::Memory,
    unavailable::Unavailable,
};

/// How long an expired one is kept, so that its end can be told.
const GRACE: Duration = Duration::from_hours(24 * 14);
/// How long the end of one is remembered: longer than it can take to tell it.
const LIFETIME: Duration = Duration::from_hours(24 * 7);

/// A patch that waits, or how it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    /// Which one.
    pub id: ParkedId,
    /// The id of the request that it came with.
    pub request_id: String,
    /// Its state.
    pub state: ParkedState,
}

/// The state of a parked patch.
#[derive(Debug, Clone, PartialEq)]
pub enum ParkedState {
    /// It waits.
    Waiting(Box<Waiting>),
    /// It ended: how, as the caller of [`Memory::end`] put it.
    Ended(Object),
}

/// What is kept of a patch that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The merge patch.
    pub patch: Object,
    /// Whether it came with `Prefer: handling=lenient`.
    pub is_lenient: bool,
    /// Whether it came with `Prefer: locked=skip`.
    #[serde(default)]
    pub skips_locked: bool,
    /// The review status that closed it.
    pub review_status: String,
    /// What it changes in the opportunity as it was when the patch was parked.
    pub changes: Vec<Change>,
    /// The same, in the states that patches parked before it may leave.
    pub changes_after_others: Vec<Change>,
}

impl Waiting {
    /// What it changes, now or after patches that were parked before it.
    pub fn all_changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().chain(&self.changes_after_others)
    }
}

impl Parked {
    fn parse(item: &Item) -> Result<Self, Unavailable> {
        let at = number_in(item, "at").ok_or_else(|| Unavailable::unreadable("at"))?;
        let sort_key = item::required_text(item, "sk")?;
        let (_, digest) = sort_key
            .split_once('#')
            .ok_or_else(|| Unavailable::unreadable("sk"))?;
        let state = if let Some(told) = inflated(item, "told")? {
            ParkedState::Ended(told)
        } else {
            let waiting = inflated(item, "waiting")?;
            let waiting = waiting.ok_or_else(|| Unavailable::unreadable("waiting"))?;
            ParkedState::Waiting(Box::new(waiting))
        };
        Ok(Self {
            id: ParkedId {
                at,
                digest: digest.to_owned(),
            },
            request_id: item::required_text(item, "request_id")?,
            state,
        })
    }
}

impl Memory {
    /// Parks a patch, and returns its id; if one with the same origin is parked already, or has ended and its key is
    /// not forgotten yet, the id of that. The
    /// next step is [`Memory::name_as_waiting`]; if the function dies before it, the sweep does it.
    ///
    /// # Errors
    /// If the table does not answer. The patch is withdrawn then, as far as the table answers to that.
    pub async fn park(
        &self,
        catalog: &Catalog,
        identifier: &str,
        parked: (&ParkedId, &str),
        waiting: &Waiting,
        now: Instant,
    ) -> Result<ParkedId, Unavailable> {
        let (id, request_id) = parked;
        let mut item = key(catalog, identifier, id);
        item.extend(
            [
                ("at", number(id.at)),
                ("request_id", text(request_id)),
                ("waiting", deflated(waiting)?),
                ("expires", expiry(now, PATIENCE + GRACE)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let key_is_forgotten = now.earlier_by(KEY_LIFETIME).unix_milliseconds();
        let condition = "attribute_not_exists(pk) OR expires <= :now OR (attribute_exists(told) AND #at <= :forgotten)";
        let values = [
            (":now", number(seconds(now))),
            (":forgotten", number(key_is_forgotten)),
        ];
        match self.put(item, condition, &["at"], values).await {
            Ok(Conditional::Met(())) => Ok(id.clone()),
            Ok(Conditional::Unmet(item)) => Ok(Parked::parse(&item)?.id),
            Err(error) => {
                // It may be there all the same, and its sender is told that it is not.
                let _withdrawn = self.withdraw(catalog, identifier, id).await;
                Err(error)
            }
        }
    }

    /// What was parked for an opportunity and waits, in the order in which it came.
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn waiting(
        &self,
        catalog: &Catalog,
        identifier: &str,
        now: Instant,
    ) -> Result<Vec<Parked>, Unavailable> {
        let prefix = format!("{identifier}#");
        let items = self.parked_items(catalog, Some(prefix), now).await?;
        let parked = items.iter().map(Parked::parse);
        let mut waiting = parked.collect::<Result<Vec<_>, _>>()?;
        waiting.retain(|parked| matches!(parked.state, ParkedState::Waiting(_)));
        waiting.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(waiting)
    }

    /// Every patch that waits in a catalog, by opportunity.
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn all_waiting(
        &self,
        catalog: &Catalog,
        now: Instant,
    ) -> Result<HashMap<String, Vec<ParkedId>>, Unavailable> {
        let mut found: HashMap<String, Vec<ParkedId>> = HashMap::new();
        for item in self.parked_items(catalog, None, now).await? {
            let sort_key = item::required_text(&item, "sk")?;
            let (Some((identifier, digest)), Some(at)) =
                (sort_key.split_once('#'), number_in(&item, "at"))
            else {
                return Err(Unavailable::unreadable("sk"));
            };
            if !item.contains_key("told") {
                let digest = digest.to_owned();
                let ids = found.entry(identifier.to_owned()).or_default();
                ids.push(ParkedId { at, digest });
            }
        }
        Ok(found)
    }

    async fn parked_items(
        &self,
        catalog: &Catalog,
        prefix: Option<String>,
        now: Instant,
    ) -> Result<Vec<Item>, Unavailable> {
        let condition = match prefix {
            Some(_) => "pk = :pk AND begins_with(sk, :prefix)",
            None => "pk = :pk",
        };
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let mut query = self
                .client
                .query()
                .table_name(&*self.table)
                .key_condition_expression(condition)
                .expression_attribute_values(":pk", text(partition(catalog)))
                .consistent_read(true)
                .set_exclusive_start_key(start);
            if let Some(prefix) = &prefix {
                query = query.expression_attribute_values(":prefix", text(prefix));
            }
            let page = query
                .send()
                .await
                .map_err(|error| Unavailable::of(&error))?;
            let found = page.items.unwrap_or_default().into_iter();
            items.extend(found.filter(|item| !item::has_expired(item, now)));
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// One parked patch; `None` where there is none (any more).
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn parked(
        &self,
        catalog: &Catalog,
        identifier: &str,
        id: &ParkedId,
        now: Instant,
    ) -> Result<Option<Parked>, Unavailable> {
        let item = self.item(key(catalog, identifier, id), now).await?;
        item.as_ref().map(Parked::parse).transpose()
    }

    /// Writes how a parked patch ended, and gives what is to be told: where somebody was quicker, theirs;
    /// `None` where it was withdrawn. Nothing of its content is kept besides.
    ///
    /// # Errors
    /// Where the table does not answer; it may be written all the same.
    pub async fn end(
        &self,
        catalog: &Catalog,
        identifier: &str,
        id: &ParkedId,
        told: &Object,
        now: Instant,
    ) -> Result<Option<Object>, Unavailable> {
        let ended = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key(catalog, identifier, id)))
            .update_expression("SET told = :told, expires = :expires REMOVE waiting")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(told)")
            .expression_attribute_values(":told", deflated(told)?)
            .expression_attribute_values(":expires", expiry(now, LIFETIME))
            .return_values(ReturnValue::None)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let told = match conditional(ended)? {
            Conditional::Met(_) => Some(told.clone()),
            Conditional::Unmet(item) => inflated(&item, "told")?,
        };
        self.waits_no_more(catalog, identifier, id).await?;
        Ok(told)
    }

    /// Takes a parked patch away that has not ended. Gives whether there was one.
    ///
    /// # Errors
    /// Where the table does not answer; it may be taken away all the same.
    pub async fn withdraw(
        &self,
        catalog: &Catalog,
        identifier: &str,
        id: &ParkedId,
    ) -> Result<bool, Unavailable> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(key(catalog, identifier, id)))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(told)")
            .send()
            .await;
        let is_withdrawn = matches!(conditional(deleted)?, Conditional::Met(_));
        if is_withdrawn {
            self.waits_no_more(catalog, identifier, id).await?;
        }
        Ok(is_withdrawn)
    }

    /// Names a patch in the opportunity's own item, so that the next event names it, too.
    ///
    /// # Errors
    /// Where the table does not answer; it may be done all the same.
    pub async fn name_as_waiting(
        &self,
        catalog: &Catalog,
        identifier: &str,
        id: &ParkedId,
        now: Instant,
    ) -> Result<(), Unavailable> {
        let key = opportunity::key(catalog, identifier);
        let ids = AttributeValue::Ss(vec![id.to_string()]);
        let named = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key.clone()))
            .update_expression("SET expires = :expires ADD waiting :ids")
            .condition_expression("attribute_not_exists(pk) OR expires > :now")
            .expression_attribute_values(":expires", expiry(now, self.retention))
            .expression_attribute_values(":ids", ids.clone())
            .expression_attribute_values(":now", number(seconds(now)))
            .send()
            .await;
        if let Conditional::Met(_) = conditional(named)? {
            return Ok(());
        }
        let mut item = key;
        item.insert("waiting".to_owned(), ids);
        item.insert("expires".to_owned(), expiry(now, self.retention));
        self.put_anew(item, now).await?;
        Ok(())
    }

    /// Names a patch in the opportunity's own item no longer.
    ///
    /// # Errors
    /// Where the table does not answer; it may be done all the same.
    pub async fn waits_no_more(
        &self,
        catalog: &Catalog,
        identifier: &str,
        id: &ParkedId,
    ) -> Result<(), Unavailable> {
        let updated = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(opportunity::key(catalog, identifier)))
            .update_expression("DELETE waiting :ids")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":ids", AttributeValue::Ss(vec![id.to_string()]))
            .send()
            .await;
        conditional(updated)?;
        Ok(())
    }
}

fn key(catalog: &Catalog, identifier: &str, id: &ParkedId) -> Item {
    item::key(&partition(catalog), &format!("{identifier}#{}", id.digest))
}

fn partition(catalog: &Catalog) -> String {
    format!("parked#{catalog}")
}

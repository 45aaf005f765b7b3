//! What a sweep asks the memory: what has been handed on, and how far the last sweep came.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use model::{Catalog, Instant, Object, Opportunity};

use crate::{
    Memory, Unavailable,
    item::{self, inflated, required_text, text, text_in},
    opportunity::{self, Kept},
};

const SORT_KEY: &str = "watermark";

/// What was handed on of an opportunity last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOn {
    /// Its `LastModifiedDate`, in milliseconds since 1970.
    pub modified: u64,
    /// Whether it was in review; `None` where that is not known.
    pub is_in_review: Option<bool>,
}

impl Memory {
    /// What was handed on of an opportunity last; `None` where nothing was, as far as is known.
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn handed_on(
        &self,
        catalog: &Catalog,
        identifier: &str,
        now: Instant,
    ) -> Result<Option<HandedOn>, Unavailable> {
        let got = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(opportunity::key(catalog, identifier)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| Unavailable::of(&error))?;
        let Some(item) = got.item.filter(|item| !item::has_expired(item, now)) else {
            return Ok(None);
        };
        // The `sequence` begins with it.
        let sequence = text_in(&item, "sequence").unwrap_or_default();
        let modified = sequence.split('-').next().and_then(|it| it.parse().ok());
        let Some(modified) = modified else {
            return Ok(None);
        };
        let kept: Option<Kept> = inflated(&item, "told")?;
        let document = kept.map(Kept::into_opportunity);
        let is_in_review = document.and_then(|document: Object| {
            let opportunity = Opportunity::from_document(document, catalog);
            opportunity
                .ok()
                .map(|opportunity| opportunity.is_in_review())
        });
        Ok(Some(HandedOn {
            modified,
            is_in_review,
        }))
    }

    /// Up to when everything that was modified has been swept; `None` where no sweep has said so.
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn watermark(&self, catalog: &Catalog) -> Result<Option<Instant>, Unavailable> {
        let got = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(item::key(&format!("sweep#{catalog}"), SORT_KEY)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| Unavailable::of(&error))?;
        let Some(item) = got.item else {
            return Ok(None);
        };
        let until = required_text(&item, "until")?;
        let until = Instant::parse(&until).map_err(|_| Unavailable::unreadable("until"))?;
        Ok(Some(until))
    }

    /// Says up to when everything that was modified has been swept. It never goes back: of two sweeps at the
    /// same time the one that came further counts.
    ///
    /// # Errors
    /// Where the table does not answer; it may be said all the same.
    pub async fn swept(&self, catalog: &Catalog, until: Instant) -> Result<(), Unavailable> {
        let until = text(until.to_rfc3339());
        let mut item = item::key(&format!("sweep#{catalog}"), SORT_KEY);
        item.insert("until".to_owned(), until.clone());
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR #until < :until")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":until", until)
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(Unavailable::of(&error)),
        }
    }
}

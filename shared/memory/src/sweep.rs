//! What a sweep asks the memory: what has been handed on, and how far the last sweep came.

use model::{Catalog, Instant, Object, Opportunity};

use crate::{
    item::{self, inflated, required_text, text, text_in},
    opportunity::{self, Kept},
    table::Memory,
    unavailable::Unavailable,
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
        let item = self.item(opportunity::key(catalog, identifier), now);
        let Some(item) = item.await? else {
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

    /// Until when everything that was modified has been swept; `None` before the first sweep.
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn watermark(&self, catalog: &Catalog) -> Result<Option<Instant>, Unavailable> {
        let key = item::key(&format!("sweep#{catalog}"), SORT_KEY);
        let Some(item) = self.lasting_item(key).await? else {
            return Ok(None);
        };
        let until = required_text(&item, "until")?;
        let until = Instant::parse(&until).map_err(|_| Unavailable::unreadable("until"))?;
        Ok(Some(until))
    }

    /// Remembers until when everything that was modified has been swept. It never goes back: of two sweeps at
    /// the same time, the one that came further counts.
    ///
    /// # Errors
    /// If the table does not answer; it may be remembered all the same.
    pub async fn swept(&self, catalog: &Catalog, until: Instant) -> Result<(), Unavailable> {
        let until = text(until.to_rfc3339());
        let mut item = item::key(&format!("sweep#{catalog}"), SORT_KEY);
        item.insert("until".to_owned(), until.clone());
        let condition = "attribute_not_exists(pk) OR #until < :until";
        self.put(item, condition, &["until"], [(":until", until)])
            .await?;
        Ok(())
    }
}

//! What the calls to the table have in common: a read, and the two ways in which a write with a condition ends.

use aws_sdk_dynamodb::{
    Error,
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use model::Instant;

use crate::{
    item::{Item, has_expired, number, seconds},
    table::Memory,
    unavailable::Unavailable,
};

/// What became of a write with a condition.
#[derive(Debug)]
pub(crate) enum Conditional<T> {
    /// The condition was met, and the write made.
    Met(T),
    /// It was not, and nothing was written. The item that is there, as far as it was asked for.
    Unmet(Item),
}

/// What became of a write with a condition that was sent.
pub(crate) fn conditional<T, E, R>(
    sent: Result<T, SdkError<E, R>>,
) -> Result<Conditional<T>, Unavailable>
where
    E: ProvideErrorMetadata,
    Error: From<E>,
{
    let error = match sent {
        Ok(answer) => return Ok(Conditional::Met(answer)),
        Err(error) => error,
    };
    let unavailable = Unavailable::of(&error);
    let SdkError::ServiceError(refused) = error else {
        return Err(unavailable);
    };
    match Error::from(refused.into_err()) {
        Error::ConditionalCheckFailedException(unmet) => {
            Ok(Conditional::Unmet(unmet.item.unwrap_or_default()))
        }
        _ => Err(unavailable),
    }
}

impl Memory {
    /// An item as it is now; `None` where there is none, or where it counts as gone.
    pub(crate) async fn item(&self, key: Item, now: Instant) -> Result<Option<Item>, Unavailable> {
        let item = self.lasting_item(key).await?;
        Ok(item.filter(|item| !has_expired(item, now)))
    }

    /// An item of those that do not expire.
    pub(crate) async fn lasting_item(&self, key: Item) -> Result<Option<Item>, Unavailable> {
        let got = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await;
        Ok(got.map_err(|error| Unavailable::of(&error))?.item)
    }

    /// Puts an item where there is none, or one that has expired.
    pub(crate) async fn put_anew(
        &self,
        item: Item,
        now: Instant,
    ) -> Result<Conditional<()>, Unavailable> {
        let condition = "attribute_not_exists(pk) OR expires <= :now";
        self.put(item, condition, &[], [(":now", number(seconds(now)))])
            .await
    }

    /// Puts an item where a condition is met. `reserved` are attributes that the condition names with a `#`,
    /// because their names are words of DynamoDB's own.
    pub(crate) async fn put(
        &self,
        item: Item,
        condition: &str,
        reserved: &[&str],
        values: impl IntoIterator<Item = (&str, AttributeValue)>,
    ) -> Result<Conditional<()>, Unavailable> {
        let names = reserved
            .iter()
            .map(|name| (format!("#{name}"), (*name).to_owned()))
            .collect();
        let values = values
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_names((!reserved.is_empty()).then_some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        conditional(put.map(drop))
    }
}

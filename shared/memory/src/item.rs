//! Items and their attributes: values in, values out.
//!
//! Documents are deflated: a table bills what it writes by the kilobyte, and JSON shrinks to a quarter.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{Read, Write},
    time::Duration,
};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use model::Instant;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::unavailable::Unavailable;

/// An item, by the names of its attributes.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The key of an item.
pub(crate) fn key(pk: &str, sk: &str) -> Item {
    Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The second at which something expires, as DynamoDB's time to live has it.
pub(crate) fn expiry(now: Instant, after: Duration) -> AttributeValue {
    number(seconds(now).saturating_add(after.as_secs()))
}

pub(crate) fn seconds(now: Instant) -> u64 {
    now.unix_milliseconds() / 1_000
}

/// Whether an item counts as gone, though DynamoDB still has it.
pub(crate) fn has_expired(item: &Item, now: Instant) -> bool {
    number_in(item, "expires").is_none_or(|expires| expires <= seconds(now))
}

/// The SHA-256 digest of a text, in hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A value as deflated JSON.
pub(crate) fn deflated(value: &impl Serialize) -> Result<AttributeValue, Unavailable> {
    let unwritable = |_| Unavailable {
        cause: "a value that cannot be written as JSON".to_owned(),
    };
    let json = serde_json::to_vec(value).map_err(unwritable)?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(&json).and_then(|()| encoder.finish());
    let bytes = written.map_err(|_| Unavailable {
        cause: "a value that cannot be deflated".to_owned(),
    })?;
    Ok(AttributeValue::B(Blob::new(bytes)))
}

/// The size of an attribute that [`deflated`] made.
pub(crate) fn size(value: &AttributeValue) -> usize {
    value.as_b().map_or(0, |blob| blob.as_ref().len())
}

/// The value of an attribute that [`deflated`] made; `None` where it holds none.
pub(crate) fn inflated<T: DeserializeOwned>(
    item: &Item,
    name: &str,
) -> Result<Option<T>, Unavailable> {
    let Some(Ok(blob)) = item.get(name).map(AttributeValue::as_b) else {
        return Ok(None);
    };
    let mut json = Vec::new();
    DeflateDecoder::new(blob.as_ref())
        .read_to_end(&mut json)
        .map_err(|_| Unavailable::unreadable(name))?;
    let value = serde_json::from_slice(&json).map_err(|_| Unavailable::unreadable(name))?;
    Ok(Some(value))
}

pub(crate) fn text_in<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    Some(item.get(name)?.as_s().ok()?.as_str())
}

pub(crate) fn number_in(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(crate) fn required_text(item: &Item, name: &str) -> Result<String, Unavailable> {
    let text = text_in(item, name).ok_or_else(|| Unavailable::unreadable(name))?;
    Ok(text.to_owned())
}

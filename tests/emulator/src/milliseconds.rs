//! A time as JSON: a whole number of milliseconds.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    u64::try_from(time.as_millis())
        .unwrap_or(u64::MAX)
        .serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let expected = |_| D::Error::custom("expected a whole number of milliseconds");
    let milliseconds = u64::deserialize(deserializer).map_err(expected)?;
    Ok(Duration::from_millis(milliseconds))
}

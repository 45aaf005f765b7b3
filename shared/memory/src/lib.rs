//! What the bridge remembers between two invocations, in one DynamoDB table.
//!
//! The only crate that names `aws_sdk_dynamodb`. The table has a partition key `pk` and a sort key `sk`,
//! both strings, and `expires` for its time to live. DynamoDB deletes an expired item within days, not at once,
//! so every condition here compares the expiry itself.
//!
//! | `pk` | `sk` | the item |
//! |---|---|---|
//! | `opportunity#CATALOG#IDENTIFIER` | `told` | what was handed on of it last, and before that: [`Told`] |
//! | `parked#CATALOG` | `IDENTIFIER#DIGEST` | a patch that waits for a review: [`Parked`] |
//! | `sweep#CATALOG` | `watermark` | how far the last sweep came |
//! | `request#CATALOG#DIGEST` | `request` | a request that is to be carried out once: [`Record`] |
//!
//! No transactions, no indexes, no streams: each step is one call about one item, and its condition makes it
//! safe to repeat.

mod call;
mod idempotency;
mod item;
mod opportunity;
mod opportunity_retention;
mod parked;
mod parked_id;
mod sweep;
mod table;
mod unavailable;

pub use idempotency::{Claim, Key, Record, Stored, Writing};
pub use opportunity::{Before, Content, Documents, Remembered, Summary, Told, Write};
pub use opportunity_retention::{ParseRetentionError, retention};
pub use parked::{Parked, ParkedState, Waiting};
pub use parked_id::{ParkedId, ParseParkedIdError};
pub use sweep::HandedOn;
pub use table::{Memory, open};
pub use unavailable::Unavailable;

//! Maps an opportunity's fields to a CRM's own, by one table of data that works in both directions.
//!
//! A CRM team writes down which of its fields stands for which place of the opportunity, and in which
//! form; nobody writes a program. There is no expression language, so that every row can be reversed. A
//! mapping is a lens, and obeys its two laws:
//!
//! 1. A record sent back unchanged changes nothing: `put(document, get(document)) = document`, for
//!    every document and every mapping. If AWS's value already stands for the incoming one, it stays:
//!    neither several stages that are one to the CRM, nor rounded amounts, nor shortened texts flip
//!    or echo.
//! 2. What the CRM sends comes back to it: `get(put(document, record)) = record` in every field that goes
//!    both ways, or the record is refused, `not-representable`. (Two values are equal if they mean the
//!    same in the row's `as`. A row that goes only to AWS never comes back, and may lose what AWS cannot
//!    hold: a time of day, a stage finer than AWS's.)
//!
//! ```
//! use mapping::{Facts, Mapping};
//! use serde_json::json;
//!
//! let mapping = Mapping::parse(br#"{
//!     "crm": "example",
//!     "receive": {"id": "/aws_id", "record": ""},
//!     "send": {"body": {}, "id": "/aws_id", "record": ""},
//!     "fields": [{"aws": "/LifeCycle/Stage", "crm": "stage", "values": [
//!         ["Qualified", "open"], ["Technical Validation", "demo"], ["Business Validation", "demo"]]}]
//! }"#)?;
//!
//! let document = json!({"LifeCycle": {"Stage": "Business Validation", "NextSteps": "Call"}});
//! let document = document.as_object().unwrap();
//! let heard = mapping.get(document, &Facts { sequence: "7", id: "e" });
//! assert_eq!(heard.record, json!({"stage": "demo"}));
//! assert_eq!(&mapping.put(document, &heard.record).unwrap().document, document);
//!
//! let put = mapping.put(document, &json!({"stage": "open", "owner": 7})).unwrap();
//! assert_eq!(put.document["LifeCycle"], json!({"Stage": "Qualified", "NextSteps": "Call"}));
//! assert_eq!((put.field("/LifeCycle/Stage"), put.ignored), (Some("stage"), 1));
//! # Ok::<(), mapping::MappingError>(())
//! ```

mod check;
mod decimal;
mod error;
mod file;
mod finding;
mod form;
#[cfg(test)]
mod laws;
mod mapping;
mod parse;
mod place;
mod put;
mod receive;
#[cfg(test)]
mod recipes;
#[cfg(test)]
mod samples;
mod table;

pub use self::{
    error::MappingError,
    file::{LoadError, load},
    finding::Finding,
    mapping::{Facts, Locked, Mapping, Record},
    put::{Put, Source},
    receive::{ReceiveError, Received},
};

//! The bridge's promises, each proven at the functions' own doors.

mod documents;
mod enrich;
mod patch;
mod refusals;
mod start;

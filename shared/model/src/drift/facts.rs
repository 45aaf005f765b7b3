//! What AWS's model says of its answers, which `build/facts.rs` generates from `schema/botocore-facts.json`.

/// What AWS's model says of a value.
#[derive(Debug)]
pub(super) enum Shape {
    /// An object with these members, sorted by name.
    Structure(&'static [(&'static str, &'static Self)]),
    /// An array of these.
    List(&'static Self),
    /// A text of a closed list.
    Values(&'static [&'static str]),
    /// Nothing that is looked at.
    Any,
}

include!(concat!(env!("OUT_DIR"), "/facts.rs"));

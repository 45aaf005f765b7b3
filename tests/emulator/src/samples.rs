//! Provides a dozen sample opportunities, of every stage and every review status.
//!
//! `samples.json` lists the members that are set; the rest is added as null, as in AWS's responses.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::document::{Document, text};
use crate::put::complete;
use crate::state::State;

#[derive(Deserialize)]
struct Sample {
    opportunity: Document,
    /// AWS's summary; absent if AWS has nothing of its own to show yet.
    summary: Option<Value>,
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(parse);

#[expect(
    clippy::expect_used,
    reason = "the file is compiled in, and a test reads it"
)]
fn parse() -> Vec<Sample> {
    let mut samples: Vec<Sample> =
        serde_json::from_str(include_str!("samples.json")).expect("samples.json is well-formed");
    for sample in &mut samples {
        complete(&mut sample.opportunity);
    }
    samples
}

/// Seeds the samples, which replace opportunities with the same ids; returns the ids.
pub(crate) fn seed(state: &mut State) -> Vec<String> {
    let mut ids = Vec::new();
    for sample in SAMPLES.iter() {
        let id = text(&sample.opportunity, "Id").to_owned();
        // The test below checks that every sample can be seeded.
        let _ = state.store.seed(Value::Object(sample.opportunity.clone()));
        match &sample.summary {
            Some(summary) => state.summaries.insert(id.clone(), Some(summary.clone())),
            None => state.summaries.remove(&id),
        };
        ids.push(id);
    }
    ids
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::constraints::validate;
    use crate::shape::SHAPES;
    use crate::store::Store;

    #[test]
    fn every_sample_can_be_seeded_and_updated() {
        for sample in SAMPLES.iter() {
            let mut document = sample.opportunity.clone();
            let seeded = Store::default().seed(Value::Object(document.clone()));
            assert_eq!(seeded.as_deref(), Ok(text(&document, "Id")));
            document.insert("Identifier".to_owned(), json!(text(&document, "Id")));
            let validated = validate("UpdateOpportunity", &document, None);
            assert_eq!(validated, Ok(()), "{}", text(&document, "Id"));
        }
    }

    #[test]
    fn the_samples_cover_every_stage_and_review_status() {
        for (member, values) in [("Stage", "Stage"), ("ReviewStatus", "ReviewStatus")] {
            let of = |sample: &Sample| sample.opportunity["LifeCycle"][member].clone();
            let found: BTreeSet<String> = SAMPLES.iter().map(|it| of(it).to_string()).collect();
            let expected = SHAPES.values[values].iter().map(|it| json!(it).to_string());
            assert_eq!(found, expected.collect());
        }
    }

    #[test]
    fn a_summary_belongs_to_its_opportunity() {
        for sample in SAMPLES.iter() {
            if let Some(summary) = &sample.summary {
                assert_eq!(summary["RelatedOpportunityId"], sample.opportunity["Id"]);
                assert_eq!(summary["Catalog"], sample.opportunity["Catalog"]);
            }
        }
    }
}

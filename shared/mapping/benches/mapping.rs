//! What a mapping adds to an event and to a patch: at most 0.1 ms is its share.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark must not go on where its ground gives way"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mapping::{Facts, Mapping};
use serde_json::{Value, json};

const FACTS: Facts<'static> = Facts {
    sequence: "1772600767890-1772600768000",
    id: "9f2c",
};

fn benches(criterion: &mut Criterion) {
    let document: Value = include_str!("../../../events/opportunity.json")
        .parse()
        .expect("the sample is JSON");
    let document = document.as_object().expect("an opportunity");
    for (name, file) in [
        ("hubspot", include_str!("../../../mappings/hubspot.json")),
        (
            "salesforce",
            include_str!("../../../mappings/salesforce.json"),
        ),
    ] {
        let mapping = Mapping::parse(file.as_bytes()).expect("the sample is right");
        let heard = mapping.get(document, &FACTS).record;
        let mut edited = heard.clone();
        let edit = mapping
            .field("/LifeCycle/NextSteps")
            .expect("next steps are mapped");
        edited[edit] = json!("Sign on Monday");
        let mut group = criterion.benchmark_group(name);
        group.bench_function("parse", |bencher| {
            bencher.iter(|| Mapping::parse(black_box(file.as_bytes())));
        });
        group.bench_function("get", |bencher| {
            bencher.iter(|| mapping.get(black_box(document), &FACTS));
        });
        group.bench_function("put unchanged", |bencher| {
            bencher.iter(|| mapping.put(black_box(document), &heard));
        });
        group.bench_function("put an edit", |bencher| {
            bencher.iter(|| mapping.put(black_box(document), &edited));
        });
    }
}

criterion_group!(mapping, benches);
criterion_main!(mapping);

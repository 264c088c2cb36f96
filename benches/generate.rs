//! Grammars to labelled sentences: `cargo bench --bench generate`.
//!
//! Throughput is in sentences with all their features and spans, on as many threads as there are cores.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mlem_probe::grammar::{Draw, Grammar};
use mlem_probe::stimuli::confounds::Confounds;

/// More than 10¹² derivations, with agreement and two words that must differ.
fn huge() -> String {
    let mut text = "[lexicon.noun]\ninflect = { number = [\"sg\", \"pl\"] }\nwords = [\n".to_owned();
    for i in 0..60 {
        let _ = writeln!(
            text,
            "  {{ sg = \"n{i}\", pl = \"n{i}s\", class = \"{}\", zipf = {}.5 }},",
            i % 3,
            i % 7
        );
    }
    text += "]\n[slots]\n";
    for slot in 0..7 {
        let _ = writeln!(text, "s{slot} = \"noun\"");
    }
    text + "[[template]]\ntext = \"{s0} {s1} {s2} {s3} {s4} {s5} {s6}.\"\nwhere = [\"s0.number = s6.number\", \"s2 != s3\"]\n"
}

fn generate(c: &mut Criterion) {
    let relative = Grammar::bundled("relative_clause").unwrap();
    let all = relative.generate(&Draw::All).unwrap().stimuli;

    let mut group = c.benchmark_group("relative_clause");
    group.sample_size(20);
    group.throughput(Throughput::Elements(all.len() as u64));
    group
        .bench_function("all, labelled", |b| b.iter(|| relative.generate(&Draw::All).unwrap().stimuli.len()));
    group.bench_function("confounds of all", |b| b.iter(|| Confounds::of(all.features())));
    group.throughput(Throughput::Elements(4_096));
    group.bench_function("balance 4,096", |b| {
        b.iter(|| relative.generate(&Draw::Balanced { n: 4_096, seed: 0 }).unwrap().stimuli.len());
    });
    group.finish();

    let text = huge();
    let huge = Grammar::parse(&text, "huge.toml").unwrap();
    assert!(huge.count().derivations > 1_000_000_000_000);
    let mut group = c.benchmark_group("more than 10^12 derivations");
    group.sample_size(20);
    group.bench_function("parse and count", |b| {
        b.iter(|| Grammar::parse(&text, "huge.toml").unwrap().count().derivations);
    });
    group.throughput(Throughput::Elements(4_096));
    group.bench_function("sample 4,096", |b| {
        b.iter(|| huge.generate(&Draw::Sample { n: 4_096, seed: 0 }).unwrap().stimuli.len());
    });
    group.finish();

    let mut group = c.benchmark_group("feature grammar");
    group.sample_size(20);
    group.bench_function("svo_agreement, read and generated", |b| {
        b.iter(|| Grammar::bundled("svo_agreement").unwrap().generate(&Draw::All).unwrap().stimuli.len());
    });
    group.finish();
}

criterion_group!(benches, generate);
criterion_main!(benches);

//! What the page says about the run: the headline, what to keep in mind, and the record.

use serde::Serialize;
use serde_json::Value;

use super::super::axis::Axis;
use super::super::words;
use crate::profile::{Order, Summary};
use crate::rundir::RunRecord;
use crate::stimuli::Stimuli;
use crate::text;

/// A thing said about the run: `4,096`, `stimuli`.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Fact {
    pub what: String,
    pub value: String,
}

fn fact(value: impl Into<String>, what: impl Into<String>) -> Fact {
    Fact { what: what.into(), value: value.into() }
}

/// The few numbers that a reader wants first.
pub(super) fn headline(
    summary: &Summary,
    run: &RunRecord,
    stimuli: &Stimuli,
    n_confounded: usize,
) -> Vec<Fact> {
    let axis = Axis::of(run);
    let mut facts = Vec::new();
    let (scores, split) = summary.score();
    if let Some(best) = summary.best_layer() {
        let where_ = if summary.layers.len() == 1 {
            String::new()
        } else {
            format!(", best at {}", axis.place(summary.layers[best]))
        };
        facts.push(fact(words::spread(scores[best], 3), format!("{}{where_}", words::score(split, run))));
    }
    for term in summary.ranked(Order::Main).into_iter().take(2) {
        if let Some(peak) = term.peak() {
            let importance = words::spread(term.at[peak], 3);
            let what = format!("importance {importance}, peak at {}", axis.place(summary.layers[peak]));
            facts.push(fact(words::visible(&term.name), what));
        }
    }
    let n = |n: usize| text::count(n as u128);
    let features = text::counted(stimuli.features().n_features() as u128, "feature");
    let layers = match summary.layers.len() {
        1 => format!("1 {}", axis.noun()),
        several => format!("{} {}", n(several), axis.nouns()),
    };
    facts.push(fact(format!("{} stimuli", n(stimuli.len())), format!("{features}, {layers}")));
    if n_confounded > 0 {
        let what = format!("with distances that correlate above {}", super::super::figures::CONFOUNDED);
        facts.push(fact(text::counted(n_confounded as u128, "confounded pair"), what));
    }
    facts
}

/// The warnings of the run, and the confounds among the features `names`.
pub(super) fn warnings(run: &RunRecord, names: &[&str], confounded: &[(usize, usize, f64)]) -> Vec<String> {
    let mut warnings: Vec<String> = run.warnings.clone();
    // The run may have said it already; where it names both, once is enough.
    let told =
        |a: &str, b: &str| run.warnings.iter().any(|warning| warning.contains(a) && warning.contains(b));
    let untold = confounded.iter().filter(|&&(a, b, _)| !told(names[a], names[b]));
    for &(a, b, r) in untold {
        let [a, b] = [names[b], names[a]];
        warnings.push(format!(
            "`{a}` and `{b}` are confounded (r = {} between their distances): a part of their importance cannot be told apart.",
            words::short(r, 2)
        ));
    }
    warnings
}

/// The record of the run, line by line.
pub(super) fn run(run: &RunRecord) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut say = |what: &str, value: String| {
        if !value.is_empty() {
            facts.push(fact(words::visible(&value), words::visible(what)));
        }
    };
    let command: Vec<String> = run.command.iter().map(|word| text::argument(word)).collect();
    say("command", command.join(" "));
    say("version", run.version.clone());
    say("date", run.date.clone());
    say("host", run.host.clone());
    say("stimuli", run.stimuli.name.clone());
    say("drawn", run.stimuli.source.drawn.clone().unwrap_or_default());
    say("grammar hash", run.stimuli.source.grammar_hash.clone().unwrap_or_default());
    say("stimuli hash", run.stimuli.hash.clone());
    if let Some(model) = &run.model {
        say("model", model.id.clone());
        say("revision", model.revision.clone().unwrap_or_default());
        say("commit", model.commit.clone().unwrap_or_default());
        if let Some(adapter) = &model.adapter {
            let commit =
                adapter.base_commit.as_ref().map(|commit| format!(" at commit {commit}")).unwrap_or_default();
            say("base of the adapter", format!("{}{commit} ({})", adapter.base, adapter.base_from));
            say("merged", adapter.merged.describe());
            say("hash of the adapter", adapter.merged.hash.clone());
        }
        say("untrained, with seed", model.untrained.map(|seed| seed.to_string()).unwrap_or_default());
        say("device", model.device.clone().unwrap_or_default());
        say("weights held as", model.dtype.clone().unwrap_or_default());
        say("products in", model.precision.clone().unwrap_or_default());
        let applied = model.tokenizer.iter().map(|applied| format!("{} ({})", applied.what, applied.from));
        say("applied to the tokenizer", applied.collect::<Vec<_>>().join("; "));
        say("of its files", model.notes.join("; "));
        say("pooling", model.pooling.clone());
    }
    say("activations", run.activations.clone().unwrap_or_default());
    let arrays: Vec<String> =
        run.layer_arrays.iter().map(|(layer, name)| format!("{layer}: {name}")).collect();
    say("arrays of the layers", arrays.join(", "));
    say("part", run.part.map(|part| part.to_string()).unwrap_or_default());
    say("read by the decoder", run.target.clone().unwrap_or_default());
    say("site", run.site.map(|site| site.to_string()).unwrap_or_default());
    let transforms: Vec<String> = run.transforms.iter().map(ToString::to_string).collect();
    say("transforms", transforms.join(", "));
    say("seed", run.seed.to_string());
    for (option, value) in &run.options {
        say(option, plain(value));
    }
    let seconds = run.seconds.iter().map(|(stage, seconds)| format!("{stage} {seconds:.1} s"));
    say("time", seconds.collect::<Vec<_>>().join(", "));
    facts
}

/// A value as words: lists with commas, what has names with them.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| match (name.as_str(), value.as_u64()) {
                ("atmost", Some(most)) => format!("at most {}", text::count(u128::from(most))),
                // One thing that is so.
                _ if fields.len() == 1 => format!("{name} {}", plain(value)),
                _ => format!("{name}: {}", plain(value)),
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The record of the run as `run.json` has it, a line for every value.
pub(super) fn record(run: &RunRecord) -> serde_json::Result<Vec<Fact>> {
    let mut facts = Vec::new();
    flatten("", &serde_json::to_value(run)?, &mut facts);
    Ok(facts)
}

/// Adds a line for every value below `value`, which is at `path`.
fn flatten(path: &str, value: &Value, facts: &mut Vec<Fact>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path} › {name}") };
                flatten(&path, value, facts);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (i, value) in items.iter().enumerate() {
                flatten(&format!("{path} › {i}"), value, facts);
            }
        }
        // Names in messages stand in backticks, which are for terminals.
        value => facts.push(fact(words::visible(&plain(value).replace('`', "")), words::visible(path))),
    }
}

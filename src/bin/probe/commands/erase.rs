//! `probe erase`: a feature is erased at a layer, and the model runs on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use mlem_probe::baselines::decoding::Measure;
use mlem_probe::erasure::{Condition, DECODING, Erasure, IMPORTANCE, PREFERENCES, Params};
use mlem_probe::files;
use mlem_probe::models::{Error, Model};
use mlem_probe::numeric::interval::wilson;
use mlem_probe::numeric::leace::Shrinkage;
use mlem_probe::progress::Progress;
use mlem_probe::rundir::{RECORD, RunDir, RunRecord, StimuliRecord};
use mlem_probe::stimuli::{FeatureTable, Stimuli};
use mlem_probe::surprisal::{self, Pairing};
use mlem_probe::text::{self, count};
use serde_json::{Value, json};

use super::{folders, inputs, model, piped, surprisal as scoring};
use crate::args::{EraseArgs, list};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// What `run.json` of it has in its options, and that of a run has not.
const MARK: &str = "erase";

/// Runs the command, of which `words` are what is recorded.
pub fn run(args: &EraseArgs, words: Vec<String>, printer: &Printer) -> Result<()> {
    let revision = model::one(&args.model, "a feature is erased in one model at one revision")?;
    let mut stimuli = inputs::read(&args.stimuli, &args.table, printer)?;
    stimuli.sentences()?;
    for name in args.categorical.iter().flatten() {
        stimuli.features_mut().declare_categorical(name)?;
    }
    stimuli.features().position(&args.feature)?;
    let mut pairing = scoring::pairing(&args.pairs, &stimuli)?;
    let (checkpoint, options) = model::find(&args.model.model, &args.model, revision, printer)?;
    let layer = layer(args, Model::declared(&checkpoint)?.n_layers)?;
    let out = folders::for_erasure(args, layer, revision);
    scoring::require_free(&out, args.force, MARK)?;
    let mut features = measured(args, &stimuli, pairing.as_ref())?;
    if let Some(unit) = args.unit.as_ref().or(pairing.as_ref().map(|pairing| &pairing.pair)) {
        keep_together(&mut features, stimuli.features(), unit)?;
    }
    let mut model_record = model::record(&checkpoint, &options, revision, printer)?;
    let begun = Instant::now();
    let mut warnings = Vec::new();
    let mut model = match (&pairing, args.pairs.pair.is_some()) {
        (None, _) => Model::load(&checkpoint, &options)?,
        (Some(_), asked) => match Model::load(&checkpoint, &options.clone().with_head()) {
            Err(error @ Error::Cannot { .. }) if !asked => {
                warnings.push(format!("minimal pairs are not scored: {error}"));
                pairing = None;
                Model::load(&checkpoint, &options)?
            }
            loaded => loaded?,
        },
    };
    for note in model.notes() {
        printer.say(note);
    }
    model_record.notes.extend(model.notes().iter().cloned());
    let loaded = begun.elapsed().as_secs_f64();
    let params = Params {
        layer,
        folds: args.folds,
        shrinkage: args.shrinkage,
        permutations: args.permutations,
        pairing: pairing.clone(),
        scoring: surprisal::Params { bos: args.bos.clone(), ..surprisal::Params::default() },
        seed: args.seed,
    };
    let found = params.erase(&stimuli, &args.feature, &features, &mut model, printer)?;
    warnings.extend(doubts(&found));
    for warning in &warnings {
        printer.warn(warning);
    }
    let said = said(args, layer, &found);
    let options = options_of(args, layer, &said, &model, pairing.as_ref());
    let depends = json!({
        "version": env!("CARGO_PKG_VERSION"), "options": options, "model": model_record, "stimuli": stimuli.hash(), "seed": args.seed,
    });
    let record = RunRecord {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: words,
        stimuli: StimuliRecord {
            name: piped::shown(&args.stimuli.to_string_lossy()).to_owned(),
            hash: stimuli.hash(),
            n_stimuli: stimuli.len(),
            features: features.names().into_iter().map(str::to_owned).collect(),
            source: stimuli.source().clone(),
        },
        model: Some(model_record),
        layers: found.layers(),
        options,
        seed: args.seed,
        seconds: BTreeMap::from([
            ("load".to_owned(), loaded),
            ("erase".to_owned(), begun.elapsed().as_secs_f64() - loaded),
        ]),
        warnings: warnings.clone(),
        ..RunRecord::default()
    }
    .keyed(&depends)
    .dated();
    let tables = write(&out, &found, &record)?;
    if printer.json() {
        return Printer::result_json(&as_json(&out, args, layer, &found, &record));
    }
    Printer::result(as_text(args, &said, &found, &out, &tables))
}

/// What `run.json` has of the options.
fn options_of(
    args: &EraseArgs,
    layer: usize,
    said: &str,
    model: &Model,
    pairing: Option<&Pairing>,
) -> BTreeMap<String, Value> {
    let shrinkage = match args.shrinkage {
        Shrinkage::LedoitWolf => json!("ledoit-wolf"),
        Shrinkage::By(share) => json!(share),
    };
    [
        (MARK, json!(args.feature)),
        ("layer", json!(layer)),
        ("folds", json!(args.folds)),
        ("unit", json!(args.unit)),
        ("permutations", json!(args.permutations)),
        ("shrinkage", shrinkage),
        ("head", json!(model.head())),
        ("bos", json!(args.bos)),
        (
            "pairs",
            json!(
                pairing.map(|of| json!({"pair": of.pair, "label": of.label, "good": of.good, "by": of.by}))
            ),
        ),
        ("methods", json!(said)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The layer that was asked for.
fn layer(args: &EraseArgs, last: usize) -> Result<usize> {
    let all: Vec<usize> = (0..=last).collect();
    let hint = "layers are counted from 0, the embeddings, or from the end: -1 is the last";
    let chosen = args.layer.of(&all).map_err(|message| Failure::usage(message, hint))?;
    match chosen.as_slice() {
        [layer] => Ok(*layer),
        several => Err(Failure::usage(
            format!("--layer: a feature is erased at one layer, and these are {}", several.len()),
            "run it once for each; every one has a folder of its own",
        )),
    }
}

/// The features whose importances are measured: those that were named, or all that tell some stimuli apart.
fn measured(args: &EraseArgs, stimuli: &Stimuli, pairing: Option<&Pairing>) -> Result<FeatureTable> {
    let mut features = stimuli.features().clone();
    for name in args.features.iter().flatten() {
        features.position(name)?;
    }
    let beside = |name: &str| {
        pairing.is_some_and(|of| of.pair == name || of.by.as_deref() == Some(name))
            || args.unit.as_deref() == Some(name)
    };
    features.retain(|feature| {
        let name = feature.name();
        if !args.features.is_empty() {
            return list::has(&args.features, name);
        }
        name == args.feature || (feature.varies() && !feature.names_stimuli() && !beside(name))
    });
    Ok(features)
}

/// Keeps stimuli with one value of `unit`, a column of `all`, in one fold.
fn keep_together(features: &mut FeatureTable, all: &FeatureTable, unit: &str) -> Result<()> {
    let is_there = features.position(unit).is_ok();
    if !is_there {
        features.push(all.feature(all.position(unit)?).clone())?;
    }
    features.keep_together(unit)?;
    if !is_there {
        features.retain(|feature| feature.name() != unit);
    }
    Ok(())
}

/// What may spoil the conclusion.
fn doubts(found: &Erasure) -> Vec<String> {
    let mut doubts = Vec::new();
    let whole = found.decoding(Condition::Whole).mean;
    let chance = chance(found);
    if whole.is_nan() || (whole - chance).abs() < 0.05 {
        doubts.push("the feature is hardly decoded at this layer before anything is erased".to_owned());
    }
    let without: BTreeSet<usize> =
        found.decoded.iter().filter(|one| one.score.is_nan()).map(|one| one.fold).collect();
    if !without.is_empty() {
        let folds: Vec<String> = without.iter().map(ToString::to_string).collect();
        doubts.push(format!(
            "decoding has no score in {} {}, as where held-out stimuli do not differ in the feature: means are over the others; hold \
             more out (fewer --folds), or add stimuli",
            if folds.len() == 1 { "fold" } else { "folds" },
            text::join_and(&folds)
        ));
    }
    doubts
}

/// What decoding gives by chance.
fn chance(found: &Erasure) -> f64 {
    match found.decoded.first().map(|one| one.measure) {
        Some(Measure::RSquared) => 0.0,
        _ => 0.5,
    }
}

/// The sentences of a paper.
fn said(args: &EraseArgs, layer: usize, found: &Erasure) -> String {
    let erased = found.decoded.iter().find(|one| one.condition == Condition::Erased);
    let rank = erased.map_or(0, |one| one.rank);
    let directions = if rank == 1 { "direction" } else { "directions" };
    format!(
        "`{}` was erased from the hidden states of layer {layer} by LEACE (Belrose et al. 2023): in each of {} folds an affine map of rank \
         {rank} was fitted in closed form to the training stimuli's means over tokens, and applied to every token; the model ran on from \
         there. The control erases {rank} random {directions} of the same whitened space. Everything is measured on held-out stimuli.",
        args.feature, args.folds,
    )
}

fn write(out: &Path, found: &Erasure, record: &RunRecord) -> Result<Vec<&'static str>> {
    // Nothing of an earlier run is to stand beside these tables, whatever ends this process.
    if out.join(RECORD).exists() {
        RunDir::at(out).forget()?;
    }
    for name in [RECORD, DECODING, IMPORTANCE, PREFERENCES] {
        files::write_or_remove(&out.join(name), None)?;
    }
    let mut names = Vec::new();
    for (name, bytes) in found.tables() {
        files::write(&out.join(name), &bytes)?;
        names.push(name);
    }
    RunDir::at(out).write_record(record)?;
    Ok(names)
}

/// A text in lines of at most 100 letters.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// A number with three digits after the point, and no 0 before it.
fn short(x: f64) -> String {
    if x.is_nan() {
        return "—".to_owned();
    }
    let text = format!("{x:.3}");
    let text = if text == "-0.000" { "0.000".to_owned() } else { text };
    text.replacen("0.", ".", usize::from(text.starts_with("0.") || text.starts_with("-0.")))
}

fn as_text(args: &EraseArgs, said: &str, found: &Erasure, out: &Path, tables: &[&str]) -> String {
    let mut rows: Vec<[String; 4]> = vec![["", "whole", "erased", "control"].map(str::to_owned)];
    let mut row = |name: String, of: &dyn Fn(Condition) -> String| {
        let [whole, erased, control] = Condition::ALL.map(of);
        rows.push([name, whole, erased, control]);
    };
    let measure = if chance(found) > 0.0 { "ROC AUC, chance .5" } else { "R², chance 0" };
    row(format!("decoding at the layer ({measure})"), &|condition| short(found.decoding(condition).mean));
    let mean = |condition: Condition, of: &dyn Fn(&mlem_probe::erasure::Decoded) -> f64| {
        let values: Vec<f64> = found
            .decoded
            .iter()
            .filter(|one| one.condition == condition)
            .map(of)
            .filter(|x| x.is_finite())
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    row("variance erased".to_owned(), &|condition| short(mean(condition, &|one| one.variance_erased)));
    for layer in found.layers() {
        let value = |condition| short(found.importance(condition, layer, Some(&args.feature)).mean);
        row(format!("importance at layer {layer}"), &value);
    }
    if !found.preferences.is_empty() {
        row("good sentence preferred".to_owned(), &|condition| {
            let (pairs, preferred, _) = found.preferred(condition);
            short(preferred as f64 / pairs as f64)
        });
        row("mean difference of log-probabilities".to_owned(), &|condition| {
            short(found.preferred(condition).2)
        });
    }
    let widths =
        [0, 1, 2, 3].map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for [name, whole, erased, control] in rows {
        let right = |text: &str, width: usize| format!("{}{text}", " ".repeat(width - text.chars().count()));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}  {}  {}  {}",
            text::padded(&name, widths[0]),
            right(&whole, widths[1]),
            right(&erased, widths[2]),
            right(&control, widths[3])
        );
    }
    let (pairs, ..) = found.preferred(Condition::Whole);
    if pairs > 0 {
        let _ = writeln!(text, "\n{} minimal pairs, each scored when it is held out.", count(pairs as u128));
    }
    let _ = writeln!(text, "\n{}\n\ntables: {} ({})", wrapped(said), out.display(), tables.join(", "));
    text
}

fn as_json(out: &Path, args: &EraseArgs, layer: usize, found: &Erasure, record: &RunRecord) -> Value {
    let condition = |condition: Condition| {
        let decoding = found.decoding(condition);
        let (pairs, preferred, difference) = found.preferred(condition);
        let interval = (pairs > 0).then(|| wilson(preferred, pairs));
        json!({
            "condition": condition,
            "decoding": decoding.mean,
            "decoding_sd": decoding.sd,
            "importance": found.layers().iter().map(|&layer| json!({
                "layer": layer,
                "mean": found.importance(condition, layer, Some(&args.feature)).mean,
                "spearman": found.importance(condition, layer, None).mean,
            })).collect::<Vec<_>>(),
            "pairs": pairs,
            "accuracy": (pairs > 0).then(|| preferred as f64 / pairs as f64),
            "ci_low": interval.map(|(low, _)| low),
            "ci_high": interval.map(|(_, high)| high),
            "difference": (pairs > 0).then_some(difference),
        })
    };
    json!({
        "erasure": out,
        "feature": args.feature,
        "layer": layer,
        "conditions": Condition::ALL.map(condition),
        "methods": record.options["methods"],
        "warnings": record.warnings,
    })
}

//! `probe check`: a grammar, or a table of stimuli, looked over before it is used.

use mlem_probe::simulate;
use mlem_probe::simulate::power::Power;
use mlem_probe::stimuli::confounds::Confounds;
use mlem_probe::stimuli::{FeatureLevels, Stimuli, TableCheck};
use serde_json::{Value, json};

use super::run::SAMPLE;
use super::words::Words;
use super::{inputs, source};
use crate::args::{CheckArgs, list};
use crate::failure::{Failure, Result};
use crate::printer::Printer;
use mlem_probe::grammar::{Check, Draw};

/// Runs the command.
pub fn run(args: &CheckArgs, printer: &Printer) -> Result<()> {
    if let source::Source::Table = source::kind(&args.source) {
        if args.model.is_some() {
            let hint = "leave --model out, or name the grammar that the table was made from";
            return Err(Failure::usage("--model looks at the words of a grammar, and this is a table", hint));
        }
        let mut stimuli = inputs::read(args.source.as_ref(), &args.table, printer)?;
        for name in args.numeric.iter().flatten() {
            stimuli.features_mut().declare_numeric(name)?;
        }
        let check = stimuli.check();
        let power = args.power.then(|| power(stimuli, args, printer)).transpose()?;
        return if printer.json() {
            Printer::result_json(&with_power(table_as_json(&args.source, &check), power.as_ref()))
        } else {
            Printer::result(check.to_text(&args.source) + &shown(power.as_ref()))
        };
    }
    let mut grammar = source::grammar(&args.source, args.depth)?;
    grammar.declare_numeric(&list::all(&args.numeric))?;
    let check = grammar.check()?;
    let words = args.model.as_ref().map(|model| Words::of(&grammar, model, &check, printer)).transpose()?;
    let power = if args.power {
        let fitted = |name: &str| !list::has(&args.drop, name);
        // What a run draws where nothing is said.
        let draw = Draw::Balanced { n: SAMPLE, seed: args.seed };
        Some(power(grammar.generate_for(&draw, fitted)?.stimuli, args, printer)?)
    } else {
        None
    };
    if printer.json() {
        let mut json = with_power(as_json(&check), power.as_ref());
        if let Some(words) = words {
            json["tokenizer"] = words.as_json();
        }
        return Printer::result_json(&json);
    }
    let words = words.map(|words| words.to_text()).unwrap_or_default();
    Printer::result(check.to_text() + &words + &shown(power.as_ref()))
}

/// How many stimuli the design needs.
fn power(mut stimuli: Stimuli, args: &CheckArgs, printer: &Printer) -> Result<Power> {
    for name in args.drop.iter().flatten() {
        stimuli.features().position(name)?;
    }
    stimuli.features_mut().retain(|feature| !list::has(&args.drop, feature.name()));
    if stimuli.features().n_features() == 0 {
        return Err(Failure::usage("no feature is left", "name fewer with --drop"));
    }
    Ok(simulate::power::power(stimuli.features(), args.seed, printer)?)
}

fn shown(power: Option<&Power>) -> String {
    power.map(Power::to_text).unwrap_or_default()
}

fn with_power(mut json: Value, power: Option<&Power>) -> Value {
    if let Some(power) = power {
        json["power"] = json!(power);
    }
    json
}

fn table_as_json(name: &str, check: &TableCheck) -> Value {
    json!({
        "table": name,
        "stimuli": check.n_stimuli,
        "sentences": check.n_sentences,
        "features": levels_as_json(&check.features),
        "correlations": correlations_as_json(&check.confounds),
        "dependencies": dependencies_as_json(&check.confounds),
        "repeated_sentences": check.repeated,
        "same_sentence_different_labels": check.relabelled,
        "columns_that_name_stimuli": check.names.iter().map(|name| &name.column).collect::<Vec<_>>(),
        "values_that_may_be_missing": check.suspects.iter().flat_map(|suspect| {
            suspect.levels.iter().map(move |level| json!({"feature": suspect.feature, "value": level}))
        }).collect::<Vec<_>>(),
        "findings": check.findings(),
        "has_problems": check.has_problems(),
    })
}

fn levels_as_json(features: &[FeatureLevels]) -> Value {
    let feature = |feature: &FeatureLevels| {
        json!({
            "feature": feature.name,
            "numeric": feature.numeric,
            "levels": feature.levels,
            "missing": feature.missing,
        })
    };
    features.iter().map(feature).collect()
}

fn correlations_as_json(confounds: &Confounds) -> Value {
    let names = confounds.names();
    let row = |a: usize| (0..names.len()).map(|b| confounds.correlation(a, b)).collect::<Vec<_>>();
    json!({"features": names, "r": (0..names.len()).map(row).collect::<Vec<_>>()})
}

fn dependencies_as_json(confounds: &Confounds) -> Value {
    let dependencies = confounds.dependencies().iter();
    dependencies.map(|found| json!({"feature": found.feature, "is_a_function_of": found.of})).collect()
}

fn as_json(check: &Check) -> Value {
    json!({
        "grammar": check.name,
        "derivations": Printer::number(check.count.derivations),
        "derivations_at_most": check.count.at_most,
        "sentences": check.count.sentences.map(Printer::number),
        "sentences_written_out_to_count": check.count.enumerated,
        "templates": check.templates.iter().map(|template| json!({
            "template": template.template,
            "derivations": Printer::number(template.derivations),
            "killed_by": template.killer,
        })).collect::<Vec<_>>(),
        "features": levels_as_json(&check.features),
        "correlations": correlations_as_json(&check.confounds),
        "lexical_confounds": check.lexical.iter().map(|pair| json!({
            "a": pair.a, "b": pair.b, "r": pair.r,
        })).collect::<Vec<_>>(),
        "dependencies": dependencies_as_json(&check.confounds),
        "same_sentence_different_labels": check.ambiguous,
        "repeated_sentences": check.repeated,
        "unused_words": check.unused,
        "warnings": check.warnings,
        "doubts": check.doubts.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "has_problems": check.has_problems(),
    })
}

//! `probe check`: a grammar looked over before it is used.

use serde_json::{Value, json};

use super::source;
use super::words::Words;
use crate::args::CheckArgs;
use crate::failure::Result;
use crate::printer::Printer;
use mlem_probe::grammar::Check;

/// Runs the command.
pub fn run(args: &CheckArgs, printer: &Printer) -> Result<()> {
    let mut grammar = source::grammar(&args.grammar, args.depth)?;
    grammar.declare_numeric(&args.numeric)?;
    let check = grammar.check()?;
    let words = args.model.as_ref().map(|model| Words::of(&grammar, model, &check, printer)).transpose()?;
    if printer.json() {
        let mut json = as_json(&check);
        if let Some(words) = words {
            json["tokenizer"] = words.as_json();
        }
        return Printer::result_json(&json);
    }
    let words = words.map(|words| words.to_text()).unwrap_or_default();
    Printer::result(check.to_text() + &words)
}

fn as_json(check: &Check) -> Value {
    let names = check.confounds.names();
    let row = |a: usize| (0..names.len()).map(|b| check.confounds.correlation(a, b)).collect::<Vec<_>>();
    json!({
        "grammar": check.name,
        "derivations": check.count.derivations.to_string(),
        "derivations_at_most": check.count.at_most,
        "sentences": check.count.sentences.map(|count| count.to_string()),
        "sentences_written_out_to_count": check.count.enumerated,
        "templates": check.templates.iter().map(|template| json!({
            "template": template.template,
            "derivations": template.derivations.to_string(),
            "killed_by": template.killer,
        })).collect::<Vec<_>>(),
        "features": check.features.iter().map(|feature| json!({
            "feature": feature.name,
            "numeric": feature.numeric,
            "levels": feature.levels,
            "missing": feature.missing,
        })).collect::<Vec<_>>(),
        "correlations": {"features": names, "r": (0..names.len()).map(row).collect::<Vec<_>>()},
        "lexical_confounds": check.lexical.iter().map(|pair| json!({
            "a": pair.a, "b": pair.b, "r": pair.r,
        })).collect::<Vec<_>>(),
        "dependencies": check.confounds.dependencies().iter().map(|dependency| json!({
            "feature": dependency.feature, "is_a_function_of": dependency.of,
        })).collect::<Vec<_>>(),
        "same_sentence_different_labels": check.ambiguous,
        "repeated_sentences": check.repeated,
        "unused_words": check.unused,
        "warnings": check.warnings,
    })
}

//! `probe models` and `probe grammars`: what there is to choose from.

use std::fmt::Write;

use mlem_probe::{grammar, hub, models, text};
use serde_json::json;

use crate::failure::Result;
use crate::printer::Printer;

/// Lists the architectures, the aliases and the embedded models.
pub fn models(printer: &Printer) -> Result<()> {
    if printer.json() {
        return Printer::result_json(&json!({
            "embedded": hub::embedded::MODELS.iter().map(|model| json!({
                "name": model.name,
                "about": model.about,
                "revisions": model.revisions.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "families": models::families().iter().map(|family| json!({
                "model_type": family.model_type,
                "name": family.name,
                "golden": family.golden,
            })).collect::<Vec<_>>(),
            "aliases": hub::ALIASES.iter().map(|(alias, id)| json!({"alias": alias, "id": id})).collect::<Vec<_>>(),
        }));
    }
    let mut out = String::from("In this program (no network needed)\n");
    for model in hub::embedded::MODELS {
        let revisions: Vec<&str> = model.revisions.iter().map(|(name, _)| *name).collect();
        let _ = writeln!(out, "  {:<30}{}; --revision {}", model.name, model.about, revisions.join(", "));
    }
    out.push_str("\nArchitectures: any checkpoint with this model_type, from the Hub or a folder. Each is held equal to Hugging Face\n\
         transformers, every hidden state, on the small frozen checkpoints named last (tests/golden)\n");
    for family in models::families() {
        let _ = writeln!(out, "  {:<14} {:<36} {}", family.model_type, family.name, family.golden.join(", "));
    }
    out.push_str("\nShort names of Hub models\n");
    for (alias, id) in hub::ALIASES {
        let _ = writeln!(out, "  {alias:<29} {id}");
    }
    Printer::result(out)
}

/// Lists the bundled grammars with what they contrast and how many sentences they have.
pub fn grammars(printer: &Printer) -> Result<()> {
    let mut rows = Vec::new();
    for bundled in grammar::bundled() {
        let count = grammar::Grammar::bundled(bundled.name)?.count();
        rows.push((bundled, count));
    }
    if printer.json() {
        let rows: Vec<_> = rows
            .iter()
            .map(|(bundled, count)| {
                json!({"name": bundled.name, "about": bundled.summary, "sentences": count.at_most().to_string()})
            })
            .collect();
        return Printer::result_json(&json!(rows));
    }
    let mut out = String::new();
    for (bundled, count) in rows {
        let count = text::count(count.at_most());
        let _ = writeln!(out, "{:<24} {count:>9} sentences  {}", bundled.name, bundled.summary);
    }
    Printer::result(out)
}

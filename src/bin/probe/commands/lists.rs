//! `probe models` and `probe grammars`: what there is to choose from.

use std::fmt::Write;
use std::path::Path;

use mlem_probe::{files, grammar, hub, models, text};
use serde_json::json;

use crate::args::{GrammarsCommand, GrammarsTask, ModelsCommand};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Lists the models, or says what is known of one.
pub fn of_models(args: &ModelsCommand, printer: &Printer) -> Result<()> {
    match &args.name {
        None => models(printer),
        Some(name) => model(name, printer),
    }
}

/// What is known of the architecture `name`, or of what a short name stands for.
fn model(name: &str, printer: &Printer) -> Result<()> {
    if let Some((alias, id)) = hub::ALIASES.iter().find(|(alias, _)| *alias == name) {
        if printer.json() {
            return Printer::result_json(&json!({"alias": alias, "id": id}));
        }
        return Printer::result(format!(
            "{alias} stands for {id} on the Hub; its config.json names its architecture (model_type), which `probe models` lists\n"
        ));
    }
    let Some(family) = models::families().iter().find(|family| family.model_type == name) else {
        return Err(no_model(name));
    };
    let differs = family.states_in_transformers();
    if printer.json() {
        return Printer::result_json(&json!({
            "model_type": family.model_type,
            "name": family.name,
            "golden": family.golden,
            "decoders": family.decoders,
            "states_in_transformers": differs,
            "checked_against": family.checked(),
        }));
    }
    let mut out = format!("{}: {}\n\n", family.model_type, family.name);
    out.push_str("  states   one more than blocks: 0 is what enters the first block, k what block k gives, the last after the\n");
    out.push_str("           last norm, where the architecture has one\n");
    let _ = match differs {
        Some(differs) => writeln!(out, "           in transformers' hidden_states: {differs}"),
        None => writeln!(out, "           as in transformers' hidden_states"),
    };
    let _ = writeln!(
        out,
        "  checked  every state within 2e-5 of its largest magnitude, against {},",
        family.checked()
    );
    out.push_str(
        "           tokens packed and padded, sequences of several lengths, on the frozen checkpoints\n",
    );
    let _ = writeln!(out, "           {} (tests/golden/hidden_states)", family.golden.join(", "));
    if !family.decoders.is_empty() {
        out.push_str("  decoder  --part decoder: what its decoder makes of a text of its own, while the encoder reads the sentence,\n");
        let _ = writeln!(out, "           on {} (tests/golden/decoders)", family.decoders.join(", "));
    }
    out.push_str("           a checkpoint of your own: probe verify MODEL\n");
    Printer::result(out)
}

/// Why there is no architecture `name`.
fn no_model(name: &str) -> Failure {
    let known = || models::families().iter().map(|family| family.model_type);
    let hint = match text::near_matches(name, known().chain(hub::ALIASES.iter().map(|(alias, _)| *alias))) {
        near if near.is_empty() => "`probe models` lists what there is".to_owned(),
        near => format!("the nearest name is {}; `probe models` lists what there is", near.join(" or ")),
    };
    match models::reason_of_refusal(name) {
        Some(reason) => Failure::input(
            format!("{name} is not supported: {reason}"),
            "activations that another program made of it can be read: probe fit STIMULI ACTIVATIONS",
        ),
        None => Failure::input(format!("there is no architecture and no short name `{name}`"), hint),
    }
}

/// Lists the architectures, the aliases and the embedded models.
fn models(printer: &Printer) -> Result<()> {
    if printer.json() {
        return Printer::result_json(&json!({
            "embedded": hub::embedded::MODELS.iter().map(|model| json!({
                "name": model.name,
                "about": model.about,
                "revisions": model.revisions.iter().map(|revision| revision.name).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "families": models::families().iter().map(|family| json!({
                "model_type": family.model_type,
                "name": family.name,
                "golden": family.golden,
                "decoders": family.decoders,
                "states_in_transformers": family.states_in_transformers(),
            })).collect::<Vec<_>>(),
            "aliases": hub::ALIASES.iter().map(|(alias, id)| json!({"alias": alias, "id": id})).collect::<Vec<_>>(),
        }));
    }
    let mut out = String::from("In this program (no network needed)\n");
    out.push_str(&table(hub::embedded::MODELS.iter().map(|model| {
        let revisions: Vec<&str> = model.revisions.iter().map(|revision| revision.name).collect();
        [model.name.to_owned(), format!("{}; --revision {}", model.about, revisions.join(", "))]
    })));
    out.push_str("\nArchitectures: any checkpoint with this model_type, from the Hub or a folder. Each is held equal to Hugging Face\n\
         transformers, every hidden state, on the small frozen checkpoints named last (tests/golden). Of Mamba, Mamba-2 and\n\
         Falcon Mamba, state 0 is the embeddings here, as of all others; in transformers it is the first block's output, and the\n\
         last block's is there twice, before the last norm and after it. `probe models NAME` says it of one, and whether the decoder\n\
         of an encoder–decoder is read (--part decoder)\n");
    let families = models::families().iter();
    out.push_str(&table(
        families
            .map(|family| [family.model_type.to_owned(), family.name.to_owned(), family.golden.join(", ")]),
    ));
    out.push_str("\nShort names of Hub models\n");
    out.push_str(&table(hub::ALIASES.iter().map(|(alias, id)| [(*alias).to_owned(), (*id).to_owned()])));
    Printer::result(out)
}

/// Lists the bundled grammars, or shows the file of one.
pub fn of_grammars(args: &GrammarsCommand, printer: &Printer) -> Result<()> {
    let Some(GrammarsTask::Show(show)) = &args.task else { return grammars(printer) };
    let Some(found) = grammar::bundled().iter().find(|bundled| bundled.name == show.name) else {
        // Says which there are.
        return Ok(grammar::Grammar::bundled(&show.name).map(drop)?);
    };
    match show.out.as_deref() {
        None => Printer::data(found.text),
        Some(out) if out == Path::new("-") => Printer::data(found.text),
        Some(out) => {
            files::write(out, found.text.as_bytes())?;
            Printer::result(format!("{}: {}\n", out.display(), found.summary))
        }
    }
}

/// Lists the bundled grammars with what they contrast and how many sentences they have.
fn grammars(printer: &Printer) -> Result<()> {
    let mut rows = Vec::new();
    for bundled in grammar::bundled() {
        let count = grammar::Grammar::bundled(bundled.name)?.count();
        rows.push((bundled, count));
    }
    if printer.json() {
        let rows: Vec<_> = rows
            .iter()
            .map(|(bundled, count)| {
                json!({"name": bundled.name, "about": bundled.summary, "sentences": Printer::number(count.at_most())})
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

/// Rows of cells, indented, each column as wide as its widest cell.
fn table<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut out = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(out, "  {}", line.trim_end());
    }
    out
}

//! What is written and shown of a robustness sheet.

use std::path::Path;

use mlem_probe::files;
use mlem_probe::report::robustness;
use mlem_probe::robustness::{Outcome, Sheet};
use mlem_probe::rundir::{FIGURES, RunRecord};
use serde_json::{Map, Value, json};

use super::super::report;
use crate::args::RobustnessArgs;
use crate::failure::Result;
use crate::printer::Printer;

/// The page.
const PAGE: &str = "robustness.html";
/// The sheet as `--json` prints it.
const SHEET: &str = "robustness.json";

/// Writes the tables, the page and the figure, and shows the sheet.
pub fn finish(
    sheet: &Sheet,
    record: &RunRecord,
    out: &Path,
    args: &RobustnessArgs,
    printer: &Printer,
) -> Result<()> {
    files::write_or_remove(&out.join(PAGE), None)?;
    let mut tables = sheet.tables();
    for (name, bytes) in &tables {
        files::write(&out.join(name), bytes)?;
    }
    let json = as_json(sheet, out);
    let text = format!("{json:#}\n").into_bytes();
    files::write(&out.join(SHEET), &text)?;
    tables.push((SHEET.to_owned(), text));
    files::write(&out.join(PAGE), robustness::page(sheet, record, &tables)?.as_bytes())?;
    if !args.figures.is_empty() {
        let folder = out.join(FIGURES);
        let drawn = robustness::figures(sheet, &args.figures)?;
        for file in &drawn {
            files::write(&folder.join(&file.name), &file.bytes)?;
        }
        let said = if drawn.is_empty() {
            "no figure: no claim was asked".to_owned()
        } else {
            format!("figures: {}", folder.display())
        };
        printer.say(&said);
    }
    if printer.json() {
        return Printer::result_json(&json);
    }
    Printer::data(robustness::terminal(sheet, report::options()))?;
    let names: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
    Printer::result(format!(
        "\ntables: {} ({})\npage:   {}\n",
        out.display(),
        names.join(", "),
        out.join(PAGE).display()
    ))
}

fn as_json(sheet: &Sheet, out: &Path) -> Value {
    let claim = |number: usize| {
        let (claim, (held, asked)) = (&sheet.claims[number], sheet.held(number, None));
        let answers: Map<String, Value> = sheet.answers[number]
            .iter()
            .zip(&sheet.variations)
            .map(|(answer, variation)| (variation.name.clone(), json!(answer.holds)))
            .collect();
        json!({
            "claim": number + 1,
            "kind": claim.kind.name(),
            "feature": claim.feature,
            "text": claim.text,
            "held": held,
            "asked": asked,
            "answers": answers,
        })
    };
    let variation = |variation: &mlem_probe::robustness::Variation| {
        let (state, seconds, why) = match &variation.outcome {
            Outcome::Made { seconds, .. } => ("made", Some(*seconds), None),
            Outcome::Failed { why } => ("failed", None, Some(why)),
            Outcome::NotReached => ("not reached", None, None),
        };
        json!({
            "kind": variation.kind.name(),
            "variation": variation.name,
            "state": state,
            "seconds": seconds,
            "why": why,
            "command": variation.command,
            "run_dir": variation.run_dir,
        })
    };
    json!({
        "run_dir": sheet.run_dir,
        "page": out.join(PAGE),
        "claims": (0..sheet.claims.len()).map(claim).collect::<Vec<_>>(),
        "variations": sheet.variations.iter().map(variation).collect::<Vec<_>>(),
        "cannot": sheet.cannot.iter().map(|(kind, why)| json!({"kind": kind.name(), "why": why})).collect::<Vec<_>>(),
    })
}

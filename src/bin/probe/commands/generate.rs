//! `probe generate`: the sentences of a grammar as CSV.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use mlem_probe::grammar::{Draw, Drawn, Grammar};
use mlem_probe::progress::Progress;
use mlem_probe::stimuli::{Stimuli, Values};
use mlem_probe::{files, text};
use serde_json::{Map, Value, json};

use super::source;
use crate::args::{GenerateArgs, list};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &GenerateArgs, printer: &Printer) -> Result<()> {
    if let Some(feature) = &args.pairs {
        let (grammar, _) = grammar(args, printer)?;
        return pairs(&grammar, feature, args, printer);
    }
    let drawn = draw(args, printer)?;
    match args.out.as_ref().filter(|out| *out != Path::new("-")) {
        None if printer.json() => Printer::result_json(&as_json(&drawn.stimuli)?),
        out if args.spreadsheet_safe => for_a_spreadsheet(&drawn.stimuli, out, printer),
        None => print_table(&drawn.stimuli.to_csv()),
        Some(path) => {
            let types = drawn.stimuli.write(path)?;
            if printer.json() {
                let sentences = drawn.stimuli.len();
                return Printer::result_json(
                    &json!({"stimuli": path, "types": types, "sentences": sentences}),
                );
            }
            let Some(types) = types else { return Ok(()) };
            let count = text::counted(drawn.stimuli.len() as u128, "sentence");
            Printer::result(format!("{}: {count} (types and spans: {})\n", path.display(), types.display()))
        }
    }
}

/// Writes the table alone, whose texts are not those of the stimuli where a spreadsheet would run them.
fn for_a_spreadsheet(stimuli: &Stimuli, out: Option<&PathBuf>, printer: &Printer) -> Result<()> {
    let table = stimuli.to_csv();
    let Some(path) = out else {
        let mut bytes = Vec::new();
        files::spreadsheet::copy(table.as_slice(), &mut bytes).map_err(Failure::Stdout)?;
        return print_table(&bytes);
    };
    files::write_with(path, |out| files::spreadsheet::copy(table.as_slice(), out))?;
    if printer.json() {
        return Printer::result_json(&json!({"stimuli": path, "types": null, "sentences": stimuli.len()}));
    }
    let count = text::counted(stimuli.len() as u128, "sentence");
    Printer::result(format!("{}: {count}, for a spreadsheet and not to be read back\n", path.display()))
}

/// The grammar that is asked for, and how it is drawn from; says what is odd about it.
fn grammar(args: &GenerateArgs, progress: &dyn Progress) -> Result<(Grammar, Draw)> {
    let mut grammar = source::grammar(&args.grammar, args.depth)?;
    grammar.declare_numeric(&list::all(&args.numeric))?;
    source::warn(&grammar, progress);
    let seed = args.seed;
    let draw = match args.sample {
        Some(0) => {
            return Err(Failure::usage("a sample of no sentences", "ask for at least 1 with --sample"));
        }
        Some(n) if args.balance => Draw::Balanced { n, seed },
        Some(n) => Draw::Sample { n, seed },
        None => Draw::All,
    };
    Ok((grammar, draw))
}

/// The sentences that are asked for; says which they are.
pub fn draw(args: &GenerateArgs, progress: &dyn Progress) -> Result<Drawn> {
    let (grammar, draw) = grammar(args, progress)?;
    doubts(&grammar, progress)?;
    let drawn = grammar.generate(&draw)?;
    say_what_was_drawn(&drawn, progress);
    Ok(drawn)
}

/// The stimuli as a list of objects: the sentence, then each feature, a number where it is numeric and null where it is missing.
fn as_json(stimuli: &Stimuli) -> Result<Value> {
    let rows = stimuli.sentences()?.iter().enumerate().map(|(row, sentence)| {
        let mut object = Map::from_iter([("sentence".to_owned(), json!(sentence))]);
        for feature in stimuli.features() {
            let value = match feature.values() {
                Values::Numeric(numbers) => json!(numbers[row]),
                _ => Some(feature.display(row))
                    .filter(|text| !text.is_empty())
                    .map_or(Value::Null, Value::from),
            };
            object.insert(feature.name().to_owned(), value);
        }
        Value::Object(object)
    });
    Ok(rows.collect())
}

/// Minimal pairs, one JSON object a line.
fn pairs(grammar: &Grammar, feature: &str, args: &GenerateArgs, printer: &Printer) -> Result<()> {
    let pairs = grammar.pairs(feature, args.sample, args.seed)?;
    let count = text::count(pairs.rows.len() as u128);
    match &args.out {
        None => {
            printer.say(&format!("{count} minimal pairs of {feature}"));
            print_table(&pairs.to_jsonl()?)
        }
        Some(path) => {
            files::write(path, &pairs.to_jsonl()?)?;
            Printer::result(format!("{}: {count} minimal pairs of {feature}\n", path.display()))
        }
    }
}

/// Warns of what the grammar says and hardly anyone means, and gives the warnings.
pub fn doubts(grammar: &Grammar, progress: &dyn Progress) -> Result<Vec<String>> {
    let doubts: Vec<String> = grammar.doubts()?.iter().map(ToString::to_string).collect();
    for doubt in &doubts {
        progress.warn(doubt);
    }
    Ok(doubts)
}

/// Tells the user which sentences these are and what balancing did.
pub fn say_what_was_drawn(drawn: &Drawn, progress: &dyn Progress) {
    if let Some(how) = &drawn.stimuli.source().drawn {
        progress.note(how);
    }
    let Some(balance) = &drawn.balance else { return };
    if let (Some(before), Some(after)) = (&balance.before, &balance.after) {
        progress.note(&format!(
            "largest correlation of feature distances: {:.3} ({}, {}) before balancing, {:.3} ({}, {}) after",
            before.r, before.a, before.b, after.r, after.a, after.b
        ));
    }
    if let (Some(before), Some(after)) = (&balance.uneven_before, &balance.uneven_after) {
        progress.note(&format!(
            "most frequent level, for its even share: {before} before balancing, {after} after"
        ));
    }
    for dependency in balance.confounds.dependencies() {
        progress.detail(&format!("{} is a function of {}", dependency.feature, dependency.of));
    }
}

/// A table to stdout: to a program as it is, to a terminal so that nothing in it steers that.
fn print_table(bytes: &[u8]) -> Result<()> {
    if io::stdout().is_terminal() {
        return Printer::result(String::from_utf8_lossy(bytes));
    }
    Printer::data(bytes)
}

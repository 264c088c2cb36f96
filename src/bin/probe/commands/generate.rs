//! `probe generate`: the sentences of a grammar as CSV.

use mlem_probe::grammar::{Draw, Drawn, Grammar};
use mlem_probe::{files, text};

use super::source;
use crate::args::GenerateArgs;
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &GenerateArgs, printer: &Printer) -> Result<()> {
    let grammar = source::grammar(&args.grammar, args.depth)?;
    let seed = args.seed;
    let draw = match args.sample {
        Some(0) => {
            return Err(Failure::usage("a sample of no sentences", "ask for at least 1 with --sample"));
        }
        Some(n) if args.balance => Draw::Balanced { n, seed },
        Some(n) => Draw::Sample { n, seed },
        None => Draw::All,
    };
    if let Some(feature) = &args.pairs {
        return pairs(&grammar, feature, args, printer);
    }
    let drawn = grammar.generate(&draw)?;
    say_what_was_drawn(&drawn, printer);
    match &args.out {
        None => Printer::result(drawn.stimuli.to_csv()),
        Some(path) => {
            drawn.stimuli.write(path)?;
            let count = text::count(drawn.stimuli.len() as u128);
            let types = path.with_extension("json");
            Printer::result(format!(
                "{}: {count} sentences (types and spans: {})\n",
                path.display(),
                types.display()
            ))
        }
    }
}

/// Minimal pairs, one JSON object a line.
fn pairs(grammar: &Grammar, feature: &str, args: &GenerateArgs, printer: &Printer) -> Result<()> {
    let pairs = grammar.pairs(feature, args.sample, args.seed)?;
    let count = text::count(pairs.rows.len() as u128);
    match &args.out {
        None => {
            printer.say(&format!("{count} minimal pairs of {feature}"));
            Printer::result(pairs.to_jsonl()?)
        }
        Some(path) => {
            files::write(path, &pairs.to_jsonl()?)?;
            Printer::result(format!("{}: {count} minimal pairs of {feature}\n", path.display()))
        }
    }
}

/// Tells the user which sentences these are and what balancing did.
pub fn say_what_was_drawn(drawn: &Drawn, printer: &Printer) {
    if let Some(how) = &drawn.stimuli.source().drawn {
        printer.say(how);
    }
    let Some(balance) = &drawn.balance else { return };
    if let (Some(before), Some(after)) = (&balance.before, &balance.after) {
        printer.say(&format!(
            "largest correlation of feature distances: {:.3} ({}, {}) before balancing, {:.3} ({}, {}) after",
            before.r, before.a, before.b, after.r, after.a, after.b
        ));
    }
    for dependency in balance.confounds.dependencies() {
        printer.detail(&format!("{} is a function of {}", dependency.feature, dependency.of));
    }
}

//! `[options]`: the options of a run by their long names. A list is an axis of the grid.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::reader::{Entry, Kind, Scalar, Source, Table};
use crate::sweep::error::Result;
use crate::sweep::program::{Complaint, Flag, Program, Takes};
use crate::text::suggest;

/// A value of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// As a column has it.
    pub text: String,
    /// As the command line of a run has it.
    pub words: Vec<String>,
    /// Where it stands in the plan, in bytes.
    pub(crate) span: Range<usize>,
}

/// An option of the runs.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionValues {
    /// Its long name, without dashes.
    pub name: String,
    /// Its values.
    pub values: Vec<Value>,
    /// Whether the plan gives it as a list: then it has a column in the tables.
    pub is_axis: bool,
}

/// What a plan says elsewhere, by the option that says it on a command line.
const ELSEWHERE: [(&str, &str); 9] = [
    ("model", "write `models = [\"…\"]` above [options]"),
    ("revision", "write `revisions = [\"…\"]` above [options]"),
    ("pool", "write `poolings = [\"…\"]` above [options]"),
    ("out", "write `out = \"…\"` above [options], or give --out to `probe sweep`"),
    ("threads", "give --threads to `probe sweep`; under Slurm it is `cpus` of [slurm]"),
    ("json", "give --json to `probe sweep`"),
    ("quiet", "give --quiet to `probe sweep`"),
    ("verbose", "give --verbose to `probe sweep`"),
    ("source", "write `grammars = [\"…\"]` above [options]"),
];

/// Reads the table.
pub(super) fn read(table: &Table<'_>, program: &dyn Program) -> Result<Vec<OptionValues>> {
    table.entries.iter().map(|entry| option(entry, program)).collect()
}

fn option(entry: &Entry<'_>, program: &dyn Program) -> Result<OptionValues> {
    let Some(flag) = program.flags().iter().find(|flag| flag.name == entry.key) else {
        let dashed = entry.key.replace('_', "-");
        if let Some((name, remedy)) = ELSEWHERE.iter().find(|(name, _)| *name == entry.key) {
            return Err(entry.key_error(format!("`{name}` is no option of a cell"), (*remedy).to_owned()));
        }
        let hint = if program.flags().iter().any(|flag| flag.name == dashed) {
            Some(format!("write `{dashed}`, as on a command line"))
        } else {
            suggest(entry.key, program.flags().iter().map(|flag| flag.name.as_str()), "the options are")
        };
        return Err(entry.key_error(format!("`probe run` has no option --{}", entry.key), hint));
    };
    let is_axis = entry.is_list();
    if is_axis && !flag.decides {
        let message = format!("--{} changes no number, so it is no axis", flag.name);
        return Err(entry.error(message, "give it one value, or leave it out".to_owned()));
    }
    let mut values: Vec<Value> = Vec::new();
    for item in entry.items()? {
        let value = value(entry, flag, item)?;
        check(entry.source, std::slice::from_ref(&value), program)?;
        refuse_twice(entry.source, &values, &value)?;
        values.push(value);
    }
    Ok(OptionValues { name: flag.name.clone(), values, is_axis })
}

/// A scalar, or a list of them for an option that is given more than once.
fn value(entry: &Entry<'_>, flag: &Flag, item: &Spanned<DeValue<'_>>) -> Result<Value> {
    let Some(several) = item.get_ref().as_array() else {
        let scalar = entry.scalar(item)?;
        return Ok(Value { words: words(entry, flag, &scalar)?, text: scalar.text, span: scalar.span });
    };
    let mut all = Value { text: String::new(), words: Vec::new(), span: item.span() };
    let mut texts = Vec::new();
    for item in several {
        let scalar = entry.scalar(item)?;
        all.words.extend(words(entry, flag, &scalar)?);
        texts.push(scalar.text);
    }
    all.text = texts.join(" ");
    Ok(all)
}

/// The words of a command line that give `flag` the value `scalar`.
fn words(entry: &Entry<'_>, flag: &Flag, scalar: &Scalar) -> Result<Vec<String>> {
    let name = &flag.name;
    match (flag.takes, scalar.kind) {
        (Takes::Nothing | Takes::MaybeValue, Kind::Flag(true)) => Ok(vec![format!("--{name}")]),
        (Takes::Nothing | Takes::MaybeValue, Kind::Flag(false)) => Ok(Vec::new()),
        (Takes::Value | Takes::MaybeValue, Kind::Text | Kind::Number) => {
            Ok(vec![format!("--{name}={}", scalar.text)])
        }
        (Takes::Nothing, Kind::Text | Kind::Number) => {
            let message = format!("--{name} takes no value: it is there or not");
            let hint = format!("write `{name} = true`, or for both `{name} = [false, true]`");
            Err(entry.source.error(scalar.span.clone(), message, hint))
        }
        (Takes::Value, Kind::Flag(_)) => {
            let message = format!("--{name} takes a value, not {}", scalar.text);
            Err(entry.source.error(scalar.span.clone(), message, None))
        }
    }
}

/// Complains of the first of `values` that a run would not take, at its place.
pub(super) fn check(source: Source<'_>, values: &[Value], program: &dyn Program) -> Result<()> {
    for value in values {
        let words: Vec<String> =
            ["run", "relative_clause"].map(str::to_owned).into_iter().chain(value.words.clone()).collect();
        program
            .settings(&words)
            .map_err(|Complaint { message, hint }| source.error(value.span.clone(), message, hint))?;
    }
    Ok(())
}

/// Complains of a value that is there already.
pub(super) fn refuse_twice(source: Source<'_>, earlier: &[Value], value: &Value) -> Result<()> {
    if earlier.iter().any(|other| other.words == value.words) {
        let message = format!("`{}` is there twice", value.text);
        return Err(source.error(value.span.clone(), message, "name each value once".to_owned()));
    }
    Ok(())
}

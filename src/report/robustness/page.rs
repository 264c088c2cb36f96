//! `robustness.html`: one self-contained page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::figures::Exact;
use super::super::page::data::inert;
use super::super::page::files::{self, Embedded, Listed};
use super::super::page::notes::{self, Note};
use super::super::page::{Fact, Panel, layout};
use super::super::{Result, words};
use super::figure::figure;
use super::story::{methods, otherwise, story};
use crate::robustness::{Outcome, Sheet};
use crate::rundir::RunRecord;
use crate::text;

const TEMPLATE: &str = include_str!("../../../assets/page/robustness.html");
/// How many variations in which a claim does not hold are named.
const NAMED: usize = 20;

/// What the template is filled with.
#[derive(Serialize)]
struct Page<'a> {
    stimuli: String,
    activations: String,
    facts: Vec<Fact>,
    story: Vec<String>,
    notes: Vec<Note>,
    along: &'static str,
    figures: Vec<Panel<'a>>,
    claims: Vec<ClaimRow>,
    variations: Vec<VariationRow>,
    methods: String,
    files: Vec<Listed>,
    data: String,
}

#[derive(Serialize)]
struct ClaimRow {
    text: String,
    held: usize,
    asked: usize,
    otherwise: String,
}

#[derive(Serialize)]
struct VariationRow {
    name: String,
    held: String,
    score: String,
    seconds: String,
    place: String,
}

#[derive(Serialize)]
struct Data<'a> {
    figures: BTreeMap<&'static str, &'a Exact>,
    files: Vec<Embedded<'a>>,
}

/// The page of `sheet`, of the run that `record` is of, with the tables `tables` inside.
///
/// # Errors
///
/// [`crate::report::Error`], where the template or the data cannot be written: a mistake of this program.
pub fn page(sheet: &Sheet, record: &RunRecord, tables: &[(String, Vec<u8>)]) -> Result<String> {
    let figures: Vec<_> = figure(sheet).into_iter().collect();
    let embedded = files::embedded(tables);
    let listed = files::listed(&embedded);
    let data =
        Data { figures: figures.iter().map(|figure| (figure.id, &figure.exact)).collect(), files: embedded };
    let (stimuli, activations) = words::title(record);
    let page = Page {
        stimuli,
        activations,
        facts: facts(sheet),
        story: story(sheet),
        notes: notes::notes(&[], &[]),
        along: "",
        figures: figures.iter().map(Panel::of).collect(),
        claims: claims(sheet),
        variations: variations(sheet),
        methods: methods(sheet),
        files: listed,
        data: inert(&serde_json::to_string(&data)?),
    };
    layout::fill(TEMPLATE, env!("CARGO_PKG_VERSION"), page)
}

fn facts(sheet: &Sheet) -> Vec<Fact> {
    let fact = |value: String, what: &str| Fact { what: what.to_owned(), value };
    let asked = (0..sheet.claims.len()).map(|claim| sheet.held(claim, None)).filter(|(_, asked)| *asked > 0);
    let whole = asked.filter(|(held, asked)| held == asked).count();
    vec![
        fact(text::counted(sheet.claims.len() as u128, "claim"), "that the run makes"),
        fact(
            text::counted(sheet.made() as u128, "variation"),
            &format!("of {}", text::count(sheet.variations.len() as u128)),
        ),
        fact(text::counted(whole as u128, "claim"), "in all variations"),
    ]
}

fn claims(sheet: &Sheet) -> Vec<ClaimRow> {
    let row = |claim: usize| {
        let (held, asked) = sheet.held(claim, None);
        ClaimRow {
            text: words::visible(&sheet.claims[claim].text),
            held,
            asked,
            otherwise: if held < asked { otherwise(sheet, claim, NAMED) } else { String::new() },
        }
    };
    (0..sheet.claims.len()).map(row).collect()
}

fn variations(sheet: &Sheet) -> Vec<VariationRow> {
    let row = |at: usize| {
        let variation = &sheet.variations[at];
        let answers = || sheet.answers.iter().filter_map(|answers| answers[at].holds);
        let (held, score, seconds) = match &variation.outcome {
            Outcome::Made { facts, seconds, .. } => (
                format!("{} of {}", answers().filter(|holds| *holds).count(), answers().count()),
                words::short(facts.score(), 3),
                words::short(*seconds, 1),
            ),
            Outcome::Failed { why } => (words::visible(why), String::new(), String::new()),
            Outcome::NotReached => ("not reached".to_owned(), String::new(), String::new()),
        };
        VariationRow {
            name: words::visible(&variation.name),
            held,
            score,
            seconds,
            place: words::visible(&variation.run_dir),
        }
    };
    (0..sheet.variations.len()).map(row).collect()
}

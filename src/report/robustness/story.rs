//! What a reader should take away of a sheet, and its methods paragraph.

use super::super::words;
use crate::robustness::{Outcome, Sheet, VariationKind};
use crate::text;

/// How many claims are told of either kind.
const TOLD: usize = 6;
/// How many variations are named.
const NAMED: usize = 12;

/// The sentences.
pub(super) fn story(sheet: &Sheet) -> Vec<String> {
    let made = sheet.made();
    if sheet.claims.is_empty() {
        return vec!["The run makes no claims: it has no importances of features.".to_owned()];
    }
    let asked: Vec<(usize, usize, usize)> = (0..sheet.claims.len())
        .map(|claim| (claim, sheet.held(claim, None)))
        .filter(|(_, (_, asked))| *asked > 0)
        .map(|(claim, (held, asked))| (claim, held, asked))
        .collect();
    let mut told = Vec::new();
    if asked.is_empty() {
        told.push("No variation was made, so that no claim was asked.".to_owned());
    } else {
        let whole = asked.iter().filter(|(_, held, asked)| held == asked).count();
        let weak = asked.iter().filter(|(_, held, asked)| 2 * held < *asked).count();
        told.push(format!(
            "Of {} that the run makes, {} in all of {}, and {} in fewer than half.",
            text::counted(asked.len() as u128, "claim"),
            hold(whole),
            text::counted(made as u128, "variation"),
            text::count(weak as u128)
        ));
    }
    let text_of = |claim: usize| words::visible(&sheet.claims[claim].text);
    let strongest = asked
        .iter()
        .filter(|(claim, held, asked)| held == asked && sheet.claims[*claim].kind.name() == "peak");
    for &(claim, held, asked) in strongest.take(TOLD) {
        told.push(format!("{}: in {held} of {asked}.", text_of(claim)));
    }
    let mut weakest: Vec<_> =
        asked.iter().filter(|(claim, held, asked)| held < asked && sheet.claims[*claim].adjacent).collect();
    weakest.sort_by(|a, b| (a.1 * b.2).cmp(&(b.1 * a.2)).then(a.0.cmp(&b.0)));
    let more = weakest.len().saturating_sub(TOLD);
    for &&(claim, held, asked) in weakest.iter().take(TOLD) {
        let failing = otherwise(sheet, claim, 3);
        told.push(format!("{}: in {held} of {asked}; not with {failing}.", text_of(claim)));
    }
    if more > 0 {
        told.push(format!(
            "{} in all variations; the table has them.",
            if more == 1 {
                "1 more does not hold".to_owned()
            } else {
                format!("{} more do not hold", text::count(more as u128))
            }
        ));
    }
    let shares: Vec<String> = sheet
        .kinds()
        .into_iter()
        .map(|kind| (kind, sheet.held_of(kind)))
        .filter(|(_, (_, asked))| *asked > 0)
        .map(|(kind, (held, asked))| {
            format!("{} {}", kind.words(), words::short(held as f64 / asked as f64, 2))
        })
        .collect();
    if !shares.is_empty() {
        told.push(format!("Share of claims that hold, by what is varied: {}.", shares.join(", ")));
    }
    told.extend(missing(sheet));
    told
}

fn hold(n: usize) -> String {
    format!("{} {}", text::count(n as u128), if n == 1 { "holds" } else { "hold" })
}

/// The variations in which a claim does not hold, with what holds there.
pub(super) fn otherwise(sheet: &Sheet, claim: usize, most: usize) -> String {
    let failing: Vec<String> = sheet.answers[claim]
        .iter()
        .zip(&sheet.variations)
        .filter(|(answer, _)| answer.holds == Some(false))
        .map(|(answer, variation)| {
            format!("{} ({})", words::visible(&variation.name), words::visible(&answer.found))
        })
        .collect();
    text::some(&failing, most)
}

/// What is not in the sheet.
pub(super) fn missing(sheet: &Sheet) -> Vec<String> {
    let mut told = Vec::new();
    let names = |of: &dyn Fn(&Outcome) -> bool| -> Vec<String> {
        let there = sheet.variations.iter().filter(|variation| of(&variation.outcome));
        there.map(|variation| words::visible(&variation.name)).collect()
    };
    let not_reached = names(&|outcome| matches!(outcome, Outcome::NotReached));
    if !not_reached.is_empty() {
        told.push(format!(
            "Not reached within the budget: {}. The same command goes on from here.",
            text::some(&not_reached, NAMED)
        ));
    }
    for variation in &sheet.variations {
        if let Outcome::Failed { why } = &variation.outcome {
            told.push(format!(
                "{} could not be run: {}",
                words::visible(&variation.name),
                words::visible(why)
            ));
        }
    }
    told.extend(sheet.cannot.iter().map(|(kind, why)| format!("Not varied: {} ({why}).", kind.words())));
    told
}

/// The methods paragraph.
pub(super) fn methods(sheet: &Sheet) -> String {
    let of_kind = |kind: VariationKind| {
        let names: Vec<String> = sheet
            .variations
            .iter()
            .filter(|variation| variation.kind == kind && variation.facts().is_some())
            .map(|variation| words::visible(&variation.name))
            .collect();
        (!names.is_empty()).then(|| format!("{} ({})", kind.words(), text::some(&names, NAMED)))
    };
    let kinds: Vec<String> = sheet.kinds().into_iter().filter_map(of_kind).collect();
    if kinds.is_empty() {
        return "No variation of the run was made.".to_owned();
    }
    let sign = if sheet.facts.tested {
        "whether it is significant there (p < .05 after Benjamini and Hochberg)"
    } else {
        "whether the 95% interval over folds there is above 0, below 0 or neither"
    };
    let mut told = vec![
        format!(
            "The run was repeated {} times, each time with one thing changed: {}.",
            sheet.made(),
            kinds.join("; ")
        ),
        format!(
            "Claims were read off the importances of the features in the run: which feature is the largest at each layer; at which layers each \
             matters most (those around its largest mean importance with at least 95% of it); which of two is larger on average over layers; and, \
             where a feature is at its largest, {sign}. A claim holds in a variation where the same is true of it: for the layers at which a \
             feature matters most, where its largest importance is at one of them."
        ),
        "Claims about a feature were not asked where it was left out. Variations share data and are no independent tests: shares are no \
         p-values."
            .to_owned(),
    ];
    told.extend(missing(sheet));
    told.join(" ")
}

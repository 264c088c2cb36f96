//! Whether a grammar's derivations all make different sentences, told from its structure without making them.

use std::collections::BTreeSet;

use super::rules::{Item, Rule, Rules};

/// The words that may stand at each place of a sentence.
type Places = Vec<BTreeSet<String>>;

/// More rules of the start symbol than this are not compared with each other.
const RULES: usize = 512;

/// Whether no two derivations can make the same sentence.
///
/// Proven where each rule of the start symbol is a plain sequence in which every choice is a word (or as many words as any
/// other of its slot), no two of a slot's words are spelled alike, and any two rules differ in length or have a place at
/// which no word may stand in both. `false` says only that this does not prove it.
pub(super) fn is_unambiguous(rules: &Rules) -> bool {
    if rules.symbols[rules.start].len() > RULES {
        return false;
    }
    let starts: Option<Vec<Places>> =
        rules.symbols[rules.start].iter().map(|&rule| places(rules, &rules.all[rule])).collect();
    let Some(starts) = starts else { return false };
    starts.iter().enumerate().all(|(at, a)| {
        starts[..at].iter().all(|b| a.len() != b.len() || a.iter().zip(b).any(|(a, b)| a.is_disjoint(b)))
    })
}

/// The places of a rule's sentences, if they tell its derivations apart.
fn places(rules: &Rules, rule: &Rule) -> Option<Places> {
    let mut places: Places = Vec::new();
    // Whether the last place is a choice: two choices in one word could be cut in two ways.
    let mut open = false;
    for (position, arcs) in rule.body.iter().enumerate() {
        let [arc] = arcs.as_slice() else { return None };
        if arc.to != position + 1 {
            return None;
        }
        let (texts, space) = match &arc.item {
            Item::Skip => continue,
            Item::Text(piece) => (vec![rules.pieces[*piece].text.as_str()], rules.pieces[*piece].space),
            Item::Call { symbol, space, .. } => (forms(rules, *symbol)?, *space),
        };
        let distinct: BTreeSet<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        if distinct.len() != texts.len() {
            return None;
        }
        let words: Vec<Vec<&str>> = texts.iter().map(|text| text.split_whitespace().collect()).collect();
        let length = words.first()?.len();
        if length == 0 || words.iter().any(|words| words.len() != length) {
            return None;
        }
        let choice = texts.len() > 1;
        for at in 0..length {
            let set: BTreeSet<String> = words.iter().map(|words| words[at].to_lowercase()).collect();
            match places.last_mut() {
                Some(last) if at == 0 && !space => {
                    if open && choice {
                        return None;
                    }
                    *last = last.iter().flat_map(|a| set.iter().map(move |b| format!("{a}{b}"))).collect();
                }
                _ => places.push(set),
            }
        }
        open = choice || (open && !space && length == 1);
    }
    Some(places)
}

/// The forms of a symbol whose every rule is one text.
fn forms(rules: &Rules, symbol: usize) -> Option<Vec<&str>> {
    let form = |rule: &usize| match rules.all[*rule].body.as_slice() {
        [arcs] => match arcs.as_slice() {
            [arc] => match arc.item {
                Item::Text(piece) => Some(rules.pieces[piece].text.as_str()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    rules.symbols[symbol].iter().map(form).collect()
}

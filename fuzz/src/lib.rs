//! The grammar engine and the readers of tokenizers and of arrays alone, as the fuzzers see them.
//!
//! Grammars stand on the two lowest floors and know nothing of models, so these files are compiled here as they are, without
//! candle and without linear algebra: an instrumented build takes two minutes, not twenty.
#![allow(dead_code, missing_docs, clippy::all)]

#[path = "../../src/activations/mod.rs"]
pub mod activations;
pub mod arrays;
#[path = "../../src/files/mod.rs"]
pub mod files;
#[path = "../../src/grammar/mod.rs"]
pub mod grammar;
pub mod numeric;
#[path = "../../src/progress.rs"]
pub mod progress;
#[path = "../../src/stimuli/mod.rs"]
pub mod stimuli;
#[path = "../../src/text/mod.rs"]
pub mod text;
pub mod tokenizer;
#[path = "../../src/tokens/mod.rs"]
pub mod tokens;

use grammar::{Draw, Error, Grammar};

/// Trees of recursive grammars are this deep here.
const DEPTH: usize = 5;

/// Reads `text` as the grammar `origin`, and does with it everything that a user would.
///
/// # Panics
///
/// If what the grammar says of itself does not hold.
pub fn exercise(text: &str, origin: &str) {
    let grammar = match Grammar::parse_to_depth(text, origin, DEPTH) {
        Ok(grammar) => grammar,
        Err(error) => return complain(&error, text),
    };
    let count = grammar.count();
    assert!(count.sentences.is_none_or(|sentences| sentences <= count.derivations));
    let draw = Draw::Sample { n: 16, seed: 0 };
    let drawn = grammar.generate(&draw);
    let Ok(drawn) = drawn else { return assert_eq!(count.derivations, 0) };
    assert!(count.derivations > 0);
    let stimuli = &drawn.stimuli;
    assert!(stimuli.len() <= 16);
    assert_eq!(Some(&drawn), grammar.generate(&draw).ok().as_ref());
    if drawn.complete {
        assert!(count.sentences.is_none_or(|sentences| sentences == stimuli.len() as u128));
    }
    let _ = stimuli.to_csv();
    if count.derivations < 200 {
        let check = grammar.check().expect("what generates can be checked");
        let _ = check.to_text();
        let all = grammar.generate(&Draw::All).expect("what samples generates");
        assert_eq!(count.sentences, Some(all.stimuli.len() as u128));
        let _ = grammar.generate(&Draw::Balanced { n: 8, seed: 1 }).expect("what samples balances");
        for feature in grammar.features().into_iter().take(3) {
            if let Ok(pairs) = grammar.pairs(feature, Some(4), 0) {
                let _ = pairs.to_jsonl();
            }
        }
    }
}

/// An error has a place in the text and something to say.
fn complain(error: &Error, text: &str) {
    assert!(!error.to_string().is_empty());
    let _ = error.hint();
    if let Error::Invalid(problem) = error {
        assert!(problem.line >= 1 && problem.line <= text.lines().count().max(1) + 1);
        assert!(problem.column >= 1);
    }
}

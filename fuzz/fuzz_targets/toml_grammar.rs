//! Any text is either a grammar that counts, samples and checks, or an error with a place in the text.
//!
//! `cargo +nightly fuzz run toml_grammar fuzz/corpus/toml_grammar grammars` starts from the bundled grammars.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mlem_probe::grammar::{Draw, Error, Grammar};

fuzz_target!(|text: &str| {
    match Grammar::parse_to_depth(text, "fuzz.toml", 5) {
        Ok(grammar) => {
            let count = grammar.count();
            assert!(count.sentences.is_none_or(|sentences| sentences <= count.derivations));
            let drawn = grammar.generate(&Draw::Sample { n: 16, seed: 0 });
            assert_eq!(drawn.is_err(), count.derivations == 0);
        }
        Err(Error::Invalid(problem)) => {
            assert!(problem.line >= 1 && problem.line <= text.lines().count().max(1) + 1);
            assert!(problem.column >= 1);
        }
        Err(_) => {}
    }
});

//! From a bundled grammar to a balanced set of stimuli: `cargo run --release --example generate -- relative_clause 8`.
#![allow(clippy::print_stdout)]

use mlem_probe::grammar::{Draw, Grammar};

fn main() -> mlem_probe::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "relative_clause".to_owned());
    let n = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(8);

    let grammar = Grammar::bundled(&name)?;
    let drawn = grammar.generate(&Draw::Balanced { n, seed: 0 })?;
    print!("{}", String::from_utf8_lossy(&drawn.stimuli.to_csv()));
    if let Some(largest) = drawn.balance.and_then(|balance| balance.after) {
        println!("largest correlation of feature distances: {} × {}, {:.3}", largest.a, largest.b, largest.r);
    }
    Ok(())
}

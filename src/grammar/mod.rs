//! Grammars: a controlled set of sentences with labelled features, from a file that a linguist can write.
//!
//! Text becomes rules ([`toml`](self) templates), rules become a packed lattice of derivations by unification,
//! and the lattice is counted, sampled or enumerated into [`Stimuli`](crate::stimuli::Stimuli). Not here: reading stimuli
//! that others made ([`crate::stimuli`]), and anything about models.
//!
//! ```
//! use mlem_probe::grammar::{Draw, Grammar};
//!
//! # fn main() -> Result<(), mlem_probe::grammar::Error> {
//! let grammar = Grammar::bundled("relative_clause")?;
//! assert_eq!(grammar.count().sentences, Some(26_880));
//! let drawn = grammar.generate(&Draw::Balanced { n: 64, seed: 0 })?;
//! assert_eq!(drawn.stimuli.len(), 64);
//! # Ok(())
//! # }
//! ```

mod balance;
mod bundled;
mod check;
mod columns;
mod count;
mod distinct;
mod doubt;
mod doubts;
mod draw;
mod error;
mod fcfg;
mod generate;
mod lattice;
mod pairs;
mod ready;
mod rewrite;
mod rules;
mod sample;
mod sieve;
mod toml;
mod unify;
mod value;
mod without;

pub use bundled::{Bundled, bundled};
pub use check::Check;
pub use count::{Count, TemplateCount};
pub use doubt::Doubt;
pub use draw::{Balance, Draw, Drawn, Uneven};
pub use error::{Error, Problem, Result};
pub use lattice::{DEEPEST, DEPTH};
pub use pairs::{GRAMMATICAL, Pairs};
pub use ready::Grammar;

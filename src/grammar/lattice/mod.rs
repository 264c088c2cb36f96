//! Everything that a grammar derives, packed: a graph whose paths are the derivations, each exactly once.
//!
//! Built bottom up by unification: a symbol's derivations are grouped into `Answer`s by the features that they show, and
//! a rule is walked from left to right through states that remember only what a later choice still depends on. A choice
//! whose features clash is never taken. Then counting is adding up, and the k-th derivation is found by walking down
//! with k (`Lattice::derive`), so that a sample needs no enumeration.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `graph` | the lattice, and how derivations are found in it |
//! | `plan` | what a rule has to remember, and how deep symbols go |
//! | `builder` | derivations, bottom up, by unification |
//! | `roots` | a rule that was walked through, as nodes |
//! | `settle` | sets and tuples, worked out where a rule ends |
//! | `build` | the lattice of some rules |

mod build;
mod builder;
mod graph;
mod plan;
mod roots;
mod settle;

pub(super) use graph::{BUDGET, Lattice, Refused, Visitor};
pub use graph::{DEEPEST, DEPTH};

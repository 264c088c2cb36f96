//! Transforms, applied.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `arithmetic` | on one layer |
//! | `plan` | which layers are needed when, and what becomes of each |
//! | `run` | from one source to another |

mod arithmetic;
mod plan;
mod run;

pub use run::transform;

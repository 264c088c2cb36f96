//! Template grammars in TOML, for linguists: the front door that `docs/grammar.md` describes.
//!
//! A document is read into lexicons, slots and templates whose every mistake has its place; then `compile` turns each
//! template into one rule, in which agreement is a shared variable and distinctness a test.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `reader`, `text` | entries of a document with their places; the text of a template |
//! | `fields` | what is said of a word |
//! | `csv` | words in a CSV beside the grammar |
//! | `lexicon` | words, their forms and their features |
//! | `forms` | what holds of single forms |
//! | `frequencies` | a list of words that forms take their frequencies from |
//! | `slot` | positions, and the words that may stand there |
//! | `constraint` | what ties slots together |
//! | `condition` | what computed features ask of a sentence |
//! | `rewrite` | words that become others where they meet |
//! | `template` | a text with slots |
//! | `document` | all of it, read |
//! | `classes` | operands that must be the same |
//! | `compile` | rules, from templates |
//! | `doubts`, `agreement` | slips that a document allows |
//! | `words` | rules, from words |
//! | `columns` | the features of the stimuli |

mod agreement;
mod classes;
mod columns;
mod compile;
mod condition;
mod constraint;
mod csv;
mod document;
mod doubts;
mod fields;
mod forms;
mod frequencies;
mod lexicon;
mod reader;
mod rewrite;
mod slot;
mod template;
mod text;
mod words;

pub(super) use compile::{Compiled, compile, killer};
pub(super) use document::Document;
pub(super) use doubts::Gap;

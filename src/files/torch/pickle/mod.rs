//! Python's pickle format, read as data: a tree of what it describes, of which nothing is called or imported.
//!
//! Values live in one list and name each other by index, so that no nesting and no cycle costs more than the file has bytes.
//! Source: `pickletools.py` of `CPython`, protocols 0 to 5.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `value` | a pickle as a tree of values |
//! | `stream` | its parts as they stand in the bytes |
//! | `machine` | the machine that it is a program for |

mod machine;
mod stream;
mod value;

pub(super) use value::{Id, Pickle, Value};

//! The report of a comparison: its page, and what a terminal shows of it.

mod figures;
mod page;
mod story;
mod terminal;

pub use page::page;
pub use terminal::terminal;

#[cfg(test)]
mod tests;

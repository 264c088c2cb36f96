//! `probe`: the command line of the toolkit.

fn main() {}

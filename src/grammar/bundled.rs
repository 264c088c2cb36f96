//! The grammars that travel with the program.

/// A bundled grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    /// Its name, as a command takes it.
    pub name: &'static str,
    /// What it contrasts, in one line.
    pub summary: &'static str,
    /// Its text, header and all.
    pub text: &'static str,
}

macro_rules! bundled {
    ($($name:literal: $summary:literal),* $(,)?) => {
        &[$(Bundled {
            name: $name,
            summary: $summary,
            text: include_str!(concat!("../../grammars/", $name, ".toml")),
        }),*]
    };
}

static BUNDLED: &[Bundled] = bundled![
    "relative_clause": "subject and object relative clauses, on the subject or on the object",
    "long_range_agreement": "subject–verb agreement across a prepositional phrase, or next to the verb",
    "short_sentence": "two-word assertions and questions: kinds of subjects, tense, frequency",
];

/// All bundled grammars.
#[must_use]
pub fn bundled() -> &'static [Bundled] {
    BUNDLED
}

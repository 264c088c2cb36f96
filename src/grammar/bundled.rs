//! The grammars that travel with the program.

/// A bundled grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    /// Its name, as a command takes it.
    pub name: &'static str,
    /// What it contrasts, in one line.
    pub summary: &'static str,
    /// The file that it is in.
    pub file: &'static str,
    /// Its text, header and all.
    pub text: &'static str,
}

macro_rules! bundled {
    ($($name:literal $ending:literal: $summary:literal),* $(,)?) => {
        &[$(Bundled {
            name: $name,
            summary: $summary,
            file: concat!($name, ".", $ending),
            text: include_str!(concat!("../../grammars/", $name, ".", $ending)),
        }),*]
    };
}

static BUNDLED: &[Bundled] = bundled![
    "relative_clause" "toml": "subject and object relative clauses, on the subject or on the object",
    "long_range_agreement" "toml": "subject–verb agreement across a prepositional phrase, or next to the verb",
    "short_sentence" "toml": "two-word assertions and questions: kinds of subjects, tense, frequency",
    "agreement_attraction" "toml": "subject–verb agreement past an attractor of the same or the other number; good and bad",
    "filler_gap" "toml": "wh-fillers and object gaps, each with and without the other",
    "negative_polarity" "toml": "`ever` with a licensing negation, and with one that is too deep to license it",
    "anaphor_gender" "toml": "reflexives with the right and the wrong gender, past another noun; good and bad",
    "garden_path" "toml": "NP/Z garden paths: with and without a comma, with verbs that may and may not take an object",
    "dative_alternation" "toml": "double-object and prepositional datives, by definiteness and number of both objects",
    "german_case" "toml": "German: subject and object order, accusative and dative objects, gender and number",
    "svo_agreement" "fcfg": "agreement in number, person, animacy and gender (a feature grammar)",
    "nested_questions" "fcfg": "questions into embedded clauses, any depth (a feature grammar)",
];

/// All bundled grammars.
#[must_use]
pub fn bundled() -> &'static [Bundled] {
    BUNDLED
}

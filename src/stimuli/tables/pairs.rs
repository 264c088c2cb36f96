//! Rows of two sentences, as `BLiMP`, `MultiBLiMP` and `probe generate --pairs` write them: each becomes two rows.

use super::raw::{Column, Raw, SENTENCE, Said};

/// The columns that a row of a pair becomes, beside the sentence.
const GRAMMATICAL: &str = "grammatical";
const PAIR: &str = "pair";

/// What stands before and after the name of a column that holds something of the first, or of the second sentence.
struct Marks {
    first: (&'static str, &'static str),
    second: (&'static str, &'static str),
}

const fn ends(first: &'static str, second: &'static str) -> Marks {
    Marks { first: ("", first), second: ("", second) }
}

const fn begins(first: &'static str, second: &'static str) -> Marks {
    Marks { first: (first, ""), second: (second, "") }
}

/// How the columns of the two sentences of a pair may be called, the good one first, and what marks other columns of either.
const SENTENCES: &[(&str, &str, Marks)] = &[
    ("sentence_good", "sentence_bad", ends("_good", "_bad")),
    ("good_sentence", "bad_sentence", begins("good_", "bad_")),
    ("sentence_grammatical", "sentence_ungrammatical", ends("_grammatical", "_ungrammatical")),
    ("grammatical_sentence", "ungrammatical_sentence", begins("grammatical_", "ungrammatical_")),
    ("sentence_acceptable", "sentence_unacceptable", ends("_acceptable", "_unacceptable")),
    ("acceptable_sentence", "unacceptable_sentence", begins("acceptable_", "unacceptable_")),
    ("correct_sentence", "incorrect_sentence", begins("correct_", "incorrect_")),
    ("sen", "wrong_sen", begins("", "wrong_")),
    ("sentence", "wrong_sentence", begins("", "wrong_")),
    ("good", "bad", ends("_good", "_bad")),
    ("grammatical", "ungrammatical", ends("_grammatical", "_ungrammatical")),
    ("acceptable", "unacceptable", ends("_acceptable", "_unacceptable")),
    ("correct", "incorrect", ends("_correct", "_incorrect")),
];

/// The columns of two sentences of which neither is the good one.
const NUMBERED: (&str, &str, Marks) = ("sentence_1", "sentence_2", ends("_1", "_2"));

/// The names that columns have which number the pairs.
const NUMBERS: &[&str] = &["pair", "pair_id", "pairid", "pair_number"];

impl Raw {
    /// The table with two rows in the place of each where it holds pairs, else as it is.
    pub(super) fn paired(mut self) -> Self {
        // It counts these rows, and not those that they become.
        self.leave_index_out();
        let find = |name: &str| self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
        let text = |at: usize| {
            self.columns[at].cells.iter().flatten().any(|cell| cell.trim().parse::<f64>().is_err())
                && !self.columns[at]
                    .cells
                    .iter()
                    .flatten()
                    .all(|cell| ["true", "false"].contains(&cell.to_lowercase().as_str()))
        };
        let sentences = |(first, second, marks): &'static (&str, &str, Marks)| {
            let (first, second) = (find(first)?, find(second)?);
            (text(first) && text(second)).then_some((first, second, marks))
        };
        let graded = SENTENCES.iter().find_map(sentences);
        match graded.or_else(|| sentences(&NUMBERED)) {
            Some((first, second, marks)) => self.doubled((first, second), marks, graded.is_some()),
            None => self,
        }
    }

    fn doubled(self, (first, second): (usize, usize), marks: &Marks, graded: bool) -> Self {
        let n_pairs = self.lines.len();
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let twice =
            |cells: &[Option<String>]| cells.iter().flat_map(|cell| [cell.clone(), cell.clone()]).collect();
        let woven = |a: usize, b: usize| -> Vec<Option<String>> {
            let (a, b) = (&self.columns[a].cells, &self.columns[b].cells);
            a.iter().zip(b).flat_map(|(a, b)| [a.clone(), b.clone()]).collect()
        };
        let mut columns =
            vec![Column { name: SENTENCE.to_owned(), said: Said::Texts, cells: woven(first, second) }];
        if graded {
            let cells = (0..2 * n_pairs).map(|row| Some((row % 2 == 0).to_string())).collect();
            columns.push(Column { name: GRAMMATICAL.to_owned(), said: Said::Texts, cells });
        }
        let number = names.iter().position(|name| NUMBERS.contains(&name.to_lowercase().as_str()));
        let cells = match number {
            Some(at) => twice(&self.columns[at].cells),
            None => (0..2 * n_pairs).map(|row| Some((row / 2).to_string())).collect(),
        };
        columns.push(Column { name: PAIR.to_owned(), said: Said::Texts, cells });
        // What the two differ in, where the file says so.
        let feature = names.iter().position(|name| !graded && name == "feature");
        let differs = feature.and_then(|at| {
            let mut cells = self.columns[at].cells.iter();
            let name = cells.next()?.clone()?;
            cells.all(|cell| cell.as_deref() == Some(&name)).then_some(name)
        });
        // For each column that holds something of the first sentence: what it is of, and the column of the second.
        let partner = |name: &str| {
            let stem = name.strip_prefix(marks.first.0)?.strip_suffix(marks.first.1)?;
            let other = format!("{}{stem}{}", marks.second.0, marks.second.1);
            let other = names.iter().position(|name| *name == other)?;
            (!stem.is_empty()).then(|| (stem.to_owned(), other))
        };
        let partners: Vec<Option<(String, usize)>> = names.iter().map(|name| partner(name)).collect();
        let mut taken: Vec<usize> = partners.iter().flatten().map(|(_, other)| *other).collect();
        taken.extend([first, second].into_iter().chain(number).chain(feature.filter(|_| differs.is_some())));
        for (at, (name, partner)) in names.iter().zip(partners).enumerate() {
            if taken.contains(&at) {
                continue;
            }
            let column = &self.columns[at];
            let (mut name, cells, mut said) = (name.clone(), twice(&column.cells), column.said);
            let mut column = match partner {
                Some((stem, other)) => {
                    if self.columns[other].said == Said::Texts {
                        said = Said::Texts;
                    }
                    name = differs.clone().filter(|_| stem == "value").unwrap_or(stem);
                    Column { name, said, cells: woven(at, other) }
                }
                None => Column { name, said, cells },
            };
            // A column may be called as one of those that were made.
            while columns.iter().any(|other| other.name == column.name) {
                column.name.push_str("_2");
            }
            columns.push(column);
        }
        let lines = self.lines.iter().flat_map(|&line| [line, line]).collect();
        let mut notes = self.notes;
        let what = if graded { "a good and a bad sentence" } else { "two sentences" };
        notes.push(format!(
            "each of the {n_pairs} rows has {what}: they are {} stimuli, and `{PAIR}` says which go together",
            2 * n_pairs
        ));
        Self { columns, lines, notes, ..Self::new(&self.path) }
    }
}

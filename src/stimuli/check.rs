//! What is to be known of a table of stimuli before it is trusted: levels, repeated rows, columns that are no features, confounds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::confounds::Confounds;
use super::copies::{other_values, same_values};
use super::hygiene::Oddity;
use super::levels::{FeatureLevels, write_correlations, write_levels};
use super::suspects::Suspect;
use super::{Stimuli, Values};
use crate::text;

/// Fewer stimuli than this are not fitted.
const LEAST: usize = 8;
/// The folds that a run makes where nothing is said, and how many stimuli each of them needs.
const FOLDS: usize = 5;
const IN_A_FOLD: usize = 3;
/// From so many different values on a column may be one that names its rows.
const NAMES: usize = 8;
/// A column of texts with more words in each than this is text, not levels.
const WORDS: usize = 4;

/// What was found in a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableCheck {
    /// How many stimuli there are.
    pub n_stimuli: usize,
    /// How many different sentences, where there are sentences.
    pub n_sentences: Option<usize>,
    /// Levels and numbers, and how often each occurs.
    pub features: Vec<FeatureLevels>,
    /// Correlations of feature distances, and which feature decides which.
    pub confounds: Confounds,
    /// Rows (from 0) that are the same sentence with the same values, two or more each.
    pub repeated: Vec<Vec<usize>>,
    /// Rows (from 0) that are the same sentence with other values.
    pub relabelled: Vec<Vec<usize>>,
    /// Values that look as if they were meant to be missing.
    pub suspects: Vec<Suspect>,
    /// Columns that name the stimuli, or hold free text.
    pub names: Vec<RowName>,
    /// Levels that are written in two ways, and numbers in another notation than the rest, in words.
    pub notation: Vec<String>,
    /// Columns that may hold the sentences, where none is said to.
    pub like_sentences: Vec<String>,
}

/// A column that is no feature of what it describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowName {
    /// The column.
    pub column: String,
    /// How many values it has.
    pub values: usize,
    /// Whether its values are sentences or the like.
    pub is_text: bool,
}

impl std::fmt::Display for RowName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { column, values, is_text } = self;
        let values = text::count(*values as u128);
        if *is_text {
            write!(f, "`{column}` holds text ({values} different values), which is taken for a feature")?;
        } else {
            write!(
                f,
                "`{column}` has {values} different values, hardly two alike: a number or name of the stimulus, which is taken for a feature"
            )?;
        }
        write!(f, "; leave it out with --drop {column}")
    }
}

impl Stimuli {
    /// Looks into everything that could spoil a study of these stimuli.
    #[must_use]
    pub fn check(&self) -> TableCheck {
        let (repeated, relabelled) = self.repeats();
        let sentences = self.sentences.as_deref();
        TableCheck {
            n_stimuli: self.len(),
            n_sentences: sentences.map(|sentences| {
                let mut sentences: Vec<&String> = sentences.iter().collect();
                sentences.sort_unstable();
                sentences.dedup();
                sentences.len()
            }),
            features: self.features().iter().map(FeatureLevels::of).collect(),
            confounds: Confounds::of(self.features()),
            repeated,
            relabelled,
            suspects: self.features().suspects(),
            names: self.row_names(),
            notation: self.notation(),
            like_sentences: match sentences {
                Some(_) => Vec::new(),
                None => self.features().like_sentences(),
            },
        }
    }

    /// What is odd in how values are written.
    fn notation(&self) -> Vec<String> {
        // Sentences with two sets of labels are found as rows.
        let mut levels = self.oddities();
        levels.retain(|oddity| !matches!(oddity, Oddity::GoodAndBad { .. }));
        let told = |feature: &str| {
            let of = |oddity: &Oddity| matches!(oddity, Oddity::DecimalCommas { feature: of, .. } if of == feature);
            levels.iter().any(of)
        };
        let nearly = self.features().nearly_numeric().into_iter().filter(|nearly| !told(&nearly.feature));
        levels.iter().map(ToString::to_string).chain(nearly.map(|nearly| nearly.to_string())).collect()
    }

    /// Rows of one sentence (and, of words, one place in it; and of one text for a decoder): those whose values are the same, and those whose are not.
    #[must_use]
    pub fn repeats(&self) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        let Some(sentences) = self.sentences.as_deref() else { return Default::default() };
        type Place<'a> = (&'a str, Option<(u32, u32)>, Option<String>);
        let targets = self.targets();
        let mut rows: BTreeMap<Place<'_>, Vec<usize>> = BTreeMap::new();
        for (row, sentence) in sentences.iter().enumerate() {
            let place = self.word(row).map(|(_, span)| (span.start, span.end));
            let target = targets.as_ref().map(|targets| targets[row].clone());
            rows.entry((sentence, place, target)).or_default().push(row);
        }
        let values = |row: usize| self.features().iter().map(move |feature| feature.display(row));
        let groups = rows.into_values().filter(|rows| rows.len() > 1);
        groups.partition(|rows| rows[1..].iter().all(|&row| values(row).eq(values(rows[0]))))
    }

    /// Columns of categories in which hardly two rows are alike.
    #[must_use]
    pub fn row_names(&self) -> Vec<RowName> {
        let mut names = Vec::new();
        for feature in self.features() {
            let there = feature.len() - feature.n_missing();
            let n = feature.n_distinct();
            if n < NAMES {
                continue;
            }
            let found = match feature.values() {
                Values::Categorical { levels, .. } => {
                    let words = |level: &String| level.split_whitespace().count() > WORDS;
                    let is_text = levels.iter().filter(|level| words(level)).count() * 2 > n;
                    (is_text || n * 10 >= there * 9).then_some(is_text)
                }
                // Whole numbers that go up by one from row to row count the rows.
                Values::Numeric(values) => {
                    let steps =
                        values.windows(2).all(|pair| matches!(pair, [Some(a), Some(b)] if b - a == 1.0));
                    steps.then_some(false)
                }
                Values::Distances(_) => None,
            };
            names.extend(found.map(|is_text| RowName {
                column: feature.name().to_owned(),
                values: n,
                is_text,
            }));
        }
        names
    }
}

impl TableCheck {
    /// Whether something was found that a run would refuse, or that makes its numbers wrong: too few stimuli, a feature that never
    /// varies, stimuli that stand there twice.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        self.n_stimuli < FOLDS * IN_A_FOLD
            || self.constant().next().is_some()
            || !self.repeated.is_empty()
            || !self.relabelled.is_empty()
    }

    fn constant(&self) -> impl Iterator<Item = &FeatureLevels> {
        self.features.iter().filter(|feature| !feature.varies)
    }

    /// What was found, one sentence each.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        if self.n_stimuli < LEAST {
            findings.push(format!("{} too few for a fit: it needs at least {LEAST}", are(self.n_stimuli)));
        } else if self.n_stimuli < FOLDS * IN_A_FOLD {
            findings.push(format!(
                "{} too few for the {FOLDS} folds of a fit: add stimuli, or fit with --folds {} or fewer",
                are(self.n_stimuli),
                self.n_stimuli / IN_A_FOLD
            ));
        }
        if !self.like_sentences.is_empty() {
            findings.push(format!(
                "no column is called sentence; if the sentences are in another, say which: --text {}",
                text::join_or(&self.like_sentences)
            ));
        }
        for feature in self.constant() {
            let value = match feature.levels.as_slice() {
                [] => "no value at all".to_owned(),
                [(level, _)] => format!("`{level}` alone"),
                _ => "another value for every stimulus".to_owned(),
            };
            findings.push(format!(
                "{} tells no stimuli apart: it has {value}; a fit leaves it out",
                feature.name
            ));
        }
        findings.extend(same_values(&self.repeated));
        findings.extend(other_values(&self.relabelled, false));
        // What a fit leaves out, or what holds numbers or the sentences, is spoken of elsewhere.
        let elsewhere = |column: &String| {
            self.constant().any(|feature| feature.name == *column)
                || self.suspects.iter().any(|suspect| suspect.among_numbers && suspect.feature == *column)
                || self.like_sentences.contains(column)
        };
        findings.extend(self.names.iter().filter(|name| !elsewhere(&name.column)).map(ToString::to_string));
        findings.extend(self.suspects.iter().map(ToString::to_string));
        findings.extend(self.notation.iter().cloned());
        for pair in self.confounds.flagged() {
            findings.push(format!("{} and {} are confounded: r = {:.3}", pair.a, pair.b, pair.r));
        }
        for dependency in self.confounds.dependencies() {
            let names = |name: &str| self.names.iter().any(|row| row.column == name);
            if !names(&dependency.of) {
                findings.push(format!("{} is a function of {}", dependency.feature, dependency.of));
            }
        }
        findings
    }

    /// The findings as a page of plain text, under the table's `name`.
    #[must_use]
    pub fn to_text(&self, name: &str) -> String {
        let mut out = String::new();
        let stimuli = stimuli(self.n_stimuli);
        let sentences = match self.n_sentences {
            Some(n) if n < self.n_stimuli => format!(", {}", text::counted(n as u128, "different sentence")),
            Some(_) => String::new(),
            None => ", no sentences: `probe fit` takes them, `probe run` does not".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name}: {stimuli}{sentences}");
        let _ = write_levels(&mut out, &self.features);
        let _ = write_correlations(&mut out, &self.confounds);
        let findings = self.findings();
        if !findings.is_empty() {
            let _ = writeln!(out, "\nfindings");
        }
        for finding in findings {
            let _ = writeln!(out, "  - {finding}");
        }
        out
    }
}

fn stimuli(n: usize) -> String {
    format!("{} {}", text::count(n as u128), if n == 1 { "stimulus" } else { "stimuli" })
}

fn are(n: usize) -> String {
    format!("{} {}", stimuli(n), if n == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn table(text: &str) -> TableCheck {
        Stimuli::from_csv(text.as_bytes(), Path::new("s.csv")).unwrap().check()
    }

    #[test]
    fn repeated_sentences_are_told_from_relabelled_ones() {
        let check = table("sentence,n\na,1\nb,2\na,1\nc,1\nc,2\n");
        assert_eq!(check.repeated, [vec![0, 2]]);
        assert_eq!(check.relabelled, [vec![3, 4]]);
        assert_eq!(check.n_sentences, Some(3));
        assert!(check.has_problems());
        let said = check.findings().join("\n");
        assert!(said.contains("stimuli 0 and 2") && said.contains("stimuli 3 and 4"), "{said}");
        assert_eq!((said.matches("--unit").count(), said.matches("--average").count()), (2, 2), "{said}");
    }

    #[test]
    fn columns_that_name_their_rows_are_told() {
        let row =
            |i: usize| format!("s{i},item{i},{i},{},a longer note of many words number {}\n", i % 2, i % 9);
        let rows = (0..20).map(row).collect::<Vec<_>>().concat();
        let check = table(&format!("sentence,item,row,number,note\n{rows}"));
        let names: Vec<&str> = check.names.iter().map(|name| name.column.as_str()).collect();
        assert_eq!(names, ["item", "row", "note"]);
        assert!(check.names[2].is_text && !check.names[0].is_text);
        assert!(check.findings().iter().all(|finding| !finding.contains("function of item")));
        // A column that a fit leaves out is not taken for a feature.
        assert!(check.findings().iter().all(|finding| !finding.starts_with("`item`")));
    }

    #[test]
    fn what_a_run_would_refuse_is_told() {
        let rows = |n: usize| {
            let row = |i: usize| format!("s{i} x,{},{}\n", i % 2, i / 2 % 2);
            (0..n).map(row).collect::<Vec<_>>().concat()
        };
        let told = |n: usize, header: &str| table(&format!("{header}\n{}", rows(n))).findings().join("\n");
        assert!(told(4, "sentence,a,b").starts_with("4 stimuli are too few for a fit"));
        let few = told(12, "sentence,a,b");
        assert!(few.contains("12 stimuli are too few for the 5 folds") && few.contains("--folds 4 or fewer"));
        assert!(told(16, "Text,a,b").contains("say which: --text Text"));
        assert!(!told(16, "Text,a,b").contains("--drop Text"));
    }

    #[test]
    fn words_in_one_sentence_are_no_repeats() {
        let words = "sentence,word,start_idx,end_idx,n\na b,a,0,1,x\na b,b,2,3,y\na b,a,0,1,x\n";
        assert_eq!(table(words).repeated, [vec![0, 2]]);
    }

    #[test]
    fn a_table_without_faults_has_no_findings() {
        let row = |i: usize| format!("s{i},{},{}\n", i % 2, (i / 2) % 2);
        let rows = (0..16).map(row).collect::<Vec<_>>().concat();
        let check = table(&format!("sentence,a,b\n{rows}"));
        assert!(!check.has_problems() && check.findings().is_empty(), "{:?}", check.findings());
        assert!(check.to_text("s.csv").starts_with("s.csv: 16 stimuli\n\nfeatures\n  a  numeric"));
    }
}

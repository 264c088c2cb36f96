//! What a table of one's own may have in it that nobody meant: levels that differ by a blank, decimal commas, rows that
//! contradict each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use unicode_normalization_alignments::UnicodeNormalization;

use super::{FeatureTable, Stimuli, Values};
use crate::text;

/// At most so many values are listed in one warning.
const SHOWN: usize = 5;

/// What a column of sentences may be called.
const SENTENCES: [&str; 8] =
    ["sentence", "sentences", "text", "sent", "stimulus", "stimuli", "utterance", "string"];

/// The feature of a minimal pair.
const GRAMMATICAL: &str = "grammatical";

/// Something in a table that may not be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// Levels of a feature that differ in blanks, in case, or in how Unicode writes the same letters.
    AlmostEqual {
        /// The feature.
        feature: String,
        /// Levels that are one but for that, those of one after those of another.
        levels: Vec<String>,
    },
    /// Numbers that are written with a comma.
    DecimalCommas {
        /// The feature, which is categorical for that.
        feature: String,
        /// How many rows have one.
        rows: usize,
        /// One of them.
        example: String,
        /// Whether all commas stand where one between thousands would.
        thousands: bool,
    },
    /// Sentences that stand as good ones and as bad ones, in the feature `grammatical`.
    GoodAndBad {
        /// The sentences.
        sentences: Vec<String>,
    },
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted =
            |items: &[String]| -> Vec<String> { items.iter().map(|item| format!("`{item}`")).collect() };
        match self {
            Self::AlmostEqual { feature, levels } => {
                let plain: BTreeSet<String> = levels.iter().map(|level| blanks_and_case(level)).collect();
                let whole: BTreeSet<String> = levels.iter().map(|level| folded(level)).collect();
                let (what, how) = if plain.len() > whole.len() {
                    (
                        "blanks, case or the form of Unicode (é as one character or as two)",
                        "write them alike (NFC) if they are one",
                    )
                } else {
                    ("blanks or case", "write them alike if they are one")
                };
                write!(
                    f,
                    "`{feature}` has levels that differ only in {what}: {}; {how}",
                    text::some(&quoted(levels), SHOWN)
                )
            }
            Self::DecimalCommas { feature, rows, example, thousands } => write!(
                f,
                "`{feature}` is categorical, because {} {}",
                if *rows == 1 {
                    "1 row has".to_owned()
                } else {
                    format!("{} rows have", text::count(*rows as u128))
                },
                if *thousands {
                    format!(
                        "a comma (`{example}`): leave it out if it stands between thousands, and write a point, or pass \
                         --decimal-comma, if it stands for the point"
                    )
                } else {
                    format!("a comma for the point (`{example}`); write points, or pass --decimal-comma")
                }
            ),
            Self::GoodAndBad { sentences } => write!(
                f,
                "{} {} as good and as bad: {}",
                text::counted(sentences.len() as u128, "sentence"),
                if sentences.len() == 1 { "stands" } else { "stand" },
                text::some(&quoted(sentences), SHOWN)
            ),
        }
    }
}

impl Stimuli {
    /// What may not be meant in a table that someone made.
    #[must_use]
    pub fn oddities(&self) -> Vec<Oddity> {
        let mut oddities = self.features().odd_levels();
        let grades = self.features().iter().find(|feature| feature.name() == GRAMMATICAL);
        if let (Ok(sentences), Some(grades), false) = (self.sentences(), grades, self.is_word_level()) {
            let mut first: BTreeMap<&str, String> = BTreeMap::new();
            let mut both: BTreeSet<String> = BTreeSet::new();
            for (row, sentence) in sentences.iter().enumerate() {
                let grade = grades.display(row);
                if *first.entry(sentence).or_insert_with(|| grade.clone()) != grade {
                    both.insert(sentence.clone());
                }
            }
            if !both.is_empty() {
                oddities.push(Oddity::GoodAndBad { sentences: both.into_iter().collect() });
            }
        }
        oddities
    }
}

impl FeatureTable {
    /// Levels that are written in two ways, and numbers with decimal commas.
    fn odd_levels(&self) -> Vec<Oddity> {
        let mut oddities = Vec::new();
        for feature in self {
            let Values::Categorical { levels, codes } = feature.values() else { continue };
            if let Some(example) = decimal_comma(levels) {
                let has = |code: &&Option<u32>| code.is_some_and(|code| levels[code as usize].contains(','));
                oddities.push(Oddity::DecimalCommas {
                    feature: feature.name().to_owned(),
                    rows: codes.iter().filter(has).count(),
                    example: example.to_owned(),
                    thousands: levels.iter().all(|level| of_thousands(level)),
                });
            }
            let mut alike: BTreeMap<String, Vec<&String>> = BTreeMap::new();
            for level in levels {
                alike.entry(folded(level)).or_default().push(level);
            }
            let levels: Vec<String> =
                alike.into_values().filter(|levels| levels.len() > 1).flatten().cloned().collect();
            if !levels.is_empty() {
                oddities.push(Oddity::AlmostEqual { feature: feature.name().to_owned(), levels });
            }
        }
        oddities
    }

    /// The columns that may hold sentences, by their names or by what is in them, at most three.
    pub(super) fn like_sentences(&self) -> Vec<String> {
        let named = |name: &str| SENTENCES.iter().position(|other| name.trim().eq_ignore_ascii_case(other));
        let mut near: Vec<(usize, &str)> = Vec::new();
        for feature in self {
            let Values::Categorical { levels, .. } = feature.values() else { continue };
            let near_name = || text::near_matches(feature.name(), SENTENCES).first().map(|_| SENTENCES.len());
            // Most cells differ, and most have several words.
            let several = levels.iter().filter(|level| level.split_whitespace().count() > 1).count();
            let reads_so = 2 * several > levels.len() && 2 * levels.len() > feature.len();
            let rank = named(feature.name()).or_else(near_name).or(reads_so.then_some(SENTENCES.len() + 1));
            near.extend(rank.map(|rank| (rank, feature.name())));
        }
        near.sort_by_key(|(rank, _)| *rank);
        near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
    }
}

/// `level` without what blanks and case make of it.
fn blanks_and_case(level: &str) -> String {
    level.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The same, and without what the forms of Unicode make of it.
fn folded(level: &str) -> String {
    let composed: String = level.nfkc().map(|(c, _)| c).collect();
    blanks_and_case(&composed)
}

/// Whether a comma in `level`, if there is one, stands before three digits, as one between thousands does.
fn of_thousands(level: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let level = level.trim().trim_start_matches(['+', '-']);
    level.split_once(',').is_none_or(|(whole, part)| {
        part.len() == 3 && (1..=3).contains(&whole.len()) && digits(whole) && digits(part) && whole != "0"
    })
}

/// One of `levels` with a decimal comma, where all are numbers once commas are points.
fn decimal_comma(levels: &[String]) -> Option<&str> {
    let number = |level: &String| {
        let level = level.trim();
        let commas = level.matches(',').count();
        let (whole, part) = level.split_once(',').unwrap_or((level, "0"));
        commas <= 1
            && !(commas == 1 && level.contains('.'))
            && !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit() || commas == 0)
            && (!whole.is_empty() || commas == 1)
            && level.replace(',', ".").parse::<f64>().is_ok_and(f64::is_finite)
    };
    levels
        .iter()
        .all(number)
        .then(|| levels.iter().find(|level| level.contains(',')))
        .flatten()
        .map(String::as_str)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn told(table: &str) -> Vec<String> {
        let stimuli = Stimuli::from_csv(table.as_bytes(), Path::new("s.csv")).unwrap();
        stimuli.oddities().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn levels_that_are_one_but_for_blanks_or_case_are_told() {
        let told = told("sentence,n\na b,sg\nb c,Sg\nc d,\"sg \"\nd e,pl\n");
        assert_eq!(
            told,
            [
                "`n` has levels that differ only in blanks or case: `Sg`, `sg` and `sg `; write them alike if they are one"
            ]
        );
    }

    #[test]
    fn levels_that_are_one_but_for_the_form_of_unicode_are_told() {
        let told = told("sentence,n\na b,caf\u{e9}\nb c,cafe\u{301}\nc d,x\n");
        assert!(told[0].contains("the form of Unicode") && told[0].contains("NFC"), "{told:?}");
    }

    #[test]
    fn a_comma_that_may_stand_between_thousands_is_told_as_that() {
        let told = told("f,k\n\"1,234\",a\n999,b\n\"12,345\",a\n");
        assert!(told[0].contains("leave it out if it stands between thousands"), "{told:?}");
        let error = |table: &str| {
            let reading = crate::stimuli::Reading { decimal_comma: true, ..Default::default() };
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("s.csv");
            std::fs::write(&path, table).unwrap();
            Stimuli::read_as(&path, &reading).err().map(|error| error.to_string())
        };
        let mixed = error("f;k\n2,5;a\n1.234;b\n3,5;a\n").unwrap();
        assert!(mixed.contains("s.csv:3: `f`: `1.234` has a point"), "{mixed}");
        assert_eq!(error("f;k\n2,5;a\n3;b\n"), None);
        assert_eq!(error("f;k\n2.5;a\n3;b\n"), None);
    }

    #[test]
    fn decimal_commas_are_the_cause_that_is_told() {
        let commas = told("zipf,k\n\"4,5\",a\n3.5,b\n\"2,0\",a\n");
        assert_eq!(
            commas,
            [
                "`zipf` is categorical, because 2 rows have a comma for the point (`2,0`); write points, or pass --decimal-comma"
            ]
        );
        assert!(told("x,k\n\"a, b\",1\n\"c, d\",2\n").is_empty());
        assert!(told("x,k\n\"1,2,3\",1\n\"4,5,6\",2\n").is_empty());
    }

    #[test]
    fn sentences_that_are_good_and_bad_are_told() {
        let table =
            "sentence,number,grammatical\na b,sg,true\na b,pl,true\nc d,sg,true\nc d,sg,false\ne f,sg,true\n";
        assert_eq!(told(table), ["1 sentence stands as good and as bad: `c d`"]);
    }

    #[test]
    fn a_column_that_may_hold_sentences_is_found() {
        let near = |header: &str| {
            let table = format!("{header},x\nthe dog,1\nthe cat,2\n");
            Stimuli::from_csv(table.as_bytes(), Path::new("s.csv")).unwrap().features().like_sentences()
        };
        assert_eq!(near("Sentence"), ["Sentence"]);
        assert_eq!(near("Text"), ["Text"]);
        assert_eq!(near("item"), ["item"]);
    }
}

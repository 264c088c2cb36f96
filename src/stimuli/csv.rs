//! Stimuli written as CSV: `sentence`, then one column per feature; missing is empty. Where the stimuli are words, `word`,
//! `start_idx` and `end_idx` stand before the features.

use std::path::{Path, PathBuf};

use super::sidecar::Sidecar;
use super::{Error, Result, Span, Stimuli, words};
use crate::files;

/// The column that holds the sentences; every other column is a feature.
const SENTENCE: &str = "sentence";

impl Stimuli {
    /// The CSV of these stimuli; reading it back with the file of [`Stimuli::write`] beside it gives the same stimuli.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let sentences = self.sentences.as_deref();
        let mut record: Vec<String> = Vec::new();
        record.extend(sentences.map(|_| SENTENCE.to_owned()));
        if self.is_word_level() {
            record.extend(words::COLUMNS.map(str::to_owned));
        }
        let columns = self.columns();
        record.extend(columns.iter().map(|feature| feature.name().to_owned()));
        // Writing to memory cannot fail, and every record has the header's length.
        let _ = writer.write_record(&record);
        for row in 0..self.len() {
            record.clear();
            record.extend(sentences.map(|sentences| sentences[row].clone()));
            if let Some((word, Span { start, end })) = self.word(row) {
                record.extend([word, start.to_string(), end.to_string()]);
            }
            record.extend(columns.iter().map(|feature| feature.display(row)));
            let _ = writer.write_record(&record);
        }
        writer.into_inner().unwrap_or_default()
    }

    /// Writes the CSV to `path`, and the declared types, spans and source to the `.json` of the same name beside it, which is
    /// given; a device or a pipe has nothing beside it.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] when a file cannot be written; earlier files are left as they were. [`Error::TakenName`] for a name that
    /// ends in `.json`, and where something else has that name.
    pub fn write(&self, path: &Path) -> Result<Option<PathBuf>> {
        let beside = Some(path.with_extension("json")).filter(|_| !files::is_stream(path));
        if let Some(beside) = &beside {
            if beside == path || Sidecar::is_another(beside) {
                return Err(Error::TakenName { table: path.to_owned(), path: beside.clone() });
            }
            files::write(beside, &Sidecar::of(self).to_json())?;
        }
        files::write(path, &self.to_csv())?;
        Ok(beside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimuli::{Feature, FeatureTable, Source, Span, Values};

    fn parse(text: &str) -> Result<Stimuli> {
        Stimuli::from_csv(text.as_bytes(), Path::new("s.csv"))
    }

    #[test]
    fn types_are_guessed_and_missing_stays_missing() {
        let stimuli = parse("sentence,number,zipf\na b,sg,1.5\n\"c, d\",,\n").unwrap();
        assert_eq!(stimuli.sentences().unwrap(), ["a b", "c, d"]);
        assert!(!stimuli.features().feature(0).is_numeric());
        assert_eq!(stimuli.features().feature(1).values(), &Values::Numeric(vec![Some(1.5), None]));
    }

    #[test]
    fn a_ragged_row_is_named_by_its_line() {
        let error = parse("sentence,number\na,sg\nb\n").unwrap_err();
        assert_eq!(error.to_string(), "s.csv:3: 1 value where the header has 2 columns");
        assert!(error.hint().unwrap().contains("in quotes"));
    }

    #[test]
    fn columns_may_be_divided_by_semicolons_or_tabs() {
        for text in ["a;b\n1;2\n3;4\n", "a\tb\n1\t2\n3\t4\n", "a,b\n1,2\n3,4\n"] {
            let stimuli = parse(text).unwrap();
            assert_eq!(stimuli.features().names(), ["a", "b"]);
            assert!(stimuli.features().feature(1).is_numeric());
        }
        assert!(parse("sentence,a;b\nx,1\n").is_ok());
    }

    #[test]
    fn a_file_beside_the_table_that_is_no_declaration_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (table, beside) = (folder.path().join("data.csv"), folder.path().join("data.json"));
        std::fs::write(&table, "a,b\n1,x\n2,y\n").unwrap();
        for other in ["{\"foo\": 1}", "[1, 2]", "hello", ""] {
            std::fs::write(&beside, other).unwrap();
            let stimuli = Stimuli::read(&table).unwrap();
            let error = stimuli.write(&table).unwrap_err();
            assert!(matches!(error, Error::TakenName { .. }) && error.hint().is_some(), "{error}");
            assert_eq!(std::fs::read_to_string(&beside).unwrap(), other);
        }
        // A declaration that was cut short, or that has a mistake, is still one.
        for wrong in [
            "{\"source\":{},\"features\":[{\"name\":\"a\"",
            "{\"features\": [{\"name\": \"a\", \"kind\": \"real\"}]}",
        ] {
            std::fs::write(&beside, wrong).unwrap();
            assert!(matches!(Stimuli::read(&table), Err(Error::Sidecar { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_name() {
        assert!(parse("\u{feff}sentence,number\na,sg\n").unwrap().sentences().is_ok());
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stimuli.csv");
        let features = FeatureTable::new(
            2,
            vec![
                Feature::categorical("code", &[Some("1"), Some("2")]),
                Feature::numeric("zipf", vec![Some(0.1), None]).unwrap(),
            ],
        )
        .unwrap();
        let span = Span { start: 0, end: 3 };
        let stimuli = Stimuli::new(vec!["été".into(), "x \"y\"".into()], features)
            .unwrap()
            .with_spans(vec!["subj".into()], vec![vec![Some(span)], vec![None]])
            .unwrap()
            .with_source(Source { grammar: Some("g".into()), ..Source::default() });
        stimuli.write(&path).unwrap();
        let back = Stimuli::read(&path).unwrap();
        assert_eq!(back, stimuli);
        let taken = stimuli.write(&folder.path().join("stimuli.json")).unwrap_err();
        assert!(matches!(taken, Error::TakenName { .. }) && Stimuli::read(&path).is_ok());
        assert_eq!(back.hash(), stimuli.hash());
    }
}

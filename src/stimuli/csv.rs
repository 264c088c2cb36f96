//! Stimuli as CSV: `sentence`, then one column per feature; missing is empty. Where the stimuli are words, `word`, `start_idx` and
//! `end_idx` stand before the features.

use std::path::{Path, PathBuf};

use super::sidecar::Sidecar;
use super::{Error, Feature, FeatureTable, Result, Span, Stimuli, words};
use crate::{files, text};

/// The column that holds the sentences; every other column is a feature.
const SENTENCE: &str = "sentence";

impl Stimuli {
    /// Reads stimuli from a CSV, and their declared types and spans from the `.json` of the same name beside it, if there is one that
    /// declares features.
    ///
    /// Without a declaration a feature is numeric when every value that is there parses as a finite number.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not rectangular, has no feature column, or disagrees with the file beside it.
    pub fn read(path: &Path) -> Result<Self> {
        let stimuli = Self::from_csv(&files::read(path)?, path)?;
        let beside = path.with_extension("json");
        match Sidecar::read(&beside)? {
            Some(sidecar) => sidecar.apply(stimuli, &beside),
            None => Ok(stimuli),
        }
    }

    /// Parses a CSV whose name for messages is `path`; types are guessed as [`Stimuli::read`] says.
    ///
    /// # Errors
    ///
    /// As [`Stimuli::read`].
    pub fn from_csv(bytes: &[u8], path: &Path) -> Result<Self> {
        let failed = |line, message: String, hint: &str| {
            let hint = Some(hint.to_owned()).filter(|hint| !hint.is_empty());
            Error::Csv { path: path.to_owned(), line, message, hint }
        };
        // A byte-order mark, as spreadsheets write it, is not part of the first column's name.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(bytes);
        let read_failed = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            let (message, hint) = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    let columns = text::counted(u128::from(*expected_len), "column");
                    let values = text::counted(u128::from(*len), "value");
                    let hint = "a value with a comma or a quote in it stands in quotes";
                    (format!("{values} where the header has {columns}"), hint)
                }
                csv::ErrorKind::Utf8 { .. } => {
                    ("not valid UTF-8".to_owned(), "save the file as UTF-8; spreadsheets offer `CSV UTF-8`")
                }
                _ => (error.to_string(), ""),
            };
            failed(line, message, hint)
        };
        let header = reader.headers().map_err(read_failed)?.clone();
        if let Some(column) = header.iter().position(str::is_empty) {
            let hint = "give it a name, or remove it";
            return Err(failed(1, format!("column {} has no name", column + 1), hint));
        }
        if header.len() == 1
            && let Some(divider) = header[0].chars().find(|c| [';', '\t'].contains(c))
        {
            let divider = if divider == ';' { "semicolons" } else { "tabs" };
            let hint = "write commas between columns; spreadsheets that write others can be told so";
            return Err(failed(1, format!("the columns are divided by {divider}"), hint));
        }
        let word_columns = word_columns(&header).map_err(|message| failed(1, message, ""))?;
        let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); header.len()];
        let mut spans: Vec<Span> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(read_failed)?;
            if let Some([sentence, word, start, end]) =
                word_columns.map(|at| at.map(|column| &record[column]))
            {
                let line = record.position().map_or(1, csv::Position::line);
                let span = match word {
                    "" => Err("an empty word".to_owned()),
                    word => words::span(sentence, word, start, end),
                };
                spans.push(span.map_err(|message| failed(line, message, ""))?);
            }
            for (column, value) in columns.iter_mut().zip(&record) {
                column.push(Some(value.to_owned()).filter(|value| !value.is_empty()));
            }
        }
        let n_stimuli = columns.first().map_or(0, Vec::len);
        let mut sentences = None;
        let mut features = Vec::new();
        for (name, values) in header.iter().zip(columns) {
            if name == SENTENCE {
                if let Some(row) = values.iter().position(Option::is_none) {
                    let hint = "write the sentence, or remove the row";
                    return Err(failed(row as u64 + 2, "an empty sentence".to_owned(), hint));
                }
                sentences = Some(values.into_iter().flatten().collect());
            } else if word_columns.is_none() || !words::COLUMNS.contains(&name) {
                features.push(guess(name, &values)?);
            }
        }
        if features.is_empty() {
            return Err(Error::NoFeatures { path: path.to_owned() });
        }
        let stimuli = Self::with_rows(sentences, FeatureTable::new(n_stimuli, features)?)?;
        if word_columns.is_some() { stimuli.with_words(spans) } else { Ok(stimuli) }
    }

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
        record.extend(self.features().iter().map(|feature| feature.name().to_owned()));
        // Writing to memory cannot fail, and every record has the header's length.
        let _ = writer.write_record(&record);
        for row in 0..self.len() {
            record.clear();
            record.extend(sentences.map(|sentences| sentences[row].clone()));
            if let Some((word, Span { start, end })) = self.word(row) {
                record.extend([word, start.to_string(), end.to_string()]);
            }
            record.extend(self.features().iter().map(|feature| feature.display(row)));
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

/// Where a table of words has `sentence`, `word`, `start_idx` and `end_idx`; `None` for one of sentences.
fn word_columns(header: &csv::StringRecord) -> Result<Option<[usize; 4]>, String> {
    let at = |name: &str| header.iter().position(|column| column == name);
    let offsets = words::COLUMNS.iter().skip(1).filter(|name| at(name).is_some()).count();
    let (Some(sentence), Some(word), 1..) = (at(SENTENCE), at(words::WORD), offsets) else { return Ok(None) };
    match (at(words::COLUMNS[1]), at(words::COLUMNS[2])) {
        (Some(start), Some(end)) => Ok(Some([sentence, word, start, end])),
        (start, _) => Err(format!(
            "a table of words has the columns word, start_idx and end_idx, and there is no {}",
            words::COLUMNS[if start.is_none() { 1 } else { 2 }]
        )),
    }
}

/// A numeric feature where every value that is there is a finite number, else a categorical one.
fn guess(name: &str, values: &[Option<String>]) -> Result<Feature> {
    let numbers: Option<Vec<Option<f64>>> = values
        .iter()
        .map(|value| match value {
            None => Some(None),
            Some(text) => text.trim().parse::<f64>().ok().filter(|x| x.is_finite()).map(Some),
        })
        .collect();
    match numbers {
        Some(numbers) if numbers.iter().any(Option::is_some) => Feature::numeric(name, numbers),
        _ => Ok(Feature::categorical(name, values)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimuli::{Source, Span, Values};

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
    fn columns_that_are_not_divided_by_commas_are_no_single_feature() {
        for (text, divider) in
            [("a;b\n1;2\n", "semicolons"), ("a\tb\n1\t2\n", "tabs"), ("a;b\n1,5;2,5\n", "semicolons")]
        {
            let error = parse(text).unwrap_err();
            assert_eq!(error.to_string(), format!("s.csv:1: the columns are divided by {divider}"));
            assert!(error.hint().unwrap().contains("commas"));
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

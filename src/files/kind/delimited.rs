//! Tables as text: which character stands between their columns.

use super::names::Kind;

/// The characters, those first that stand in sentences least.
const DELIMITERS: &[(char, Kind, &str)] = &[
    ('\t', Kind::Tsv, "tab"),
    (';', Kind::SemicolonTable, "semicolon"),
    (',', Kind::Csv, "comma"),
    ('|', Kind::PipeTable, "vertical bar"),
];
/// How many rows are looked at.
const ROWS: usize = 50;

/// How the rows of a text are divided.
struct Division {
    kind: Kind,
    word: &'static str,
    /// Columns of the first row.
    columns: usize,
    /// How many rows have as many.
    agree: usize,
    rows: usize,
}

/// The kind of table that `text` is. `declared`: its name says that it is a table, so that lines of prose with a comma each are
/// one; without, every row has to have as many columns as the first, and commas not be those of sentences.
pub(super) fn kind(text: &str, is_whole: bool, declared: bool) -> Option<(Kind, String)> {
    let divided = DELIMITERS.iter().map(|&(delimiter, kind, word)| {
        let rows = rows(text, delimiter, is_whole);
        let columns = rows.first().copied().unwrap_or_default();
        let agree = rows.iter().filter(|&&row| row == columns).count();
        Division { kind, word, columns, agree, rows: rows.len() }
    });
    let mut best: Option<Division> = None;
    for division in divided.filter(|division| division.columns > 1) {
        let better = best.as_ref().is_none_or(|best| {
            // A share, across texts that quotes divide into different rows.
            (division.agree * best.rows, division.columns) > (best.agree * division.rows, best.columns)
                && division.agree * best.rows > best.agree * division.rows
        });
        if better {
            best = Some(division);
        }
    }
    let Some(Division { kind, word, columns, agree, rows }) = best else {
        return declared.then(|| (Kind::Csv, "one column, and its name".to_owned()));
    };
    let prose = kind == Kind::Csv && text.matches(", ").count() == text.matches(',').count();
    let certain = rows > 1 && agree == rows && !prose;
    (declared || certain).then(|| {
        (kind, format!("{columns} columns with a {word} between them in {agree} of {rows} rows looked at"))
    })
}

/// How many fields each row has, quotes observed; a row that is cut off is left out.
fn rows(text: &str, delimiter: char, is_whole: bool) -> Vec<usize> {
    let mut rows = Vec::new();
    let (mut fields, mut quoted, mut empty, mut start) = (1, false, true, true);
    for c in text.chars() {
        match c {
            // A quote inside a field is a character like others, as in `5" pipe`.
            '"' if start || quoted => quoted = !quoted,
            '\n' if !quoted => {
                if !empty {
                    rows.push(fields);
                }
                (fields, empty, start) = (1, true, true);
                if rows.len() == ROWS {
                    return rows;
                }
                continue;
            }
            c if c == delimiter && !quoted => {
                fields += 1;
                (empty, start) = (false, true);
                continue;
            }
            _ => {}
        }
        empty = empty && c.is_whitespace();
        start = false;
    }
    if !empty && (is_whole || rows.is_empty()) {
        rows.push(fields);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, declared: bool) -> Option<Kind> {
        kind(text, true, declared).map(|(kind, _)| kind)
    }

    #[test]
    fn the_character_between_columns_is_found() {
        assert_eq!(of("sentence,n\n\"a, b\",1\nc,2\n", false), Some(Kind::Csv));
        assert_eq!(of("sentence\tn\nWell, yes\t1\nNo, no, no\t2\n", false), Some(Kind::Tsv));
        assert_eq!(of("word;zipf\ndog;4,5\ncat;4,1\n", false), Some(Kind::SemicolonTable));
        assert_eq!(of("a;b;c\n1,5;2,5;3,5\n", true), Some(Kind::SemicolonTable));
        assert_eq!(of("a|b\n1|2\n", false), Some(Kind::PipeTable));
        assert_eq!(of("s,\"a\nb\"\n1,2\n", true), Some(Kind::Csv), "a line break in a quoted name");
    }

    #[test]
    fn a_table_with_an_odd_row_is_one_where_its_name_says_so() {
        let text = "sentence,n\na,1\nb,c,2\n";
        assert_eq!((of(text, true), of(text, false)), (Some(Kind::Csv), None));
        assert_eq!(of("sentence\nA dog.\n", true), Some(Kind::Csv));
    }

    #[test]
    fn prose_is_no_table() {
        assert_eq!(of("The dog, it barks.\nThe cat, it meows.\n", false), None);
        assert_eq!(of("One sentence.\nAnother one.\n", false), None);
        assert_eq!(of("just, one line", false), None);
    }
}

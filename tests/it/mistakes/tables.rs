//! 15 mistakes in tables.

use std::fmt::Write;

use super::{Done, Mistake, try_it};
use crate::bad_input::{npy, own_data};

/// 40 sentences with two features that go their own ways.
fn table() -> String {
    let mut text = "sentence,number,animacy\n".to_owned();
    for i in 0..40 {
        let _ = writeln!(
            text,
            "item {i} of many,{},{}",
            ["sg", "pl"][i % 2],
            ["animate", "inanimate"][i / 2 % 2]
        );
    }
    text
}

#[track_caller]
fn wrong(
    what: &'static str,
    bytes: Vec<u8>,
    command: &'static str,
    code: i32,
    cause: &'static [&'static str],
    remedy: &'static str,
) {
    try_it(&Mistake {
        what,
        files: vec![("s.csv", bytes)],
        command,
        code,
        cause,
        remedy,
        done: Done::File("s.csv", table().into_bytes()),
    });
}

#[test]
fn t01_the_column_of_sentences_is_called_otherwise() {
    try_it(&Mistake {
        what: "text for sentence",
        files: vec![("s.csv", table().replacen("sentence", "text", 1).into_bytes())],
        command: "run s.csv --folds 2 --map 0 --permutations 1 --layers 0",
        code: 1,
        cause: &["no `sentence` column"],
        remedy: "--text text",
        done: Done::Command("run s.csv --folds 2 --map 0 --permutations 1 --layers 0 --text text"),
    });
}

#[test]
fn t02_a_comma_in_a_sentence_without_quotes() {
    wrong(
        "a comma",
        table().replacen("item 3 of", "item 3, of", 1).into_bytes(),
        "check s.csv",
        1,
        &["s.csv:5", "4 values where the header has 3 columns"],
        "stands in quotes",
    );
}

#[test]
fn t03_the_encoding_is_not_utf_8() {
    let latin: Vec<u8> = table().replacen("item 2", "été 2", 1).chars().map(|c| c as u8).collect();
    wrong("Latin-1", latin, "check s.csv", 1, &["s.csv:4", "UTF-8"], "save the file as UTF-8");
}

#[test]
fn t04_two_columns_have_one_name() {
    wrong(
        "two columns",
        table().replacen("animacy", "number", 1).into_bytes(),
        "check s.csv",
        1,
        &["two features are called `number`"],
        "rename one",
    );
}

#[test]
fn t05_a_column_has_no_name() {
    wrong(
        "no name",
        table().replacen("animacy", "", 1).into_bytes(),
        "check s.csv",
        1,
        &["column 3 has no name"],
        "give it a name",
    );
}

#[test]
fn t06_a_sentence_is_empty() {
    wrong(
        "an empty sentence",
        table().replacen("item 4 of many", "", 1).into_bytes(),
        "check s.csv",
        1,
        &["s.csv:6", "an empty sentence"],
        "write the sentence, or remove the row",
    );
}

#[test]
fn t07_missing_values_have_a_mark() {
    wrong(
        "NA",
        table().replacen("many,sg", "many,NA", 1).into_bytes(),
        "check s.csv",
        0,
        &["`NA` is a value of `number` like any other"],
        "leave the cell empty where a value is missing",
    );
}

#[test]
fn t08_one_typo_makes_a_column_categorical() {
    let numbers: String = table()
        .lines()
        .enumerate()
        .map(|(i, line)| if i == 0 { format!("{line},zipf\n") } else { format!("{line},{}.5\n", i % 7) })
        .collect();
    try_it(&Mistake {
        what: "a decimal comma",
        files: vec![("s.csv", numbers.replacen(",3.5\n", ",\"3,5\"\n", 1).into_bytes())],
        command: "check s.csv",
        code: 0,
        cause: &["`zipf`", "3,5"],
        remedy: "write points, or pass --decimal-comma",
        done: Done::File("s.csv", numbers.into_bytes()),
    });
}

#[test]
fn t09_a_row_stands_there_twice() {
    let mut twice = table();
    twice.push_str("item 0 of many,sg,animate\n");
    wrong(
        "a copy",
        twice.into_bytes(),
        "check s.csv",
        0,
        &["stimuli 0 and 40", "with the same values"],
        "keep one of each",
    );
}

#[test]
fn t10_a_sentence_has_two_labels() {
    let mut twice = table();
    twice.push_str("item 0 of many,pl,animate\n");
    wrong(
        "two labels",
        twice.into_bytes(),
        "check s.csv",
        0,
        &["stimuli 0 and 40", "with other values"],
        "correct the values",
    );
}

#[test]
fn t11_a_column_never_varies() {
    try_it(&Mistake {
        what: "a constant column",
        files: vec![("s.csv", table().replace("inanimate", "animate").into_bytes())],
        command: "run s.csv --folds 2 --map 0 --permutations 1 --layers 0",
        code: 0,
        cause: &["left out, because it tells no stimuli apart: `animacy`"],
        remedy: "--drop it",
        done: Done::Command("run s.csv --folds 2 --map 0 --permutations 1 --layers 0 --drop animacy --force"),
    });
}

#[test]
fn t12_a_column_names_the_items() {
    let named: String = table()
        .lines()
        .enumerate()
        .map(|(i, line)| if i == 0 { format!("{line},item\n") } else { format!("{line},i{}\n", i.max(2)) })
        .collect();
    try_it(&Mistake {
        what: "an identifier",
        files: vec![("s.csv", named.into_bytes())],
        command: "run s.csv --folds 2 --map 0 --permutations 1 --layers 0",
        code: 0,
        cause: &["`item` has 39 different values"],
        remedy: "leave it out with --drop item",
        done: Done::Command("run s.csv --folds 2 --map 0 --permutations 1 --layers 0 --drop item --force"),
    });
}

#[test]
fn t13_not_as_many_rows_as_activations() {
    let (table, activations) = own_data(40, 6);
    let fewer: String = table.lines().take(40).fold(String::new(), |text, line| text + line + "\n");
    try_it(&Mistake {
        what: "a row too few",
        files: vec![("s.csv", fewer.into_bytes()), ("a.npy", activations)],
        command: "fit s.csv a.npy -o out --folds 2 --map 0",
        code: 1,
        cause: &["39"],
        remedy: "one row of activations per stimulus",
        done: Done::File("s.csv", table.into_bytes()),
    });
}

#[test]
fn t14_the_file_is_a_workbook() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["[Content_Types].xml", "xl/workbook.xml"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    }
    wrong(
        "a workbook",
        zip.finish().unwrap().into_inner(),
        "check s.csv",
        1,
        &["an Excel workbook"],
        "as CSV",
    );
}

#[test]
fn t15_activations_with_a_value_that_is_none() {
    let (table, _) = own_data(40, 6);
    let mut values: Vec<f32> = (0..240).map(|i| (i * 37 % 101) as f32).collect();
    let whole = npy(&[40, 6], &values);
    values[6 * 4 + 2] = f32::NAN;
    try_it(&Mistake {
        what: "NaN",
        files: vec![("s.csv", table.into_bytes()), ("a.npy", npy(&[40, 6], &values))],
        command: "fit s.csv a.npy -o out --folds 2 --map 0",
        code: 1,
        cause: &["stimulus 4: unit 2 is NaN"],
        remedy: "leave out the stimulus",
        done: Done::File("a.npy", whole),
    });
}

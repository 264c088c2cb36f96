//! What is given in the place of a table, named as what it is; and names in a table that nothing has.

use std::fs;

use crate::workspace::Workspace;

#[test]
fn what_is_no_table_is_named_as_what_it_is() {
    let workspace = Workspace::new();
    workspace.write("t.parquet", b"PAR1....PAR1".as_slice());
    workspace.write("page.html", "<!DOCTYPE html><html></html>");
    workspace.write("notes.rtf", "{\\rtf1 hello}");
    workspace.write("s.yaml", "- sentence: a\n  n: 1\n");
    workspace.write("s.md", "| sentence | n |\n|---|---|\n| a | 1 |\n");
    workspace.write("empty.csv", "");
    workspace.write("frame.json", "{\"sentence\": {\"0\": \"a\"}, \"n\": {\"0\": 1}}");
    for (name, parts) in [
        ("d.docx", &["[Content_Types].xml", "word/document.xml"][..]),
        ("d.pptx", &["[Content_Types].xml", "ppt/presentation.xml"]),
        ("d.ods", &["mimetype", "content.xml"]),
    ] {
        let mut zip = zip::ZipWriter::new(fs::File::create(workspace.path(name)).unwrap());
        for part in parts {
            zip.start_file(*part, zip::write::SimpleFileOptions::default()).unwrap();
        }
        zip.finish().unwrap();
    }
    workspace.write("zipped.csv", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0]);
    fs::create_dir(workspace.path("folder")).unwrap();
    for (file, is) in [
        ("t.parquet", "t.parquet is a Parquet table"),
        ("page.html", "page.html is an HTML page"),
        ("zipped.csv", "zipped.csv is a file compressed with gzip"),
        ("folder", "folder is an empty folder"),
        ("d.docx", "d.docx is a Word document"),
        ("d.pptx", "d.pptx is a PowerPoint presentation"),
        ("d.ods", "d.ods is an OpenDocument file"),
        ("notes.rtf", "notes.rtf is a text with formats (RTF)"),
        ("s.yaml", "s.yaml is a YAML file"),
        ("s.md", "s.md is a table in Markdown"),
        ("empty.csv", "empty.csv is an empty file"),
        ("frame.json", "table.to_json(\"stimuli.jsonl\", orient=\"records\", lines=True)"),
    ] {
        for command in [
            format!("run {file}"),
            format!("fit {file} a.npy -o o"),
            format!("extract {file} -o a.safetensors"),
        ] {
            let said = workspace.transcript(&command);
            assert!(said.contains(is) && said.contains("CoNLL-U"), "{command}: {said}");
            assert!(!said.contains("toml.io"), "{said}");
        }
    }
    workspace.write("s.tsv", "sentence\tn\na b\t1\n");
    let said = workspace.transcript("check s.tsv");
    assert!(said.contains("s.tsv: 1 stimulus"), "{said}");
}

#[test]
fn a_relation_that_no_word_has_is_told() {
    let workspace = Workspace::new();
    let words = "1\tShe\tshe\tPRON\t_\tNumber=Sing\t2\tnsubj:pass\t_\t_\n2\truns\trun\tVERB\t_\tTense=Pres\t0\troot\t_\t_\n\n";
    workspace.write("a.conllu", words.repeat(2));
    let said = workspace.transcript("check a.conllu --morph subj.Number");
    assert!(
        said.contains("no word has the relation `subj`") && said.contains("did you mean nsubj"),
        "{said}"
    );
    assert!(workspace.ok("check a.conllu --morph nsubj.Number").contains("nsubj_Number"));
}

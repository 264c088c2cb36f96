//! Tables as people have them: formats of corpora and benchmarks, what is odd in them, and what is no table.

use mlem_probe::stimuli::Stimuli;

use crate::workspace::Workspace;

/// What `probe fit` or `probe run` read, as the run directory keeps it.
fn kept(workspace: &Workspace, out: &str) -> Vec<String> {
    workspace.read(&format!("{out}/stimuli.csv")).lines().map(str::to_owned).collect()
}

const FAST: &str = "--folds 1 --permutations 0 --map 0";

/// The keys of `BLiMP`.
fn blimp(n: usize) -> String {
    (0..n)
        .map(|k| {
            let noun = ["boy", "girl", "king", "queen", "man"][k % 5];
            format!(
                "{{\"sentence_good\": \"The {noun} sees {k} dogs.\", \"sentence_bad\": \"The {noun} see {k} dogs.\", \
                 \"field\": \"morphology\", \"linguistics_term\": \"agreement\", \"UID\": \"toy\", \"simple_LM_method\": true, \
                 \"one_prefix_word_good\": \"sees\", \"one_prefix_word_bad\": \"see\", \"noun\": \"{noun}\", \"pairID\": \"{k}\"}}\n"
            )
        })
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn blimp_is_one_command_to_a_run() {
    let workspace = Workspace::new();
    workspace.write("toy.jsonl", blimp(8));
    let said = workspace.transcript(&format!("run toy.jsonl {FAST} -o out"));
    assert!(said.starts_with("exit code 0"), "{said}");
    assert!(said.contains("each of the 8 rows has a good and a bad sentence: they are 16 stimuli"), "{said}");
    // What is the same everywhere is left out, in one warning.
    let left_out = "left out, because they tell no stimuli apart: `field`, `linguistics_term`, `UID` and `simple_LM_method`";
    assert!(said.matches("left out").count() == 1 && said.contains(left_out), "{said}");
    let rows = kept(&workspace, "out");
    assert_eq!(rows[0], "sentence,grammatical,pair,one_prefix_word,noun");
    assert_eq!(rows[1..3], ["The boy sees 0 dogs.,true,0,sees,boy", "The boy see 0 dogs.,false,0,see,boy"]);
    // What was assumed is in the record.
    assert!(workspace.read("out/run.json").contains("16 stimuli"));
}

#[test]
fn what_generate_writes_as_pairs_is_read() {
    let workspace = Workspace::new();
    workspace.ok("generate agreement_attraction --pairs grammatical --sample 8 -o good.jsonl");
    workspace.ok(&format!("run good.jsonl {FAST} -o good"));
    assert!(kept(&workspace, "good")[0].starts_with("sentence,grammatical,pair,"));
    workspace.ok("generate relative_clause --pairs subj_number --sample 8 -o number.jsonl");
    workspace.ok(&format!("run number.jsonl {FAST} -o number"));
    let rows = kept(&workspace, "number");
    let header: Vec<&str> = rows[0].split(',').collect();
    let at = header.iter().position(|name| *name == "subj_number").unwrap();
    assert_eq!(header[..2], ["sentence", "pair"]);
    let value = |row: usize| rows[row].split(',').nth(at).unwrap().to_owned();
    assert_eq!([value(1), value(2)].concat().len(), "sgpl".len());
    assert_ne!(value(1), value(2));
}

#[test]
fn multiblimp_is_a_table_with_tabs() {
    let workspace = Workspace::new();
    let mut table = String::from("\tsen\twrong_sen\tverb\twrong_verb\tgrammatical_feature\tlang\n");
    for k in 0..8 {
        let row = format!("{k}\tHij \"slaapt\" {k}.\tHij \"slapen\" {k}.\tslaapt\tslapen\tSG\tnld\n");
        table.push_str(&row);
    }
    workspace.write("data.tsv", table);
    let said = workspace.transcript(&format!("run data.tsv {FAST} -o out"));
    assert!(said.starts_with("exit code 0"), "{said}");
    assert!(said.contains("column 1 has no name and counts the rows: it is left out"), "{said}");
    assert_eq!(
        kept(&workspace, "out")[..2],
        ["sentence,grammatical,pair,verb", "\"Hij \"\"slaapt\"\" 0.\",true,0,slaapt"]
    );
}

#[test]
fn zorro_is_lines_that_are_bad_and_good_in_turn() {
    let workspace = Workspace::new();
    let text = (0..8)
        .map(|k| format!("look at this dogs {k} .\nlook at these dogs {k} .\n"))
        .collect::<Vec<_>>()
        .concat();
    workspace.write("agreement.txt", &text);
    workspace.ok(&format!("run agreement.txt --lines bad,good {FAST} -o out"));
    let rows = kept(&workspace, "out");
    assert_eq!(
        rows[..3],
        ["sentence,grammatical,pair", "look at this dogs 0 .,false,0", "look at these dogs 0 .,true,0"]
    );
    // Which line is which is nothing to guess.
    let said = workspace.transcript(&format!("run agreement.txt {FAST} -o out2"));
    assert!(
        said.contains("agreement.txt is a text without columns") && said.contains("--lines bad,good"),
        "{said}"
    );
    let odd = workspace
        .write("odd.txt", format!("{text}one more\n"))
        .transcript("run odd.txt --lines bad,good -o out3");
    assert!(odd.contains("odd.txt:17: 17 sentences do not make sets of 2 (bad, good)"), "{odd}");
}

fn suite() -> String {
    let condition = |name: &str, verb: &str, k: usize| {
        format!(
            "{{\"condition_name\": \"{name}\", \"regions\": [{{\"region_number\": 1, \"content\": \"The author {k}\"}}, \
             {{\"region_number\": 2, \"content\": \"\"}}, {{\"region_number\": 3, \"content\": \"{verb}\"}}, \
             {{\"region_number\": 4, \"content\": \".\"}}]}}"
        )
    };
    let items: Vec<String> = (1..=6)
        .map(|k| {
            let (a, b) = (condition("match", "laughs", k), condition("mismatch", "laugh", k));
            format!("{{\"item_number\": {k}, \"conditions\": [{a}, {b}]}}")
        })
        .collect();
    format!(
        "{{\"meta\": {{\"name\": \"toy\", \"metric\": \"sum\"}}, \"region_meta\": {{\"1\": \"subject\", \"2\": \"phrase\", \"3\": \"verb\", \
         \"4\": \"end\"}}, \"predictions\": [], \"items\": [{}]}}",
        items.join(", ")
    )
}

#[test]
fn a_syntaxgym_suite_has_a_row_for_each_condition_and_its_regions_as_slots() {
    let workspace = Workspace::new();
    workspace.write("suite.json", suite());
    workspace.ok(&format!("run suite.json --at verb {FAST} -o out"));
    let rows = kept(&workspace, "out");
    assert_eq!(
        rows[..3],
        ["sentence,condition,item", "The author 1 laughs .,match,1", "The author 1 laugh .,mismatch,1"]
    );
    let stimuli = Stimuli::read(&workspace.path("suite.json")).unwrap();
    assert_eq!(stimuli.slots(), ["subject", "verb", "end"]);
    let verb = stimuli.spans(0)[1].unwrap();
    assert_eq!(&stimuli.sentences().unwrap()[0][verb.start as usize..verb.end as usize], "laughs");
}

const TREEBANK: &str = "\
# sent_id = 1
# text = No vengo del mar.
1\tNo\tno\tADV\t_\tPolarity=Neg\t2\tadvmod\t_\t_
2\tvengo\tvenir\tVERB\t_\tMood=Ind|Number=Sing|Person=1|Tense=Pres\t0\troot\t_\t_
3-4\tdel\t_\t_\t_\t_\t_\t_\t_\t_
3\tde\tde\tADP\t_\t_\t5\tcase\t_\t_
4\tel\tel\tDET\t_\tGender=Masc|Number=Sing\t5\tdet\t_\t_
5\tmar\tmar\tNOUN\t_\tGender=Masc|Number=Sing\t2\tobl\t_\tSpaceAfter=No
5.1\tvengo\tvenir\tVERB\t_\t_\t_\t_\t2:conj\t_
6\t.\t.\tPUNCT\t_\t_\t2\tpunct\t_\t_

# text = I don't sleep
1\tI\tI\tPRON\tPRP\tCase=Nom|Number=Sing|Person=1\t4\tnsubj\t_\t_
2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdo\tdo\tAUX\tVBP\tTense=Past\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\tsleep\tsleep\tVERB\tVB\tTense=Past\t0\troot\t_\t_
";

#[test]
fn a_treebank_is_read_as_sentences_with_features_of_the_root_and_what_depends_on_it() {
    let workspace = Workspace::new();
    let mut text = String::new();
    for _ in 0..5 {
        text += TREEBANK;
        text += "\n";
    }
    workspace.write("ud.conllu", &text);
    workspace.ok(&format!("run ud.conllu {FAST} -o out"));
    let rows = kept(&workspace, "out");
    assert_eq!(rows[0], "sentence,length,root_Mood,root_Number,root_Person,root_Tense");
    assert_eq!(rows[1..3], ["No vengo del mar.,6,Ind,Sing,1,Pres", "I don't sleep,4,,,,Past"]);
    workspace.ok(&format!("run ud.conllu --morph root.Tense,nsubj.Case --at root {FAST} -o chosen"));
    assert_eq!(kept(&workspace, "chosen")[0], "sentence,length,root_Tense,nsubj_Case");
    let said = workspace.transcript(&format!("run ud.conllu --morph root.Tens {FAST} -o wrong"));
    assert!(said.contains("no column is called `Tens`") && said.contains("did you mean Tense?"), "{said}");
}

#[test]
fn a_treebank_is_read_as_words_with_their_places() {
    let workspace = Workspace::new();
    workspace.write("ud.conllu", TREEBANK);
    workspace.ok(&format!("run ud.conllu --words {FAST} -o out"));
    let rows = kept(&workspace, "out");
    assert_eq!(
        rows[0],
        "sentence,word,start_idx,end_idx,UPOS,Case,Gender,Mood,Number,Person,Polarity,Tense,deprel,head_distance"
    );
    let column = |row: &str, at: usize| row.split(',').nth(at).unwrap().to_owned();
    let words: Vec<[String; 3]> = rows[1..].iter().map(|row| [1, 2, 3].map(|at| column(row, at))).collect();
    let expected = [
        ("No", 0, 2),
        ("vengo", 3, 8),
        ("del", 9, 12),
        ("del", 9, 12),
        ("mar", 13, 16),
        (".", 16, 17),
        ("I", 0, 1),
        ("do", 2, 4),
        ("n't", 4, 7),
        ("sleep", 8, 13),
    ];
    let expected = expected.map(|(word, start, end)| [word.to_owned(), start.to_string(), end.to_string()]);
    assert_eq!(words, expected);
    let distances: Vec<String> =
        rows[1..].iter().map(|row| row.rsplit(',').next().unwrap().to_owned()).collect();
    assert_eq!(distances, ["1", "", "2", "1", "-3", "-4", "3", "2", "1", ""]);
}

#[test]
fn mistakes_of_a_treebank_are_told_at_once() {
    let workspace = Workspace::new();
    let wrong = TREEBANK
        .replace("5\tmar", "6\tmar")
        .replace("2\tobl", "x\tobl")
        .replace("\tPUNCT\t_\t_\t", "\tPUNCT\t_\t");
    workspace.write("ud.conllu", wrong);
    let said = workspace.transcript("run ud.conllu -o out");
    assert!(said.contains("ud.conllu:8: word `6` where word 5 is next"), "{said}");
    assert!(said.contains("ud.conllu:10: 9 columns, and CoNLL-U has ten"), "{said}");
}

/// Features and activations of the same stimuli.
fn fit(workspace: &Workspace, table: &str, options: &str) -> String {
    let rows = 12;
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': (1, {rows}, 3), }}\n");
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    for k in 0..rows * 3 {
        bytes.extend((((k * 7919 + 13) % 101) as f32).to_le_bytes());
    }
    workspace.write("a.npy", bytes).write("s.csv", table);
    workspace.transcript(&format!("fit s.csv a.npy -o out {FAST} {options}"))
}

fn rows(row: impl Fn(usize) -> String) -> String {
    (0..12).map(row).collect()
}

#[test]
fn decimal_commas_are_named_and_read_if_asked_for() {
    let workspace = Workspace::new();
    let table = format!("k;zipf\n{}", rows(|k| format!("{};{},5\n", ["a", "b"][k % 2], k % 5)));
    let said = fit(&workspace, &table, "");
    assert!(said.starts_with("exit code 0"), "{said}");
    assert!(
        said.contains("warning: `zipf` is categorical, because 12 rows have a comma for the point (`0,5`)"),
        "{said}"
    );
    let said = fit(&workspace, &table, "--decimal-comma --force");
    assert!(said.starts_with("exit code 0") && !said.contains("comma"), "{said}");
    assert!(workspace.read("out/stimuli.json").contains("{\"name\":\"zipf\",\"kind\":\"numeric\"}"));
}

#[test]
fn what_is_odd_in_a_table_is_told_and_no_warning_lists_more_than_ten_values() {
    let workspace = Workspace::new();
    let table = format!(
        "sentence,number,kind\n{}",
        rows(|k| format!("s{},{},{}\n", k / 2, ["sg", "Sg", "sg ", "pl"][k % 4], ["x", "y", "z"][k % 3]))
    );
    let said = fit(&workspace, &table, "");
    assert!(
        said.contains("`number` has levels that differ only in blanks or case: `Sg`, `sg` and `sg `"),
        "{said}"
    );
    assert!(said.contains("6 sentences are there more than once with other values"), "{said}");
    for line in said.lines().filter(|line| line.starts_with("warning")) {
        assert!(line.matches('`').count() <= 22, "{line}");
    }
    let table = format!("sentence,number\n{}", rows(|k| format!("s{},{}\n", k % 6, ["sg", "pl"][k % 2])));
    // One fold holds nothing out.
    let said = fit(&workspace, &table, "--force");
    assert!(!said.contains("too high"), "{said}");
    let said = workspace.transcript("fit s.csv a.npy -o two --folds 2 --permutations 0 --map 0");
    assert!(
        said.contains("6 sentences are there more than once with the same values (stimuli 0 and 6; 1 and 7"),
        "{said}"
    );
    let table = format!("sentence,grammatical,k\n{}", rows(|k| format!("s{},{},{}\n", k % 6, k < 6, k % 3)));
    assert!(fit(&workspace, &table, "").contains("6 sentences stand as good and as bad"));
}

#[test]
fn columns_that_tell_nothing_apart_are_left_out_with_one_warning() {
    let workspace = Workspace::new();
    let table =
        format!("id,language,number,none\n{}", rows(|k| format!("x{k},en,{},\n", ["sg", "pl"][k % 2])));
    let said = fit(&workspace, &table, "");
    let warning = "warning: left out, because they tell no stimuli apart: `id` (another value for each), `language` and `none`; ";
    assert!(said.starts_with("exit code 0") && said.contains(warning), "{said}");
    assert_eq!(kept(&workspace, "out")[0], "number");
    // Who asks for one by name hears why it cannot be had, and the hint is what helps.
    let said = fit(&workspace, &table, "--features number,language --force");
    assert!(said.contains("feature `language` is constant") && said.contains("--drop language"), "{said}");
    let said = fit(&workspace, &table, "--features number,language --drop language --force");
    assert!(said.starts_with("exit code 0"), "{said}");
    let said = fit(&workspace, &format!("id,language\n{}", rows(|k| format!("x{k},en\n"))), "--force");
    assert!(said.contains("no feature tells stimuli apart"), "{said}");
}

#[test]
fn the_column_of_the_sentences_may_have_another_name() {
    let workspace = Workspace::new();
    let table =
        (0..8).map(|k| format!("the dog {k} sleeps,{}\n", ["sg", "pl"][k % 2])).collect::<Vec<_>>().concat();
    for (name, asked) in [("Sentence", "Sentence"), ("text", "text"), ("My Text", "'My Text'")] {
        workspace.write("s.csv", format!("{name},number\n{table}"));
        let said = workspace.transcript("extract s.csv -o a.safetensors");
        assert!(
            said.contains(&format!("hint: if it has another name, say which: --text {asked}\n")),
            "{said}"
        );
        let output = workspace.command("extract s.csv -o a.safetensors --text").arg(name).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let said = workspace.transcript("extract s.csv -o a.safetensors --text My");
    assert!(
        said.contains("s.csv: no column is called `My`")
            && said.contains("hint: its columns are My Text and number\n"),
        "{said}"
    );
}

#[test]
fn every_mistake_of_a_table_is_told_at_once_up_to_ten() {
    let workspace = Workspace::new();
    let table = "sentence,n\na b,1\nc\n,2\nd e,1,2\nf g,3\n";
    workspace.write("s.csv", table);
    let said = workspace.transcript("extract s.csv -o a.safetensors");
    for message in [
        "s.csv:3: 1 value where the header has 2 columns",
        "s.csv:5: 3 values where the header has 2 columns",
    ] {
        assert!(said.contains(message), "{said}");
    }
    let many = (0..30).map(|k| format!("a{k}\n")).collect::<Vec<_>>().concat();
    workspace.write("s.csv", format!("sentence,n\n{many}"));
    let said = workspace.transcript("extract s.csv -o a.safetensors");
    assert_eq!(said.matches("1 value where").count(), 10, "{said}");
    assert!(said.contains("and 20 more mistakes"), "{said}");
}

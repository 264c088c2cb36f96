//! `--part decoder` as a user has it: what is read, what is pooled, what runs and files say, the cache, and mistakes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use mlem_probe::activations::{Activations, Pooling};
use mlem_probe::extract::Extract;
use mlem_probe::models::{LoadOptions, Model, Part, Sequences};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::Stimuli;
use mlem_probe::tokens::TokenizerText;

use crate::decoders::Pairs;
use crate::workspace::Workspace;

const WORDS: [&str; 12] =
    ["der", "Hund", "Hunde", "bellt", "bellen", "die", "the", "dog", "dogs", "barks", "bark", "."];

/// A tokenizer of words, which puts `<s>` (0) before a text and `</s>` (2) behind it; words are 10 and up.
fn tokenizer() -> String {
    let mut vocabulary = json!({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3});
    for (at, word) in WORDS.iter().enumerate() {
        vocabulary[word] = (at + 10).into();
    }
    let added = |id: usize, content: &str| {
        json!({"id": id, "content": content, "special": true, "lstrip": false, "rstrip": false, "normalized": false,
               "single_word": false})
    };
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [added(0, "<s>"), added(1, "<pad>"), added(2, "</s>")],
        "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "decoder": null,
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": true,
                           "add_prefix_space": false},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"},
    })
    .to_string()
}

/// A table of sentences and their translations, with two features.
fn table() -> String {
    let mut rows = "sentence,number,target,length\n".to_owned();
    for (at, (source, number, target)) in [
        ("the dog barks", "sg", "der Hund bellt ."),
        ("the dogs bark", "pl", "die Hunde bellen"),
        ("dog barks .", "sg", "Hund bellt"),
        ("dogs bark .", "pl", "die Hunde"),
    ]
    .iter()
    .cycle()
    .take(12)
    .enumerate()
    {
        let length = at % 5;
        writeln!(rows, "{source},{number},{target},{length}").unwrap();
    }
    rows
}

/// A workspace with `bart/` and `s.csv`.
fn workspace() -> Workspace {
    let w = Workspace::new();
    let pairs = Pairs::open("bart");
    w.write("bart/config.json", pairs.config());
    w.write("bart/tokenizer.json", tokenizer());
    w.write("bart/model.safetensors", pairs.bytes());
    w.write("s.csv", table());
    w
}

/// What is said of `words` with a cache in the workspace.
fn said(w: &Workspace, words: &str) -> (bool, String) {
    let output = w.command(words).env("PROBE_CACHE", w.path("cache")).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).join("");
    (output.status.success(), text)
}

fn ok(w: &Workspace, words: &str) -> String {
    let (ok, text) = said(w, words);
    assert!(ok, "{words}: {text}");
    text
}

const EXTRACT: &str = "extract s.csv --model bart --part decoder";

#[test]
fn what_is_pooled_is_the_states_of_what_the_decoder_reads() {
    let w = workspace();
    let text = ok(&w, &format!("{EXTRACT} -o a.safetensors"));
    assert!(text.contains("the decoder reads column `target`, which is no feature then"), "{text}");
    let found = Activations::read(&w.path("a.safetensors")).unwrap();
    assert_eq!(found.layers(), [0, 1, 2]);
    let of = found.provenance();
    assert_eq!((of.part.as_deref(), of.target.as_deref()), (Some("decoder"), Some("target")));

    let checkpoint = mlem_probe::hub::Checkpoint {
        tokenizer: TokenizerText::alone(&tokenizer()),
        ..Pairs::open("bart").checkpoint()
    };
    let model = Model::load(&checkpoint, &LoadOptions::default().part(Part::Decoder)).unwrap();
    let id = |word: &str| WORDS.iter().position(|known| *known == word).unwrap() as u32 + 10;
    let tokens = |text: &str| -> Vec<u32> { text.split_whitespace().map(id).collect() };
    let stimuli = Stimuli::read(&w.path("s.csv")).unwrap();
    let mut taken = stimuli.clone();
    taken.take_target("target").unwrap();
    for (row, target) in taken.targets().unwrap().iter().enumerate() {
        // </s> <s> and the text; the encoder has <s>, the sentence and </s>.
        let read = [vec![2, 0], tokens(target)].concat();
        let source = [vec![0], tokens(&stimuli.sentences().unwrap()[row]), vec![2]].concat();
        let pair = Sequences::new([read.as_slice()]).reading([source.as_slice()]);
        model
            .hidden_states(&pair, 2, |layer, states| {
                let mean = |unit: usize| {
                    let values = states.chunks_exact(8).map(|token| token[unit]);
                    values.sum::<f32>() / read.len() as f32
                };
                for unit in 0..8 {
                    let found = found.matrix(layer)[[row, unit]];
                    assert!((found - mean(unit)).abs() < 1e-5, "{row} {layer}: {found} {}", mean(unit));
                }
                Ok(())
            })
            .unwrap();
    }
    // Each pooling, batches of any size, and a device's padded batches agree.
    let padded = LoadOptions::default().part(Part::Decoder).padded();
    let padded = Model::load(&checkpoint, &padded).unwrap();
    for pooling in [Pooling::Mean, Pooling::First, Pooling::Last, Pooling::Max, Pooling::Min] {
        for special in [true, false] {
            let params = Extract::params().pooling(pooling).special_tokens(special);
            let whole = params.extract(&taken, &model, &Silent).unwrap();
            let small = params.clone().batch_tokens(1).extract(&taken, &model, &Silent).unwrap();
            let other = params.extract(&taken, &padded, &Silent).unwrap().activations;
            for index in 0..3 {
                assert_eq!(whole.activations.matrix(index), small.activations.matrix(index));
                let differ = &whole.activations.matrix(index) - &other.matrix(index);
                assert!(differ.iter().all(|value| value.abs() < 1e-4), "{pooling} {index}");
            }
        }
    }
    let first =
        Extract::params().pooling(Pooling::First).extract(&taken, &model, &Silent).unwrap().activations;
    let same = (1..12).all(|row| first.matrix(0).row(row) == first.matrix(0).row(0));
    assert!(same, "every text begins with one token");
    let error = Extract::params().at("verb".to_owned()).extract(&taken, &model, &Silent).unwrap_err();
    assert!(error.hint().is_some(), "{error}");
}

#[test]
fn a_slot_is_pooled_where_the_decoder_reads_it() {
    let w = workspace();
    // Words of the sentences, which the decoder reads itself.
    w.write(
        "words.csv",
        "word,sentence,start_idx,end_idx,number\ndog,the dog barks,4,7,sg\ndogs,the dogs bark,4,8,pl\n\
         barks,the dog barks,8,13,sg\nbark,the dogs bark,9,13,pl\n",
    );
    let text = ok(&w, "extract words.csv --model bart --part decoder -o words.safetensors");
    assert!(text.contains("the decoder reads each sentence itself"), "{text}");
    let found = Activations::read(&w.path("words.safetensors")).unwrap();
    assert_eq!(found.provenance().target.as_deref(), Some("sentence"));
    // </s> <s> the dog barks: `dog` is the fourth token, and its embedding is that of a text of its own at that place.
    let checkpoint = mlem_probe::hub::Checkpoint {
        tokenizer: TokenizerText::alone(&tokenizer()),
        ..Pairs::open("bart").checkpoint()
    };
    let model = Model::load(&checkpoint, &LoadOptions::default().part(Part::Decoder)).unwrap();
    let (read, source) = ([2u32, 0, 16, 17, 19], [0u32, 16, 17, 19, 2]);
    let pair = Sequences::new([read.as_slice()]).reading([source.as_slice()]);
    model
        .hidden_states(&pair, 2, |layer, states| {
            let dog = &states[3 * 8..][..8];
            assert!(found.matrix(layer).row(0).iter().zip(dog).all(|(a, b)| (a - b).abs() < 1e-6), "{layer}");
            Ok(())
        })
        .unwrap();
    w.write(
        "both.csv",
        "word,sentence,start_idx,end_idx,number,target\ndog,the dog barks,4,7,sg,der Hund\ndogs,the dogs bark,4,8,pl,die Hunde\n",
    );
    let (fine, text) = said(&w, "extract both.csv --model bart --part decoder -o x.safetensors");
    assert!(
        !fine
            && text.contains("the decoder reads column `target`, where nothing says")
            && text.contains("hint"),
        "{text}"
    );
    ok(&w, "extract both.csv --model bart --part decoder --target-text sentence -o x.safetensors");
}

#[test]
fn the_cache_tells_parts_and_texts_apart() {
    let w = workspace();
    let cached = |words: &str| ok(&w, words).contains("from the cache");
    assert!(!cached("extract s.csv --model bart -o e.safetensors"));
    assert!(!cached(&format!("{EXTRACT} -o d.safetensors")), "an encoder's state is no decoder's");
    assert!(!cached(&format!("{EXTRACT} --target-text sentence -o s.safetensors")), "other texts");
    assert!(
        cached(&format!("{EXTRACT} -o d2.safetensors"))
            && cached("extract s.csv --model bart -o e2.safetensors")
    );
    let read = |name: &str| Activations::read(&w.path(name)).unwrap();
    let (e, d, s) = (read("e.safetensors"), read("d.safetensors"), read("s.safetensors"));
    assert_eq!(
        (read("d2.safetensors").matrix(2), read("e2.safetensors").matrix(1)),
        (d.matrix(2), e.matrix(1))
    );
    assert!(e.matrix(1) != d.matrix(1) && d.matrix(2) != s.matrix(2));
    assert_eq!(read("d2.safetensors").provenance(), d.provenance());
    w.write("s.csv", table().replace("die Hunde\n", "die Hund\n").replace("die Hunde,", "die Hund,"));
    assert!(!cached(&format!("{EXTRACT} -o d3.safetensors")), "one text is another");
}

const RUN: &str = "--folds 2 --permutations 1 --map 0 --part decoder --model bart";

#[test]
fn a_run_says_what_was_read_and_its_table_brings_it_back() {
    let w = workspace();
    ok(&w, &format!("run s.csv {RUN}"));
    let record =
        |folder: &str| serde_json::from_str::<Value>(&w.read(&format!("{folder}/run.json"))).unwrap();
    let of = record("runs/s-bart-decoder");
    assert_eq!((&of["part"], &of["target"]), (&json!("decoder"), &json!("target")));
    assert_eq!(of["stimuli"]["features"], json!(["number", "length"]));
    assert_eq!(of["layers"], json!([0, 1, 2]));
    let page = w.read("runs/s-bart-decoder/report.html");
    assert!(page.contains("which read the text in column target behind its start token"), "methods");
    // The table of the run has the texts still, and they are no feature there.
    assert!(w.read("runs/s-bart-decoder/stimuli.csv").starts_with("sentence,number,target,length\n"));
    ok(&w, &format!("run runs/s-bart-decoder/stimuli.csv {RUN} -o again"));
    assert_eq!(w.read("again/scores.csv"), w.read("runs/s-bart-decoder/scores.csv"));
    ok(&w, "extract runs/s-bart-decoder/stimuli.csv --model bart --part decoder -o d.safetensors");
    let text = ok(&w, "fit s.csv d.safetensors --drop target -o fitted --folds 2 --permutations 1 --map 0");
    assert!(!text.contains("other stimuli"), "{text}");
    assert_eq!(w.read("fitted/scores.csv"), w.read("again/scores.csv"));
    assert_eq!(
        (&record("fitted")["part"], &record("fitted")["target"]),
        (&json!("decoder"), &json!("target"))
    );
    // Another run does not take its place.
    let (fine, text) = said(&w, &format!("run s.csv {RUN} --target-text sentence -o runs/s-bart-decoder"));
    assert!(!fine && text.contains("the decoder reads target there and sentence here"), "{text}");
    ok(&w, "run s.csv --folds 2 --permutations 1 --map 0 --model bart --drop target -o encoder");
    let text = ok(&w, "compare encoder again -o both");
    assert!(text.contains("part"), "{text}");
    let text = ok(&w, &format!("run s.csv {RUN} --dry-run"));
    assert!(text.contains("number, length"), "{text}");
}

#[test]
fn sites_of_a_decoder_have_files_and_names() {
    let w = workspace();
    for (site, layers) in [
        ("attention", 2),
        ("mlp", 2),
        ("attention-heads", 4),
        ("cross-attention", 2),
        ("cross-attention-heads", 4),
    ] {
        ok(&w, &format!("{EXTRACT} --site {site} -o {site}.safetensors"));
        let found = Activations::read(&w.path(&format!("{site}.safetensors"))).unwrap();
        assert_eq!(found.layers().len(), layers, "{site}");
        assert_eq!(found.provenance().site.as_deref(), Some(site));
    }
    ok(&w, &format!("{EXTRACT} --site cross-attention-heads --heads 1 -o one.safetensors"));
    let (fine, text) = said(&w, "extract s.csv --model bart --site cross-attention -o x.npy");
    assert!(!fine && text.contains("is no decoder that reads an encoder") && text.contains("hint"), "{text}");
}

#[test]
fn what_a_decoder_reads_can_be_seen() {
    let w = workspace();
    let text = w.ok("tokens bart --part decoder Hund");
    assert!(text.contains("</s>  added") && text.contains("<s>   added"), "{text}");
    let json: Value = serde_json::from_str(&w.ok("tokens bart --part decoder s.csv --json")).unwrap();
    let ids = |at: usize| -> Vec<u64> {
        let tokens = json["sentences"][at]["tokens"].as_array().unwrap();
        tokens.iter().map(|token| token["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(json["sentences"][0]["text"], "der Hund bellt .");
    assert_eq!((ids(0), ids(2)), (vec![2, 0, 10, 11, 13, 21], vec![2, 0, 11, 13]));
    let text = w.transcript("tokens tiny-bert --part decoder a");
    assert!(
        text.contains("--part decoder: tiny-bert is a model of type `bert`") && text.contains("hint"),
        "{text}"
    );
}

#[test]
fn mistakes_are_named_with_what_to_do() {
    let w = workspace();
    w.write("numbers.csv", "sentence,number,target\nthe dog,sg,1\nthe dogs,pl,2\ndogs,pl,3\n");
    w.write("gaps.csv", "sentence,number,target\nthe dog,sg,der\nthe dogs,pl,\ndogs,pl,die\n");
    w.write("blank.csv", "sentence,number,target\nthe dog,sg,der\nthe dogs,pl,\"  \"\ndogs,pl,die\n");
    let long = "Hund ".repeat(16);
    w.write("long.csv", format!("sentence,number,target\nthe dog,sg,der\nthe dogs,pl,{long}\ndogs,pl,die\n"));
    w.write("long_source.csv", format!("sentence,number,target\n{long},sg,der\nthe dogs,pl,die\n"));
    let decoder = "--model bart --part decoder -o x.safetensors";
    for (words, what) in [
        (
            "extract s.csv --part decoder -o x.safetensors".to_owned(),
            "is a model of type `bert`, which has no decoder",
        ),
        (
            "extract s.csv --model bart --target-text target -o x.safetensors".to_owned(),
            "--target-text is of --part decoder",
        ),
        (format!("extract s.csv --target-text tarket {decoder}"), "no feature is called `tarket`"),
        (
            format!("extract numbers.csv {decoder}"),
            "column `target` holds numbers, and a decoder reads texts",
        ),
        (format!("extract s.csv --target-text length {decoder}"), "column `length` holds numbers"),
        (format!("extract gaps.csv {decoder}"), "stimulus 1 has no text in column `target`"),
        (format!("extract blank.csv {decoder}"), "stimulus 1 has no text in column `target`"),
        (
            format!("extract long.csv {decoder}"),
            "stimulus 1 has 18 tokens, but the decoder of bart has 16 positions",
        ),
        (
            format!("extract long_source.csv {decoder}"),
            "stimulus 0 has 18 tokens, but the encoder of bart has 16 positions",
        ),
        (format!("extract s.csv --layers 3 {decoder}"), "layer 3 does not exist"),
        (
            format!("run s.csv --drop target {RUN} -o x"),
            "the decoder reads column `target`, which is no feature then",
        ),
        (
            format!("run s.csv --features target {RUN} -o x"),
            "the decoder reads column `target`, which is no feature then",
        ),
        ("extract s.csv --model bart --part both -o x.npy".to_owned(), "invalid value 'both'"),
    ] {
        let (fine, text) = said(&w, &words);
        assert!(!fine && text.contains(what), "{words}: {text}");
        assert!(text.contains("hint") || text.contains("possible values"), "{words}: {text}");
    }
    // In quotes or not, a table whose texts are all numbers is no table of texts; one word is enough.
    w.write("mixed.csv", "sentence,number,target\nthe dog,sg,1\nthe dogs,pl,der\ndogs,pl,3\n");
    ok(&w, &format!("extract mixed.csv {decoder}"));
}

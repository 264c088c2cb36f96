//! What a reader of a page has before the first command: tables, arrays, grammars and checkpoints of their own.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::page::{self, Step};
use super::world;
use crate::array_files::{Array, array, file};
use crate::models::unzipped;
use crate::tokens::bert as bert_tokenizer;

/// Stimuli of the tables.
const N: usize = 64;

/// Puts what the reader of `page` has into `folder`.
pub fn put(page: &str, folder: &Path) {
    let text = |name: &str, text: String| world::write(&folder.join(name), text.as_bytes());
    let arrays = |name: &str, arrays: &[Array]| {
        let format = name.rsplit('.').next().unwrap();
        fs::rename(file(folder, format, arrays), folder.join(name)).unwrap();
    };
    let checkpoint = |name: &str, files: &[&world::Files]| {
        for (file, bytes) in files.iter().copied().flatten() {
            world::write(&folder.join(name).join(file), bytes);
        }
    };
    let bert_lora = |base: &str| world::lora(base, "query", ["encoder.layer.0.attention.self", ""], 32);
    match page {
        "README.md" => {
            text("mine.toml", grammar());
            text("stimuli.csv", table());
            arrays("regions.npz", &[activations("V1", 0), activations("IT", 1)]);
            arrays("again.npz", &[activations("V1", 2), activations("IT", 3)]);
            text("plan.toml", plan());
        }
        "docs/activations.md" => {
            text("words.csv", table());
            arrays("epochs.npy", &[noise("", &[N, 5, 3], 0)]);
            arrays("states.npz", &[noise("states", &[N, 3, 6], 0)]);
            arrays("cache.pt", &[noise("blocks.0", &[N, 4, 5], 0), noise("blocks.1", &[N, 4, 5], 1)]);
        }
        "docs/adapters.md" => {
            checkpoint("my-lora", &[&bert_lora("google-bert/bert-base-uncased")]);
            checkpoint("both", &[&world::bert(1), &bert_lora("google-bert/bert-base-uncased")]);
            checkpoint("llama", &[&world::llama()]);
        }
        "docs/decoders.md" => text("translations.csv", translations()),
        "docs/group.md" => {
            // As many as the page draws: subjects × regions.
            let (n, regions) = (120, ["V1", "V2", "IT"]);
            let subjects = ["sub-01", "sub-02", "sub-03", "sub-04"];
            let one = |k: usize| noise(&format!("{}/{}", subjects[k / 3], regions[k % 3]), &[n, 6], k);
            arrays("recordings.npz", &(0..12).map(one).collect::<Vec<Array>>());
            arrays("recordings.npy", &[noise("", &[4, 3, n, 6], 0)]);
            text("pairs.csv", "V1,V2\nV2,IT\n".to_owned());
            arrays("epochs.npy", &[array("", &[8, 4, 10, 48, 5], epochs)]);
            text(
                "words.csv",
                "number,tense\n".to_owned() + &"sg,past\npl,past\nsg,pres\npl,pres\n".repeat(12),
            );
            text("channels.csv", "0,1\n1,2\n2,3\n".to_owned());
        }
        "docs/method.md" => {
            let trees = |i: usize| (i / N).abs_diff(i % N) as f64;
            arrays("trees.npz", &[array("tree", &[N, N], trees)]);
            arrays("activations.npy", &[activations("", 0)]);
            // Sixteen concepts in four runs.
            let trial = |k: usize| {
                let (concept, run) = (k % 16, k / 16);
                let (number, tense) = (["sg", "pl"][k % 2], ["Pres", "Past"][k / 2 % 2]);
                format!("c{concept},r{run},{number},{tense}\n")
            };
            text(
                "trials.csv",
                "concept,run,number,tense\n".to_owned() + &(0..N).map(trial).collect::<String>(),
            );
            arrays("trials.npy", &[activations("", 1)]);
        }
        "docs/models.md" => checkpoint("my-checkpoint", &[&world::bert(1)]),
        "docs/pandas.md" => {
            text("stimuli.csv", table());
            arrays("activations.npy", &[activations("", 0)]);
        }
        "docs/sites.md" => text("stimuli.csv", table()),
        "docs/sweeps.md" => {
            text("plan.toml", plan());
            text("mine/clefts.toml", grammar());
            text("sentences.csv", table());
            checkpoint("my-checkpoint", &[&world::bert(1)]);
        }
        "docs/surprisal.md" => text("judged.csv", judged()),
        "docs/tables.md" => tables(&text),
        "docs/tokenizers.md" => {
            text("my-bert/config.json", r#"{"model_type": "bert"}"#.to_owned());
            text("my-bert/tokenizer.json", my_bert());
            let settings = r#"{"tokenizer_class": "BertTokenizer", "do_lower_case": false}"#;
            text("my-bert/tokenizer_config.json", settings.to_owned());
        }
        "docs/verify.md" => {
            let (home, names) = unzipped("verify/bert.zip");
            for name in names {
                let place = if name == "frozen.safetensors" {
                    "verify-my-model.safetensors".to_owned()
                } else {
                    format!("my-model/{name}")
                };
                world::write(&folder.join(place), &fs::read(home.path().join(name)).unwrap());
            }
        }
        _ => {}
    }
}

/// What `docs/group.md` makes with NumPy: subjects × channels × times × stimuli × units, flat.
fn epochs(k: usize) -> f64 {
    let (stimulus, time, channel) = (k / 5 % 48, k / (5 * 48) % 10, k / (5 * 48 * 10) % 4);
    let noise = ((12.9898 * k as f64).sin() * 43_758.545_3).rem_euclid(1.0) - 0.5;
    let number = stimulus % 2 == 1 && channel <= 1 && (3..=6).contains(&time);
    let tense = stimulus / 2 % 2 == 1 && channel == 3 && (6..=8).contains(&time);
    noise + if number || tense { 0.2 } else { 0.0 }
}

/// A tokenizer with ends around a sentence, in which the token for what is hidden is a word like others.
fn my_bert() -> String {
    let special = |(id, name): (u32, &str)| json!({"id": id, "content": name, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true});
    let added: Vec<Value> = (0..).zip(["[PAD]", "[UNK]", "[CLS]", "[SEP]"]).map(special).collect();
    let mut tokenizer: Value = serde_json::from_str(&bert_tokenizer(&json!(added))).unwrap();
    let ends = [("[CLS]", 2), ("[SEP]", 3)]
        .map(|(name, id)| (name.to_owned(), json!({"id": name, "ids": [id], "tokens": [name]})));
    let end = |name: &str| json!({"SpecialToken": {"id": name, "type_id": 0}});
    let text = |name: &str| json!({"Sequence": {"id": name, "type_id": 0}});
    tokenizer["post_processor"] = json!({
        "type": "TemplateProcessing", "single": [end("[CLS]"), text("A"), end("[SEP]")], "pair": [text("A"), text("B")],
        "special_tokens": Map::from_iter(ends),
    });
    tokenizer.to_string()
}

/// The grammar of the first tutorial.
fn grammar() -> String {
    let page = super::text("docs/tutorials/design.md");
    let grammar = page::steps(&page).into_iter().find_map(|step| match step {
        Step::File { content, .. } => Some(content),
        _ => None,
    });
    grammar.unwrap()
}

/// Two small cells.
fn plan() -> String {
    "grammars = ['short_sentence']\nrevisions = ['step0', 'final']\n[options]\nsample = 64\nfolds = 2\nlayers = '0,6'\nmap = 0\n"
        .to_owned()
}

/// The words of stimulus `k` of [`N`]: a subject, its number, a verb and its tense.
fn words(k: usize) -> [&'static str; 4] {
    let number = k % 2;
    let subject = [
        ["the king", "the kings"],
        ["the queen", "the queens"],
        ["a dog", "two dogs"],
        ["the old man", "the old men"],
    ];
    let verb = [
        ["sleeps", "sleep", "slept"],
        ["sings", "sing", "sang"],
        ["arrives", "arrive", "arrived"],
        ["waits", "wait", "waited"],
    ];
    let tense = k / 2 % 2;
    let form = if tense == 1 { 2 } else { number };
    [subject[k / 4 % 4][number], ["sg", "pl"][number], verb[k / 16 % 4][form], ["Pres", "Past"][tense]]
}

fn table() -> String {
    let row = |k: usize| {
        let [subject, number, verb, tense] = words(k);
        format!("{subject} {verb}.,{number},{tense},{}\n", subject.len() + verb.len())
    };
    "sentence,number,tense,letters\n".to_owned() + &(0..N).map(row).collect::<String>()
}

/// Pairs of a sentence a row, in two constructions.
fn judged() -> String {
    let row = |k: usize| {
        let (construction, noun, verb) =
            (["clefts", "questions"][k % 2], ["king", "queen", "dog"][k / 2 % 3], ["sleeps", "sleep"]);
        let row = |good: usize| {
            format!("the {noun} {}.,{},{},{construction}\n", verb[good], k / 2, ["yes", "no"][good])
        };
        row(0) + &row(1)
    };
    "sentence,item,acceptable,construction\n".to_owned() + &(0..6).map(row).collect::<String>()
}

/// [`table`] with two texts for a decoder to read.
fn translations() -> String {
    let row = |(k, row): (usize, &str)| {
        let [_, number, verb, _] = words(k);
        if k == N {
            row.to_owned() + ",target,german\n"
        } else {
            format!("{row},{verb} it {number},{number} {verb} es\n")
        }
    };
    let table = table();
    let (head, rows) = table.split_once('\n').unwrap();
    row((N, head)) + &rows.lines().enumerate().map(row).collect::<String>()
}

/// Numbers without order.
fn noise(name: &str, shape: &[usize], seed: usize) -> Array {
    let values = random(shape.iter().product(), seed);
    array(name, shape, |i| values[i])
}

fn random(n: usize, seed: usize) -> Vec<f64> {
    let mixed = |i: usize| (i + 7919 * seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number =
        |x: usize| ((x ^ x >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / (1u64 << 24) as f64;
    (0..n).map(|i| number(mixed(i)) - 0.5).collect()
}

/// Eight units, some of which tell numbers and tenses of [`table`].
fn activations(name: &str, seed: usize) -> Array {
    let values = random(8 * N, seed);
    array(name, &[N, 8], |i| {
        let (stimulus, unit) = (i / 8, i % 8);
        let told = [stimulus % 2, stimulus / 2 % 2][unit % 2] as f64;
        told + values[i]
    })
}

/// The corpora of `docs/tables.md`.
fn tables(text: &impl Fn(&str, String)) {
    text("stimuli.csv", table());
    let pairs = |line: &dyn Fn([&str; 3]) -> String| -> String {
        let verbs = [["laughs", "laugh"], ["sings", "sing"], ["runs", "run"], ["sits", "sit"]];
        let nouns = ["boy", "girl", "king", "queen"];
        nouns.iter().flat_map(|noun| verbs.iter().map(|[good, bad]| line([noun, good, bad]))).collect()
    };
    text(
        "data.tsv",
        "sen\twrong_sen\tverb\twrong_verb\tnoun\n".to_owned()
            + &pairs(&|[noun, good, bad]| {
                format!("The {noun} {good}.\tThe {noun} {bad}.\t{good}\t{bad}\t{noun}\n")
            }),
    );
    text(
        "agreement.jsonl",
        pairs(&|[noun, good, bad]| {
            let [good, bad] = [good, bad].map(|verb| format!("The {noun} {verb}."));
            json!({"sentence_good": good, "sentence_bad": bad, "noun": noun}).to_string() + "\n"
        }),
    );
    text("agreement.txt", pairs(&|[noun, good, bad]| format!("the {noun} {bad} .\nthe {noun} {good} .\n")));
    let region = |number: usize, content: &str| json!({"region_number": number, "content": content});
    let condition = |name: &str, noun: &str, verb: &str| json!({"condition_name": name, "regions": [region(1, &format!("The {noun}")), region(2, verb), region(3, ".")]});
    let items: Vec<Value> = (1..)
        .zip(["author", "pilot", "farmer", "doctor", "guard", "poet", "clerk", "judge"])
        .map(|(item, noun)| json!({"item_number": item, "conditions": [condition("match", noun, "laughs"), condition("mismatch", noun, "laugh")]}))
        .collect();
    let regions = json!({"1": "subject", "2": "verb", "3": "end"});
    text(
        "suite.json",
        json!({"meta": {"name": "agreement", "metric": "sum"}, "region_meta": regions, "predictions": [], "items": items})
            .to_string(),
    );
    let tree = |k: usize| {
        let [subject, number, verb, tense] = words(k);
        let subject: Vec<&str> = subject.split(' ').collect();
        let (n, mut lines) = (subject.len(), format!("# text = {} {verb}.\n", subject.join(" ")));
        let number = if number == "sg" { "Sing" } else { "Plur" };
        for (at, word) in (1..).zip(&subject) {
            let (upos, morph, head, relation) = if at == n {
                ("NOUN", format!("Number={number}"), n + 1, "nsubj")
            } else {
                ("DET", "_".to_owned(), n, "det")
            };
            writeln!(lines, "{at}\t{word}\t{word}\t{upos}\t_\t{morph}\t{head}\t{relation}\t_\t_").unwrap();
        }
        writeln!(lines, "{}\t{verb}\t{verb}\tVERB\t_\tTense={tense}\t0\troot\t_\tSpaceAfter=No", n + 1)
            .unwrap();
        lines + &format!("{}\t.\t.\tPUNCT\t_\t_\t{}\tpunct\t_\t_\n\n", n + 2, n + 1)
    };
    text("en-test.conllu", (0..N).map(tree).collect());
}

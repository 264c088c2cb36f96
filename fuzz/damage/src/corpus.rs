//! Whole files of every kind that the program reads, small ones: what is damaged.

use std::fs;
use std::path::Path;

use crate::checkpoints;
use crate::child::Probe;
use crate::mutate::Json;
use crate::rng::Rng;

pub const STIMULI: usize = 24;
pub const UNITS: usize = 6;

/// Fills the home of `probe` with files; `assets` is the folder of the model that the program has inside.
pub fn fill(probe: &Probe, assets: &Path) {
    let home = &probe.home;
    let put = |name: &str, bytes: &[u8]| {
        let path = home.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let run = |words: &str| {
        let outcome = probe.run(&words.split(' ').collect::<Vec<_>>());
        assert!(outcome.is_ok(), "probe {words}: {}", outcome.said());
    };
    run(&format!("generate short_sentence --sample {STIMULI} -o s.csv -q"));
    run("extract s.csv -o a.safetensors --layers 0-1 -q");
    put("a.npy", &npy(&[2, STIMULI, UNITS]));
    put("a.npz", &zip(&[("layer_0.npy", npy(&[STIMULI, UNITS])), ("layer_1.npy", npy(&[STIMULI, UNITS]))]));
    put("a.pt", &pytorch(&fs::read(home.join("a.safetensors")).unwrap()));
    put("frozen.safetensors", &frozen());
    put("d.npz", &zip(&[("x.npy", distances())]));
    let rows: String = (0..STIMULI).map(|i| format!("{},{},{}.5\n", ["a", "b"][i % 2], ["u", "v", "w"][i % 3], i)).collect();
    put("f.csv", format!("k,l,zipf\n{rows}").as_bytes());
    let asset = |name: &str| fs::read(assets.join(name)).unwrap();
    for model in ["m", "p", "h"] {
        put(&format!("{model}/config.json"), &asset("config.json"));
        put(&format!("{model}/tokenizer.json"), &asset("tokenizer.json"));
        put(&format!("{model}/tokenizer_config.json"), b"{\"do_lower_case\": true, \"model_max_length\": 64}");
    }
    let weights = checkpoints::weights(&asset("config.json"));
    put("m/model.safetensors", &weights);
    put("p/pytorch_model.bin", &pytorch(&weights));
    let [first, second] = halves(&weights);
    put("h/model-00001-of-00002.safetensors", &first.0);
    put("h/model-00002-of-00002.safetensors", &second.0);
    let of = |names: &[String], file: &str| -> String {
        names.iter().map(|name| format!("{name}: \"{file}\", ")).collect()
    };
    let map = of(&first.1, "model-00001-of-00002.safetensors") + &of(&second.1, "model-00002-of-00002.safetensors");
    put("h/model.safetensors.index.json", format!("{{\"weight_map\": {{{}}}}}", map.trim_end_matches(", ")).as_bytes());
    // An adapter of `m`, and the same model in floats of 8 bits.
    put("l/adapter_config.json", checkpoints::ADAPTER);
    put("l/adapter_model.safetensors", &checkpoints::adapter(&weights));
    put("e/config.json", &checkpoints::fp8_config(&asset("config.json")));
    put("e/tokenizer.json", &asset("tokenizer.json"));
    put("e/model.safetensors", &checkpoints::fp8(&weights));
    // A vocabulary in the place of tokenizer.json.
    put("v/config.json", &asset("config.json"));
    put("v/model.safetensors", &weights);
    put("v/vocab.txt", vocabulary(&asset("tokenizer.json")).as_bytes());
    put("v/tokenizer_config.json", b"{\"tokenizer_class\": \"BertTokenizer\", \"do_lower_case\": true}");
    run("run short_sentence --sample 40 --folds 2 --permutations 1 --bootstrap 3 --map 8 --layers 0-1 -o r -q");
    run("run short_sentence --sample 40 --folds 2 --permutations 1 --bootstrap 3 --map 8 --layers 0-1 --untrained -o r2 -q");
    put("names.toml", b"subj_NUM = \"Number\"\n");
    put("g.toml", grammar().as_bytes());
    put("g.fcfg", b"% start S\nS[NUM=?n] -> NP[NUM=?n] VP[NUM=?n]\nNP[NUM=sg] -> 'the' 'dog'\nNP[NUM=pl] -> 'the' 'dogs'\nVP[NUM=sg] -> 'runs' | 'sleeps'\nVP[NUM=pl] -> 'run' | 'sleep'\n");
    put("plan.toml", b"grammars = ['short_sentence', 'svo_agreement']\nmodels = ['tiny-bert']\nout = 'w'\n[options]\nfolds = [2, 3]\nsample = 24\nmap = 0\n[slurm]\ncpus = 2\ntime = '1:00:00'\n[[exclude]]\nfolds = 3\ngrammar = 'svo_agreement'\n");
    run("sweep run plan.toml -q");
    run("sweep collect plan.toml -q");
    // Few and short: the model is not what is tried.
    run("generate short_sentence --sample 3 -o t.csv -q");
    let cached = ["extract", "t.csv", "--model", "./m", "-o", "o.safetensors", "-q"];
    assert!(probe.with("PROBE_CACHE", "c").run(&cached).is_ok());
}

fn grammar() -> &'static str {
    "summary = 'A small one'\n[lexicon.noun]\nwords = [{ form = 'dog', number = 'sg', zipf = 5.1 }, { form = 'dogs', number = 'pl', zipf = 4.2 }]\n\
     [lexicon.verb]\nwords = [{ form = 'runs', number = 'sg' }, { form = 'run', number = 'pl' }]\n[slots]\nsubj = 'noun'\nverb = 'verb'\n\
     [[template]]\ntext = 'the {subj} {verb}'\nwhere = ['subj.number = verb.number']\n"
}

/// Numbers of these sizes.
pub fn npy(shape: &[usize]) -> Vec<u8> {
    let mut rng = Rng::new(7);
    let count: usize = shape.iter().product();
    npy_of(shape, (0..count).map(|_| (rng.below(2000) as f32 - 1000.0) / 500.0))
}

fn npy_of(shape: &[usize], values: impl Iterator<Item = f32>) -> Vec<u8> {
    let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header.bytes());
    values.for_each(|value| out.extend(value.to_le_bytes()));
    out
}

fn distances() -> Vec<u8> {
    let n = STIMULI;
    npy_of(&[n, n], (0..n * n).map(|k| (k / n).abs_diff(k % n) as f32))
}

/// An archive of entries that are not compressed.
pub fn zip(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let offset = out.len() as u32;
        let mut head = Vec::new();
        head.extend([20u16, 0, 0, 0, 0].iter().flat_map(|word| word.to_le_bytes()));
        head.extend([crc32(bytes), bytes.len() as u32, bytes.len() as u32].iter().flat_map(|word| word.to_le_bytes()));
        head.extend((name.len() as u16).to_le_bytes());
        head.extend(0u16.to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&head);
        out.extend(name.bytes());
        out.extend(bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&head);
        directory.extend([0u8; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (start, count) = (out.len() as u32, entries.len() as u16);
    out.extend(&directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(0u16.to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// A tensor of a safetensors file: its name as JSON has it, its sizes, and where its bytes are.
pub struct Tensor {
    pub name: String,
    /// What its numbers are, as JSON has it.
    pub dtype: String,
    pub shape: Vec<usize>,
    pub bytes: (usize, usize),
}

pub fn tensors(file: &[u8]) -> (Vec<Tensor>, usize) {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let Some(Json::Object(items)) = Json::parse(std::str::from_utf8(&file[8..8 + length]).unwrap()) else {
        panic!("the header is an object")
    };
    let list = |value: &Json| -> Vec<usize> {
        let Json::List(items) = value else { return Vec::new() };
        items.iter().map(|item| if let Json::Leaf(text) = item { text.parse().unwrap() } else { 0 }).collect()
    };
    let tensors = items.into_iter().filter(|(name, _)| name != "\"__metadata__\"").map(|(name, value)| {
        let Json::Object(fields) = value else { panic!("a tensor is an object") };
        let field = |name: &str| list(&fields.iter().find(|(key, _)| key == name).unwrap().1);
        let offsets = field("\"data_offsets\"");
        let dtype = fields.iter().find(|(key, _)| key == "\"dtype\"").map(|(_, value)| value);
        let Some(Json::Leaf(dtype)) = dtype else { panic!("a type") };
        Tensor { name, dtype: dtype.clone(), shape: field("\"shape\""), bytes: (offsets[0], offsets[1]) }
    });
    (tensors.collect(), 8 + length)
}

/// The tensors in two files, with their names.
fn halves(file: &[u8]) -> [(Vec<u8>, Vec<String>); 2] {
    let (tensors, start) = tensors(file);
    let middle = tensors.len() / 2;
    [&tensors[..middle], &tensors[middle..]].map(|half| {
        let (mut header, mut data) = (Vec::new(), Vec::new());
        for tensor in half {
            let begin = data.len();
            data.extend(&file[start + tensor.bytes.0..start + tensor.bytes.1]);
            header.push(format!(
                "{}:{{\"dtype\":{},\"shape\":{:?},\"data_offsets\":[{begin},{}]}}",
                tensor.name, tensor.dtype, tensor.shape, data.len()
            ));
        }
        let header = format!("{{{}}}", header.join(","));
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat();
        (bytes, half.iter().map(|tensor| tensor.name.clone()).collect())
    })
}

/// The same tensors in PyTorch's format.
fn pytorch(file: &[u8]) -> Vec<u8> {
    let (tensors, start) = tensors(file);
    let mut pickle = b"\x80\x02}(".to_vec();
    let text = |out: &mut Vec<u8>, text: &str| {
        out.push(b'X');
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text.bytes());
    };
    let int = |out: &mut Vec<u8>, number: usize| {
        out.push(b'J');
        out.extend((number as u32).to_le_bytes());
    };
    let mut entries = Vec::new();
    for (k, tensor) in tensors.iter().enumerate() {
        let count: usize = tensor.shape.iter().product();
        text(&mut pickle, tensor.name.trim_matches('"'));
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut pickle, "storage");
        pickle.extend(match tensor.dtype.as_str() {
            "\"F16\"" => &b"ctorch\nHalfStorage\n"[..],
            "\"BF16\"" => b"ctorch\nBFloat16Storage\n",
            _ => b"ctorch\nFloatStorage\n",
        });
        text(&mut pickle, &k.to_string());
        text(&mut pickle, "cpu");
        int(&mut pickle, count);
        pickle.extend(b"tQ");
        int(&mut pickle, 0);
        pickle.push(b'(');
        tensor.shape.iter().for_each(|&size| int(&mut pickle, size));
        pickle.extend(b"t(");
        for i in 0..tensor.shape.len() {
            int(&mut pickle, tensor.shape[i + 1..].iter().product());
        }
        pickle.extend(b"t\x89ccollections\nOrderedDict\n)RtR");
        entries.push((format!("archive/data/{k}"), file[start + tensor.bytes.0..start + tensor.bytes.1].to_vec()));
    }
    pickle.extend(b"u.");
    entries.insert(0, ("archive/data.pkl".to_owned(), pickle));
    entries.push(("archive/version".to_owned(), b"3\n".to_vec()));
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    zip(&entries)
}

/// What the script of `probe verify` writes, of one sentence and numbers that no model gives.
fn frozen() -> Vec<u8> {
    let about = "{\\\"model\\\":\\\"m\\\",\\\"sentences\\\":[\\\"a\\\"],\\\"transformers\\\":\\\"0\\\",\\\"torch\\\":\\\"0\\\"}";
    let header = format!(
        "{{\"__metadata__\":{{\"probe_verify\":\"{about}\"}},\"layer.0\":{{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":[0,48]}},\
         \"lengths\":{{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[48,56]}},\
         \"tokens\":{{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[56,80]}}}}"
    );
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.bytes());
    out.extend((0..12u8).flat_map(|k| f32::from(k).to_le_bytes()));
    out.extend([3i64, 1, 2, 3].iter().flat_map(|number| number.to_le_bytes()));
    out
}

/// The words of a tokenizer.json, in the order of their numbers.
fn vocabulary(tokenizer: &[u8]) -> String {
    fn find<'a>(value: &'a Json, key: &str) -> Option<&'a Json> {
        let Json::Object(items) = value else { return None };
        items.iter().find(|(name, _)| name.trim_matches('"') == key).map(|(_, value)| value)
    }
    let parsed = Json::parse(std::str::from_utf8(tokenizer).unwrap()).unwrap();
    let vocab = find(&parsed, "model").and_then(|model| find(model, "vocab"));
    let Some(Json::Object(words)) = vocab else { panic!("a vocabulary") };
    let mut numbered: Vec<(usize, &str)> = words
        .iter()
        .map(|(word, number)| {
            let Json::Leaf(number) = number else { panic!("a number") };
            (number.parse().unwrap(), word.trim_matches('"'))
        })
        .collect();
    numbered.sort_unstable();
    numbered.into_iter().map(|(_, word)| format!("{word}\n")).collect()
}

//! Damaged files, one at a time, to every reader.

use std::fs;
use std::path::Path;

use crate::child::Probe;
use crate::mutate;
use crate::report::Report;
use crate::rng::Rng;

type Mutate = fn(&mut Rng, &[u8]) -> Vec<u8>;

/// A file, how it is damaged, and the command that reads it.
struct Target {
    reader: &'static str,
    file: &'static str,
    mutate: Mutate,
    command: &'static str,
}

const fn target(reader: &'static str, file: &'static str, mutate: Mutate, command: &'static str) -> Target {
    Target { reader, file, mutate, command }
}

const FIT: &str = "fit f.csv a.npy -o o --folds 2 --permutations 1 --map 0 -q";
const EXTRACT: &str = "extract t.csv --model ./m -o o.safetensors --no-cache -q";

const TARGETS: [Target; 34] = [
    target("stimuli.csv", "f.csv", mutate::csv, FIT),
    target("stimuli.csv", "s.csv", mutate::csv, "fit s.csv a.safetensors -o o --folds 2 --permutations 1 --map 0 -q"),
    target("stimuli.json", "s.json", mutate::json, "fit s.csv a.safetensors -o o --folds 2 --permutations 1 --map 0 -q"),
    target(".npy", "a.npy", mutate::npy, FIT),
    target(".npz", "a.npz", mutate::bytes, "fit f.csv a.npz -o o --folds 2 --permutations 1 --map 0 -q"),
    target(".pt", "a.pt", mutate::bytes, "fit s.csv a.pt -o o --folds 2 --permutations 1 --map 0 -q"),
    target("frozen states", "frozen.safetensors", mutate::safetensors, "verify ./m --against frozen.safetensors -q"),
    target(".npz of distances", "d.npz", mutate::bytes, "fit d.npz a.npy -o o --folds 2 --permutations 1 --map 0 -q"),
    target(".safetensors", "a.safetensors", mutate::safetensors, "fit s.csv a.safetensors -o o --folds 2 --permutations 1 --map 0 -q"),
    target("grammar", "g.toml", mutate::text, "check g.toml"),
    target("grammar", "g.toml", mutate::text, "generate g.toml --sample 8 -q"),
    target("feature grammar", "g.fcfg", mutate::text, "check g.fcfg"),
    target("plan", "plan.toml", mutate::text, "sweep status plan.toml"),
    target("plan", "plan.toml", mutate::text, "sweep run plan.toml --dry-run"),
    target("config.json", "m/config.json", mutate::json, EXTRACT),
    target("tokenizer.json", "m/tokenizer.json", mutate::json, EXTRACT),
    target("tokenizer_config.json", "m/tokenizer_config.json", mutate::json, EXTRACT),
    target("model.safetensors", "m/model.safetensors", mutate::safetensors, EXTRACT),
    target("shard", "h/model-00001-of-00002.safetensors", mutate::safetensors, "extract t.csv --model ./h -o o.safetensors --no-cache -q"),
    target("index of shards", "h/model.safetensors.index.json", mutate::json, "extract t.csv --model ./h -o o.safetensors --no-cache -q"),
    target("pytorch_model.bin", "p/pytorch_model.bin", pickled, "extract t.csv --model ./p -o o.safetensors --no-cache -q"),
    target("vocab.txt", "v/vocab.txt", mutate::text, "extract t.csv --model ./v -o o.safetensors --no-cache -q"),
    target("run.json", "r/run.json", mutate::json, "report r -q"),
    target("run.json", "r/run.json", mutate::json, "compare r r2 -o o -q"),
    target("scores.csv", "r/scores.csv", mutate::csv, "report r -q"),
    target("importance.csv", "r/importance.csv", mutate::csv, "compare r r2 -o o --draws 20 -q"),
    target("weights.csv", "r/weights.csv", mutate::csv, "report r -q"),
    target("statistics.csv", "r/statistics.csv", mutate::csv, "report r -q"),
    target("geometry.csv", "r/geometry.csv", mutate::csv, "report r -q"),
    target("bootstrap.csv", "r/bootstrap.csv", mutate::csv, "compare r r2 -o o --draws 20 -q"),
    target("stimuli of a run", "r/stimuli.csv", mutate::csv, "report r -q"),
    target("feature names", "names.toml", mutate::text, "report r --feature-names names.toml -q"),
    target("scores.csv", "r/scores.csv", mutate::csv, "report r --json -q"),
    target("cache entry", "", mutate::bytes, "extract t.csv --model ./m -o o.safetensors"),
];

/// Damage where the pickle is: at the beginning, where the program has to understand what it reads.
fn pickled(rng: &mut Rng, from: &[u8]) -> Vec<u8> {
    if rng.chance(4) {
        return mutate::bytes(rng, from);
    }
    let pickle = from.len().min(9000);
    let mut to = mutate::bytes(rng, &from[..pickle]);
    // The rest of the archive stays where it is.
    to.resize(pickle, b'.');
    to.extend(&from[pickle..]);
    to
}

/// Gives `count` damaged files to the readers, from `seed` on.
pub fn run(probe: &Probe, seed: u64, count: u64, keep: &Path, report: &mut Report) {
    let cached = fs::read_dir(probe.home.join("c/activations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "acts"))
        .unwrap();
    let probe = probe.with("PROBE_CACHE", "c");
    for seed in seed..seed + count {
        let mut rng = Rng::new(seed);
        let target = rng.pick(&TARGETS);
        let path = if target.file.is_empty() { cached.clone() } else { probe.home.join(target.file) };
        let whole = fs::read(&path).unwrap();
        let damaged = (target.mutate)(&mut rng, &whole);
        fs::write(&path, &damaged).unwrap();
        let words: Vec<&str> = target.command.split(' ').collect();
        let outcome = probe.run(&words);
        let mut fault = outcome.fault();
        if fault.is_none() && target.reader == "cache entry" && damaged != whole && !outcome.said().contains("damaged") {
            fault = Some("a damaged entry is not noticed".to_owned());
        }
        fs::write(&path, &whole).unwrap();
        for made in ["o", "o.safetensors"] {
            let made = probe.home.join(made);
            let _ = if made.is_dir() { fs::remove_dir_all(&made) } else { fs::remove_file(&made) };
        }
        report.count(target.reader, outcome.is_ok());
        if let Some(fault) = fault {
            let case = keep.join(format!("{seed}-{}", target.reader.replace(['/', ' '], "_")));
            fs::write(&case, &damaged).unwrap();
            report.fault(target.reader, &format!("seed {seed}: `probe {}`: {fault} ({})", target.command, case.display()));
        }
        report.time(target.reader, outcome.time);
    }
}

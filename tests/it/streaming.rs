//! Activations that go straight to their file: the same bytes as through memory, and nothing half done.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mlem_probe::activations::{Activations, ByLayer, Destination, Pooling};
use mlem_probe::extract::Extract;
use mlem_probe::models::{LoadOptions, Model};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::{FeatureTable, Stimuli};

use crate::models::Golden;
use crate::workspace::{Workspace, names};

/// Sentences of several lengths, some of them twice, many with the same beginning.
fn stimuli(equal: bool) -> Stimuli {
    let words = ["a", "b", "c"];
    let sentence = |i: usize| {
        let length = if equal { 4 } else { 1 + i % 7 };
        (0..length).map(|k| words[(i / (k + 1) + k * k) % 3]).collect::<Vec<_>>().join(" ")
    };
    let sentences: Vec<String> = (0..60).map(sentence).collect();
    let features = FeatureTable::new(sentences.len(), vec![]).unwrap();
    Stimuli::new(sentences, features).unwrap()
}

fn model(case: &str) -> Model {
    Model::load(&Golden::open(case).checkpoint(), &LoadOptions::default()).unwrap()
}

#[test]
fn streamed_files_are_those_of_activations_in_memory() {
    let w = Workspace::new();
    let (memory, streamed) = (w.path("memory"), w.path("streamed"));
    // Layers of different sizes (opt_projected), shared beginnings (gpt2), sentences by themselves (bert).
    for (case, pooling) in [
        ("bert", Pooling::Mean),
        ("bert", Pooling::None),
        ("gpt2", Pooling::Last),
        ("opt_projected", Pooling::Max),
    ] {
        let (model, stimuli) = (model(case), stimuli(pooling == Pooling::None));
        let params = Extract::params().pooling(pooling);
        let whole = params.extract(&stimuli, &model, &Silent).unwrap().activations;
        for ending in ["safetensors", "npy"] {
            let expected = memory.with_extension(ending);
            if case == "opt_projected" && ending == "npy" {
                assert!(whole.write(&expected).is_err());
                continue;
            }
            whole.write(&expected).unwrap();
            let expected = fs::read(expected).unwrap();
            for (threads, batch_tokens) in [(1, 384), (1, 1), (2, 9), (3, 5)] {
                let path = streamed.with_extension(ending);
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let found = pool.install(|| {
                    let params = params.clone().batch_tokens(batch_tokens);
                    params.extract_into(&stimuli, &model, Destination::File(&path), &Silent).unwrap()
                });
                let what = format!("{case} {pooling} {ending} {threads} {batch_tokens}");
                assert_eq!(fs::read(&path).unwrap(), expected, "{what}");
                assert_eq!(Activations::load(&found.activations).unwrap(), whole, "{what}");
            }
        }
        let found =
            params.extract_into(&stimuli, &model, Destination::Temporary(&w.path("t")), &Silent).unwrap();
        assert_eq!(names(&w.path("t")), [""; 0], "a temporary file has no name");
        assert_eq!(Activations::load(&found.activations).unwrap(), whole);
        let last = found.activations.layers().len() - 1;
        assert_eq!(
            found.activations.rows(last, 7..9).unwrap(),
            whole.matrix(last).slice(ndarray::s![7..9, ..])
        );
    }
}

#[test]
fn transforms_of_files_are_those_of_activations_in_memory() {
    let w = Workspace::new();
    let (model, stimuli) = (model("bert"), stimuli(false));
    let params = Extract::params();
    let whole = params.extract(&stimuli, &model, &Silent).unwrap().activations;
    let path = w.path("plain.safetensors");
    let plain = params.extract_into(&stimuli, &model, Destination::File(&path), &Silent).unwrap().activations;
    for names in [
        &["minus-layer0", "z-score"][..],
        &["z-score", "minus-previous", "minus-previous"],
        &["pca:3", "noise:0.5:7", "units:0,2"],
        &[],
    ] {
        let steps: Vec<_> = names.iter().map(|name| name.parse().unwrap()).collect();
        for layers in [None, Some(&[1, 3][..])] {
            let expected = whole.clone().transform(&steps, layers, None, &Silent).unwrap();
            let expected_file = w.path("expected.safetensors");
            expected.write(&expected_file).unwrap();
            let out = w.path("out.safetensors");
            let (to, tokens) = (Destination::File(&out), None);
            mlem_probe::activations::transform(&plain, &steps, layers, tokens, &Silent, to).unwrap();
            assert_eq!(fs::read(&out).unwrap(), fs::read(&expected_file).unwrap(), "{names:?} {layers:?}");
        }
    }
}

/// Whether `folder` has a file under way.
fn is_under_way(folder: &Path) -> bool {
    names(folder).iter().any(|name| name.starts_with(".acts"))
}

#[cfg(unix)]
#[test]
fn an_interrupted_extraction_leaves_the_earlier_file_and_no_other() {
    let w = Workspace::new();
    w.ok("generate relative_clause -o s.csv");
    w.write("out/acts.safetensors", "earlier");
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("probe"))
        .args(["extract", "s.csv", "-o", "out/acts.safetensors", "--batch-tokens", "1", "--threads", "1"])
        .current_dir(w.path(""))
        .env_clear()
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !is_under_way(&w.path("out")) {
        assert!(begun.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(2));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_ne!(child.wait().unwrap().code(), Some(0), "it was too fast to be interrupted");
    assert_eq!(names(&w.path("out")), ["acts.safetensors"]);
    assert_eq!(w.read("out/acts.safetensors"), "earlier");
}

#[cfg(unix)]
#[test]
fn a_disk_without_room_is_said_and_leaves_the_earlier_file() {
    let w = Workspace::new();
    w.ok("generate relative_clause --sample 300 -o s.csv");
    w.write("out/acts.safetensors", "earlier");
    // A limit on the size of a file stands in for a full disk: the write fails in the same place.
    let program = assert_cmd::cargo::cargo_bin!("probe");
    let limited = format!(
        "trap '' XFSZ; ulimit -f 600; exec '{}' extract s.csv -o out/acts.safetensors",
        program.display()
    );
    let output =
        Command::new("sh").args(["-c", &limited]).current_dir(w.path("")).env_clear().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write out/acts.safetensors: ") && said.contains("hint: "), "{said}");
    assert_eq!(names(&w.path("out")), ["acts.safetensors"]);
    assert_eq!(w.read("out/acts.safetensors"), "earlier");
}

//! Random configurations against Hugging Face transformers, for those who change a family: `tests/golden/random_configurations.py`
//! makes a folder of them, and
//!
//! ```sh
//! PROBE_RANDOM=FOLDER cargo test --release --test it random_configurations -- --ignored --nocapture
//! ```
//!
//! compares every hidden state, with packed tokens and with padding.

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use mlem_probe::models::{LoadOptions, Model};

use crate::device;
use crate::models::{Golden, matches_transformers};

#[test]
#[ignore = "needs a folder of random configurations, which a script makes"]
#[expect(clippy::print_stdout, reason = "the figures, shown with --nocapture")]
fn every_one_is_right_or_refused() {
    let folder = std::env::var("PROBE_RANDOM").expect("the folder in PROBE_RANDOM");
    let mut cases: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".safetensors"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::<String, [usize; 2]>::new());
    for case in &cases {
        let name = case.rsplit('/').next().unwrap_or(case);
        let family = name.split('.').next().unwrap_or(name).to_owned();
        let counts = counts.entry(family).or_default();
        if let Err(error) = Model::load(&Golden::open(case).checkpoint(), &LoadOptions::default()) {
            counts[1] += 1;
            println!("{case}: refused: {error}");
        } else {
            counts[0] += 1;
            let packed = catch_unwind(|| matches_transformers(case, &LoadOptions::default()));
            if packed.is_err() || catch_unwind(|| device::matches(case)).is_err() {
                wrong.push(case);
            }
        }
    }
    for (family, [right, refused]) in counts {
        println!("{family}: {right} compared, {refused} refused");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

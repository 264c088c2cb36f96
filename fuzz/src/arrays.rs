//! Files of activations, as the fuzzer sees them.

use crate::activations::{Error, Reading, open_as};

/// How the name of the file ends, by the first byte.
const ENDINGS: [&str; 4] = ["npy", "npz", "safetensors", "pt"];

/// Takes `bytes` for a file of activations of as many stimuli as the second byte says, and reads all of it.
///
/// # Panics
///
/// If what is read is not as it says, or an error says nothing.
pub fn exercise(bytes: &[u8]) {
    let [ending, n, file @ ..] = bytes else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("x").with_extension(ENDINGS[usize::from(*ending) % ENDINGS.len()]);
    std::fs::write(&path, file).expect("a temporary file");
    let axes = ["n,layer,unit", "n,unit,time", "unit,n"].get(usize::from(ending / 4)).map(|axes| axes.parse().expect("axes"));
    let reading = Reading { n_stimuli: (*n > 0).then_some(usize::from(*n)), axes, ..Reading::default() };
    match open_as(&path, None, &reading) {
        Ok(opened) => {
            let activations = opened.activations;
            assert!(activations.layers().is_sorted_by(|a, b| a < b));
            for index in 0..activations.layers().len() {
                match activations.layer(index) {
                    Ok(layer) => assert_eq!(layer.dim(), (activations.n_stimuli(), activations.width(index))),
                    Err(error) => complain(&error),
                }
            }
        }
        Err(error) => complain(&error),
    }
}

fn complain(error: &Error) {
    assert!(!error.to_string().is_empty());
    let _ = error.hint();
}

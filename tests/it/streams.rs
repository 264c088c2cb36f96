//! All streams of Gemma 3n, against what transformers gives as hidden states.

use std::io::Read;
use std::path::Path;

use mlem_probe::models::{LoadOptions, Model, Sequences, Site};
use safetensors::SafeTensors;

use crate::models::{Golden, largest_difference};
use crate::workspace::Workspace;

#[test]
fn all_streams_are_the_hidden_states_of_transformers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/streams.safetensors.gz");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    let frozen = SafeTensors::deserialize(&bytes).unwrap();
    for case in ["gemma3n_text", "gemma3n_text_odd"] {
        let golden = Golden::open(case);
        let sequences = golden.sequences();
        for options in
            [LoadOptions::default(), LoadOptions::default().padded(), LoadOptions::default().offload(true)]
        {
            let model = Model::load(&golden.checkpoint(), &options).unwrap();
            let layers = Site::Streams.layers(model.spec());
            assert_eq!(layers.len(), model.spec().n_layers + 1);
            let batch = Sequences::new(sequences.iter().map(Vec::as_slice));
            let mut next = 0;
            let visit = |layer: usize, values: &[f32]| {
                assert_eq!(layer, next);
                let tensor = frozen.tensor(&format!("{case}/{layer}")).unwrap();
                let expected: Vec<f32> = tensor
                    .data()
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                    .collect();
                assert_eq!(expected.len(), batch.tokens().len() * Site::Streams.width(model.spec(), layer));
                let magnitude = expected.iter().fold(0f32, |most, value| most.max(value.abs()));
                let difference = largest_difference(values, &expected) / magnitude;
                assert!(difference <= 2e-5, "{case} {layer}: {difference}");
                next += 1;
                Ok(())
            };
            model.take_at(&batch, (Site::Streams, &layers), visit).unwrap();
            assert_eq!(next, layers.len());
            // Some of them alone, and none before the first block.
            let mut some = Vec::new();
            let collect = |layer: usize, _: &[f32]| {
                some.push(layer);
                Ok(())
            };
            model.take_at(&batch, (Site::Streams, &[0, 2]), collect).unwrap();
            assert_eq!(some, [0, 2]);
        }
    }
}

#[test]
fn a_model_with_one_stream_has_no_others() {
    let w = Workspace::new();
    let text = w.transcript("run relative_clause --sample 32 --streams all -o x --quiet");
    assert!(
        text.contains("--site streams (--streams all): tiny-bert has one stream") && text.contains("hint"),
        "{text}"
    );
    let text = w.transcript("run relative_clause --sample 32 --streams all --site mlp -o x --quiet");
    assert!(text.contains("cannot be used with"), "{text}");
    w.ok("run relative_clause --sample 32 --streams read --folds 2 --permutations 1 --map 0 -o x --quiet");
}

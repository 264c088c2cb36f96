//! What parts of blocks make, against what hooks on the modules of Hugging Face transformers hear, and runs on it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use mlem_probe::activations::{Activations, ByLayer, Destination, Pooling};
use mlem_probe::extract::Extract;
use mlem_probe::extract::cache::{Cache, Request};
use mlem_probe::models::{Dtype, LoadOptions, Model, Sequences, Site};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::{FeatureTable, Stimuli};
use safetensors::SafeTensors;

use crate::models::{Golden, hidden_states, larger, largest_difference};
use crate::workspace::Workspace;

const SITES: [Site; 4] = [Site::Attention, Site::Mlp, Site::AttentionHeads, Site::Router];

/// What `tests/golden/sites.py` froze: for each case and site the blocks with their values.
fn frozen() -> BTreeMap<String, BTreeMap<(String, usize), Vec<f32>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sites.safetensors.gz");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut cases: BTreeMap<String, BTreeMap<_, _>> = BTreeMap::new();
    for (name, tensor) in tensors.tensors() {
        let [case, site, block] = name.split('/').collect::<Vec<&str>>().try_into().unwrap();
        let values = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
        let key = (site.to_owned(), block.parse().unwrap());
        cases.entry(case.to_owned()).or_default().insert(key, values.collect());
    }
    cases
}

fn load(case: &str, options: &LoadOptions) -> Model {
    Model::load(&Golden::open(case).checkpoint(), options).unwrap()
}

/// Every block that has `site`, with its values for `sequences` in one batch.
fn taken(model: &Model, site: Site, sequences: &[Vec<u32>]) -> Vec<(usize, Vec<f32>)> {
    let batch = Sequences::new(sequences.iter().map(Vec::as_slice));
    let layers = site.layers(model.spec());
    let mut all = Vec::new();
    model
        .take_at(&batch, (site, &layers), |layer, values| {
            all.push((layer, values.to_vec()));
            Ok(())
        })
        .unwrap();
    assert_eq!(all.iter().map(|(layer, _)| *layer).collect::<Vec<_>>(), layers);
    all
}

#[expect(clippy::print_stdout, reason = "the figure of each case, shown with --nocapture")]
fn matches_hooks(options: &LoadOptions) {
    let cases = frozen();
    assert!(cases.len() >= 16);
    for (case, frozen) in cases {
        let (model, sequences) = (load(&case, options), Golden::open(&case).sequences());
        let mut worst = 0f32;
        for site in SITES {
            let there: Vec<usize> =
                frozen.keys().filter(|(of, _)| *of == site.name()).map(|(_, block)| *block).collect();
            assert_eq!(site.layers(model.spec()), there, "{case} {site}");
            for (block, values) in taken(&model, site, &sequences) {
                let expected = &frozen[&(site.name().to_owned(), block)];
                let width = site.parts(model.spec()) * site.width(model.spec(), block);
                assert_eq!(
                    values.len(),
                    sequences.iter().map(Vec::len).sum::<usize>() * width,
                    "{case} {site}"
                );
                let magnitude = expected.iter().fold(0f32, |most, value| most.max(value.abs()));
                let difference = largest_difference(&values, expected) / magnitude;
                assert!(difference <= 2e-5, "{case}, {site} of block {block}: {difference}");
                worst = larger(worst, difference);
            }
        }
        println!("{case} on {}: {worst:.1e}", options.device);
    }
}

#[test]
fn sites_match_hooks_of_transformers() {
    matches_hooks(&LoadOptions::default());
}

#[test]
fn sites_match_hooks_of_transformers_in_padded_batches() {
    matches_hooks(&LoadOptions::default().padded());
}

/// Of a model whose blocks add to the stream what their parts make, and nothing else, states are sums of it.
#[test]
fn hidden_states_are_the_sums_of_what_is_added() {
    for case in ["gpt2_odd", "llama3", "gemma2_odd", "granite_odd", "gpt_neox", "olmoe_odd", "gptj_odd"] {
        let (model, sequences) = (load(case, &LoadOptions::default()), Golden::open(case).sequences());
        let states = hidden_states(&model, &sequences);
        let (attention, mlp) =
            (taken(&model, Site::Attention, &sequences), taken(&model, Site::Mlp, &sequences));
        // The last one is behind the final norm.
        for block in 0..model.spec().n_layers - 1 {
            let added = attention[block].1.iter().zip(&mlp[block].1);
            let sum: Vec<f32> = states[block].iter().zip(added).map(|(x, (a, m))| x + a + m).collect();
            let magnitude = sum.iter().fold(0f32, |most, value| most.max(value.abs()));
            assert!(largest_difference(&sum, &states[block + 1]) <= 1e-6 * magnitude, "{case} {block}");
        }
    }
}

#[test]
fn beginnings_that_are_shared_and_offloaded_weights_change_nothing() {
    for case in ["llama3", "olmoe_odd", "qwen3_next", "deepseek_v3_odd", "falcon_h1_odd"] {
        let plain = load(case, &LoadOptions::default());
        let offloaded = load(case, &LoadOptions::default().offload(true));
        let sequences = [vec![5u32, 9, 3], vec![5, 9, 6, 1], vec![5, 9, 3, 2], vec![7]];
        let shared = Sequences::sharing_prefixes(sequences.iter().map(Vec::as_slice));
        assert!(shared.shares_prefixes());
        for site in SITES {
            let layers = site.layers(plain.spec());
            let alone: Vec<_> =
                sequences.iter().map(|one| taken(&plain, site, std::slice::from_ref(one))).collect();
            let mut index = 0;
            let visit = |layer: usize, values: &[f32]| {
                let width = values.len() / shared.tokens().len();
                for (sequence, alone) in shared.iter().zip(&alone) {
                    assert_eq!(alone[index].0, layer);
                    for (&row, alone) in sequence.path.iter().zip(alone[index].1.chunks_exact(width)) {
                        assert!(values[row as usize * width..][..width] == *alone, "{case} {site} {layer}");
                    }
                }
                index += 1;
                Ok(())
            };
            plain.take_at(&shared, (site, &layers), visit).unwrap();
            assert_eq!(index, layers.len());
            let batches: Vec<Sequences> =
                sequences.iter().map(|one| Sequences::new([one.as_slice()])).collect();
            let found = std::sync::Mutex::new(vec![Vec::new(); batches.len()]);
            offloaded
                .take_together(&batches, (site, &layers), |batch, layer, values| {
                    found.lock().unwrap()[batch].push((layer, values.to_vec()));
                    Ok(())
                })
                .unwrap();
            assert_eq!(found.into_inner().unwrap(), alone, "{case} {site}");
        }
    }
}

#[test]
fn a_site_that_blocks_lack_is_passed_over() {
    let model = load("qwen3_next", &LoadOptions::default());
    let batch = Sequences::new([[1u32, 2].as_slice()]);
    let mut layers = Vec::new();
    let visit = |layer: usize, _: &[f32]| {
        layers.push(layer);
        Ok(())
    };
    model.take_at(&batch, (Site::Attention, &[0, 1, 2, 3]), visit).unwrap();
    assert_eq!(layers, Site::Attention.layers(model.spec()));
    assert!(layers.len() < model.spec().n_layers);
}

fn stimuli() -> Stimuli {
    let words = ["a b c", "c", "a b b a", "b", "a b c", "c c a"];
    let sentences = words.iter().map(|&words| words.to_owned()).collect();
    Stimuli::new(sentences, FeatureTable::new(words.len(), vec![]).unwrap()).unwrap()
}

fn extract(params: &Extract, model: &Model) -> Activations {
    params.extract(&stimuli(), model, &Silent).unwrap().activations
}

#[test]
fn each_head_is_a_matrix_with_a_label() {
    let model = load("llama3", &LoadOptions::default());
    let (n_heads, n_layers) = (model.spec().attention.n_heads, model.spec().n_layers);
    let params = Extract::params().site(Site::AttentionHeads);
    let all = extract(&params, &model);
    assert_eq!(all.layers(), (0..n_layers * n_heads).collect::<Vec<_>>());
    assert_eq!(all.provenance().labels[&(n_heads + 1)], "layer.1.head.1");
    assert_eq!(all.provenance().site.as_deref(), Some("attention-heads"));
    assert!((0..all.layers().len()).all(|index| all.width(index) == model.spec().attention.d_head));
    let some = extract(&params.clone().layers(vec![1]).heads(vec![0, n_heads - 1]), &model);
    assert_eq!(some.layers(), [n_heads, 2 * n_heads - 1]);
    for (index, &entry) in some.layers().iter().enumerate() {
        assert_eq!(some.matrix(index), all.matrix(entry));
    }
    let error = params.clone().heads(vec![n_heads]).extract(&stimuli(), &model, &Silent).unwrap_err();
    assert!(error.to_string().contains(&format!("head {n_heads} does not exist")), "{error}");
    let error = params.layers(vec![n_layers]).extract(&stimuli(), &model, &Silent).unwrap_err();
    assert!(error.to_string().contains(&format!("layer {n_layers} of golden has none")), "{error}");
}

#[test]
fn pooled_sites_are_the_same_in_padded_batches_and_with_offloaded_weights() {
    for case in ["bert", "olmoe_odd", "gpt2_odd"] {
        let packed = load(case, &LoadOptions::default());
        let padded = load(case, &LoadOptions::default().padded());
        let offloaded = load(case, &LoadOptions::default().offload(true));
        for site in SITES.into_iter().filter(|site| !site.layers(packed.spec()).is_empty()) {
            for pooling in [Pooling::Mean, Pooling::Last, Pooling::Max] {
                let params = Extract::params().site(site).pooling(pooling).batch_tokens(7);
                let expected = extract(&params, &packed);
                assert_eq!(extract(&params, &offloaded), expected, "{case} {site}");
                let found = extract(&params, &padded);
                assert_eq!(found.provenance(), expected.provenance());
                for index in 0..expected.layers().len() {
                    let values = |of: &Activations| of.matrix(index).iter().copied().collect::<Vec<f32>>();
                    let difference = largest_difference(&values(&found), &values(&expected));
                    assert!(difference <= 5e-5, "{case} {site} {pooling}: {difference}");
                }
            }
        }
        let half = load(case, &LoadOptions::default().dtype(Dtype::Bf16));
        assert_ne!(
            extract(&Extract::params().site(Site::Mlp), &half).matrix(0),
            extract(&Extract::params().site(Site::Mlp), &packed).matrix(0)
        );
    }
}

#[test]
fn what_a_model_lacks_is_refused_by_name() {
    for (case, site, words) in [
        ("mamba2", Site::Attention, "has no attention: its blocks have Mamba-2"),
        ("mamba2", Site::Mlp, "has no mlp"),
        ("llama3", Site::Router, "has no experts, and so no router"),
        ("falcon_h1_odd", Site::Attention, "whose sum is added as one"),
        ("zamba2", Site::AttentionHeads, "adds nothing to the residual stream itself"),
    ] {
        let model = load(case, &LoadOptions::default());
        let error = Extract::params().site(site).extract(&stimuli(), &model, &Silent).unwrap_err();
        assert!(error.to_string().contains(words), "{case} {site}: {error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn files_and_the_cache_keep_sites_and_labels() {
    let folder = tempfile::tempdir().unwrap();
    let golden = Golden::open("llama3");
    let model = load("llama3", &LoadOptions::default());
    let cache = Cache::new(folder.path());
    let checkpoint = golden.checkpoint();
    let words = stimuli();
    let mut keys = Vec::new();
    for site in [Site::Residual, Site::Attention, Site::Mlp, Site::AttentionHeads] {
        let params = Extract::params().site(site);
        let request = Request::new(&params, &words, &checkpoint, &LoadOptions::default()).unwrap();
        assert!(cache.get(&request, &Silent).is_none());
        let file = folder.path().join(format!("{site}.safetensors"));
        let found = params.extract_into(&words, &model, Destination::File(&file), &Silent).unwrap();
        cache.put(&request, (&found.activations, &found.throughput), model.spec().n_layers, &Silent);
        let expected = extract(&params, &model);
        let kept = cache.get(&request, &Silent).unwrap().activations;
        assert_eq!(Activations::load(&kept).unwrap(), expected, "{site}");
        let read = Activations::read(&file).unwrap();
        assert_eq!(read.layers(), expected.layers());
        assert_eq!(read.provenance().site, expected.provenance().site);
        assert_eq!(read.provenance().labels, expected.provenance().labels);
        for index in 0..read.layers().len() {
            assert_eq!(read.matrix(index), expected.matrix(index));
        }
        keys.push(request.key().to_owned());
        // Of an entry of all, some.
        let some = params.layers(vec![1]);
        let request = Request::new(&some, &words, &checkpoint, &LoadOptions::default()).unwrap();
        let kept = cache.get(&request, &Silent).unwrap().activations;
        assert_eq!(Activations::load(&kept).unwrap(), extract(&some, &model), "{site}");
        if site == Site::AttentionHeads {
            // Heads of one layer, and one head alone, are told by their names too.
            for heads in [vec![0, 1], vec![1]] {
                let params = some.clone().heads(heads);
                let file = folder.path().join("some.safetensors");
                params.extract_into(&words, &model, Destination::File(&file), &Silent).unwrap();
                let (read, expected) = (Activations::read(&file).unwrap(), extract(&params, &model));
                assert_eq!(read.layers(), expected.layers());
                assert_eq!(read.provenance().labels, expected.provenance().labels);
            }
        }
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4, "each site has a key of its own");
}

const RUN: &str = "--features clause,subj_number --folds 2 --permutations 1 --map 0 --quiet";

#[test]
fn a_run_of_heads_shows_a_grid_and_its_file_fits_to_the_same() {
    let work = Workspace::new();
    work.ok(&format!("run relative_clause --sample 32 --site attention-heads --layers 1,4 -o heads {RUN}"));
    let record: serde_json::Value = serde_json::from_str(&work.read("heads/run.json")).unwrap();
    assert_eq!(record["site"], "attention-heads");
    assert_eq!(record["layers"], serde_json::json!([4, 5, 6, 7, 16, 17, 18, 19]));
    assert_eq!(record["layer_labels"]["18"], "layer.4.head.2");
    let page = work.read("heads/report.html");
    for words in [
        "for each of 8 attention heads",
        ">layer 4</text>",
        "head 3",
        "before the output projection",
        "clause",
    ] {
        assert!(page.contains(words), "{words}");
    }
    work.ok("extract heads/stimuli.csv --site attention-heads --layers 1,4 -o heads.safetensors --quiet");
    work.ok(&format!("fit heads/stimuli.csv heads.safetensors -o fitted {RUN}"));
    assert_eq!(work.read("fitted/scores.csv"), work.read("heads/scores.csv"));
    let text = work.transcript("extract heads/stimuli.csv --site mlp --heads 2 -o x.npy --quiet");
    assert!(text.contains("--heads is of --site attention-heads, and the site is mlp"), "{text}");
}

#[test]
fn pages_and_comparisons_name_the_site() {
    let work = Workspace::new();
    for site in ["attention", "mlp"] {
        work.ok(&format!("run relative_clause --sample 32 --site {site} --layers 0,-1 -o {site} {RUN}"));
        let record: serde_json::Value =
            serde_json::from_str(&work.read(&format!("{site}/run.json"))).unwrap();
        assert_eq!((record["site"].as_str(), &record["layers"]), (Some(site), &serde_json::json!([0, 5])));
    }
    let page = work.read("attention/report.html");
    assert!(page.contains("layer (what attention adds)") && page.contains("attention of layer"));
    assert!(!page.contains("0: embeddings"));
    assert!(work.read("mlp/report.html").contains("MLP of layer"));
    let text = work.transcript("compare attention mlp -o both");
    assert!(text.contains("site") && text.contains("of layer 5"), "{text}");
    let text = work.transcript(&format!("run relative_clause --sample 32 --site mlp -o attention {RUN}"));
    assert!(text.contains("the site is attention there and mlp here"), "{text}");
    let text = work.transcript("run relative_clause --sample 32 --site router -o x --quiet");
    assert!(text.contains("--site router: tiny-bert has no experts, and so no router"), "{text}");
    let text =
        work.transcript("run relative_clause --sample 32 --site mlp --transform minus-previous -o x --quiet");
    assert!(text.contains("minus-previous subtracts hidden states, and --site mlp has none"), "{text}");
}

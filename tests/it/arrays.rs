//! Files of arrays as people save them: which array is which layer, what is none, and what the axes are.

use std::path::Path;

use mlem_probe::activations::{Activations, Opened, Reading, open_as};
use serde_json::Value;

use super::array_files::{Array, array, file, npy};
use super::workspace::Workspace;

const FORMATS: [&str; 3] = ["npz", "safetensors", "pt"];

const N: usize = 6;

fn reading() -> Reading {
    Reading { n_stimuli: Some(N), ..Reading::default() }
}

/// The layers of the file, each by the number that it was filled with; or what was said.
fn read(path: &Path, reading: &Reading) -> Result<Vec<(usize, usize)>, String> {
    let opened = open_as(path, None, reading);
    let Opened { activations, .. } =
        opened.map_err(|error| format!("{error}\n{}", error.hint().unwrap_or_default()))?;
    let all = Activations::load(&*activations).unwrap();
    Ok((0..all.layers().len())
        .map(|index| (all.layers()[index], all.matrix(index)[[0, 0]] as usize))
        .collect())
}

/// Names that are in the order of their layers, and the numbers of these; `None` where they are to be refused.
fn schemes() -> Vec<(&'static str, Vec<String>, Option<usize>)> {
    let each = |name: &dyn Fn(usize) -> String| (0..12).map(name).collect::<Vec<String>>();
    let around = |first: &str, names: Vec<String>, last: &str| -> Vec<String> {
        [vec![first.to_owned()], names, vec![last.to_owned()]]
            .concat()
            .into_iter()
            .filter(|name| !name.is_empty())
            .collect()
    };
    let fixed = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    vec![
        ("layer.N", each(&|l| format!("layer.{l}")), Some(0)),
        ("TransformerLens", each(&|l| format!("blocks.{l}.hook_resid_post")), Some(0)),
        ("modules", each(&|l| format!("model.layers.{l}.mlp.output")), Some(0)),
        ("suffix", each(&|l| format!("layer_{l}_hidden")), Some(0)),
        ("nnsight", each(&|l| format!("h.{l}.output")), Some(0)),
        ("savez", each(&|l| format!("arr_{l}")), Some(0)),
        ("numbers", each(&|l| l.to_string()), Some(0)),
        ("from one, padded", each(&|l| format!("gpt2/hidden_states_{:02}", l + 1)), Some(1)),
        ("negative", each(&|l| (l as i64 - 12).to_string()), Some(0)),
        ("embedding and norm", around("token_embedding", each(&|l| format!("layers.{l}")), "norm"), Some(0)),
        (
            "hooks",
            around(
                "hook_embed",
                each(&|l| format!("blocks.{l}.hook_resid_post")),
                "ln_final.hook_normalized",
            ),
            Some(0),
        ),
        (
            "embeddings before layer 1",
            around("embeddings", each(&|l| format!("encoder.layer.{}", l + 1)), ""),
            Some(0),
        ),
        ("windows of time", each(&|l| format!("{}-{}ms", 50 * l, 50 * l + 50)), Some(0)),
        ("points of time", each(&|l| format!("t={:.2}", -0.1 + 0.05 * l as f64)), Some(0)),
        (
            "two kinds",
            [each(&|l| format!("blocks.{l}.attn_out")), each(&|l| format!("blocks.{l}.mlp_out"))].concat(),
            None,
        ),
        (
            "two beginnings",
            around("hook_pos_embed", around("hook_embed", each(&|l| format!("blocks.{l}.x")), ""), ""),
            None,
        ),
        ("from both ends", fixed(&["0", "1", "-1"]), None),
        ("the same number", fixed(&["layer_1", "layer_01"]), None),
        ("something else", around("", each(&|l| format!("h.{l}")), "pooled"), None),
    ]
}

#[test]
fn layer_k_is_array_k_or_the_order_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for (scheme, names, first) in schemes() {
        let mut arrays: Vec<Array> =
            names.iter().enumerate().map(|(l, name)| array(name, &[N, 3], move |_| l as f64)).collect();
        // In no order of theirs.
        arrays.sort_by(|a, b| b.name.len().cmp(&a.name.len()).then(b.name.cmp(&a.name)));
        for format in FORMATS {
            let found = read(&file(folder.path(), format, &arrays), &reading());
            if let Some(first) = first {
                let expected: Vec<(usize, usize)> = (0..names.len()).map(|l| (l + first, l)).collect();
                assert_eq!(found.unwrap(), expected, "{scheme} {format}");
            } else {
                let error = found.unwrap_err();
                assert!(
                    error.contains("which array is which layer is not clear"),
                    "{scheme} {format}: {error}"
                );
                assert!(
                    error.contains(&format!("`{}`", arrays[0].name)) && error.contains("--arrays"),
                    "{error}"
                );
            }
        }
    }
}

#[test]
fn the_user_chooses_arrays_and_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let arrays: Vec<Array> = ["blocks.1.pre", "blocks.0.pre", "blocks.1.post", "blocks.0.post", "embed"]
        .iter()
        .enumerate()
        .map(|(k, name)| array(name, &[N, 3], move |_| k as f64))
        .collect();
    for format in FORMATS {
        let path = file(folder.path(), format, &arrays);
        let chosen = |patterns: &[&str]| {
            let arrays = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
            read(&path, &Reading { arrays, ..reading() })
        };
        assert_eq!(chosen(&["blocks.*.post"]).unwrap(), [(0, 3), (1, 2)]);
        assert_eq!(chosen(&["embed", "blocks.*.pre"]).unwrap(), [(0, 4), (1, 1), (2, 0)]);
        assert_eq!(chosen(&["blocks.1.pre", "blocks.0.post"]).unwrap(), [(0, 0), (1, 3)]);
        let error = chosen(&["blocks.*.mid"]).unwrap_err();
        assert!(
            error.contains("no array is called `blocks.*.mid`") && error.contains("`blocks.1.pre`"),
            "{error}"
        );
    }
}

#[test]
fn what_is_no_layer_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let arrays = [
        array("layer.1", &[N, 3], |_| 1.0),
        array("layer.0", &[N, 3], |_| 0.0),
        array("input_ids", &[N, 9], |_| 7.0).of_kind("i8"),
        array("attention_mask", &[N, 9], |_| 1.0).of_kind("b1"),
        array("labels", &[N], |_| 1.0),
        array("score", &[N, 1], |_| 1.0),
        array("codes", &[N, 4], |_| 1.0).of_kind("i8"),
        array("components", &[50, 3], |_| 1.0),
    ];
    for format in FORMATS {
        let path = file(folder.path(), format, &arrays);
        assert_eq!(read(&path, &reading()).unwrap(), [(0, 0), (1, 1)], "{format}");
        let Opened { notes, warnings, .. } = open_as(&path, None, &reading()).unwrap();
        let said = notes.join("\n");
        for name in ["input_ids", "attention_mask", "labels", "score", "codes", "components"] {
            assert!(said.contains(&format!("`{name}`")), "{format}: {said}");
        }
        assert_eq!(said.contains("`layer_names`"), format == "pt", "{said}");
        assert!(warnings.is_empty());
        // Unless the user says so.
        let chosen = Reading { arrays: vec!["codes".to_owned()], ..reading() };
        let opened = open_as(&path, None, &chosen).unwrap();
        assert!(opened.warnings[0].contains("whole numbers"), "{:?}", opened.warnings);
    }
    let path = file(folder.path(), "npz", &arrays[2..4]);
    let error = read(&path, &reading()).unwrap_err();
    assert!(error.contains("no array in it is of stimuli × units: `input_ids`"), "{error}");
}

#[test]
fn an_array_for_each_stimulus_is_told_from_layers() {
    let folder = tempfile::tempdir().unwrap();
    for (shape, remedy) in
        [(vec![4, 3], ".mean(0)"), (vec![1, 4, 3], ".mean(0)"), (vec![3], "np.stack([x for")]
    {
        for each in [1, 2] {
            let arrays: Vec<Array> =
                (0..N * each).map(|at| array(&format!("s{at}.hidden"), &shape, |_| 1.0)).collect();
            for format in FORMATS {
                let error = read(&file(folder.path(), format, &arrays), &reading()).unwrap_err();
                assert!(error.contains("an array for each stimulus?") && error.contains(remedy), "{error}");
            }
        }
    }
    // As many layers as stimuli are layers.
    let layers: Vec<Array> = (0..N).map(|at| array(&format!("layer.{at}"), &[N, 3], |_| 1.0)).collect();
    assert_eq!(read(&file(folder.path(), "npz", &layers), &reading()).unwrap().len(), N);
}

#[test]
fn whole_numbers_and_flags_are_read_from_every_format_alike() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["i8", "b1", "f8"] {
        let arrays = [array("layer.0", &[N, 3], |at| (at % 2) as f64).of_kind(kind)];
        let mut found = Vec::new();
        for format in ["npz", "safetensors", "pt", "npy"] {
            let Opened { activations, warnings, .. } =
                open_as(&file(folder.path(), format, &arrays), None, &reading()).unwrap();
            assert_eq!(warnings.len(), usize::from(kind != "f8"), "{kind} {format}: {warnings:?}");
            found.push(activations.layer(0).unwrap().into_owned());
        }
        assert!(found.iter().all(|matrix| *matrix == found[0]) && found[0][[0, 1]] == 1.0);
    }
}

#[test]
fn axes_are_as_they_are_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    // Entry (i, j, k) is 100 i + 10 j + k.
    let value = |at: usize| (100 * (at / 12) + 10 * (at / 3 % 4) + at % 3) as f64;
    let whole = [array("x", &[N, 4, 3], value)];
    for format in ["npy", "npz", "safetensors", "pt"] {
        let path = file(folder.path(), format, &whole);
        let error = read(&path, &reading()).unwrap_err();
        assert!(error.contains("(6, 4, 3) for 6 stimuli: stimuli × layers × units, or"), "{error}");
        assert!(error.contains("--axes n,layer,unit"), "{error}");
        let of = |axes: &str| {
            let reading = Reading { axes: Some(axes.parse().unwrap()), ..reading() };
            let opened = open_as(&path, None, &reading).unwrap();
            Activations::load(&*opened.activations).unwrap()
        };
        let layers = of("n,layer,unit");
        assert_eq!((layers.layers(), layers.matrix(0).dim()), (&[0, 1, 2, 3][..], (N, 3)));
        assert_eq!(layers.matrix(2)[[5, 1]], 521.0);
        let times = of("n,unit,time");
        assert_eq!((times.layers(), times.matrix(0).dim()), (&[0, 1, 2][..], (N, 4)));
        assert_eq!(times.matrix(1)[[5, 3]], 531.0);
        assert_eq!(times.provenance().labels[&1], "time 1");
        assert!(times.provenance().arrays[&1].ends_with("[:, :, 1]"));
        let side_by_side = of("n,unit,unit");
        assert_eq!((side_by_side.matrix(0).dim(), side_by_side.matrix(0)[[5, 7]]), ((N, 12), 521.0));
    }
    // As many channels as stimuli are not layers; in Fortran's order or not.
    let square = [array("x", &[N, N, 3], |at| at as f64)];
    for fortran in [false, true] {
        let path = folder.path().join("square.npy");
        std::fs::write(&path, npy(&square[0], fortran)).unwrap();
        let error = read(&path, &reading()).unwrap_err();
        assert!(error.contains("--axes n,layer,unit") && error.contains("--axes layer,n,unit"), "{error}");
    }
    let path = file(folder.path(), "npy", &[array("x", &[3, N], |at| at as f64)]);
    let error = read(&path, &reading()).unwrap_err();
    assert!(error.contains("(3, 6) for 6 stimuli: units × stimuli?\nsay --axes unit,n"), "{error}");
    let turned = Reading { axes: Some("unit,n".parse().unwrap()), ..reading() };
    let turned = open_as(&path, None, &turned).unwrap().activations;
    assert_eq!(turned.layer(0).unwrap()[[4, 2]], 16.0);
}

#[test]
fn a_list_is_layers_by_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let arrays: Vec<Array> = (0..12).map(|l| array("", &[N, 3], move |_| f64::from(l))).collect();
    let expected: Vec<(usize, usize)> = (0..12).map(|l| (l, l)).collect();
    assert_eq!(read(&file(folder.path(), "pt", &arrays), &reading()).unwrap(), expected);
}

#[test]
fn a_unit_without_numbers_is_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let value = |at: usize| if at % 5 == 2 { f64::NAN } else { at as f64 };
    let arrays = [array("layer.0", &[N, 5], value), array("layer.1", &[N, 5], |at| at as f64)];
    for format in FORMATS {
        let path = file(folder.path(), format, &arrays);
        let Opened { activations, warnings, .. } = open_as(&path, None, &reading()).unwrap();
        assert_eq!((activations.width(0), activations.width(1)), (4, 5));
        assert_eq!(activations.layer(0).unwrap().row(1).to_vec(), [5.0, 6.0, 8.0, 9.0]);
        assert_eq!(
            (activations.left_out(0), activations.unit(0, 1), activations.unit(0, 2)),
            (&[2][..], 1, 3)
        );
        assert!(
            warnings[0].ends_with("1 unit of layer 0 is NaN for every stimulus and left out (unit 2)"),
            "{warnings:?}"
        );
        let chosen = Reading { units: Some(vec![0, 1, 3]), ..reading() };
        let Opened { activations, warnings, .. } = open_as(&path, None, &chosen).unwrap();
        assert_eq!((activations.layer(0).unwrap().row(1).to_vec(), warnings.len()), (vec![5.0, 6.0, 8.0], 0));
    }
    // Of one stimulus alone it is another matter.
    let holes = [array("x", &[N, 5], |at| if at == 2 { f64::NAN } else { at as f64 })];
    let opened = open_as(&file(folder.path(), "npy", &holes), None, &reading()).unwrap();
    let error = opened.activations.layer(0).unwrap_err().to_string();
    assert_eq!(error, "layer 0, stimulus 0: unit 2 is NaN");
    let nothing = [array("x", &[N, 5], |_| f64::NAN)];
    let error = read(&file(folder.path(), "npy", &nothing), &reading()).unwrap_err();
    assert!(error.contains("every unit of layer 0 is NaN for every stimulus"), "{error}");
}

/// Features of `n` stimuli, and values that follow them.
fn features(w: &Workspace, n: usize) {
    let row = |i: usize| format!("{},{}\n", ["x", "y"][i % 2], ["p", "q"][i / 2 % 2]);
    w.write("f.csv", (0..n).fold("a,b\n".to_owned(), |table, i| table + &row(i)));
}

#[test]
fn a_fit_says_which_array_is_which_layer_and_keeps_it() {
    let w = Workspace::new();
    features(&w, 32);
    let value = |l: usize| move |at: usize| ((at / 4 % 2) * 2 + at * (l + 3) % 7) as f64;
    let regions: Vec<Array> =
        ["V1", "V4", "IT"].iter().enumerate().map(|(l, name)| array(name, &[32, 4], value(l))).collect();
    file(&w.path(""), "npz", &regions);
    let said = w.transcript("fit f.csv x.npz -o out --folds 1 --permutations 3 --map 8");
    assert!(said.contains("x.npz: layer 0 is `V1`, layer 1 is `V4`, layer 2 is `IT`"), "{said}");
    let record: Value = serde_json::from_str(&w.read("out/run.json")).unwrap();
    assert_eq!(record["layer_labels"]["2"], "IT");
    assert_eq!(record["layer_arrays"]["0"], "V1");
    let page = w.read("out/report.html");
    assert!(page.contains(">V4<") && page.contains("0: V1, 1: V4, 2: IT"), "labels on the page");
    // The page is made again of what is recorded.
    w.ok("report out -q");
    assert!(w.read("out/report.html").contains(">V4<"));
    let hooks: Vec<Array> =
        (0..3).map(|l| array(&format!("blocks.{l}.hook_resid_post"), &[32, 4], value(l))).collect();
    file(&w.path(""), "pt", &hooks);
    let said = w.transcript(
        "fit f.csv x.pt -o pt --folds 1 --permutations 3 --map 0 --arrays blocks.*.hook_resid_post",
    );
    assert!(said.contains("layer 2 is `blocks.2.hook_resid_post`"), "{said}");
    // The same numbers under other names are the same layers.
    let named: Vec<Array> = (0..3).map(|l| array(&format!("layer.{l}"), &[32, 4], value(l))).collect();
    file(&w.path(""), "safetensors", &named);
    w.ok("fit f.csv x.safetensors -o st --folds 1 --permutations 3 --map 0 -q");
    assert_eq!(w.read("pt/scores.csv"), w.read("st/scores.csv"));
    let said = w.transcript("compare pt st --activations x.pt --activations x.safetensors --arrays *.*.hook_resid_post,layer.* -o c");
    assert!(said.contains("no array is called"), "{said}");
    w.ok("compare pt st --activations x.pt --activations x.safetensors -o c -q");
}

#[test]
fn files_that_are_none_say_what_to_do() {
    let w = Workspace::new();
    features(&w, 32);
    w.write("a.h5", b"\x89HDF\r\n\x1a\n")
        .write("b.pt", b"PK\x03\x04")
        .write("c.pt", b"nothing that torch.save writes")
        .write("d.pkl", b"x");
    for (name, words) in [
        ("a.h5", "h5py.File(\"a.h5\")"),
        ("b.pt", "not a readable file of torch.save"),
        ("c.pt", "begins neither as a zip archive"),
        ("d.pkl", "a pickle can run programs"),
    ] {
        let said = w.transcript(&format!("fit f.csv {name} -o out"));
        assert!(said.contains(name) && said.contains(words), "{said}");
    }
}

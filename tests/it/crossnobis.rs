//! Distances that are cross-validated over sessions, or over recordings.

use std::sync::Arc;

use mlem_probe::activations::{Activations, Beside, ByLayer as _, CrossValidated, Provenance};
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::Array2;

use crate::bad_input::npy;
use crate::structure::{recordings, scores};
use crate::workspace::Workspace;

/// Eighths of five units of 18 rows: condition = row mod 6, run = row div 6.
const X: [[i16; 5]; 18] = [
    [0, 11, 10, -4, -2],
    [0, 9, 4, 10, -11],
    [21, 7, 13, 7, 5],
    [4, 7, -2, -1, 5],
    [-3, -8, 7, -1, -11],
    [1, 4, -2, -4, 8],
    [7, -2, -6, 3, 6],
    [2, 8, 12, 2, -3],
    [11, 10, 17, -2, 3],
    [-7, -14, 1, 4, -6],
    [15, 11, 9, 7, 12],
    [-3, 13, 13, -6, 11],
    [-2, 6, -4, 0, 3],
    [-3, 9, 3, 8, 0],
    [17, 13, 7, 13, 18],
    [14, -13, 7, 4, -1],
    [-4, 14, -6, 9, 14],
    [-5, 6, -2, 10, 20],
];

#[test]
fn crossnobis_is_that_of_rsatoolbox_with_the_noise_of_scikit_learn() {
    // rsatoolbox 0.3.2 times five units, with the inverse of scikit-learn 1.9.1's Ledoit–Wolf of what rows differ from the means of their
    // conditions, times 18 / (18 − 6). The activations are f32 once they are whitened.
    let expected = [
        3.095_485_989,
        6.726_070_359,
        -0.312_386_530_5,
        -1.747_081_515,
        -0.097_797_971_8,
        8.458_723_961,
        4.523_958_513,
        0.953_621_646_2,
        8.969_185_278,
        8.086_733_115,
        2.542_483_649,
        10.034_594_57,
        -4.542_623_451,
        3.780_502_474,
        0.615_754_524_2,
    ];
    let x = Array2::from_shape_fn((18, 5), |(i, unit)| f32::from(X[i][unit]) / 8.0);
    let names: Vec<String> = (0..18).map(|i| format!("c{}", i % 6)).collect();
    let names: Vec<Option<&str>> = names.iter().map(|name| Some(name.as_str())).collect();
    let features = FeatureTable::new(18, vec![Feature::categorical("cond", &names)]).unwrap();
    let steps = ["whiten:cond".parse().unwrap()];
    let columns = mlem_probe::extract::columns(&features, &steps);
    let beside = Beside { columns: &columns, ..Beside::default() };
    let plain = Activations::new(vec![0], vec![x], Provenance::default()).unwrap();
    let white = plain.transform(&steps, None, beside, &mlem_probe::progress::Silent).unwrap();
    let cells = (0..6).map(|c| (0..3).map(|run| vec![(0, c + 6 * run)]).collect()).collect();
    let found = CrossValidated::new(vec![Arc::new(white)], cells).unwrap();
    let found = found.layer(0).unwrap();
    let pairs = (0..6).flat_map(|i| (i + 1..6).map(move |j| (i, j)));
    for ((i, j), expected) in pairs.zip(expected) {
        assert!((f64::from(found[[i, j]]) - expected).abs() < 1e-5, "{} {expected}", found[[i, j]]);
        assert_eq!(found[[i, j]], found[[j, i]]);
    }
}

/// The options that cross-validate the recordings of [`recordings`] over their sessions.
const OVER: &str = "--distance crossnobis --average concept --partition session --drop fold,trial";

#[test]
fn sessions_are_partitions() {
    let w = recordings();
    let said = w.transcript(&format!("fit s.csv x.npy -o o {OVER} --noise-from concept"));
    assert!(said.contains("40 stimuli are the means of 120 by `concept`"), "{said}");
    assert!(said.contains("cross-validated over 3 partitions of `session`"), "{said}");
    let mean = |name: &str| scores(&w, name).iter().map(|(_, score)| score).sum::<f64>() / 5.0;
    assert!(mean("o/scores.csv") > 0.5, "{}", mean("o/scores.csv"));
    // No distance within a session sees that one of them is moved.
    w.ok(&format!("fit s.csv x.npy -o plain -q --map 0 {OVER}"));
    assert!(mean("plain/scores.csv") > 0.5);
    assert_ne!(w.read("plain/scores.csv"), w.read("o/scores.csv"));
    let run: serde_json::Value = serde_json::from_str(&w.read("o/run.json")).unwrap();
    let option = |name: &str| run["options"][name].as_str();
    assert_eq!((option("distance"), option("partition")), (Some("crossnobis"), Some("session")));
    let importance = w.read("o/importance.csv");
    assert!(importance.contains(",kind,") && !importance.contains("session"), "{importance}");
    let page = w.read("o/report.html");
    for words in [
        "cross-validated Mahalanobis distance (crossnobis",
        "the partitions of column session",
        "within each value of session",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(w.read("plain/report.html").contains("cross-validated squared Euclidean distance"));
    // Everything that a fit of distances has.
    w.ok(&format!(
        "fit s.csv x.npy -o all -q --map 0 {OVER} --null 20 --bootstrap 5 --target rank --interactions"
    ));
    w.ok(&format!("fit s.csv x.npy -o three -q --map 0 {OVER} --estimator mlem,frrsa,rsa"));
    w.ok(&format!("fit s.csv x.npy -o slow -q --map 0 {OVER} --solver stochastic"));
    w.ok("compare plain all -o cmp -q");
    let said = w.transcript("compare plain o -o cmp --activations x.npy --activations x.npy");
    assert!(said.contains("was fitted to cross-validated distances"), "{said}");
}

/// The numbers of `x.npy`, row by row.
fn values(w: &Workspace) -> Vec<f32> {
    let bytes = std::fs::read(w.path("x.npy")).unwrap();
    let numbers = bytes[bytes.len() - 120 * 8 * 4..].chunks(4);
    numbers.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

#[test]
fn recordings_are_partitions() {
    let w = recordings();
    // The sessions as files of their own.
    let x = values(&w);
    let lines: Vec<String> = w.read("s.csv").lines().map(str::to_owned).collect();
    let table: Vec<&String> = lines.iter().take(1).chain(lines.iter().skip(1).step_by(3)).collect();
    w.write("one.csv", table.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n"));
    for session in 0..3 {
        let rows: Vec<f32> = x.chunks(8).skip(session).step_by(3).flat_map(<[f32]>::to_vec).collect();
        w.write(&format!("x{session}.npy"), npy(&[40, 8], &rows));
    }
    let of =
        "fit one.csv x0.npy --repeat x1.npy --repeat x2.npy -q --map 0 --drop concept,session,fold,trial";
    w.ok(&format!("{of} -o files --distance crossnobis"));
    w.ok(&format!("fit s.csv x.npy -o column -q --map 0 {OVER}"));
    assert_eq!(w.read("files/scores.csv"), w.read("column/scores.csv"));
    assert_eq!(w.read("files/weights.csv"), w.read("column/weights.csv"));
    assert!(w.read("files/report.html").contains("the mean over pairs of 3 recordings"));
    // A recording alone has no distances to make a ceiling of.
    assert!(!w.path("files/ceiling.csv").exists() || !w.read("files/ceiling.csv").contains("0,0,"));
    let said =
        w.transcript(&format!("{of} -o bad --distance crossnobis --average concept --partition session"));
    assert!(said.contains("several recordings (--repeat) are partitions themselves"), "{said}");
}

#[test]
fn what_cannot_be_cross_validated_is_said() {
    let w = recordings();
    let of = "fit s.csv x.npy -o bad --map 0";
    let cross = "--distance crossnobis";
    for (options, says, hint) in [
        (cross.to_owned(), "none are named", "--partition"),
        (format!("{cross} --partition session"), "not which stimuli are one condition", "--average"),
        (format!("{cross} --average concept"), "none are named", "--repeat"),
        (
            "--average concept --partition session".to_owned(),
            "--partition is of --distance crossnobis",
            "leave",
        ),
        (format!("{cross} --average concept --partition concept"), "names the conditions", "another column"),
        (format!("{cross} --average concept --partition sesion"), "sesion", "did you mean session?"),
        (format!("{OVER} --per-unit"), "single units have no fit", "leave --distance out"),
        (
            format!("{OVER} --estimator mlem,encoding"),
            "gives distances and no activations",
            "a run of their own",
        ),
        (format!("{OVER} --estimator decoding"), "--distance", "leave it out"),
        (
            format!("{cross} --average concept --partition kind"),
            "partition of `kind` in common",
            "coarser column",
        ),
    ] {
        let said = w.transcript(&format!("{of} {options}"));
        assert!(said.contains(says) && said.contains(hint), "{options}: {said}");
        assert!(!w.path("bad/scores.csv").exists(), "{options}");
    }
    // A concept that was in one session alone, one without a session, and a table with one session.
    let table = w.read("s.csv");
    let lone = table.replace("c7,s1,", "c40,s1,").replace("c7,s2,", "c41,s2,");
    w.write("lone.csv", lone);
    let said = w.transcript(&format!("fit lone.csv x.npy -o bad --map 0 {OVER}"));
    assert!(said.contains("`c0` and `c7` have 1 partition of `session` in common"), "{said}");
    w.write("gap.csv", table.replace("c7,s1,", "c7,,"));
    let said = w.transcript(&format!("fit gap.csv x.npy -o bad --map 0 {OVER}"));
    assert!(said.contains("column `session` names partitions, and is empty for 1 row: 22"), "{said}");
    w.write("same.csv", table.replace(",s1,", ",s0,").replace(",s2,", ",s0,"));
    let said = w.transcript(&format!("fit same.csv x.npy -o bad --map 0 {OVER}"));
    assert!(said.contains("names one partition alone"), "{said}");
    // One session less for a concept is no obstacle, and is said.
    w.write("less.csv", table.replace("c7,s1,", "c7,s0,"));
    let said = w.transcript(&format!("fit less.csv x.npy -o less --map 0 {OVER}"));
    assert!(said.contains("39 of 780 pairs lack a partition in common"), "{said}");
    assert!(w.read("less/run.json").contains("lack a partition in common"));
}

#[test]
fn subjects_are_cross_validated_each_on_its_own() {
    let w = recordings();
    let values = values(&w);
    let both: Vec<f32> = values.iter().copied().chain(values.iter().rev().copied()).collect();
    w.write("two.npy", npy(&[2, 1, 120, 8], &both));
    w.ok(&format!(
        "fit s.csv two.npy --axes subject,region,n,unit --by-subject -o subjects -q --map 0 {OVER}"
    ));
    assert!(w.path("subjects/group/group.csv").exists());
}

//! `probe group`, from recordings to tables.

use std::fs;

use mlem_probe::numeric::rng::Stream;
use serde_json::Value;

use crate::array_files::{array, file, npy};
use crate::workspace::{Workspace, names};

const N: usize = 40;
const UNITS: usize = 6;
const QUICK: &str = "--folds 2 --permutations 2 --map 0 -q";

/// Stimuli of two features, and a file of arrays for each subject under the names `axis`, of which `at` follow the first feature.
fn recordings(w: &Workspace, subjects: usize, axis: &[&str], at: &[usize]) {
    let mut table = "number,tense\n".to_owned();
    for i in 0..N {
        table += ["sg,past\n", "pl,past\n", "sg,pres\n", "pl,pres\n"][i % 4];
    }
    w.write("words.csv", table);
    for subject in 1..=subjects {
        let one = |(position, name): (usize, &&str)| {
            let mut stream = Stream::new(subject as u64, name);
            let noise: Vec<f64> = (0..N * UNITS).map(|_| stream.normal()).collect();
            let strength = if at.contains(&position) { 1.5 } else { 0.0 };
            array(name, &[N, UNITS], |k| noise[k] + strength * ((k / UNITS) % 2) as f64)
        };
        let arrays: Vec<_> = axis.iter().enumerate().map(one).collect();
        fs::rename(file(&w.path(""), "npz", &arrays), w.path(&format!("s{subject}.npz"))).unwrap();
    }
}

fn fitted(w: &Workspace, subjects: usize) -> String {
    for subject in 1..=subjects {
        w.ok(&format!("fit words.csv s{subject}.npz {QUICK} -o runs/s{subject}"));
    }
    let folders: Vec<String> = (1..=subjects).map(|subject| format!("runs/s{subject}")).collect();
    folders.join(" ")
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn windows_of_time_become_a_cluster_and_the_tables_agree() {
    let w = Workspace::new();
    let axis = ["0-50 ms", "50-100 ms", "100-150 ms", "150-200 ms", "200-250 ms"];
    recordings(&w, 6, &axis, &[1, 2, 3]);
    let runs = fitted(&w, 6);
    let told = w.ok(&format!("group {runs} --cluster --tail greater --figures svg -o out"));
    assert!(told.contains("6 subjects, 2 features, 5 times; 64 sign flips (all), least p .016"), "{told}");
    assert!(
        told.contains(
            "number differs from 0 in a cluster that has times 50-100 ms to 150-200 ms (above, p = .016)"
        ),
        "{told}"
    );
    let written = names(&w.path("out"));
    assert_eq!(
        written,
        ["agreement.csv", "clusters.csv", "figures", "group.csv", "group.html", "run.json", "subjects.csv"]
    );
    assert_eq!(names(&w.path("out/figures")), ["profiles.svg", "statistics.svg", "subjects.svg"]);
    let group = rows(&w.read("out/group.csv"));
    assert_eq!(group.len(), 3 * 5);
    let hits: Vec<&str> = group
        .iter()
        .filter(|row| row[0] == "number" && row[21] == "true")
        .map(|row| row[3].as_str())
        .collect();
    assert_eq!(hits, axis[1..4]);
    // The mean of the subjects' values is the mean of the group, and t is the mean over its standard error.
    let values: Vec<f64> = rows(&w.read("out/subjects.csv"))
        .iter()
        .filter(|row| row[1] == "number" && row[4] == axis[2])
        .map(|row| row[5].parse().unwrap())
        .collect();
    let row = group.iter().find(|row| row[0] == "number" && row[3] == axis[2]).unwrap();
    let number = |at: usize| row[at].parse::<f64>().unwrap();
    assert_eq!(values.len(), 6);
    assert!((values.iter().sum::<f64>() / 6.0 - number(5)).abs() < 1e-6);
    assert!((number(5) / (number(6) / 6f64.sqrt()) - number(7)).abs() < 1e-3);
    let clusters = rows(&w.read("out/clusters.csv"));
    let first = clusters.iter().find(|row| row[0] == "number").unwrap();
    assert_eq!((first[4].as_str(), first[5].as_str(), first[7].as_str()), (axis[1], axis[3], "3"));
    // The same in JSON; without clusters their table is gone, and the command is recorded.
    let json: Value = serde_json::from_str(&w.ok(&format!("group {runs} --json -q -o out"))).unwrap();
    assert_eq!((json["flips"].as_u64(), json["effects"][0]["feature"].as_str()), (Some(32), Some("number")));
    assert_eq!(json["effects"][0]["p"][2].as_f64(), Some(1.0 / 32.0));
    assert!(!w.path("out/clusters.csv").exists() && !w.path("out/figures").exists());
    w.ok("rerun out -o again -q");
    assert_eq!(w.read("out/group.csv"), w.read("again/group.csv"));
    let record: Value = serde_json::from_str(&w.read("again/run.json")).unwrap();
    assert_eq!(record["options"]["group"].as_array().unwrap().len(), 6);
}

#[test]
fn regions_of_one_file_of_all_subjects_are_a_loop_and_a_group() {
    let w = Workspace::new();
    recordings(&w, 5, &["V1", "V4", "IT", "STG"], &[0, 2]);
    // As docs/group.md has it: arrays `sub-01/V1` … of one file.
    let mut all = Vec::new();
    for subject in 1..=5 {
        for (position, region) in ["V1", "V4", "IT", "STG"].iter().enumerate() {
            let mut stream = Stream::new(subject, region);
            let noise: Vec<f64> = (0..N * UNITS).map(|_| stream.normal()).collect();
            let strength = if position % 2 == 0 { 1.5 } else { 0.0 };
            let name = format!("sub-{subject:02}/{region}");
            all.push(array(&name, &[N, UNITS], |k| noise[k] + strength * ((k / UNITS) % 2) as f64));
        }
    }
    let path = file(&w.path(""), "npz", &all);
    let mut runs = String::new();
    for subject in 1..=5 {
        let (path, name) = (path.display(), format!("sub-{subject:02}"));
        w.ok(&format!("fit words.csv {path} --arrays {name}/* {QUICK} -o runs/{name}"));
        runs = runs + "runs/" + &name + " ";
    }
    w.write("pairs.csv", "region,beside\nV1,V4\nV1,IT\n");
    let told = w.ok(&format!("group {runs} --cluster=tfce --neighbours pairs.csv --tail greater -o out"));
    assert!(told.contains("number differs from 0 at V1 and IT"), "{told}");
    assert!(rows(&w.read("out/group.csv")).iter().all(|row| row[19].parse::<f64>().is_ok_and(|p| p > 0.0)));
    // The same in one command.
    w.ok(&format!("fit words.csv {} --by-subject {QUICK} -o all", path.display()));
    w.ok(&format!("group {runs} -q -o plain"));
    assert_eq!(w.read("all/group/subjects.csv"), w.read("plain/subjects.csv"));
    assert_eq!(w.read("all/group/group.csv"), w.read("plain/group.csv"));
}

#[test]
fn one_command_fits_every_subject_and_the_group() {
    let w = Workspace::new();
    recordings(&w, 1, &["V1", "V4"], &[]);
    // Four subjects × three regions × stimuli × units, of which the first region follows the first feature.
    let mut stream = Stream::new(0, "subjects");
    let noise: Vec<f64> = (0..12 * N * UNITS).map(|_| stream.normal()).collect();
    let value = |k: usize| {
        let (stimulus, region) = (k / UNITS % N, k / (UNITS * N) % 3);
        noise[k] + if region == 0 { 1.5 * (stimulus % 2) as f64 } else { 0.0 }
    };
    w.write("all.npy", npy(&array("", &[4, 3, N, UNITS], value), false));
    let quick = QUICK.replace(" -q", "");
    let text = w.transcript(&format!(
        "fit words.csv all.npy --axes subject,region,n,unit --by-subject {quick} -o all"
    ));
    assert!(text.contains("4 subjects and how many arrays of each: subject 0 (3), subject 1 (3)"), "{text}");
    assert!(text.contains("no p-value of a sign flip can be below 0.125"), "{text}");
    assert_eq!(names(&w.path("all")), ["group", "subject-0", "subject-1", "subject-2", "subject-3"]);
    let group = rows(&w.read("all/group/group.csv"));
    let places: Vec<&str> = group[..3].iter().map(|row| row[3].as_str()).collect();
    assert_eq!(places, ["region 0", "region 1", "region 2"]);
    assert_eq!(rows(&w.read("all/group/subjects.csv"))[0][0], "subject 0");
    // Again with what is there, and each subject alone by what its run records.
    w.ok(&format!("fit words.csv all.npy --axes subject,region,n,unit --by-subject {QUICK} -o all"));
    w.ok("rerun all/subject-1 -q -o alone");
    assert_eq!(w.read("all/subject-1/scores.csv"), w.read("alone/scores.csv"));
    // What names no subjects, or one.
    for (words, said) in [
        ("all.npy --axes layer,region,n,unit", "its arrays are called layer 0, region 0"),
        ("all.npy --axes subject,region,n,unit --layers 0", "--layers"),
        ("nowhere.npz", "cannot read nowhere.npz"),
    ] {
        let text = w.transcript(&format!("fit words.csv {words} --by-subject -o no"));
        assert!(text.contains(said) && !text.contains("exit code 0"), "{text}");
    }
    let text = w.transcript("fit words.csv s1.npz --by-subject -o no");
    assert!(
        text.contains("does not say which subject each array is of: its arrays are called V1 and V4"),
        "{text}"
    );
    assert!(text.contains("hint: call the arrays SUBJECT/REGION"), "{text}");
}

#[test]
fn regions_that_some_subjects_lack_are_named_and_left_out() {
    let w = Workspace::new();
    recordings(&w, 1, &["V1"], &[]);
    let mut all = Vec::new();
    for subject in 1..=6 {
        for region in &["IFG", "STG", "MTG"][..if subject < 5 { 3 } else { 2 }] {
            let mut stream = Stream::new(subject, region);
            let noise: Vec<f64> = (0..N * UNITS).map(|_| stream.normal()).collect();
            let name = format!("sub-{subject:02}/{region}");
            all.push(array(&name, &[N, UNITS], |k| noise[k] + 1.5 * ((k / UNITS) % 2) as f64));
        }
    }
    fs::rename(file(&w.path(""), "npz", &all), w.path("uneven.npz")).unwrap();
    let quick = QUICK.replace(" -q", "");
    let text = w.transcript(&format!("fit words.csv uneven.npz --by-subject {quick} -o all"));
    for part in [
        "exit code 1",
        "all subjects are fitted, but are no group",
        "all/sub-05 and all/sub-06 lack MTG",
        "--cluster --neighbours pairs.csv",
        "leave out what some lack: probe group all/sub-01 all/sub-02",
        "--shared",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let runs: Vec<String> = (1..=6).map(|subject| format!("all/sub-{subject:02}")).collect();
    let runs = runs.join(" ");
    let text = w.transcript(&format!("group {runs} --shared -o by-hand"));
    assert!(text.contains("left out: MTG (all/sub-05 and all/sub-06 lack MTG)"), "{text}");
    let text = w.transcript(&format!("group {runs} --shared --cluster -o out"));
    assert!(
        text.contains("IFG, STG and MTG have no order") && text.contains("two a line: IFG,STG"),
        "{text}"
    );
    w.write("pairs.csv", "sub-01/IFG,sub-01/STG\n");
    let text = w.transcript(&format!("group {runs} --shared --cluster --neighbours pairs.csv -o out"));
    assert!(
        text.contains("the subjects have: IFG and STG") && text.contains("two a line: IFG,STG"),
        "{text}"
    );
    w.write("pairs.csv", "IFG,STG\n");
    let told = w.ok(&format!("group {runs} --shared --cluster --neighbours pairs.csv -o out"));
    assert!(told.contains("number differs from 0 in a cluster that has IFG and STG (above"), "{told}");
    // A folder that is there is left alone; an array of no row per stimulus is said, and a number that is none with its subject.
    let text = w.transcript(&format!("fit words.csv uneven.npz --by-subject --shared {quick} -o auto"));
    assert!(text.contains("exit code 0") && w.path("runs/words-uneven/group").exists(), "{text}");
    w.ok(&format!("fit words.csv uneven.npz --by-subject --shared {QUICK} -o auto"));
    assert!(w.path("runs/words-uneven-2/group").exists());
    all.push(array("sub-06/MTG", &[N - 1, UNITS], |_| 0.5));
    all.push(array("sub-05/MTG", &[N, UNITS], |k| if k == UNITS + 2 { f64::NAN } else { k as f64 }));
    fs::rename(file(&w.path(""), "npz", &all), w.path("odd.npz")).unwrap();
    let text = w.transcript(&format!("fit words.csv odd.npz --by-subject {quick} -o odd"));
    assert!(text.contains("left out, as no layer: `sub-06/MTG`"), "{text}");
    assert!(text.contains("error: sub-05 (") && text.contains("is MTG): layer "), "{text}");
    assert!(text.contains("stimulus 1: unit 2 is NaN"), "{text}");
    // The same in one command; a subject alone records none of the group's options.
    w.ok(&format!("fit words.csv uneven.npz --by-subject --shared {QUICK} -o all"));
    assert_eq!(w.read("all/group/group.csv"), w.read("by-hand/group.csv"));
    assert!(!w.read("all/sub-06/run.json").contains("--shared"));
}

#[test]
fn what_is_no_group_is_said_with_what_to_do() {
    let w = Workspace::new();
    recordings(&w, 2, &["V1", "V4"], &[0]);
    fitted(&w, 2);
    let told = |words: &str| {
        let text = w.transcript(words);
        text.split("--- stderr\n").nth(1).unwrap_or_default().to_owned() + &text[..12]
    };
    let said = |words: &str, parts: &[&str]| {
        let text = told(words);
        assert!(parts.iter().all(|part| text.contains(part)), "{words}: {text}");
    };
    said("group runs/s1 -o out", &["runs/s1 alone is no group", "exit code 2"]);
    said("group runs/s1 runs/s1 -o out", &["runs/s1 is named twice", "exit code 1"]);
    said("group runs/s1 nowhere -o out", &["cannot read nowhere/run.json"]);
    said("group runs/s1 runs/s2 -o runs/s2", &["runs/s2 is a subject", "exit code 2"]);
    said("group runs/s1 runs/s2 -o runs/s2 --force", &["runs/s2 is a subject"]);
    said("group runs/s1 runs/s2 --cluster -o out", &["V1 and V4 have no order", "--neighbours FILE"]);
    said("group runs/s1 runs/s2 --cluster -2 -o out", &["threshold of t above 0"]);
    said("group runs/s1 runs/s2 --cluster x -o out", &["threshold of t above 0, or tfce"]);
    said("group runs/s1 runs/s2 --neighbours p.csv -o out", &["--cluster"]);
    said("group runs/s1 runs/s2 --alpha 5 -o out", &["between 0 and 1"]);
    said("group runs/s1 runs/s2 --labels a -o out", &["1 labels for 2 run directories"]);
    said(
        "group runs/s1 runs/s2 --order interaction -o out",
        &["no importance of any interaction", "--interactions"],
    );
    w.write("p.csv", "V1,V4\nV1\n");
    said(
        "group runs/s1 runs/s2 --cluster --neighbours p.csv -o out",
        &["p.csv:2: 1 name in a line that has two"],
    );
    // Two subjects can be a group, of which nothing can be significant.
    said("group runs/s1 runs/s2 -o out", &["no p-value of a sign flip can be below 0.500", "exit code 0"]);
    said("group out runs/s1 -o other", &["out is a group, not a subject"]);
    w.ok("fit words.csv s1.npz --folds 2 --permutations 2 --map 0 -q --layers 1 -o one");
    said("group one runs/s2 -o other", &["one lacks V4", "--shared"]);
    said("group one runs/s2 --shared -o other", &["are left out: V4 (one lacks V4)", "exit code 0"]);
    w.ok("fit words.csv s1.npz --folds 2 --map 0 -q --estimator decoding -o decoded");
    said("group decoded runs/s2 -o other", &["not of one estimator: decoding in decoded, mlem in runs/s2"]);
    said("group runs/s1 runs/s2 -o decoded", &["decoded holds a run that is no group", "--force"]);
    said("group runs/s1 runs/s2 -o decoded --force", &["exit code 0"]);
    assert!(!w.path("decoded/scores.csv").exists());
}

#[test]
fn channels_at_times_are_clustered_along_time_and_by_a_graph() {
    let w = Workspace::new();
    recordings(&w, 1, &["V1"], &[]);
    // Six subjects × three channels × four times: the first feature at two channels that are neighbours, at the middle times.
    let mut stream = Stream::new(4, "channels");
    let noise: Vec<f64> = (0..6 * 12 * N * UNITS).map(|_| stream.normal()).collect();
    let value = |k: usize| {
        let (stimulus, time, channel) = (k / UNITS % N, k / (UNITS * N) % 4, k / (UNITS * N * 4) % 3);
        noise[k] + if channel < 2 && (1..3).contains(&time) { 1.5 * (stimulus % 2) as f64 } else { 0.0 }
    };
    w.write("all.npy", npy(&array("", &[6, 3, 4, N, UNITS], value), false));
    w.ok(&format!("fit words.csv all.npy --axes subject,channel,time,n,unit --by-subject {QUICK} -o all"));
    let runs: Vec<String> = (0..6).map(|subject| format!("all/subject-{subject}")).collect();
    let runs = runs.join(" ");
    w.write("channels.csv", "0,1\n1,2\n");
    let text = w.transcript(&format!(
        "group {runs} --cluster --neighbours channels.csv --tail greater --figures svg -o joined"
    ));
    assert!(text.contains("6 subjects, 2 features, 3 channels × 4 times"), "{text}");
    assert!(
        text.contains("in a cluster that has channel 0, times 1 and 2; channel 1, times 1 and 2"),
        "{text}"
    );
    assert!(!text.contains("no neighbours of channels"), "{text}");
    let clusters = rows(&w.read("joined/clusters.csv"));
    let first = clusters.iter().find(|row| row[0] == "number").unwrap();
    assert_eq!((first[7].as_str(), first[13].as_str()), ("4", "channel 0; channel 1"));
    assert_eq!(first[14], "time 1; time 2");
    let group = rows(&w.read("joined/group.csv"));
    let row = group.iter().find(|row| row[0] == "number" && row[3] == "channel 1, time 2").unwrap();
    assert_eq!((row[26].as_str(), row[27].as_str(), row[21].as_str()), ("channel 1", "time 2", "true"));
    let [bf10, bf01, log10]: [f64; 3] = std::array::from_fn(|at| row[23 + at].parse().unwrap());
    assert!(bf10 > 10.0 && (bf10 * bf01 - 1.0).abs() < 1e-4 && (bf10.log10() - log10).abs() < 1e-4);
    assert!(w.read("joined/figures/statistics.svg").contains("class=\"outline\""));
    let record: Value = serde_json::from_str(&w.read("joined/run.json")).unwrap();
    assert_eq!(record["options"]["axes"]["rows"]["neighbours"], "given");
    // Without a graph two clusters, and it is said; along none, each entry is alone.
    let text = w.transcript(&format!("group {runs} --cluster --tail greater -o apart"));
    assert!(text.contains("warning: no neighbours of channels are given"), "{text}");
    let clusters = rows(&w.read("apart/clusters.csv"));
    assert!(clusters.iter().filter(|row| row[0] == "number").all(|row| !row[13].contains(';')));
    w.ok(&format!("group {runs} --cluster --along none -q -o alone"));
    assert!(rows(&w.read("alone/clusters.csv")).iter().all(|row| row[7] == "1"));
    // In threshold-free clusters too; a run of one subject has its entries on a grid.
    w.ok(&format!("group {runs} --cluster=tfce --neighbours channels.csv -q -o free"));
    assert!(w.read("free/group.html").contains("class=\"outline\""));
    for (options, said) in [
        (
            "--cluster --along region",
            "--along region is no axis of the subjects, which have channel and time",
        ),
        ("--along time", "--cluster"),
        ("--cluster --along \"time", "a quote is not closed"),
        ("--cluster --neighbours pairs.csv", "a pair has two channels, or two times"),
        ("--cluster --neighbours none.csv", "write these names, two a line: channel 0,channel 1"),
    ] {
        w.write("pairs.csv", "channel 0,time 1\n").write("none.csv", "Cz,Pz\n");
        let text = w.transcript(&format!("group {runs} {options} -o no"));
        assert!(text.contains(said) && !text.contains("exit code 0"), "{options}: {text}");
    }
    // Three axes at once, and two of which none has an order.
    w.write("three.npy", npy(&array("", &[2, 2, 2, 2, N, UNITS], |k| noise[k]), false));
    w.ok(&format!(
        "fit words.csv three.npy --axes subject,region,layer,time,n,unit --by-subject {QUICK} -o three"
    ));
    let text = w.transcript("group three/subject-0 three/subject-1 --cluster -o no");
    assert!(text.contains("of 3 axes (region 0, layer 0, time 0)") && text.contains("exit code 1"), "{text}");
    w.ok(&format!(
        "fit words.csv three.npy --axes subject,unit,region,side,n,unit --by-subject {QUICK} -o sides"
    ));
    let text = w.transcript("group sides/subject-0 sides/subject-1 --cluster -o no");
    assert!(text.contains("region 0 and region 1 have no order"), "{text}");
}

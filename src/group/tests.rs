use super::fixtures::{eight, noise, subjects};
use super::*;
use crate::files;

fn tested(runs: Vec<Run>, cluster: Option<ClusterBy>) -> Group {
    Group::of(runs, &Neighbours::InARow, Params { draws: 200, cluster, ..Params::default() }).unwrap()
}

fn error(runs: Vec<Run>) -> (String, String) {
    let error = Group::of(runs, &Neighbours::InARow, Params::default()).unwrap_err();
    (error.to_string(), error.hint().unwrap_or_default())
}

fn told(group: &Group) -> Vec<String> {
    group.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn an_effect_is_one_cluster_and_no_effect_is_none() {
    let group = tested(eight(), Some(ClusterBy::Threshold(None)));
    assert_eq!((group.n_subjects(), group.flips, group.exact), (8, 128, true));
    assert!((group.threshold.unwrap() - 2.364_624).abs() < 1e-6);
    let [score, a, b] = &group.curves[..] else { panic!() };
    assert_eq!((score.name(), a.name(), b.name()), ("spearman", "a", "b"));
    let found = &a.clusters[0];
    assert!(
        (3..=6).all(|at| found.entries.contains(&at)) && found.p_family < 0.02 && found.mass > 0.0,
        "{found:?}"
    );
    assert!(group.is_significant(a, 4) && !(0..10).any(|at| group.is_significant(b, at)));
    // By the largest t, and by enhancement, the same entries.
    for cluster in [None, Some(ClusterBy::Tfce)] {
        let group = tested(eight(), cluster);
        let hits: Vec<usize> = (0..10).filter(|&at| group.is_significant(&group.curves[1], at)).collect();
        assert!([3, 4, 5, 6].iter().all(|at| hits.contains(at)), "{cluster:?} {hits:?}");
        assert!(!(0..10).any(|at| group.is_significant(&group.curves[2], at)));
    }
}

#[test]
fn corrected_p_values_are_never_smaller_and_families_are_apart() {
    let group = tested(eight(), None);
    for curve in &group.curves {
        for point in &curve.points {
            let test = point.test.unwrap();
            assert!(
                test.p >= group.least_p()
                    && test.p_max >= test.p
                    && test.holm >= test.bh
                    && test.bh >= test.p
            );
            assert!(test.interval.0 < point.spread.mean && point.spread.mean < test.interval.1);
            assert!(test.over_subjects.0 <= point.spread.mean && point.spread.mean <= test.over_subjects.1);
        }
    }
    // Of ten scores and twenty importances: Holm multiplies the least by as many.
    let most = |curves: &[Curve]| {
        let tests = curves.iter().flat_map(|curve| &curve.points).map(|point| point.test.unwrap());
        tests.map(|test| test.holm / test.p).fold(0.0, f64::max)
    };
    assert!(most(&group.curves[..1]) <= 10.0 + 1e-9 && most(group.effects()) > 10.0);
}

#[test]
fn what_has_no_variance_or_no_number_has_no_p_and_says_why() {
    let runs = subjects(6, &["V1", "V4", "IT"], &["a"], |i, feature, at| match (feature, at, i) {
        ("a", 0, _) => 0.25,
        ("a", 1, 2) => f64::NAN,
        _ => 0.2 + 0.1 * noise(i, at),
    });
    let group = tested(runs, None);
    let a = &group.curves[1];
    assert_eq!(a.points[0].test, Err(NoTest::Constant));
    assert_eq!((a.points[1].test, a.points[1].spread.n), (Err(NoTest::Missing(1)), 5));
    assert!(a.points[2].test.is_ok() && !group.is_significant(a, 0));
    let told = told(&group).join("\n");
    assert!(told.contains("a is not tested at V1: it is the same number in all subjects"), "{told}");
    assert!(told.contains("a is not tested at V4: it is no number in sub-03"), "{told}");
    let csv = String::from_utf8(group.tables().remove(0).1).unwrap();
    let row = csv.lines().find(|line| line.starts_with("a,main,0,V1,")).unwrap();
    assert!(row.starts_with("a,main,0,V1,6,0.25,0,,,,,,,,,,,,,,,,\"it is the same number"), "{row}");
}

#[test]
fn entries_go_together_by_name_whatever_their_order() {
    let value = |i: usize, name: &str| noise(i, name.len()) + if name == "V4x" { 0.7 } else { 0.0 };
    let build = |axis: &'static [&'static str], n: usize| {
        subjects(n, axis, &["a"], move |i, _, at| value(i, axis[at]))
    };
    let straight = build(&["V1", "V4x", "ITyy"], 5);
    let mut mixed = straight.clone();
    mixed[3] = build(&["ITyy", "V1", "V4x"], 4).remove(3);
    let (a, b) = (tested(straight, None), tested(mixed, None));
    assert_eq!(a.curves[1].points, b.curves[1].points);
}

#[test]
fn what_stands_before_the_names_of_one_subject_is_left_out_where_it_alone_differs() {
    let axis = |i: usize| ["V1", "V4", "IT"].map(|name| format!("sub-{i:02}/{name}"));
    let one = |i: usize| {
        let axis = axis(i);
        subjects(3, &axis.each_ref().map(String::as_str), &["a"], |i, _, at| noise(i, at)).remove(i)
    };
    let group = tested((0..3).map(one).collect(), None);
    let names: Vec<&str> = group.axis.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["V1", "V4", "IT"]);
    // A beginning that all have stays.
    let axis = axis(0);
    let same = subjects(3, &axis.each_ref().map(String::as_str), &["a"], |i, _, at| noise(i, at));
    assert_eq!(tested(same, None).axis[0].name, "sub-00/V1");
}

#[test]
fn regions_that_some_subjects_lack_are_named_without_the_subject() {
    let one = |i: usize| {
        let regions: &[&str] = if i < 4 { &["IFG", "STG", "MTG"] } else { &["IFG", "STG"] };
        let axis: Vec<String> = regions.iter().map(|name| format!("sub-{:02}/{name}", i + 1)).collect();
        let axis: Vec<&str> = axis.iter().map(String::as_str).collect();
        subjects(6, &axis, &["a"], |i, _, at| noise(i, at)).remove(i)
    };
    let runs: Vec<Run> = (0..6).map(one).collect();
    let (text, hint) = error(runs.clone());
    assert!(text.ends_with("regions: runs/sub-05 and runs/sub-06 lack MTG"), "{text}");
    assert!(hint.contains("--shared"), "{hint}");
    let shared = Params { shared: true, draws: 50, ..Params::default() };
    let group = Group::of(runs.clone(), &Neighbours::InARow, shared).unwrap();
    assert_eq!(group.axis.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["IFG", "STG"]);
    assert!(
        told(&group).iter().any(|line| line.contains("left out: MTG (runs/sub-05 and runs/sub-06 lack MTG)"))
    );
    assert_eq!(entry_names(&runs)[5], ["IFG", "STG"]);
}

#[test]
fn subjects_that_are_no_group_are_refused_with_what_differs() {
    let all = |axis: &[&str], features: &[&str]| subjects(3, axis, features, |i, _, at| noise(i, at));
    let mut runs = all(&["V1", "V4"], &["a", "b"]);
    runs[2] = all(&["V1", "IT"], &["a", "b"]).remove(2);
    let (text, hint) = error(runs.clone());
    let expected = "regions: runs/sub-03 lacks V4; only runs/sub-03 has IT";
    assert!(text.contains(expected) && hint.contains("--shared"), "{text} {hint}");
    let shared = Params { shared: true, draws: 50, ..Params::default() };
    let group = Group::of(runs, &Neighbours::InARow, shared.clone()).unwrap();
    assert_eq!(group.axis.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["V1"]);
    assert!(
        told(&group)
            .iter()
            .any(|line| line.contains("left out: V4 and IT (runs/sub-03 lacks V4; only runs/sub-03 has IT)")),
        "{:?}",
        told(&group)
    );
    let mut runs = all(&["V1"], &["a", "b"]);
    runs[1] = all(&["V1"], &["a"]).remove(1);
    let (text, _) = error(runs);
    assert!(text.contains("not of the same features: runs/sub-02 lacks b"), "{text}");
    let mut runs = all(&["V1"], &["a"]);
    runs[1] = all(&["IT"], &["a"]).remove(1);
    assert!(Group::of(runs, &Neighbours::InARow, shared).unwrap_err().to_string().contains("in common"));
    let mut runs = all(&["V1"], &["a"]);
    runs[1] = runs[0].clone();
    assert!(error(runs).0.contains("runs/sub-01 is named twice"));
    assert!(error(all(&["V1"], &["a"])[..1].to_vec()).0.contains("1 subject"));
    assert!(error(all(&["V1"], &[])).1.contains("--permutations"));
    let mut runs = all(&["V1"], &["a"]);
    runs[0].record.options.insert("estimator".to_owned(), "decoding".into());
    runs.iter_mut()
        .skip(1)
        .for_each(|run| drop(run.record.options.insert("estimator".to_owned(), "mlem".into())));
    assert!(error(runs).0.contains("decoding in runs/sub-01, mlem in runs/sub-02"));
    let mut runs = all(&["V1"], &["a"]);
    runs[1].record.options.insert("scoring".to_owned(), "pearson".into());
    let (message, hint) = error(runs);
    assert!(
        message.contains("spearman in runs/sub-01") && message.contains("pearson in runs/sub-02"),
        "{message}"
    );
    assert!(hint.contains("--scoring"), "{hint}");
}

#[test]
fn copies_and_what_so_few_subjects_cannot_reach_are_told() {
    let mut runs = subjects(4, &["1", "2"], &["a"], |i, _, at| 0.5 + 0.1 * noise(i, at));
    let of = |runs: &[Run], tail| {
        let params = Params { draws: 50, tail, ..Params::default() };
        told(&Group::of(runs.to_vec(), &Neighbours::InARow, params).unwrap()).join("\n")
    };
    let two = of(&runs, Tail::Two);
    assert!(
        two.contains("below 0.125") && two.contains("--tail greater") && !two.contains("same numbers"),
        "{two}"
    );
    let one = of(&runs, Tail::Greater);
    assert!(one.contains("below 0.062") && one.contains("; add subjects"), "{one}");
    let (profile, folder) = (runs[0].profile.clone(), "runs/other".to_owned());
    runs[3] = Run { folder, profile, ..runs[3].clone() };
    assert!(of(&runs, Tail::Two).contains("runs/sub-01 and runs/other have the same numbers throughout"));
    let many = subjects(20, &["1", "2", "3"], &["a"], |i, _, at| noise(i, at));
    let holm = of(&many, Tail::Two);
    assert!(holm.contains("after Holm over 3 tests") && holm.contains("--draws"), "{holm}");
}

#[test]
fn what_was_fitted_is_no_test() {
    let mut runs = subjects(6, &["1", "2"], &["a"], |i, _, at| noise(i, at));
    let about = |runs: &[Run]| told(&tested(runs.to_vec(), None)).join("\n");
    assert!(!about(&runs).contains("fitted"));
    runs.iter_mut()
        .flat_map(|run| &mut run.profile.scores)
        .for_each(|score| score.split = crate::profile::Split::Train);
    assert!(
        about(&runs).contains("p-values mean nothing; fit each subject with --folds 5"),
        "{}",
        about(&runs)
    );
    for run in &mut runs {
        run.record.options.insert("estimator".to_owned(), "rsa".into());
    }
    assert!(!about(&runs).contains("fitted"));
}

#[test]
fn labels_tell_subjects_apart() {
    let name = |folders: &[&str]| {
        let mut runs = subjects(folders.len(), &["V1"], &["a"], |i, _, _| noise(i, 0));
        runs.iter_mut().zip(folders).for_each(|(run, folder)| run.folder = (*folder).to_owned());
        label(&mut runs, &[]);
        runs.into_iter().map(|run| run.label).collect::<Vec<_>>()
    };
    assert_eq!(name(&["runs/s1", "runs/s2"]), ["s1", "s2"]);
    assert_eq!(name(&["runs/s1/late", "runs/s2/late"]), ["s1/late", "s2/late"]);
    assert_eq!(name(&["a/x/late", "b/x/late/", "./c/x/early"]), ["a/x/late", "b/x/late", "c/x/early"]);
}

#[test]
fn neighbours_are_pairs_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.csv");
    let read = |text: &str| {
        files::write(&path, text.as_bytes()).unwrap();
        Neighbours::read(&path)
    };
    let names = ["V1", "V4", "left, IT"].map(str::to_owned);
    let (graph, warnings) =
        read("\u{feff}a,b\r\n# comment\n\nV1,V4\nV4 , \"left, IT\"\nV1,MT\n").unwrap().graph(&names).unwrap();
    assert_eq!((graph.beside(0), graph.beside(1), graph.beside(2)), (&[1][..], &[0, 2][..], &[1][..]));
    assert_eq!(warnings, [Warning::Strangers { names: vec!["MT".to_owned()] }]);
    let (graph, warnings) = read("left, IT\tV1\n").unwrap().graph(&names).unwrap();
    assert_eq!(
        (graph.beside(2), warnings),
        (&[0][..], vec![Warning::Alone { names: vec!["V4".to_owned()], along: None }])
    );
    for (text, line, message) in [
        ("V1\n", 1, "1 name"),
        ("V1,V4\nV1,V4,IT\n", 2, "3 names"),
        ("V1,\n", 1, "empty"),
        ("#\n", 1, "no pair"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(&format!("pairs.csv:{line}: ")) && error.contains(message), "{error}");
    }
    files::write(&path, b"V1,V4\nV1,\xff\n").unwrap();
    assert!(Neighbours::read(&path).unwrap_err().to_string().contains(":2: this is no UTF-8"));
    let error = read("x,y\nV1,z\n").unwrap().graph(&names).unwrap_err();
    assert_eq!(error.hint().unwrap(), "write these names, two a line: V1,V4");
    assert_eq!(pair(&names[1..]), "V4,\"left, IT\"");
    assert!(
        error.to_string().contains("V1, V4 and left, IT") || error.to_string().contains("V1, V4, left, IT"),
        "{error}"
    );
}

#[test]
fn clusters_of_regions_are_of_given_neighbours_alone() {
    let axis = ["V1", "A1", "V4", "S1", "IT"];
    let runs = subjects(7, &axis, &["a"], |i, feature, at| {
        let effect = if feature == "a" && at % 2 == 0 { 0.5 } else { 0.0 };
        effect + 0.2 * noise(i, 3 * at + 1)
    });
    let pairs =
        [("V1", "V4"), ("V4", "IT"), ("A1", "S1")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
    let neighbours = Neighbours::Given { path: "pairs.csv".into(), pairs };
    let params =
        Params { cluster: Some(ClusterBy::Threshold(Some(3.0))), tail: Tail::Greater, ..Params::default() };
    let group = Group::of(runs, &neighbours, params).unwrap();
    let found = &group.curves[1].clusters;
    assert_eq!((found.len(), found[0].entries.as_slice(), group.flips), (1, &[0, 2, 4][..], 128));
    let csv = String::from_utf8(group.tables().remove(1).1).unwrap();
    let row = csv.lines().find(|line| line.starts_with("a,main,1,")).unwrap();
    assert!(row.starts_with("a,main,1,above,V1,IT,V1; V4; IT,3,"), "{row}");
}

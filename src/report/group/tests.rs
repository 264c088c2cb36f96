use super::*;
use crate::group::fixtures::{eight, noise, subjects};
use crate::group::{ClusterBy, Neighbours, Params, Tail};
use crate::report::terminal::Options;

fn grouped(cluster: Option<ClusterBy>) -> Group {
    Group::of(eight(), &Neighbours::InARow, Params { draws: 100, cluster, ..Params::default() }).unwrap()
}

#[test]
fn the_terminal_says_where_and_how_sure() {
    let told =
        terminal(&grouped(Some(ClusterBy::Threshold(None))), Options { width: 120, ..Options::default() });
    assert!(told.contains("8 subjects, 2 features, 10 times; 128 sign flips (all), least p .008"), "{told}");
    assert!(told.contains("1 of 2 features has a mean that is not 0"), "{told}");
    assert!(
        told.contains("a differs from 0 in a cluster that has times 150-200 ms to 300-350 ms (above, p = .0"),
        "{told}"
    );
    assert!(!told.contains("NaN"));
}

#[test]
fn the_page_has_clusters_tests_and_methods_and_nothing_that_is_no_number() {
    for cluster in [None, Some(ClusterBy::Tfce), Some(ClusterBy::Threshold(Some(2.0)))] {
        let group = grouped(cluster);
        let page = page(&group, &group.tables()).unwrap();
        let drawn = page.split("<script").next().unwrap();
        assert!(drawn.contains("all 128 sign flips that differ") && !drawn.contains("NaN"));
        assert_eq!(drawn.contains("id=\"clusters\""), matches!(cluster, Some(ClusterBy::Threshold(_))));
        assert_eq!(drawn.contains("E = 0.5 and H = 2"), cluster == Some(ClusterBy::Tfce));
        assert!(drawn.contains("class=\"found\""));
    }
}

#[test]
fn hostile_names_and_undefined_numbers_are_drawn_as_what_they_are() {
    let axis = ["<b>V1</b>", "V4 \"ventral\"", "a region with a name that goes on and on and on and on"];
    let runs = subjects(3, &axis, &["<script>", "b"], |i, feature, at| match (feature, at) {
        ("b", _) => f64::NAN,
        ("<script>", 0) => 0.1,
        _ => noise(i, at),
    });
    let params = Params { draws: 20, alpha: 0.001, tail: Tail::Less, ..Params::default() };
    let group = Group::of(runs, &Neighbours::InARow, params).unwrap();
    let page = page(&group, &group.tables()).unwrap();
    let drawn = page.split("<script type").next().unwrap();
    assert!(!drawn.contains("<b>V1") && !drawn.contains("<script>") && !drawn.contains("NaN"));
    assert!(drawn.contains("99.9%") && drawn.contains("p ≤ .001"));
    let told = terminal(&group, Options { width: 60, ..Options::default() });
    assert!(told.contains("0 of 2 features have a mean that is below 0"), "{told}");
    let files = figures(&group, &[Format::Svg]).unwrap();
    assert_eq!(
        files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["profiles.svg", "statistics.svg"]
    );
}

#[test]
fn channels_at_times_are_maps_with_their_clusters_outlined() {
    let channels = ["Fz", "Cz", "<Pz>"];
    let axis: Vec<String> = channels
        .iter()
        .flat_map(|channel| (0..6).map(move |at| format!("{channel}/{}-{} ms", 50 * at, 50 * at + 50)))
        .collect();
    let names: Vec<&str> = axis.iter().map(String::as_str).collect();
    let runs = subjects(8, &names, &["a", "b"], |i, feature, at| {
        let (channel, time) = (at / 6, at % 6);
        let effect = if feature == "a" && channel < 2 && (2..=4).contains(&time) { 0.3 } else { 0.0 };
        effect + 0.1 * noise(i, at + 100 * feature.len() + usize::from(feature == "b"))
    });
    let pairs = vec![("Fz".to_owned(), "Cz".to_owned())];
    let neighbours = Neighbours::Given { path: "pairs.csv".into(), pairs };
    let params = Params { draws: 50, cluster: Some(ClusterBy::Threshold(None)), ..Params::default() };
    let group = Group::of(runs, &neighbours, params).unwrap();
    let told = terminal(&group, Options { width: 120, ..Options::default() });
    assert!(told.contains("8 subjects, 2 features, 3 arrays × 6 times; 128 sign flips"), "{told}");
    assert!(told.contains("in a cluster that has Fz, times 100-150 ms to 200-250 ms; Cz, times"), "{told}");
    let page = page(&group, &group.tables()).unwrap();
    let drawn = page.split("<script type").next().unwrap();
    assert!(drawn.contains("class=\"outline\"") && !drawn.contains("<Pz>") && !drawn.contains("NaN"));
    assert!(drawn.contains(
        "Neighbours were times that follow each other at one array, and arrays at one time that were listed"
    ));
    assert!(drawn.contains("Bayes factors (BF10) compare an effect with none"));
    let files = figures(&group, &[Format::Svg]).unwrap();
    assert_eq!(
        files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["profiles.svg", "statistics.svg"]
    );
    for (log10, said) in
        [(0.0, "1.00"), (-0.7, ".200"), (1.2, "15.8"), (2.3, "200"), (4.0, "1.00e4"), (400.1, "1.26e400")]
    {
        assert_eq!(wording::factor(log10 * std::f64::consts::LN_10), said);
    }
}

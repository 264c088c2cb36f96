//! Clusters on two axes at once, against `MNE` (frozen in `tests/golden/group.json`) and, where no channel has a neighbour, against all flips
//! gone through in NumPy.

use std::path::Path;

use super::fixtures::subjects;
use super::*;
use crate::files;

/// The data of case `C`, `(8 subjects, 4 times × 5 channels)`.
fn data() -> Vec<Vec<f64>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/group.json");
    let json: serde_json::Value = serde_json::from_slice(&files::read(&path).unwrap()).unwrap();
    serde_json::from_value(json["cases"]["C"]["x"].clone()).unwrap()
}

const RING: &str = "channel,beside\n0,1\n1,2\n2,3\n3,4\n4,0\n";

/// The clusters of case `C` beyond 1.5, as entries, mass and p · 128, by their first entry.
fn clusters(group: &Group) -> Vec<(Vec<usize>, f64, f64)> {
    let mut found: Vec<_> =
        group.curves[1].clusters.iter().map(|one| (one.entries.clone(), one.mass, one.p * 128.0)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn group(axis: &[String], neighbours: &Neighbours, along: Option<&[&str]>) -> Result<Group> {
    let x = data();
    let axis: Vec<&str> = axis.iter().map(String::as_str).collect();
    let runs =
        subjects(8, &axis, &["a"], |i, feature, at| if feature == "a" { x[i][at] } else { 0.1 + x[i][0] });
    let along = along.map(|words| words.iter().map(|&word| word.to_owned()).collect());
    let cluster = Some(ClusterBy::Threshold(Some(1.5)));
    Group::of(runs, neighbours, Params { cluster, along, draws: 20, ..Params::default() })
}

fn names(of: impl Fn(usize, usize) -> String) -> Vec<String> {
    (0..4)
        .flat_map(|time| (0..5).map(move |channel| (time, channel)))
        .map(|(time, channel)| of(time, channel))
        .collect()
}

fn given(text: &str) -> Neighbours {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.csv");
    files::write(&path, text.as_bytes()).unwrap();
    Neighbours::read(&path).unwrap()
}

#[track_caller]
fn are(group: &Group, frozen: &[(&[usize], f64, u32)]) {
    let found = clusters(group);
    assert_eq!(found.len(), frozen.len(), "{found:?}");
    for (found, frozen) in found.iter().zip(frozen) {
        assert_eq!(found.0, frozen.0);
        assert!(
            (found.1 - frozen.1).abs() < 1e-6 && (found.2 - f64::from(frozen.2)).abs() < 1e-6,
            "{found:?}"
        );
    }
}

const OF_A_RING: [(&[usize], f64, u32); 3] =
    [(&[1, 2], 3.610_226_758, 56), (&[5, 10, 14], 10.326_557_574, 2), (&[12, 16, 17, 18], 8.123_616_853, 6)];

#[test]
fn channels_are_joined_by_their_graph_alone() {
    let of_axes = names(|time, channel| format!("time {time}, channel {channel}"));
    are(&group(&of_axes, &given(RING), None).unwrap(), &OF_A_RING);
    // The same under other names, in whatever order of the two.
    let ring = "Fz\tCz\nCz\tPz\nPz\tOz\nOz\tAFz\nAFz\tFz\n";
    let channel = |at: usize| ["Fz", "Cz", "Pz", "Oz", "AFz"][at];
    let of_files = names(|time, at| format!("{}/{}-{} ms", channel(at), 50 * time, 50 * time + 50));
    let found = group(&of_files, &given(ring), None).unwrap();
    are(&found, &OF_A_RING);
    assert_eq!(found.joined, Some([Joined::Given, Joined::InARow]));
    assert!(found.warnings.iter().all(|warning| !matches!(warning, Warning::Apart { .. })));
    // Without a graph, along time alone, and it is said.
    let apart = group(&of_axes, &Neighbours::InARow, None).unwrap();
    are(
        &apart,
        &[
            (&[1], 1.687_436_111, 121),
            (&[2], 1.922_790_646, 116),
            (&[5, 10], 5.434_086_961, 7),
            (&[12, 17], 4.616_070_255, 15),
            (&[14], 4.892_470_613, 11),
            (&[16], 1.672_548_754, 121),
            (&[18], 1.834_997_844, 118),
        ],
    );
    let told = apart.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(
        told.contains(
            "no neighbours of channels are given: a cluster has neighbouring times of one of the channels"
        ),
        "{told}"
    );
    // Along both as said, and along none: a graph alone.
    let row = group(&of_axes, &Neighbours::InARow, Some(&["time", "channels"])).unwrap();
    are(
        &row,
        &[
            (&[1, 2], 3.610_226_758, 52),
            (&[5, 10], 5.434_086_961, 13),
            (&[12, 16, 17, 18], 8.123_616_853, 5),
            (&[14], 4.892_470_613, 21),
        ],
    );
    let ring_alone = group(&of_axes, &given(RING), Some(&[])).unwrap();
    are(
        &ring_alone,
        &[
            (&[1, 2], 3.610_226_758, 52),
            (&[5], 2.318_366_207, 96),
            (&[10, 14], 8.008_191_367, 3),
            (&[12], 1.923_432_153, 116),
            (&[16, 17, 18], 6.200_184_7, 6),
        ],
    );
    // One pair: the others have no neighbour but in time.
    let pair = group(&of_axes, &given("channel 0,channel 1\n"), None).unwrap();
    assert_eq!(clusters(&pair)[2].2.round(), 8.0);
    let alone = Warning::Alone {
        names: ["channel 2", "channel 3", "channel 4"].map(str::to_owned).to_vec(),
        along: Some("times".to_owned()),
    };
    assert!(pair.warnings.contains(&alone));
    // Pairs of whole entries are all that there is.
    let whole = group(&of_axes, &given("\"time 1, channel 0\",\"time 2, channel 0\"\n"), None).unwrap();
    assert_eq!((whole.joined, clusters(&whole)[2].0.as_slice()), (None, &[5, 10][..]));
}

#[test]
fn tables_have_both_coordinates() {
    let of_axes = names(|time, channel| format!("time {time}, channel {channel}"));
    let group = group(&of_axes, &given(RING), None).unwrap();
    let table = |at: usize| String::from_utf8(group.tables().remove(at).1).unwrap();
    let row = table(1).lines().find(|line| line.starts_with("a,main,1,")).unwrap().to_owned();
    let all = "\"time 1, channel 0; time 2, channel 0; time 2, channel 4\"";
    assert!(row.contains(all) && row.ends_with(",channel 0; channel 4,time 1; time 2"), "{row}");
    let cells: Vec<String> = table(0)
        .lines()
        .filter(|line| line.starts_with("a,main,") && line.contains(",1,true,") || line.contains(",1,false,"))
        .map(|line| line.rsplit(',').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert!(cells.contains(&"time 2 channel 4".to_owned()), "{cells:?}");
}

#[test]
fn heads_of_layers_are_joined_with_a_word_of_doubt() {
    let heads = names(|layer, head| format!("layer {layer}, head {head}"));
    let found = group(&heads, &Neighbours::InARow, None).unwrap();
    assert_eq!(clusters(&found)[2].0, [5, 10]);
    assert!(found.warnings.contains(&Warning::Heads));
    let apart = group(&heads, &Neighbours::InARow, Some(&[])).unwrap();
    assert!(clusters(&apart).iter().all(|one| one.0.len() == 1) && clusters(&apart).len() == 9);
}

#[test]
fn what_is_no_neighbour_of_two_axes_is_refused() {
    let of_axes = names(|time, channel| format!("time {time}, channel {channel}"));
    let error = |neighbours: &Neighbours, along: Option<&[&str]>| {
        let error = group(&of_axes, neighbours, along).unwrap_err();
        format!("{error} hint: {}", error.hint().unwrap_or_default())
    };
    let text = error(&given("channel 0,time 1\n"), None);
    assert!(
        text.contains(
            "channel 0 and time 1 are neighbours of nothing: a pair has two channels, or two times"
        ),
        "{text}"
    );
    let text = error(&Neighbours::InARow, Some(&["region"]));
    assert!(text.contains("--along region is no axis of the subjects, which have channel and time hint: say --along channel or time, or --along none"), "{text}");
    let text = error(&given("Fz,Cz\nPz,Oz\n"), None);
    assert!(text.contains("write these names, two a line: channel 0,channel 1"), "{text}");
    let three = names(|time, channel| format!("region {}, channel {channel}, time {}", time % 2, time / 2));
    let error = group(&three, &Neighbours::InARow, None).unwrap_err().to_string();
    assert!(error.contains("of 3 axes (region 0, channel 0, time 0)"), "{error}");
    // One axis has its own word.
    let times: Vec<String> = (0..20).map(|at| format!("t{at}")).collect();
    let apart = group(&times, &Neighbours::InARow, Some(&[])).unwrap();
    assert!(clusters(&apart).iter().all(|one| one.0.len() == 1) && apart.plane.is_none());
    assert!(group(&times, &Neighbours::InARow, Some(&["time"])).is_ok());
    assert!(group(&times, &Neighbours::InARow, Some(&["channel"])).is_err());
}

//! Tables as they stand in a terminal.

use super::super::fixtures;
use super::*;
use crate::profile::{Importance, Score, Split};

fn widest(table: &str) -> usize {
    table.lines().map(UnicodeWidthStr::width).max().unwrap()
}

fn table(run: &fixtures::Run, options: Options) -> String {
    render(&run.profile, &run.record, options)
}

#[test]
fn a_table_fits_the_width_it_is_given() {
    for (n_layers, interactions) in [(1, false), (7, true), (13, true), (49, false)] {
        let run = fixtures::realistic(n_layers, 64, interactions);
        for width in [40, 80, 120, 200] {
            let plain = table(&run, Options { width, ..Options::default() });
            assert!(widest(&plain) <= width, "{n_layers} layers at {width}:\n{plain}");
        }
    }
}

#[test]
fn every_layer_stands_in_exactly_one_block() {
    let run = fixtures::realistic(25, 64, false);
    let plain = table(&run, Options { width: 80, ..Options::default() });
    let headers = plain.lines().filter_map(|line| line.strip_prefix("layer "));
    let layers: Vec<usize> = headers.flat_map(str::split_whitespace).map(|x| x.parse().unwrap()).collect();
    assert_eq!(layers, (0..25).collect::<Vec<_>>());
}

#[test]
fn colour_changes_nothing_but_the_colours() {
    let run = fixtures::realistic(7, 64, true);
    let plain = table(&run, Options::default());
    let coloured = table(&run, Options { colour: true, ..Options::default() });
    assert!(!plain.contains('\x1b') && coloured.contains('\x1b'));
    let mut bare = String::new();
    for (i, part) in coloured.split('\x1b').enumerate() {
        bare.push_str(if i == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(bare, plain);
}

#[test]
fn the_rest_is_counted_with_the_largest_of_it() {
    let run = fixtures::realistic(3, 64, true);
    let plain = table(&run, Options { top: 5, ..Options::default() });
    assert!(plain.contains("and 8 more features, none above ."), "{plain}");
    assert!(plain.contains("and 75 more interactions, none above ."), "{plain}");
}

#[test]
fn a_star_never_stands_at_a_printed_zero() {
    let summary = Summary::of(&fixtures::realistic(7, 64, false).profile);
    let layout = Layout { stars: 1, ..Layout::new(&summary, &[], Options::default()) };
    let content = |mean, star| layout.content(Spread { mean, sd: 0.000_02, n: 5 }, star);
    assert_eq!(content(0.000_04, true), "4e-5±2e-5*");
    assert_eq!((content(0.000_04, false), content(0.0123, true)), (".000±.000 ".into(), ".012±.000*".into()));
}

#[test]
fn hostile_names_and_missing_numbers_stay_in_their_cells() {
    let run = fixtures::hostile();
    let plain = table(&run, Options { width: 60, top: 40, ..Options::default() });
    assert!(!plain.contains('\x1b') && !plain.contains('\u{202e}'));
    assert!(widest(&plain) <= 60, "{plain}");
    assert!(plain.ends_with("—: no number could be computed.\n"), "{plain}");
}

#[test]
fn the_table_of_a_small_run_reads_well() {
    let score = |layer, split, value| Score { layer, fold: 0, split, value, pairs: 9 };
    let importance = |layer, fold, feature: &str, importance| Importance {
        layer,
        fold,
        feature: feature.to_owned(),
        order: Order::Main,
        importance,
        sd: 0.0,
    };
    let mut profile = Profile::default();
    for layer in 0..2 {
        for fold in 0..2 {
            profile.scores.push(score(layer, Split::Train, 0.5));
            profile.scores.push(score(layer, Split::Test, 0.4 + 0.02 * (layer + fold) as f64));
            profile.importances.push(importance(layer, fold, "number", 0.1 * layer as f64));
            profile.importances.push(importance(layer, fold, "clause", 0.2 + 0.1 * fold as f64));
        }
    }
    profile.scores.iter_mut().enumerate().for_each(|(i, row)| row.fold = i / 2 % 2);
    let mut run = fixtures::realistic(1, 64, false);
    run.record.stimuli.features.truncate(2);
    insta::assert_snapshot!(render(&profile, &run.record, Options { width: 80, ..Options::default() }), @r"
    relative_clause × google-bert/bert-base-uncased: 64 stimuli, 2 features, 2
    layers
    Importance: drop in Spearman when a term's distances are permuted across pairs
    of stimuli, 10 permutations; mean ± sd over 2 folds of held-out stimuli.
    Best fit: layer 1, .430 ± .014 (Spearman, held-out stimuli).

    layer                   0         1
    clause          .250±.071 .250±.071
    number          .000±.000 .100±.000
    Spearman, test  .410±.014 .430±.014
    Spearman, train .500±.000 .500±.000
    ");
}

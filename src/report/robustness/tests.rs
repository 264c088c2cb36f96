use super::*;
use crate::mlem::Order;
use crate::profile::{Importance, Profile, Score, Split};
use crate::report::terminal::Options;
use crate::robustness::{Facts, Outcome, Variation, VariationKind};
use crate::rundir::RunRecord;

/// A run of two features, of which the first has a name that is no markup.
fn facts(swap: bool) -> Facts {
    let mut profile = Profile::default();
    for layer in 0..3 {
        for fold in 0..2 {
            profile.scores.push(Score { layer, fold, split: Split::Test, value: 0.3, pairs: 9 });
            for (feature, mean) in [("<b>x", 0.2), ("y", 0.1)] {
                let mean = if swap { 0.3 - mean } else { mean };
                let importance = mean + 0.01 * (layer as f64) + 0.001 * fold as f64;
                let (feature, order) = (feature.to_owned(), Order::Main);
                profile.importances.push(Importance { layer, fold, feature, order, importance, sd: 0.0 });
            }
        }
    }
    Facts::of(&profile)
}

fn sheet() -> Sheet {
    let variation = |kind, name: &str, outcome| Variation {
        kind,
        name: name.to_owned(),
        command: vec!["probe".to_owned(), "x y".to_owned()],
        run_dir: "out/<i>".to_owned(),
        outcome,
    };
    let made = |swap| Outcome::Made { facts: facts(swap), seconds: 2.0, before: false };
    let variations = vec![
        variation(VariationKind::Distance, "cosine distance", made(true)),
        variation(VariationKind::Seed, "seed 1", made(false)),
        variation(VariationKind::Half, "first half", Outcome::NotReached),
        variation(VariationKind::Half, "second half", Outcome::Failed { why: "too few".to_owned() }),
    ];
    Sheet::new(
        "run".to_owned(),
        facts(false),
        variations,
        vec![(VariationKind::Pooling, "from a file".to_owned())],
    )
}

#[test]
fn the_page_says_what_holds_and_what_was_not_asked() {
    let sheet = sheet();
    let page = page(&sheet, &RunRecord::default(), &sheet.tables()).unwrap();
    let drawn = page.split("<script type").next().unwrap();
    assert!(!drawn.contains("<b>x") && !drawn.contains("<i>") && !drawn.contains("NaN"));
    for said in [
        "matters most at layer 2",
        "Not reached within the budget: first half",
        "second half could not be run: too few",
        "Not varied: pooling (from a file)",
        "distance .",
        "id=\"robustness\"",
    ] {
        assert!(drawn.contains(said), "{said}");
    }
    assert_eq!(figures(&sheet, &[Format::Svg]).unwrap().len(), 1);
}

#[test]
fn the_terminal_has_the_claims_and_the_story() {
    let told = terminal(&sheet(), Options { width: 400, ..Options::default() });
    assert!(told.contains("2 of 4 variations made"), "{told}");
    assert!(told.contains("not with cosine distance (y)"), "{told}");
    assert!(told.contains("Share of claims that hold, by what is varied: distance"), "{told}");
}

#[test]
fn a_sheet_of_nothing_says_so() {
    let sheet = Sheet::new("run".to_owned(), Facts::of(&Profile::default()), Vec::new(), Vec::new());
    let page = page(&sheet, &RunRecord::default(), &sheet.tables()).unwrap();
    assert!(page.contains("The run makes no claims"));
    assert!(figures(&sheet, &[Format::Svg]).unwrap().is_empty());
}

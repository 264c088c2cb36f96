use super::*;
use crate::mlem::Order;
use crate::profile::{Importance, Profile, Score, Split};

/// A run of three features at three layers, in three folds that differ a little.
fn facts(means: [[f64; 3]; 3]) -> Facts {
    let mut profile = Profile::default();
    for (layer, of_layer) in means.iter().enumerate() {
        for fold in 0..3 {
            profile.scores.push(Score { layer, fold, split: Split::Test, value: 0.4, pairs: 9 });
            for (feature, mean) in ["a", "b", "c"].iter().zip(of_layer) {
                profile.importances.push(Importance {
                    layer,
                    fold,
                    feature: (*feature).to_owned(),
                    order: Order::Main,
                    importance: mean + 0.001 * (fold as f64 - 1.0),
                    sd: 0.0,
                });
            }
        }
    }
    Facts::of(&profile)
}

fn base() -> Facts {
    facts([[0.2, 0.1, 0.0], [0.1, 0.3, 0.0], [0.1, 0.29, -0.1]])
}

fn texts(facts: &Facts) -> Vec<String> {
    facts.claims().into_iter().map(|claim| claim.text).collect()
}

#[test]
fn claims_are_what_a_reader_takes_from_the_importances() {
    assert_eq!(
        texts(&base()),
        [
            "a is the largest at layer 0",
            "b is the largest at layer 1",
            "b is the largest at layer 2",
            "a matters most at layer 0",
            "b matters most at layers 1–2",
            "b matters more than a over all layers",
            "b matters more than c over all layers",
            "a matters more than c over all layers",
            "a is above 0 at layer 0, where it is at its largest",
            "b is above 0 at layer 1, where it is at its largest",
            "c is not told from 0 at layer 0, where it is at its largest",
        ]
    );
}

#[test]
fn every_claim_of_a_run_holds_in_the_run_itself() {
    let facts = base();
    for claim in facts.claims() {
        assert_eq!(claim.ask(&facts).map(|(holds, _)| holds), Some(true), "{}", claim.text);
    }
}

fn variation(kind: VariationKind, name: &str, outcome: Outcome) -> Variation {
    Variation {
        kind,
        name: name.to_owned(),
        command: vec!["probe".to_owned()],
        run_dir: name.to_owned(),
        outcome,
    }
}

fn made(facts: Facts) -> Outcome {
    Outcome::Made { facts, seconds: 1.0, before: false }
}

#[test]
fn a_sheet_counts_what_holds_and_what_can_be_asked() {
    // b peaks at layer 2, which is among the claimed ones; a is no more the largest at layer 0.
    let other = facts([[0.05, 0.1, 0.0], [0.1, 0.28, 0.0], [0.1, 0.3, -0.1]]);
    let mut lacks = base();
    lacks.features.remove(0);
    lacks.means.remove(0);
    lacks.signs.remove(0);
    let variations = vec![
        variation(VariationKind::Seed, "seed 1", made(other)),
        variation(VariationKind::Frequency, "without frequency", made(lacks)),
        variation(VariationKind::Half, "first half", Outcome::NotReached),
        variation(VariationKind::Half, "second half", Outcome::Failed { why: "too few, \"so\"".to_owned() }),
    ];
    let sheet =
        Sheet::new("run".to_owned(), base(), variations, vec![(VariationKind::Template, "one".to_owned())]);
    assert_eq!(sheet.made(), 2);
    assert_eq!(sheet.kinds(), [VariationKind::Frequency, VariationKind::Seed]);
    let held =
        |text: &str| sheet.held(sheet.claims.iter().position(|claim| claim.text == text).unwrap(), None);
    assert_eq!(held("a is the largest at layer 0"), (0, 1), "a variation without the feature is not asked");
    assert_eq!(held("b matters most at layers 1–2"), (2, 2));
    assert_eq!(held("b is the largest at layer 1"), (2, 2));
    let tables = sheet.tables();
    let text = |at: usize| String::from_utf8(tables[at].1.clone()).unwrap();
    let wide = text(0);
    assert!(wide.starts_with(
        "claim,kind,feature,other,layers,text,held,asked,share,seed 1,without frequency,first half,second half\n\
         1,largest,a,,0,a is the largest at layer 0,0,1,0,no,,,\n"
    ));
    assert!(wide.contains("5,peak,b,,1-2,b matters most at layers 1–2,2,2,1,yes,yes,,\n"), "{wide}");
    assert!(text(1).contains("1,a is the largest at layer 0,seed,seed 1,no,b\n"));
    assert!(
        text(2).contains("\"too few, \"\"so\"\"\"\n") && text(2).contains("template,,cannot,,,,,,,one\n")
    );
}

#[test]
fn undefined_numbers_make_no_claims() {
    let facts = facts([[f64::NAN; 3]; 3]);
    assert!(facts.claims().is_empty(), "{:?}", texts(&facts));
    for claim in base().claims() {
        let asked = claim.ask(&facts);
        assert!(asked.is_none_or(|(holds, _)| !holds), "{}", claim.text);
    }
    assert!(Facts::of(&Profile::default()).claims().is_empty());
}

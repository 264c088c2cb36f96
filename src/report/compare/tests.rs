use super::super::terminal::Options;
use super::*;
use crate::compare::fixtures::{run, three};
use crate::compare::{Comparison, LayerSimilarity, Params, label};
use ndarray::Array2;

fn three_compared() -> Comparison {
    let mut comparison = Comparison::of(three(), Params { draws: 20, ..Params::default() }).unwrap();
    comparison.similarities = vec![LayerSimilarity {
        a: 0,
        b: 1,
        layers_a: (0..5).collect(),
        layers_b: (0..13).collect(),
        rsa: Array2::from_shape_fn((5, 13), |(i, j)| 1.0 / (1 + i.abs_diff(j)) as f64),
        cka: Array2::from_elem((5, 13), f64::NAN),
        cka_biased: Array2::from_elem((5, 13), 0.5),
    }];
    comparison
}

#[test]
fn every_figure_has_a_text_alternative_a_table_and_data() {
    let page = page(&three_compared()).unwrap();
    let figures = page.matches("<figure").count();
    assert_eq!(figures, 6);
    assert_eq!(page.matches("role=\"img\" aria-label=").count(), 2 * figures);
    assert_eq!(
        page.matches("<caption").count(),
        figures + 2,
        "and the tables of tests and of nearest layers"
    );
    let drawn = page.split("<script").next().unwrap();
    assert!(!drawn.contains("NaN") && !drawn.contains("inf\""));
    for loads in ["src=", "@import", "url(", "fetch("] {
        assert!(!page.contains(loads), "{loads}");
    }
    assert_eq!(page, super::page(&three_compared()).unwrap());
}

#[test]
fn every_figure_of_the_page_is_a_file() {
    let files = figures(&three_compared(), &[Format::Svg, Format::Pdf]).unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names[..2], ["profiles.svg", "profiles.pdf"]);
    assert_eq!(names.len(), 2 * 6);
    assert!(files.iter().all(|file| file.bytes.len() > 500));
    // The page has its legend beside the drawing; in a file the models are named below it.
    let features = files.iter().find(|file| file.name == "features.svg").unwrap();
    let text = String::from_utf8(features.bytes.clone()).unwrap();
    assert!(text.contains(">small</text>") && text.contains(">turned</text>"));
}

#[test]
fn hostile_names_no_numbers_and_one_layer_are_drawn() {
    let mut one = run("</script><script>x</script>", 0, 1, &[0.1, 0.2]);
    one.profile.importances.iter_mut().for_each(|row| row.importance = f64::NAN);
    let mut runs = vec![one, run("\"><img src=x>", 1, 1, &[0.1, 0.2])];
    for run in &mut runs {
        for row in run.profile.importances.iter_mut().filter(|row| row.feature == "feature_0") {
            row.feature = "<b>\u{1b}[31m".to_owned();
        }
    }
    label(&mut runs, &[]);
    let comparison = Comparison::of(runs, Params::default()).unwrap();
    let page = page(&comparison).unwrap();
    assert_eq!(page.matches("<script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<b>\\u"));
    let drawn = page.split("<script").next().unwrap();
    assert!(!drawn.contains("NaN") && !drawn.contains("inf\""));
    let told = terminal(&comparison, Options::default());
    assert!(told.contains('—') && !told.contains('\u{1b}') && !told.contains("NaN"), "{told}");
}

#[test]
fn the_terminal_tells_who_is_near_whom() {
    let told = terminal(&three_compared(), Options { width: 100, ..Options::default() });
    assert!(told.contains("small and deep have the most alike profiles"), "{told}");
    assert!(told.contains("feature_0") && told.contains("depth of the peak"));
    assert!(told.contains("most alike layers of two models are 0 of small and 0 of deep"));
}

#[test]
fn models_as_stimuli_are_in_the_terminal_and_on_the_page() {
    use crate::compare::{MetadataParams, ProfileDistance};
    use crate::stimuli::Stimuli;
    // Three families of eight models, whose profiles turn around; one column is a name that would be markup.
    let peaks = [[0.0, 0.5, 1.0], [1.0, 0.5, 0.0], [0.4, 1.0, 0.2]];
    let mut runs: Vec<_> = (0..8)
        .map(|k| run(&format!("m{k}"), 4 + k, 3, &peaks[k % 3].map(|peak| peak * (1.0 - 0.02 * k as f64))))
        .collect();
    label(&mut runs, &[]);
    let row = |k: usize| format!("m{k},{},{}\n", ["a", "b", "c"][k % 3], k * 5 % 8);
    let csv = "sentence,family,<b>size\n".to_owned() + &(0..8).map(row).collect::<String>();
    let table = Stimuli::from_csv(csv.as_bytes(), "models.csv".as_ref()).unwrap();
    let mut comparison = Comparison::of(runs, Params { draws: 20, ..Params::default() }).unwrap();
    for distance in [ProfileDistance::Vector, ProfileDistance::MatchedDepth, ProfileDistance::Dtw] {
        let params = MetadataParams { draws: 199, ..MetadataParams::default() };
        let found = comparison.by_metadata((&table, "models.csv"), distance, &params).unwrap();
        assert!(found.fit.score.is_finite(), "{distance:?}");
        comparison.metadata = Some(found);
    }
    let told = terminal(&comparison, Options { width: 120, ..Options::default() });
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("Models as stimuli: 8 models by 2 features of models.csv"), "{told}");
    assert!(told.contains("199 relabellings of the models") && told.contains("without family"), "{told}");
    let page = page(&comparison).unwrap();
    assert!(page.contains("id=\"metadata\"") && page.contains("metadata.csv") && !page.contains("<b>size"));
    let csv = String::from_utf8(comparison.metadata.as_ref().unwrap().to_csv()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 1 + 3 + 2 * 2, "{csv}");
    assert!(
        lines[1].starts_with(",,,spearman,") && lines[2].starts_with(",family,main,importance,"),
        "{csv}"
    );
    assert!(lines.iter().any(|line| line.starts_with("family,<b>size,main,importance,")), "{csv}");
}

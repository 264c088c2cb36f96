use super::*;
use crate::sweep::fixtures::Toy;

fn plan(text: &str) -> Plan {
    Plan::parse(text, "plan.toml", Path::new(""), "plan", &Toy::new()).unwrap()
}

fn grid(text: &str) -> Result<Grid> {
    Grid::of(&plan(text), &Toy::new())
}

const PLAN: &str = "
    grammars = ['short_sentence', 'svo_agreement']
    models = ['tiny-bert', { name = 'minilm' }]
    revisions = ['step0', 'final']
    [options]
    folds = [3, 4]
    interactions = true
";

#[test]
fn the_grid_is_every_combination_in_the_order_of_the_plan() {
    let grid = grid(PLAN).unwrap();
    let labels: Vec<String> = grid.cells.iter().map(Cell::label).collect();
    assert_eq!(labels.len(), 2 * (2 + 1) * 2);
    assert_eq!(labels[0], "short_sentence × tiny-bert@step0 × mean × folds=3");
    assert_eq!(labels[1], "short_sentence × tiny-bert@step0 × mean × folds=4");
    assert_eq!(labels[2], "short_sentence × tiny-bert@final × mean × folds=3");
    assert_eq!(labels[4], "short_sentence × minilm × mean × folds=3");
    assert_eq!(labels[6], "svo_agreement × tiny-bert@step0 × mean × folds=3");
    let first = &grid.cells[0];
    assert_eq!(
        first.words,
        [
            "run",
            "short_sentence",
            "--model=tiny-bert",
            "--revision=step0",
            "--pool=mean",
            "--folds=3",
            "--interactions"
        ]
    );
    assert_eq!(first.folder, format!("short_sentence-tiny-bert@step0-{}", first.short_key()));
    assert_eq!(grid.columns(), ["grammar", "model", "revision", "pooling", "folds"]);
    assert_eq!(grid.cells[4].coordinates(), ["short_sentence", "minilm", "", "mean", "3"]);
}

#[test]
fn a_grid_that_is_too_large_is_refused_before_it_is_made() {
    let folds = (2..1002).map(|folds| folds.to_string()).collect::<Vec<_>>().join(", ");
    let groups = |n: usize| (0..n).map(|group| format!("'g{group}=x'")).collect::<Vec<_>>().join(", ");
    let text =
        |n| format!("grammars = ['short_sentence']\n[options]\nfolds = [{folds}]\ngroup = [{}]", groups(n));
    let error = grid(&text(101)).unwrap_err().to_string();
    assert_eq!(error, "plan.toml has 101,000 combinations, and a sweep takes at most 100,000");
    assert_eq!(grid(&text(2)).unwrap().cells.len(), 2000);
}

#[test]
fn a_long_name_makes_a_folder_that_a_file_system_takes() {
    // In bytes, and no character of several bytes is cut.
    for long in ["b".repeat(250), "é".repeat(125), format!("b{}", "語".repeat(80))] {
        let text = format!("grammars = ['short_sentence']\nmodels = ['minilm']\nrevisions = ['{long}']");
        let cell = grid(&text).unwrap().cells.remove(0);
        assert!(cell.folder.len() < 200 && cell.folder.ends_with(cell.short_key()), "{}", cell.folder);
    }
}

#[test]
fn a_key_is_of_the_cell_and_not_of_its_place() {
    let all = grid(PLAN).unwrap();
    let some = grid(
        "
        grammars = 'svo_agreement'
        revisions = 'final'
        name = 'other'
        out = 'elsewhere'
        [options]
        interactions = true
        batch-tokens = 64
        folds = 4
        ",
    )
    .unwrap();
    assert_eq!((some.cells.len(), some.columns().len()), (1, 4));
    let twin = all
        .cells
        .iter()
        .find(|cell| cell.label() == "svo_agreement × tiny-bert@final × mean × folds=4")
        .unwrap();
    assert_eq!(some.cells[0].key, twin.key);
}

#[test]
fn what_is_excluded_is_no_cell() {
    let left = grid(&format!(
        "{PLAN}\n[[exclude]]\nmodel = 'tiny-bert'\nfolds = 4\n[[exclude]]\ngrammar = ['svo_agreement']\n"
    ))
    .unwrap();
    let labels: Vec<String> = left.cells.iter().map(Cell::label).collect();
    assert_eq!(
        labels,
        [
            "short_sentence × tiny-bert@step0 × mean × folds=3",
            "short_sentence × tiny-bert@final × mean × folds=3",
            "short_sentence × minilm × mean × folds=3",
            "short_sentence × minilm × mean × folds=4"
        ]
    );
    let nothing = grid(&format!("{PLAN}\n[[exclude]]\ngrammar = ['short_sentence', 'svo_agreement']\n"));
    assert!(matches!(nothing, Err(Error::Empty { .. })));
}

#[test]
fn what_the_plan_names_and_is_not_there_has_its_place() {
    let message = |text: &str| grid(text).unwrap_err().to_string();
    let unknown = message("grammars = ['short_sentence', 'short_sentense']");
    assert!(unknown.starts_with("plan.toml:1:31: no bundled grammar is called"), "{unknown}");
    let missing = message("grammars = 'short_sentence'\nmodels = './nowhere'");
    assert!(missing.starts_with("plan.toml:2:10: "), "{missing}");
    let revision = message("grammars = 'short_sentence'\nrevisions = ['step0', 'stepp']");
    assert!(revision.starts_with("plan.toml:2:23: tiny-bert has no revision `stepp`"), "{revision}");
    let table = message("grammars = 'nowhere.csv'");
    assert!(table.starts_with("plan.toml:1:12: cannot read nowhere.csv"), "{table}");
    let impossible =
        grid("grammars = 'short_sentence'\n[options]\nrsa = [true, false]\ninteractions = [false, true]");
    let impossible = impossible.unwrap_err();
    assert_eq!(
        impossible.to_string(),
        "plan.toml: cell 2 (short_sentence × tiny-bert × mean × rsa=true × interactions=true) cannot be run: --rsa has no interactions"
    );
    assert!(impossible.hint().unwrap().contains("[[exclude]]"));
    let twice =
        message("grammars = 'short_sentence'\nmodels = ['minilm', 'sentence-transformers/all-MiniLM-L6-v2']");
    assert!(twice.starts_with("plan.toml: cells 1 and 2 are the same run"), "{twice}");
}

#[test]
fn cells_are_named_by_the_beginning_of_their_keys() {
    let (plan, grid) = (plan(PLAN), grid(PLAN).unwrap());
    let keys = [grid.cells[5].short_key().to_owned(), grid.cells[2].key.to_uppercase()];
    let found: Vec<usize> = grid.named(&keys, &plan).unwrap().iter().map(|cell| cell.index).collect();
    assert_eq!(found, [2, 5]);
    for bad in ["", "xyz"] {
        assert!(matches!(grid.named(&[bad.to_owned()], &plan), Err(Error::Key { .. })), "{bad}");
    }
}

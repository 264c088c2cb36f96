//! Which row of a table of models is of which run.

use crate::compare::{Error, Result, Run};
use crate::stimuli::{Feature, FeatureTable, Stimuli};
use crate::text;

/// The fewest models whose distances are fitted.
const LEAST: usize = 8;
/// At most so many names are listed at a time.
const NAMED: usize = 10;

/// What `table`, read from `file`, says of each of `runs`, whose names stand in the place of sentences; and what a reader should know.
///
/// # Errors
///
/// [`Error::FewModels`]; [`Error::NotInMetadata`]; [`Error::TwiceInMetadata`]; [`Error::NoMetadataFeature`].
pub(in crate::compare) fn features_of(
    runs: &[Run],
    table: &Stimuli,
    file: &str,
) -> Result<(FeatureTable, Vec<String>)> {
    if runs.len() < LEAST {
        return Err(Error::FewModels { found: runs.len(), least: LEAST });
    }
    let names = table.sentences()?;
    for (k, name) in names.iter().enumerate() {
        if names[..k].contains(name) {
            return Err(Error::TwiceInMetadata { file: file.to_owned(), name: name.clone() });
        }
    }
    let found: Vec<Option<usize>> = runs.iter().map(|run| row_of(run, names)).collect();
    let lacking: Vec<String> =
        runs.iter().zip(&found).filter(|(_, row)| row.is_none()).map(|(run, _)| run.label.clone()).collect();
    if !lacking.is_empty() {
        return Err(Error::NotInMetadata { file: file.to_owned(), lacking, known: names.to_vec() });
    }
    let rows: Vec<usize> = found.into_iter().flatten().collect();
    let mut warnings = Vec::new();
    for (k, row) in rows.iter().enumerate() {
        if let Some(other) = rows[..k].iter().position(|other| other == row) {
            warnings.push(format!(
                "{} and {} are both {} of {file}, and so alike in everything; give each a row by its label (--labels)",
                runs[other].label, runs[k].label, names[*row]
            ));
        }
    }
    let unused: Vec<String> =
        (0..names.len()).filter(|row| !rows.contains(row)).map(|row| names[row].clone()).collect();
    if !unused.is_empty() {
        warnings.push(format!("of {file}, no run is {}", text::some(&unused, NAMED)));
    }
    let mut features = table.select(&rows).features().clone();
    let tells = |feature: &Feature| feature.varies();
    let left_out: Vec<String> =
        features.iter().filter(|feature| !tells(feature)).map(|feature| feature.name().to_owned()).collect();
    if left_out.len() == features.n_features() {
        return Err(Error::NoMetadataFeature { file: file.to_owned() });
    }
    if !left_out.is_empty() {
        features.retain(tells);
        warnings.push(format!(
            "left out of {file}, because {} the same or another one for each model: {}",
            if left_out.len() == 1 { "it is" } else { "they are" },
            text::some(&left_out, NAMED)
        ));
    }
    Ok((features, warnings))
}

/// The row that is of `run`: that of its label, or its model with its revision, or its folder, or its model.
fn row_of(run: &Run, names: &[String]) -> Option<usize> {
    let id = run.record.model.as_ref().map(|model| model.id.trim_end_matches('/'));
    let last = id.and_then(|id| id.rsplit('/').next()).map(str::to_owned);
    let called =
        [Some(run.label.clone()), run.model_name(), Some(run.folder.clone()), Some(run.folder_name())];
    let called = called.into_iter().chain([id.map(str::to_owned), last]).flatten();
    called.into_iter().find_map(|called| names.iter().position(|name| *name == called))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::fixtures::run;
    use crate::compare::label;

    fn runs() -> Vec<Run> {
        let mut runs: Vec<Run> =
            (0..8).map(|k| run(&format!("org/m{k}"), 4, 2, &[0.1 * k as f64, 0.5])).collect();
        label(&mut runs, &[]);
        runs
    }

    fn table(rows: &str) -> Stimuli {
        let csv = format!("sentence,family,size,note\n{rows}");
        Stimuli::from_csv(csv.as_bytes(), "models.csv".as_ref()).unwrap()
    }

    /// Rows of models `m0` to `m7` by `name`, and one of a model that is not compared.
    fn all(name: impl Fn(usize) -> String) -> String {
        let row = |k: usize| format!("{},{},{k},same\n", name(k), ["a", "b"][k % 2]);
        (0..8).rev().map(row).collect::<String>() + "other,a,3,same\n"
    }

    #[test]
    fn rows_are_found_by_any_name_and_what_tells_nothing_is_left_out() {
        for name in [|k: usize| format!("m{k}"), |k| format!("org/m{k}"), |k| format!("runs/org/m{k}")] {
            let (features, warnings) = features_of(&runs(), &table(&all(name)), "models.csv").unwrap();
            assert_eq!(features.names(), ["family", "size"]);
            assert_eq!(features.n_stimuli(), 8);
            // The rows are in the order of the runs.
            let crate::stimuli::Values::Numeric(size) = features.feature(1).values() else { panic!() };
            assert_eq!(size[3], Some(3.0));
            let said = warnings.join("; ");
            assert!(said.contains("no run is other") && said.contains("for each model: note"), "{said}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        let message = |runs: &[Run], rows: &str| {
            let error = features_of(runs, &table(rows), "models.csv").unwrap_err();
            format!("{error}; {}", error.hint().unwrap())
        };
        let rows = all(|k| format!("m{k}"));
        let few = message(&runs()[..5], &rows);
        assert!(few.contains("5 models") && few.contains("at least 8"), "{few}");
        let lacking = message(&runs(), &rows.replace("m3,", "m33,"));
        assert!(
            lacking.contains("models.csv has no row of m3") && lacking.contains("did you mean m"),
            "{lacking}"
        );
        let twice = message(&runs(), &rows.replace("m3,", "m4,"));
        assert!(twice.contains("`m4` twice"), "{twice}");
        let nothing = rows.replace(",b,", ",a,");
        let constant: String = nothing
            .lines()
            .map(|line| {
                let mut cells: Vec<&str> = line.split(',').collect();
                cells[2] = "1";
                cells.join(",") + "\n"
            })
            .collect();
        assert!(message(&runs(), &constant).contains("tells the models apart"));
    }
}

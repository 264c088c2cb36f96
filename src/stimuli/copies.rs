//! Stimuli that stand in a table more than once: what is said of them, and whether folds part them.

use super::FeatureTable;
use super::levels::SHOWN;
use crate::text;

/// What is said of copies with the same values, where folds may part them: rows from 0, as everywhere.
#[must_use]
pub fn same_values(groups: &[Vec<usize>]) -> Option<String> {
    (!groups.is_empty()).then(|| {
        format!(
            "{} there more than once with the same values {}: a copy in the training folds gives away the held-out one, so that \
             scores are too high; keep one of each; of presentations of one stimulus, name the column that says which it is, with \
             --unit (all in one fold) or --average (their mean)",
            are(groups.len()),
            listed(groups)
        )
    })
}

/// What is said of copies with other values; `is_grouped` where it has been said what goes together.
#[must_use]
pub fn other_values(groups: &[Vec<usize>], is_grouped: bool) -> Option<String> {
    let presentations = if is_grouped {
        "of presentations of one stimulus, --drop the column that numbers them"
    } else {
        "of presentations of one stimulus, --drop the column that numbers them, and name the one that says which it is, with --unit \
         (all in one fold) or --average (their mean)"
    };
    (!groups.is_empty()).then(|| {
        format!(
            "{} there more than once with other values {}: a model sees no difference between them; correct the values, or keep one \
             of each; {presentations}",
            are(groups.len()),
            listed(groups)
        )
    })
}

/// What is said of copies with the same values that folds part although a column says what goes together: `how` is what was done
/// with it (`--split`), and `parted` a pair of each.
#[must_use]
pub fn parted_by(how: &str, column: &str, parted: &[(usize, usize)]) -> Option<String> {
    let &(a, b) = parted.first()?;
    Some(format!(
        "{how} `{column}` parts copies of {}: some are trained on and others held out, with the same values (such as stimuli {a} and \
         {b}, counted from 0), which gives the held-out ones away, so that scores are too high; give all copies of a sentence one \
         value of `{column}`, or keep one of each",
        text::counted(parted.len() as u128, "sentence")
    ))
}

impl FeatureTable {
    /// Of each of `groups` that [`FeatureTable::folds`] part, the first row and the first one that is in another fold; where a test set is
    /// given, on the other side. None where there are no such folds.
    #[must_use]
    pub fn parted(&self, groups: &[Vec<usize>], n_folds: usize, seed: u64) -> Vec<(usize, usize)> {
        if n_folds > self.n_stimuli() {
            return Vec::new();
        }
        let fold_of = self.folds(n_folds, seed);
        // What is behind the test set are parts of the training stimuli.
        let is_apart = self.train_and_test().is_some();
        let side = |row: usize| if is_apart { fold_of[row].min(1) } else { fold_of[row] };
        let pair = |group: &Vec<usize>| {
            let first = *group.first()?;
            let other = group.iter().find(|&&row| side(row) != side(first))?;
            Some((first, *other))
        };
        groups.iter().filter_map(pair).collect()
    }
}

/// `(stimuli 0 and 2; 1 and 3; …, counted from 0)`
fn listed(groups: &[Vec<usize>]) -> String {
    let rows = |group: &Vec<usize>| group.iter().map(ToString::to_string).collect::<Vec<_>>();
    let shown: Vec<String> =
        groups.iter().take(SHOWN / 4).map(|group| text::join_and(&rows(group))).collect();
    let more = if groups.len() > shown.len() { "; …" } else { "" };
    format!("(stimuli {}{more}, counted from 0)", shown.join("; "))
}

fn are(n: usize) -> String {
    match n {
        1 => "1 sentence is".to_owned(),
        n => format!("{} sentences are", text::count(n as u128)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimuli::Feature;

    fn table(column: &[&str]) -> FeatureTable {
        let values: Vec<Option<&str>> = column.iter().map(|value| Some(*value)).collect();
        FeatureTable::new(column.len(), vec![Feature::categorical("column", &values)]).unwrap()
    }

    #[test]
    fn only_folds_that_part_copies_are_told() {
        let copies = [vec![0, 3], vec![1, 4], vec![2, 5]];
        let mut whole = table(&["a", "b", "c", "a", "b", "c"]);
        whole.hold_out_by("column").unwrap();
        assert!(whole.parted(&copies, 3, 0).is_empty());
        let mut cut = table(&["a", "b", "c", "a", "c", "b"]);
        cut.hold_out_by("column").unwrap();
        assert_eq!(cut.parted(&copies, 3, 0), [(1, 4), (2, 5)]);
        let mut units = table(&["a", "b", "c", "a", "b", "c"]);
        units.keep_together("column").unwrap();
        assert!((0..20).all(|seed| units.parted(&copies, 3, seed).is_empty()));
        // One fold holds nothing out; more folds than stimuli are refused elsewhere.
        assert!(cut.parted(&copies, 1, 0).is_empty() && cut.parted(&copies, usize::MAX, 0).is_empty());
    }

    #[test]
    fn parts_of_the_training_stimuli_part_no_copies() {
        let n = 40;
        let sides: Vec<&str> = (0..n).map(|row| if row % 20 < 4 { "test" } else { "train" }).collect();
        let mut features = table(&sides);
        features.hold_out_by("column").unwrap();
        let copies: Vec<Vec<usize>> = (0..20).map(|row| vec![row, row + 20]).collect();
        assert!(features.parted(&copies, 1, 0).is_empty());
        assert_eq!(features.parted(&[vec![1, 2], vec![3, 4]], 1, 0), [(3, 4)]);
        let said = parted_by("--split", "set", &[(3, 4)]).unwrap();
        assert!(said.contains("copies of 1 sentence:") && said.contains("stimuli 3 and 4"), "{said}");
    }
}

//! Which rows of a table are of which condition in which partition: sessions, runs, recordings that conditions were measured in.

use super::Stimuli;
use super::error::{Error, Result};
use crate::text;

/// The rows of every condition in every partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partitions {
    /// What the partitions are called, in order.
    pub names: Vec<String>,
    /// The rows, counted from 0, of each condition in each of the partitions; empty where it was not measured in one.
    pub rows: Vec<Vec<Vec<usize>>>,
    /// How many pairs of conditions lack a partition in common, of how many.
    pub uneven: (usize, usize),
}

impl Stimuli {
    /// The conditions `groups`, each a list of rows, by the partitions that column `partition` names. Conditions are called what their first
    /// rows have in column `condition`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFeature`]; [`Error::NoValues`]; [`Error::NoPartition`] where rows have no value; [`Error::OnePartition`]
    /// where all have one; [`Error::Unshared`] where two conditions have fewer than two partitions in common.
    pub fn partitioned(&self, groups: &[Vec<usize>], condition: &str, partition: &str) -> Result<Partitions> {
        let values = self.features.values_of(partition)?;
        let without: Vec<usize> = (0..values.len()).filter(|&row| values[row].is_none()).collect();
        if !without.is_empty() {
            return Err(Error::NoPartition { column: partition.to_owned(), rows: without });
        }
        let mut names: Vec<String> = values.iter().flatten().cloned().collect();
        names.sort_by(|a, b| text::naturally(a, b));
        names.dedup();
        if names.len() < 2 {
            return Err(Error::OnePartition { column: partition.to_owned() });
        }
        let of = |row: usize| names.iter().position(|name| Some(name) == values[row].as_ref());
        let cells = |group: &Vec<usize>| {
            let mut cells = vec![Vec::new(); names.len()];
            for &row in group {
                cells[of(row).unwrap_or(0)].push(row);
            }
            cells
        };
        let rows: Vec<Vec<Vec<usize>>> = groups.iter().map(cells).collect();
        let conditions = self.features.values_of(condition)?;
        let called = |group: usize| match groups[group].first() {
            Some(&row) => conditions[row].clone().unwrap_or_else(|| format!("row {row}, which has none")),
            None => group.to_string(),
        };
        let (mut uneven, mut all) = (0, 0);
        for a in 0..rows.len() {
            for b in a + 1..rows.len() {
                let both =
                    rows[a].iter().zip(&rows[b]).filter(|(a, b)| !a.is_empty() && !b.is_empty()).count();
                if both < 2 {
                    let columns = Box::new([condition.to_owned(), partition.to_owned()]);
                    return Err(Error::Unshared { columns, pair: Box::new([called(a), called(b)]), both });
                }
                all += 1;
                uneven += usize::from(both < names.len());
            }
        }
        Ok(Partitions { names, rows, uneven: (uneven, all) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimuli::{Feature, FeatureTable};

    #[test]
    fn rows_are_told_apart_by_condition_and_partition() {
        let run = ["r2", "r10", "r2", "r10", "r2", "r2"].map(Some);
        let concept = ["cat", "cat", "dog", "dog", "dog", "owl"].map(Some);
        let table = |n: usize| {
            let columns =
                vec![Feature::categorical("run", &run[..n]), Feature::categorical("concept", &concept[..n])];
            Stimuli::without_sentences(FeatureTable::new(n, columns).unwrap())
        };
        let groups = [vec![0, 1], vec![2, 3, 4], vec![5]];
        let found = table(5).partitioned(&groups[..2], "concept", "run").unwrap();
        // By their names, numbers as people order them.
        assert_eq!(found.names, ["r2", "r10"]);
        assert_eq!(found.rows, [[vec![0], vec![1]], [vec![2, 4], vec![3]]]);
        assert_eq!(found.uneven, (0, 1));
        let message = |error: Error| format!("{error}; {}", error.hint().unwrap());
        let lone = message(table(6).partitioned(&groups, "concept", "run").unwrap_err());
        assert!(lone.contains("`cat` and `owl` have 1 partition of `run` in common"), "{lone}");
        let same = message(table(1).partitioned(&[vec![0]], "concept", "run").unwrap_err());
        assert!(same.contains("names one partition alone"), "{same}");
        let gap = Feature::categorical("run", &[Some("a"), None]);
        let gap = Stimuli::without_sentences(FeatureTable::new(2, vec![gap]).unwrap());
        let gap = message(gap.partitioned(&[vec![0], vec![1]], "run", "run").unwrap_err());
        assert!(gap.contains("is empty for 1 row: 1"), "{gap}");
    }
}

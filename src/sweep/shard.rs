//! `--shard I/N`: a part of the cells, for any scheduler.

use std::fmt;
use std::str::FromStr;

use super::Cell;
use super::error::{Error, Result};

/// The `number`th of `of` parts: every `of`th cell. Neighbours in the plan, which take about as long, fall into different parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl Shard {
    /// Whether the cell is in this part.
    #[must_use]
    pub fn has(self, cell: &Cell) -> bool {
        cell.index % self.of == self.number - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|&n| n > 0);
        let parts = text.split_once('/').and_then(|(i, n)| number(i).zip(number(n)));
        match parts {
            Some((number, of)) if number <= of => Ok(Self { number, of }),
            _ => Err(Error::Shard { text: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::fixtures;

    #[test]
    fn the_parts_are_disjoint_and_together_the_whole() {
        let cells = fixtures::cells(11);
        for of in 1..=13 {
            let shards: Vec<Shard> = (1..=of).map(|i| format!("{i}/{of}").parse().unwrap()).collect();
            for cell in &cells {
                assert_eq!(
                    shards.iter().filter(|shard| shard.has(cell)).count(),
                    1,
                    "{} of {of}",
                    cell.index
                );
            }
            let sizes = shards.iter().map(|shard| cells.iter().filter(|cell| shard.has(cell)).count());
            assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
        }
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for bad in ["", "1", "0/3", "4/3", "1/0", "-1/3", "a/b", "1/2/3"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}

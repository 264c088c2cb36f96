//! Where the tensors of a family stand in the files of a checkpoint.

use super::{File, Weights};
use crate::models::checkpoint::layout::Reading;
use crate::models::declarations::names::{Names, Tied};
use crate::models::error::{Error, Result};

impl Weights {
    /// Settles where the tensors of a family stand in this checkpoint, and says what is unusual about it.
    pub(in crate::models) fn settle(&mut self, names: &Names, tied: Tied) -> Result<Vec<String>> {
        if self.initialiser.is_some() {
            names.prefixes.first().copied().unwrap_or_default().clone_into(&mut self.prefix);
            return Ok(Vec::new());
        }
        let all: Vec<String> = self.files.iter().flat_map(File::names).collect();
        let mut notes = Vec::new();
        let heads: Vec<&str> = names.prefixes.to_vec();
        match self.layout.read(&all, names, tied) {
            Reading::Found { prefix, tokens, table } => {
                if !names.prefixes.contains(&prefix.as_str()) {
                    notes.push(format!("the names of tensors begin with `{prefix}`, which is passed over"));
                }
                if let Some(table) = table {
                    notes.push(format!("the table of tokens is stored as `{table}` alone"));
                    self.layout.add(format!("{prefix}{tokens}.weight"), table);
                }
                (self.prefix, self.tokens) = (prefix, Some(tokens));
            }
            Reading::Several(beginnings) => {
                return Err(Error::SeveralModels { id: self.id.clone(), beginnings });
            }
            Reading::Untied(head) => {
                return Err(Error::NoTable { id: self.id.clone(), table: names.tokens.to_owned(), head });
            }
            Reading::Missing => {
                let named = |prefix: &&str| self.view(&format!("{prefix}{}.weight", names.tokens)).is_some();
                let prefix = names.prefixes.iter().copied().find(named).or(names.prefixes.first().copied());
                self.prefix = prefix.unwrap_or_default().to_owned();
            }
        }
        if let Some(adapter) = &mut self.adapter {
            adapter.set_heads(&[heads, vec![self.prefix.as_str()]].concat());
        }
        Ok(notes)
    }

    /// The name of the table of tokens, of a family that calls it `usual`.
    pub(in crate::models) fn tokens_name(&self, usual: &'static str) -> &'static str {
        self.tokens.unwrap_or(usual)
    }
}

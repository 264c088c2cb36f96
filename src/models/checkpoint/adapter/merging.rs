//! What there is for one tensor of the base, put into it.

use super::merge::{self, Along, LowRank};
use super::{Adapter, Module};
use crate::models::checkpoint::memory;
use crate::models::error::Result;

impl Adapter {
    /// The tensor in the place of the first of the family's `names` that has one, `shape` being what is asked for.
    pub(in crate::models) fn whole(&self, names: &[String], shape: &[usize]) -> Result<Option<Vec<f32>>> {
        let Some((key, name)) = names.iter().find_map(|name| self.key(&self.whole, name)) else {
            return Ok(None);
        };
        self.expect(name, shape, "the base has one of")?;
        memory::fits(&self.file, name, shape)?;
        self.used.borrow_mut().insert(key.clone());
        self.source.read(name).map(Some)
    }

    /// Merges what there is for the family's tensor of `names`, whose `values` have `shape`, as it is stored: of a linear layer
    /// `(outputs, inputs)`, or the other way round where it `is_turned`.
    pub(in crate::models) fn merge(
        &self,
        names: &[String],
        shape: &[usize],
        is_turned: bool,
        values: &mut [f32],
    ) -> Result<()> {
        for name in names {
            let Some((path, kind)) = name.rsplit_once('.') else { continue };
            let Some((path, module)) = self.key(&self.modules, path) else {
                if kind == "weight" && shape.len() == 2 {
                    self.miss(path)?;
                }
                continue;
            };
            match kind {
                "weight" => self.merge_weight(path, module, shape, is_turned, values)?,
                "bias" => {
                    if let Some(bias) = &module.bias {
                        let (_, scale) = self.config.scale(path)?;
                        self.expect(bias, shape, "the base's bias has")?;
                        for (value, change) in values.iter_mut().zip(self.source.read(bias)?) {
                            *value += scale * change;
                        }
                        self.used.borrow_mut().insert(bias.clone());
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Complains of a module that the configuration chooses by its name, and the file has nothing for.
    fn miss(&self, path: &str) -> Result<()> {
        // Some families have experts in one tensor, which is no module to peft.
        let by_itself = !path.split('.').any(|word| word == "experts" || word == "shared");
        if !by_itself || self.key(&self.whole, &format!("{path}.weight")).is_some() {
            return Ok(());
        }
        // Behind whatever may stand before the name.
        let mut wanted = false;
        for head in &self.heads {
            let path = format!("{head}{path}");
            if self.config.excludes(&path)? {
                return Ok(());
            }
            wanted = wanted || self.config.wants(&path)?;
        }
        if wanted {
            return Err(self.broken(format!(
                "it has nothing for `{path}`, which target_modules of adapter_config.json names, so the file is not whole"
            )));
        }
        Ok(())
    }

    fn merge_weight(
        &self,
        path: &str,
        module: &Module,
        shape: &[usize],
        is_turned: bool,
        values: &mut [f32],
    ) -> Result<()> {
        let &[rows, columns] = shape else {
            let message = format!(
                "it changes `{path}`, which is no linear layer and no table (its shape is {shape:?})"
            );
            return Err(self.wrong(
                message,
                "merge the adapter with peft (`merge_and_unload`, then save_pretrained) and name the folder of the result",
            ));
        };
        self.used.borrow_mut().insert(path.to_owned());
        if let (Some(a), Some(b)) = (&module.a, &module.b) {
            let (rank, scale) = self.config.scale(path)?;
            // Of a table, A is applied to rows and B gives columns: as of a layer that is stored the other way round.
            let is_turned = is_turned || module.is_table;
            let (outputs, inputs) = if is_turned { (columns, rows) } else { (rows, columns) };
            self.expect(a, &[rank, inputs], "the base and `r` call for")?;
            self.expect(b, &[outputs, rank], "the base and `r` call for")?;
            memory::fits(&self.file, a, &[rank, inputs])?;
            memory::fits(&self.file, b, &[outputs, rank])?;
            let (a, b) = (self.source.read(a)?, self.source.read(b)?);
            let change = if is_turned {
                LowRank {
                    left: merge::transposed(&a, inputs),
                    right: merge::transposed(&b, rank),
                    rank,
                    scale,
                }
            } else {
                LowRank { left: b, right: a, rank, scale }
            };
            change.add(values, columns);
            if let Some(magnitude) = &module.magnitude {
                let along = if is_turned { Along::Columns } else { Along::Rows };
                self.expect(magnitude, &[outputs], "the base calls for")?;
                merge::lengthen(values, columns, &self.source.read(magnitude)?, along);
            }
        }
        if let Some(name) = &module.rows {
            let indices = self.config.rows(path).ok_or_else(|| {
                self.broken(format!(
                    "it has rows for `{path}`, and `trainable_token_indices` does not say of which tokens"
                ))
            })?;
            self.expect(name, &[indices.len(), columns], "`trainable_token_indices` calls for")?;
            let new = self.source.read(name)?;
            for (&row, new) in indices.iter().zip(new.chunks_exact(columns.max(1))) {
                let place = row.checked_mul(columns).and_then(|start| values.get_mut(start..start + columns));
                let place = place.ok_or_else(|| {
                    self.broken(format!("it has a row for token {row} of `{path}`, which has {rows} rows"))
                })?;
                place.copy_from_slice(new);
            }
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(self.broken(format!("merged, `{path}` has values that are not finite")));
        }
        Ok(())
    }

    fn expect(&self, name: &str, shape: &[usize], who: &str) -> Result<()> {
        let found = self.source.shape(name);
        if found == shape {
            return Ok(());
        }
        Err(self.wrong(
            format!("tensor `{name}` has shape {found:?}, and {who} {shape:?}"),
            "the adapter was trained on another base than this one, or on one whose table of tokens had been resized (then save it with \
             `save_embedding_layers=True`); --base names another base",
        ))
    }
}

//! The tensors of a head, which stand beside those of the model.

use super::Weights;
use crate::models::checkpoint::initialize::Role;
use crate::models::checkpoint::layout::shorter;
use crate::models::error::{Error, Result};

impl Weights {
    /// What stands before the names of a head that has one of `landmarks`: what stands before those of the model, or the beginning of it.
    /// Nothing where none of them is there.
    pub(in crate::models) fn before_head(&self, landmarks: &[String]) -> Option<String> {
        if self.initialiser.is_some() {
            return Some(String::new());
        }
        let is_there =
            |start: &&str| landmarks.iter().any(|name| self.view(&format!("{start}{name}")).is_some());
        shorter(&self.prefix).find(is_there).map(str::to_owned)
    }

    /// Lets names stand behind `prefix` from now on, and gives what they stood behind.
    pub(in crate::models) fn stand_behind(&mut self, prefix: String) -> String {
        std::mem::replace(&mut self.prefix, prefix)
    }

    /// The name of a tensor as it is stored, of the first of `names` that is there.
    pub(in crate::models) fn stored_name(&self, names: &[String]) -> Option<String> {
        let mut full = names.iter().map(|name| format!("{}{name}", self.prefix));
        let found = full.find(|name| self.view(name).is_some())?;
        Some(self.layout.stored(&found).unwrap_or(&found).to_owned())
    }

    /// Whether weights are drawn, and none are stored.
    pub(in crate::models) fn is_drawn(&self) -> bool {
        self.initialiser.is_some()
    }

    /// Whether one of the names of the files has `part` in it.
    pub(in crate::models) fn has_part(&self, part: &str) -> bool {
        self.files.iter().flat_map(super::File::names).any(|name| name.contains(part))
    }

    /// The table of tokens `tokens`, of `shape`, as the last layer of a head whose own would be called `heads`. Of an adapter, what was learned
    /// for the table is not learned for the head, as in the model that nothing is merged in.
    pub(in crate::models) fn tied_table(
        &self,
        tokens: &str,
        heads: &[String],
        shape: [usize; 2],
    ) -> Result<Vec<f32>> {
        let names = [format!("{tokens}.weight")];
        let Some(adapter) = &self.adapter else { return self.floats(&names, &shape, Role::Drawn) };
        let apart = || {
            Error::Cannot {
            id: self.id.clone(),
            message: "its adapter changes rows of the table of tokens, or their number, and the head has the same table".to_owned(),
            remedy: "merge the adapter with peft (`merge_and_unload`, then save_pretrained) and name the folder of the result".to_owned(),
        }
        };
        if adapter.changes_rows(tokens) {
            return Err(apart());
        }
        let mut values = match adapter.whole(heads, &shape)? {
            Some(values) => values,
            None => self.stored_values(&names, &shape).map_err(|error| match error {
                Error::TensorShape { .. } => apart(),
                error => self.explained(error),
            })?,
        };
        adapter.merge(heads, &shape, false, &mut values)?;
        Ok(values)
    }
}

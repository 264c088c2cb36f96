//! How a model is run: what tokens have at each layer, for one batch or several.

use super::declarations::spec::Spec;
use super::error::{Error, Result};
use super::model::{Computation, Model};
use super::sequences::Sequences;
use super::site::Site;

impl Model {
    /// Runs the model up to hidden state `deepest` (at most [`n_layers`](super::Spec::n_layers)) and gives every hidden state on the way,
    /// `(n_tokens, d_model)` flat, to `visit`, with its number. Rows are those of [`Sequences::tokens`].
    ///
    /// # Errors
    ///
    /// As [`Model::hidden_states_at`].
    pub fn hidden_states(
        &self,
        sequences: &Sequences,
        deepest: usize,
        visit: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        let layers: Vec<usize> = (0..=deepest).collect();
        self.hidden_states_at(sequences, &layers, visit)
    }

    /// Runs the model up to the last of `layers`, which are ascending, and gives these hidden states, `(n_tokens, d_model)`
    /// flat, to `visit`, with their numbers. Rows are those of [`Sequences::tokens`].
    ///
    /// # Errors
    ///
    /// [`Error::TokenOutOfRange`], [`Error::TooLong`], [`Error::NoTokens`], [`Error::SharedPrefixes`]; [`Error::Compute`] where
    /// the device fails; whatever `visit` fails with.
    pub fn hidden_states_at(
        &self,
        sequences: &Sequences,
        layers: &[usize],
        visit: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        self.take_at(sequences, (Site::Residual, layers), visit)
    }

    /// The same at any site, `(n_tokens, …)` flat: what heads take stands side by side, `(n_tokens, n_heads d_head)`. Of sites other than
    /// the residual stream `layers` are blocks; one that lacks the site is passed over ([`Site::layers`] says which have it).
    ///
    /// # Errors
    ///
    /// As [`Model::hidden_states_at`].
    pub fn take_at(
        &self,
        sequences: &Sequences,
        (site, layers): (Site, &[usize]),
        mut visit: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        self.check(sequences)?;
        let layers = self.there(site, layers);
        let Some(&deepest) = layers.last().filter(|_| !sequences.is_empty()) else { return Ok(()) };
        match &self.computation {
            Computation::Packed(trunk) => trunk.forward(sequences, (site, deepest), |layer, states| {
                if layers.binary_search(&layer).is_ok() { visit(layer, states) } else { Ok(()) }
            }),
            Computation::Padded(device) => device.forward(sequences, (site, &layers), &mut visit),
        }
    }

    /// Those of `layers` that have `site`.
    fn there(&self, site: Site, layers: &[usize]) -> Vec<usize> {
        let there = site.layers(&self.spec);
        layers.iter().copied().filter(|layer| there.binary_search(layer).is_ok()).collect()
    }

    /// As [`Model::hidden_states_at`] for several batches, block by block, so that an offloaded model reads each block once for all of
    /// them. `visit` is given the place of the batch first, and may be called from any thread. The states of all batches are in memory
    /// at once.
    ///
    /// # Errors
    ///
    /// As [`Model::hidden_states_at`].
    pub fn hidden_states_together(
        &self,
        batches: &[Sequences],
        layers: &[usize],
        visit: impl Fn(usize, usize, &[f32]) -> Result<()> + Sync,
    ) -> Result<()> {
        self.take_together(batches, (Site::Residual, layers), visit)
    }

    /// The same at any site, as [`Model::take_at`].
    ///
    /// # Errors
    ///
    /// As [`Model::hidden_states_at`].
    pub fn take_together(
        &self,
        batches: &[Sequences],
        (site, layers): (Site, &[usize]),
        visit: impl Fn(usize, usize, &[f32]) -> Result<()> + Sync,
    ) -> Result<()> {
        let layers = self.there(site, layers);
        let visit = |batch: usize, layer: usize, states: &[f32]| {
            if layers.binary_search(&layer).is_ok() { visit(batch, layer, states) } else { Ok(()) }
        };
        match (&self.computation, layers.last()) {
            (_, None) => Ok(()),
            (Computation::Packed(trunk), Some(&deepest)) if batches.iter().all(|batch| !batch.is_empty()) => {
                batches.iter().try_for_each(|batch| self.check(batch))?;
                trunk.forward_together(batches, (site, deepest), visit)
            }
            _ => batches.iter().enumerate().try_for_each(|(place, batch)| {
                self.take_at(batch, (site, &layers), |layer, states| visit(place, layer, states))
            }),
        }
    }

    /// As [`Model::hidden_states_at`], but gives means over groups of tokens, `(groups, d_model)` flat: each group has a sequence of
    /// the batch, from 0, and positions in it, from 0. On a GPU they are made there, and the states of single tokens do not leave it.
    ///
    /// # Errors
    ///
    /// As [`Model::hidden_states_at`]; [`Error::NoSuchToken`] for a group without tokens, or with one that is not there.
    pub fn means_at(
        &self,
        sequences: &Sequences,
        layers: &[usize],
        groups: &[(usize, &[u32])],
        visit: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        self.take_means(sequences, (Site::Residual, layers), groups, visit)
    }

    /// The same at any site, as [`Model::take_at`].
    ///
    /// # Errors
    ///
    /// As [`Model::means_at`].
    pub fn take_means(
        &self,
        sequences: &Sequences,
        (site, layers): (Site, &[usize]),
        groups: &[(usize, &[u32])],
        mut visit: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        let paths: Vec<&[u32]> = sequences.iter().map(|sequence| sequence.path).collect();
        let wrong = groups.iter().position(|&(sequence, positions)| {
            let length = paths.get(sequence).map_or(0, |path| path.len());
            positions.is_empty() || positions.iter().any(|&position| position as usize >= length)
        });
        if let Some(index) = wrong {
            return Err(Error::NoSuchToken { index });
        }
        if let Computation::Padded(device) = &self.computation {
            self.check(sequences)?;
            let layers = self.there(site, layers);
            if layers.is_empty() || sequences.is_empty() {
                return Ok(());
            }
            return device.means(sequences, (site, &layers), groups, &mut visit);
        }
        self.take_at(sequences, (site, layers), |layer, states| {
            let width = states.len() / sequences.tokens().len();
            let mut means = vec![0.0; groups.len() * width];
            for (&(sequence, positions), mean) in groups.iter().zip(means.chunks_exact_mut(width)) {
                for &position in positions {
                    let row = paths[sequence][position as usize] as usize;
                    for (mean, value) in mean.iter_mut().zip(&states[row * width..]) {
                        *mean += value;
                    }
                }
                for value in mean {
                    *value /= positions.len() as f32;
                }
            }
            visit(layer, &means)
        })
    }

    /// Refuses sequences that the model cannot take.
    fn check(&self, sequences: &Sequences) -> Result<()> {
        check(&self.spec, sequences)?;
        match (&self.encoder, sequences.sources()) {
            (Some(encoder), Some((sources, of))) if of.len() == sequences.len() => check(encoder, sources)?,
            (None, None) => {}
            (encoder, _) => return Err(Error::Sources { wanted: encoder.is_some() }),
        }
        let shared = sequences.shares_prefixes();
        if shared && (!self.spec.attention.causal || self.encoder.is_some()) {
            return Err(Error::SharedPrefixes);
        }
        Ok(())
    }
}

/// Refuses sequences that have a token or a length that what `spec` says has not.
fn check(spec: &Spec, sequences: &Sequences) -> Result<()> {
    let vocab_size = spec.vocab_size;
    if let Some(&token) = sequences.tokens().iter().find(|&&token| token as usize >= vocab_size) {
        return Err(Error::TokenOutOfRange { token, vocab_size });
    }
    for (index, sequence) in sequences.iter().enumerate() {
        let tokens = sequence.path.len();
        if tokens == 0 {
            return Err(Error::NoTokens { index });
        }
        if let Some(max_tokens) = spec.n_positions.filter(|&most| tokens > most) {
            return Err(Error::TooLong { tokens, max_tokens });
        }
    }
    Ok(())
}

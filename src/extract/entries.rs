//! Which matrices an extraction gives: one of each layer, or one of each head of each layer.

use super::Extract;
use super::error::{Error, Result};
use crate::models::{Site, Spec};

impl Extract {
    /// The numbers of the matrices that come of a model with `spec`, ascending: layers; of heads, `n_heads` for each block, from 0.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchLayer`], [`Error::NoSite`], [`Error::NotThere`], [`Error::NoSuchHead`]
    pub fn entries(&self, spec: &Spec, model: &str) -> Result<Vec<usize>> {
        let all = self.site.layers(spec);
        let mut layers = self.layers.clone().unwrap_or_else(|| all.clone());
        layers.sort_unstable();
        layers.dedup();
        let (site, model) = (self.site, || model.to_owned());
        if all.is_empty() {
            return Err(Error::NoSite { site, model: model(), why: site.absence(spec) });
        }
        if let Some(&layer) = layers.iter().find(|layer| all.binary_search(layer).is_err()) {
            return Err(match site {
                Site::Residual | Site::Streams => {
                    Error::NoSuchLayer { layer, model: model(), last: spec.n_layers }
                }
                _ => Error::NotThere { layer, site, model: model(), layers: all },
            });
        }
        let parts = site.parts(spec);
        let mut heads = match &self.heads {
            Some(heads) if site.is_of_heads() => heads.clone(),
            _ => (0..parts).collect(),
        };
        heads.sort_unstable();
        heads.dedup();
        if let Some(&head) = heads.iter().find(|&&head| head >= parts) {
            return Err(Error::NoSuchHead { head, model: model(), n_heads: parts });
        }
        Ok(layers.iter().flat_map(|layer| heads.iter().map(move |head| layer * parts + head)).collect())
    }
}

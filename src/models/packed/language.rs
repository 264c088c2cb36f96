//! What a block does for one language after its MLP (X-MOD).

use super::kernels::linear::Finish;
use super::kernels::mlp::PackedMlp;
use super::kernels::norm::Norm;
use super::parts::Parts;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::error::Result;

/// An MLP for one language, added to what it reads.
pub(in crate::models) struct Language {
    pub(in crate::models) norm: Option<Norm>,
    /// Whether it is added to what the norm made, and not to what that read.
    pub(in crate::models) normed: bool,
    pub(in crate::models) mlp: PackedMlp,
}

impl Language {
    /// None where a model has none.
    pub(in crate::models) fn load(parts: Parts<'_>) -> Result<Option<Self>> {
        let (Some(names), Some(of)) = (parts.names.language, &parts.spec.language) else { return Ok(None) };
        let (layer, d) = (parts.layer, parts.spec.d_model);
        let matrix = |name: &str, outputs, inputs| {
            let name = name.replace("{language}", &of.name);
            parts.weights.layer(&name, (true, false), layer, outputs, inputs)
        };
        let (up, down) = (matrix(names.up, of.d, d)?, matrix(names.down, d, of.d)?);
        Ok(Some(Self {
            norm: parts.norm(names.norm)?,
            normed: of.normed,
            mlp: Matrix::pack_mlp(parts.spec.mlp.activation, &up, None, &down),
        }))
    }

    /// Takes the residual stream `x`, `(n_tokens, d_model)`, through it.
    pub(in crate::models) fn apply(&self, x: &mut Vec<f32>) {
        let read = self.norm.as_ref().map(|norm| norm.forward(x));
        let reads = read.as_ref().unwrap_or(x);
        let mut y = vec![0.0; x.len()];
        let residual = if self.normed { reads } else { &*x };
        self.mlp.forward_to(reads, Finish::Add(residual), &mut y);
        *x = y;
    }
}

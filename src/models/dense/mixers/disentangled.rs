//! Disentangled attention, on a device: what distances add to the scores.

use candle_core::{Device, Result, Tensor};

use crate::models::declarations::spec::Disentangled;
use crate::models::dense::pass::Pass;
use crate::models::dense::scores::by_token;
use crate::models::packed::mixers::disentangled::{self, LayerDistances};

/// A layer's keys and queries of distances.
pub(super) struct Distances {
    spec: Disentangled,
    /// `(2 span, n_heads d_head)` each, where the layer has them; queries are scaled as scores are.
    keys: Option<Tensor>,
    queries: Option<Tensor>,
}

impl Distances {
    pub(super) fn upload(of: &LayerDistances, scale: f32, device: &Device) -> Result<Self> {
        let rows = 2 * of.spec.span;
        let table = |values: &[f32]| match values.len() {
            0 => Ok(None),
            size => Tensor::from_slice(values, (rows, size / rows), device).map(Some),
        };
        let queries = match table(&of.queries)? {
            Some(queries) => Some((queries * f64::from(scale))?),
            None => None,
        };
        Ok(Self { spec: of.spec, keys: table(&of.keys)?, queries })
    }

    /// What is added to the scores of queries, which are scaled, and keys, `(batch, n_heads, length, d_head)` both:
    /// `(batch, n_heads, length, length)`.
    pub(super) fn scores(&self, queries: &Tensor, keys: &Tensor, pass: &Pass<'_>) -> Result<Option<Tensor>> {
        let last = pass.length as i64 - 1;
        let mut sum: Option<Tensor> = None;
        if let Some(table) = &self.keys {
            // Column c is of the key that stands c - last after the query.
            let by_distance = self.products(queries, table, (-last..=last).rev(), pass)?;
            sum = Some(by_token(&by_distance)?.contiguous()?);
        }
        if let Some(table) = &self.queries {
            // Rows are keys here: column c is of the query that stands c - last after the key.
            let by_distance = self.products(keys, table, -last..=last, pass)?;
            let scores = by_token(&by_distance)?.transpose(2, 3)?.contiguous()?;
            sum = Some(match sum {
                Some(sum) => (sum + scores)?,
                None => scores,
            });
        }
        Ok(sum)
    }

    /// The products of `x`, `(batch, n_heads, length, d_head)`, with the rows of `table` for distances (query less key), a column
    /// for each: `(batch, n_heads, length, columns)`.
    fn products(
        &self,
        x: &Tensor,
        table: &Tensor,
        distances: impl Iterator<Item = i64>,
        pass: &Pass<'_>,
    ) -> Result<Tensor> {
        let (_, n_heads, _, d_head) = x.dims4()?;
        let rows: Vec<u32> =
            distances.map(|distance| disentangled::row(&self.spec, distance) as u32).collect();
        let columns = rows.len();
        let rows = table.index_select(&Tensor::new(rows, &pass.device)?, 0)?;
        let by_head = rows.reshape((columns, n_heads, d_head))?.permute((1, 2, 0))?.contiguous()?;
        x.broadcast_matmul(&by_head)
    }
}

//! Linear layers: `y = x Wᵀ + b`, with the activation or the residual stream taken in as each tile is finished.
//!
//! The weights are laid out once, at loading, in panels of [`PANEL`] outputs: `(panels, inputs, PANEL)`, so that the
//! innermost loop reads them front to back. Every output is one chain of multiply-adds over the inputs in their order, so it
//! does not depend on what else is in the batch, to the last bit. Weights that are held in half precision are made f32 panel by
//! panel, once for all rows.

use super::PANEL;
use super::math::activate;
use super::simd::{self, Kernel, Simd};
use crate::models::checkpoint::dtype::Dtype;
use crate::models::checkpoint::dtype::Held;
use crate::models::declarations::activation::Activation;

/// A linear layer's weights, laid out for [`PackedLinear::forward`].
#[derive(Debug)]
pub(in crate::models) struct PackedLinear {
    inputs: usize,
    outputs: usize,
    /// `(panels, inputs, PANEL)`, zeros after the last output.
    panels: Held,
    /// `(panels * PANEL,)`.
    bias: Vec<f32>,
}

/// What happens to a finished output before it is stored.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) enum Finish<'a> {
    /// Nothing.
    Plain,
    /// It goes through the activation.
    Activate(Activation),
    /// It is added to the residual stream, `(rows, outputs)`.
    Add(&'a [f32]),
    /// It is multiplied by the gate, `(rows, outputs)`.
    Multiply(&'a [f32]),
}

impl PackedLinear {
    /// Lays out `weight`, `(outputs, inputs)`, with `bias`, `(outputs,)`, or none, to be held as `dtype`.
    pub(in crate::models) fn new(
        weight: &[f32],
        bias: Option<&[f32]>,
        outputs: usize,
        inputs: usize,
        dtype: Dtype,
    ) -> Self {
        let width = outputs.next_multiple_of(PANEL);
        let mut panels = vec![0.0; width * inputs];
        for (output, row) in weight.chunks_exact(inputs).enumerate() {
            let panel = &mut panels[output / PANEL * PANEL * inputs..];
            for (place, &value) in panel.iter_mut().skip(output % PANEL).step_by(PANEL).zip(row) {
                *place = value;
            }
        }
        let mut padded = vec![0.0; width];
        padded[..outputs].copy_from_slice(bias.unwrap_or(&vec![0.0; outputs]));
        Self { inputs, outputs, panels: Held::new(panels, dtype), bias: padded }
    }

    /// How many outputs there are.
    pub(in crate::models) fn outputs(&self) -> usize {
        self.outputs
    }

    /// What the weights are held as.
    pub(in crate::models) fn dtype(&self) -> Dtype {
        self.panels.dtype()
    }

    /// The weight as it was before, `(outputs, inputs)`, and the bias, `(outputs,)`.
    pub(in crate::models) fn unpack(&self) -> (Vec<f32>, Vec<f32>) {
        let mut weight = vec![0.0; self.outputs * self.inputs];
        let mut scratch = Vec::new();
        for (panel, rows) in weight.chunks_mut(PANEL * self.inputs).enumerate() {
            let panel = self.panel(panel, &mut scratch);
            for (output, row) in rows.chunks_exact_mut(self.inputs).enumerate() {
                for (value, &stored) in row.iter_mut().zip(panel.iter().skip(output).step_by(PANEL)) {
                    *value = stored;
                }
            }
        }
        (weight, self.bias[..self.outputs].to_vec())
    }

    /// Panel `index`, `(inputs, PANEL)`; `scratch` is room for one.
    fn panel<'a>(&'a self, index: usize, scratch: &'a mut Vec<f32>) -> &'a [f32] {
        let size = PANEL * self.inputs;
        self.panels.values(index * size, size, scratch)
    }

    /// `x` is `(rows, inputs)`; the result is `(rows, outputs)`.
    pub(in crate::models) fn forward(&self, x: &[f32], finish: Finish<'_>) -> Vec<f32> {
        let rows = x.len() / self.inputs;
        let mut y = vec![0.0; rows * self.outputs];
        simd::run(Product { layer: self, x, finish, y: &mut y });
        y
    }
}

struct Product<'a> {
    layer: &'a PackedLinear,
    /// `(rows, inputs)`.
    x: &'a [f32],
    finish: Finish<'a>,
    /// `(rows, outputs)`.
    y: &'a mut [f32],
}

impl Kernel for Product<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let rows = self.x.len() / self.layer.inputs;
        let mut scratch = Vec::new();
        for panel in 0..self.layer.bias.len() / PANEL {
            let weights = self.layer.panel(panel, &mut scratch);
            // The tiles are what fits the registers: 32 of 16 lanes, or 16 of 8.
            if S::LANES == 16 {
                let mut row = 0;
                while row + 12 <= rows {
                    self.tile::<S, 12, 2>(simd, weights, row, panel, 0);
                    row += 12;
                }
                while row + 4 <= rows {
                    self.tile::<S, 4, 2>(simd, weights, row, panel, 0);
                    row += 4;
                }
                while row < rows {
                    self.tile::<S, 1, 2>(simd, weights, row, panel, 0);
                    row += 1;
                }
            } else {
                for half in [0, PANEL / 2] {
                    let mut row = 0;
                    while row + 6 <= rows {
                        self.tile::<S, 6, 2>(simd, weights, row, panel, half);
                        row += 6;
                    }
                    while row < rows {
                        self.tile::<S, 1, 2>(simd, weights, row, panel, half);
                        row += 1;
                    }
                }
            }
        }
    }
}

impl Product<'_> {
    /// Computes `ROWS` rows from `first_row`, and `VECTORS` vectors of outputs from `offset` in `panel`, whose weights are
    /// `(inputs, PANEL)`.
    #[inline(always)]
    fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        weights: &[f32],
        first_row: usize,
        panel: usize,
        offset: usize,
    ) {
        let PackedLinear { inputs, outputs, bias, .. } = self.layer;
        let rows: [&[f32]; ROWS] =
            std::array::from_fn(|row| &self.x[(first_row + row) * inputs..][..*inputs]);
        let mut sums = [[simd.splat(0.0); VECTORS]; ROWS];
        for (input, weights) in weights.chunks_exact(PANEL).enumerate() {
            let weights: [S::V; VECTORS] =
                std::array::from_fn(|vector| simd.load(&weights[offset + vector * S::LANES..]));
            for (row, sums) in rows.iter().zip(&mut sums) {
                let x = simd.splat(row[input]);
                for (sum, &weight) in sums.iter_mut().zip(&weights) {
                    *sum = simd.mul_add(x, weight, *sum);
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (vector, sum) in sums.into_iter().enumerate() {
                let output = panel * PANEL + offset + vector * S::LANES;
                if output >= *outputs {
                    continue;
                }
                let width = S::LANES.min(outputs - output);
                let mut sum = simd.add(sum, simd.load(&bias[output..]));
                let start = (first_row + row) * outputs + output;
                match self.finish {
                    Finish::Plain => {}
                    Finish::Activate(activation) => sum = activate(simd, activation, sum),
                    Finish::Add(residual) => {
                        sum = simd.add(sum, load_some(simd, &residual[start..][..width]));
                    }
                    Finish::Multiply(gate) => {
                        sum = simd.mul(sum, load_some(simd, &gate[start..][..width]));
                    }
                }
                store_some(simd, &mut self.y[start..][..width], sum);
            }
        }
    }
}

/// As many values as there are, at most a vector of them; zeros after them.
#[inline(always)]
fn load_some<S: Simd>(simd: S, from: &[f32]) -> S::V {
    if from.len() == S::LANES {
        return simd.load(from);
    }
    let mut full = [0.0; PANEL];
    full[..from.len()].copy_from_slice(from);
    simd.load(&full)
}

/// As many values as there are places, at most a vector of them.
#[inline(always)]
fn store_some<S: Simd>(simd: S, to: &mut [f32], vector: S::V) {
    if to.len() == S::LANES {
        return simd.store(to, vector);
    }
    let mut full = [0.0; PANEL];
    simd.store(&mut full, vector);
    to.copy_from_slice(&full[..to.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::packed::kernels::simd::{Level, run_at};
    use crate::numeric::rng::Stream;

    fn random(stream: &mut Stream, size: usize) -> Vec<f32> {
        (0..size).map(|_| stream.unit() as f32 * 2.0 - 1.0).collect()
    }

    #[test]
    fn products_are_those_of_their_formula_at_any_size() {
        let mut stream = Stream::new(1, "linear");
        for (rows, inputs, outputs) in [(1, 1, 1), (12, 16, 32), (13, 7, 33), (31, 40, 5), (5, 65, 100)] {
            let x = random(&mut stream, rows * inputs);
            let weight = random(&mut stream, outputs * inputs);
            let bias = random(&mut stream, outputs);
            let residual = random(&mut stream, rows * outputs);
            let layer = PackedLinear::new(&weight, Some(&bias), outputs, inputs, Dtype::F32);
            let unbiased = PackedLinear::new(&weight, None, outputs, inputs, Dtype::F32);
            for level in Level::here() {
                let run = |layer: &PackedLinear, finish| {
                    let mut y = vec![f32::NAN; rows * outputs];
                    run_at(level, Product { layer, x: &x, finish, y: &mut y });
                    y
                };
                let plain = run(&layer, Finish::Plain);
                let added = run(&unbiased, Finish::Add(&residual));
                let gated = run(&unbiased, Finish::Multiply(&residual));
                let activated = run(&layer, Finish::Activate(Activation::Relu));
                for row in 0..rows {
                    for output in 0..outputs {
                        let products = (0..inputs).map(|input| {
                            f64::from(x[row * inputs + input]) * f64::from(weight[output * inputs + input])
                        });
                        let product: f64 = products.sum();
                        let at = row * outputs + output;
                        let expected = product + f64::from(bias[output]);
                        assert!(
                            (f64::from(plain[at]) - expected).abs() < 1e-5,
                            "{level:?} {rows} {inputs} {outputs}"
                        );
                        assert!((f64::from(activated[at]) - expected.max(0.0)).abs() < 1e-5);
                        assert!((f64::from(added[at]) - product - f64::from(residual[at])).abs() < 1e-5);
                        assert!((f64::from(gated[at]) - product * f64::from(residual[at])).abs() < 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn unpacking_gives_back_what_was_packed() {
        let mut stream = Stream::new(3, "linear");
        for (inputs, outputs) in [(1, 1), (7, 33), (16, 32), (65, 100)] {
            let weight = random(&mut stream, outputs * inputs);
            let bias = random(&mut stream, outputs);
            let layer = PackedLinear::new(&weight, Some(&bias), outputs, inputs, Dtype::F32);
            assert_eq!(layer.unpack(), (weight, bias));
        }
    }

    #[test]
    fn weights_in_half_precision_are_what_they_are_rounded_to() {
        let mut stream = Stream::new(4, "linear");
        let (rows, inputs, outputs) = (14, 40, 70);
        let x = random(&mut stream, rows * inputs);
        let weight = random(&mut stream, outputs * inputs);
        for dtype in [Dtype::F16, Dtype::Bf16] {
            let rounded = Held::new(weight.clone(), dtype).values(0, weight.len(), &mut Vec::new()).to_vec();
            assert_ne!(rounded, weight);
            let half = PackedLinear::new(&weight, None, outputs, inputs, dtype);
            let single = PackedLinear::new(&rounded, None, outputs, inputs, Dtype::F32);
            assert_eq!(half.forward(&x, Finish::Plain), single.forward(&x, Finish::Plain));
            assert_eq!(half.unpack().0, rounded);
        }
    }

    #[test]
    fn a_row_does_not_depend_on_the_rows_beside_it() {
        let mut stream = Stream::new(2, "linear");
        let (rows, inputs, outputs) = (27, 48, 64);
        let x = random(&mut stream, rows * inputs);
        let layer =
            PackedLinear::new(&random(&mut stream, inputs * outputs), None, outputs, inputs, Dtype::F32);
        let together = layer.forward(&x, Finish::Plain);
        for (row, x) in x.chunks_exact(inputs).enumerate() {
            assert_eq!(layer.forward(x, Finish::Plain), together[row * outputs..][..outputs]);
        }
    }
}

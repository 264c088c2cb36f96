//! Linear layers: `y = x Wᵀ + b`, with the activation or the residual stream taken in as sums are finished.
//!
//! The weights are laid out once, at loading, in panels of [`PANEL`] outputs, for vectors of f32 ([`Vectors`]) or for tiles
//! of bf16 parts ([`super::tiles`]). An output does not depend on what else is in the batch, to the last bit.

use super::PANEL;
use super::math::activate;
use super::means::Means;
use super::multiply::{Block, Multiply, Taken, blocks, rows_at_once, share, sums};
use super::room::{self, Room, aligned};
use super::simd::{self, Kernel, Simd};
use super::tiles::Portable;
use super::vectors::Vectors;
use super::weights::Weights;
use crate::models::checkpoint::dtype::Dtype;
use crate::models::checkpoint::precision::Form;
use crate::models::declarations::activation::Activation;

/// A linear layer's weights, laid out for [`PackedLinear::forward`].
#[derive(Debug)]
pub(in crate::models) struct PackedLinear {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) weights: Weights,
    /// `(panels * PANEL,)`.
    pub(super) bias: Vec<f32>,
    dtype: Dtype,
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
}

impl Finish<'_> {
    /// That of some of the values, from `start` on.
    #[inline]
    pub(super) fn of(self, start: usize, size: usize) -> Self {
        match self {
            Self::Add(residual) => Self::Add(&residual[start..][..size]),
            plain => plain,
        }
    }
}

impl PackedLinear {
    /// Lays out `weight`, `(outputs, inputs)`, with `bias`, `(outputs,)`, or none.
    pub(in crate::models) fn new(
        weight: &[f32],
        bias: Option<&[f32]>,
        outputs: usize,
        inputs: usize,
        form: Form,
    ) -> Self {
        Self::held(weight, bias, outputs, inputs, form.of(inputs))
    }

    /// The same in `form`, however many inputs there are.
    pub(super) fn held(
        weight: &[f32],
        bias: Option<&[f32]>,
        outputs: usize,
        inputs: usize,
        form: Form,
    ) -> Self {
        let width = outputs.next_multiple_of(PANEL);
        let mut padded = vec![0.0; width];
        padded[..outputs].copy_from_slice(bias.unwrap_or(&vec![0.0; outputs]));
        let weights = Weights::new(weight, outputs, inputs, form);
        Self { inputs, outputs, weights, bias: padded, dtype: form.dtype }
    }

    /// How many inputs there are.
    pub(in crate::models) fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many outputs there are.
    pub(in crate::models) fn outputs(&self) -> usize {
        self.outputs
    }

    /// What the weights are held as.
    pub(in crate::models) fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The weight as it was before, `(outputs, inputs)`, and the bias, `(outputs,)`.
    pub(in crate::models) fn unpack(&self) -> (Vec<f32>, Vec<f32>) {
        (self.weights.unpack(self.outputs, self.inputs), self.bias[..self.outputs].to_vec())
    }

    /// `x` is `(rows, inputs)`; the result is `(rows, outputs)`.
    pub(in crate::models) fn forward(&self, x: &[f32], finish: Finish<'_>) -> Vec<f32> {
        let mut y = vec![0.0; x.len() / self.inputs * self.outputs];
        self.forward_to(x, finish, &mut y);
        y
    }

    /// The same into `y`.
    pub(in crate::models) fn forward_to(&self, x: &[f32], finish: Finish<'_>, y: &mut [f32]) {
        room::with(|room| simd::run(Product { layer: self, x, finish, y, room }));
    }
}

struct Product<'a> {
    layer: &'a PackedLinear,
    /// `(rows, inputs)`.
    x: &'a [f32],
    finish: Finish<'a>,
    /// `(rows, outputs)`.
    y: &'a mut [f32],
    room: &'a mut Room,
}

impl Kernel for Product<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match Means::of(&self.layer.weights) {
            Means::Vectors => self.with(simd, Vectors),
            // Every processor that has tiles has vectors of 16: the others need no code for them.
            Means::Tiles(amx, parts) if S::LANES == 16 => self.with(simd, amx.begin().multiply(parts)),
            Means::Tiles(_, parts) | Means::Portable(parts) => self.with(simd, Portable(parts)),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn with<S: Simd, M: Multiply>(self, simd: S, multiply: M) {
        let PackedLinear { inputs, outputs, bias, weights, .. } = self.layer;
        let Room { of, sums: sums_room, panel: panel_room, .. } = self.room;
        // While a product is under way, the one before it is finished.
        let (mut now, mut before) = aligned(sums_room, 2 * sums::<M>()).split_at_mut(sums::<M>());
        let at_once = rows_at_once::<M>(*inputs);
        let panels = bias.len() / PANEL;
        let blocks_of_rows = self.x.chunks(at_once * inputs).zip(self.y.chunks_mut(at_once * outputs));
        for (index, (x, y)) in blocks_of_rows.enumerate() {
            let rows = x.len() / inputs;
            let then = self.finish.of(index * at_once * outputs, y.len());
            let of_rows = room::first(&mut M::rows(of).input, multiply.size(rows, *inputs), multiply.empty());
            multiply.take(simd, Taken { x, inputs: *inputs, which: None }, of_rows);
            let x = &*of_rows;
            let mut waiting = None;
            for panel in 0..panels {
                let ahead = multiply.ahead(weights, *inputs, (panel + 1) % panels, 0..*inputs);
                let weights = multiply.panel(weights, *inputs, panel, 0..*inputs, panel_room);
                for (index, block) in blocks::<M>(rows, *inputs).enumerate() {
                    let ahead = share(ahead, index, rows.div_ceil(M::ROWS));
                    claim(simd, &mut y[block.first * outputs..][..block.rows * outputs], *outputs, panel);
                    multiply.product(simd, x, block, weights, ahead, now, true);
                    if let Some(place) = waiting.replace((panel, block)) {
                        finish_block(simd, before, self.layer, place, then, y);
                    }
                    std::mem::swap(&mut now, &mut before);
                }
            }
            if let Some(place) = waiting {
                finish_block(simd, before, self.layer, place, then, y);
            }
        }
    }
}

/// Finishes a panel's sums of a block of rows.
#[inline(always)]
pub(super) fn finish_block<S: Simd>(
    simd: S,
    sums: &[f32],
    layer: &PackedLinear,
    (panel, block): (usize, Block),
    then: Finish<'_>,
    y: &mut [f32],
) {
    let (start, size) = (block.first * layer.outputs, block.rows * layer.outputs);
    let bias = &layer.bias.as_chunks().0[panel];
    finish(simd, sums, bias, then.of(start, size), &mut y[start..][..size], layer.outputs, panel);
}

/// Fetches a panel's columns of `y`, `(rows, outputs)`, while the product is under way: stores that wait for memory, each in a
/// page of its own, would hold up the sums of the next product.
#[inline(always)]
pub(super) fn claim<S: Simd>(simd: S, y: &mut [f32], outputs: usize, panel: usize) {
    for row in y.chunks_exact_mut(outputs) {
        let end = outputs.min((panel + 1) * PANEL);
        simd.claim(&mut row[panel * PANEL..end]);
    }
}

/// Stores finished sums of a panel, `(rows, PANEL)`, in their columns of `y`, `(rows, outputs)`.
#[inline(always)]
fn finish<S: Simd>(
    simd: S,
    sums: &[f32],
    bias: &[f32; PANEL],
    finish: Finish<'_>,
    y: &mut [f32],
    outputs: usize,
    panel: usize,
) {
    let (first, width) = (panel * PANEL, PANEL.min(outputs - panel * PANEL));
    for (row, (y, sums)) in y.chunks_exact_mut(outputs).zip(sums.as_chunks().0).enumerate() {
        let y = &mut y[first..][..width];
        let residual = match finish {
            Finish::Add(residual) => Some(&residual[row * outputs + first..][..width]),
            _ => None,
        };
        if let Some(y) = y.first_chunk_mut() {
            finish_row(simd, sums, bias, finish, residual.and_then(<[f32]>::first_chunk), y);
        } else {
            let (mut values, mut added) = ([0.0; PANEL], [0.0; PANEL]);
            if let Some(residual) = residual {
                added[..width].copy_from_slice(residual);
            }
            finish_row(simd, sums, bias, finish, residual.map(|_| &added), &mut values);
            y.copy_from_slice(&values[..width]);
        }
    }
}

/// Stores finished sums of a row.
#[inline(always)]
fn finish_row<S: Simd>(
    simd: S,
    sums: &[f32; PANEL],
    bias: &[f32; PANEL],
    finish: Finish<'_>,
    residual: Option<&[f32; PANEL]>,
    y: &mut [f32; PANEL],
) {
    for start in (0..PANEL).step_by(S::LANES) {
        let mut value = simd.add(simd.load(&sums[start..]), simd.load(&bias[start..]));
        if let Finish::Activate(activation) = finish {
            value = activate(simd, activation, value);
        }
        if let Some(residual) = residual {
            value = simd.add(value, simd.load(&residual[start..]));
        }
        simd.store(&mut y[start..], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::checkpoint::dtype::Held;
    use crate::models::checkpoint::precision::Precision;
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
            let layer = PackedLinear::new(&weight, Some(&bias), outputs, inputs, Form::default());
            let unbiased = PackedLinear::new(&weight, None, outputs, inputs, Form::default());
            for level in Level::here() {
                let run = |layer: &PackedLinear, finish| {
                    let mut y = vec![f32::NAN; rows * outputs];
                    let room = &mut Room::default();
                    run_at(level, Product { layer, x: &x, finish, y: &mut y, room });
                    y
                };
                let plain = run(&layer, Finish::Plain);
                let added = run(&unbiased, Finish::Add(&residual));
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
                    }
                }
            }
        }
    }

    #[test]
    fn products_of_parts_are_within_their_bounds() {
        let mut stream = Stream::new(7, "linear");
        let (rows, inputs, outputs) = (50, 300, 70);
        let x = random(&mut stream, rows * inputs);
        let weight = random(&mut stream, outputs * inputs);
        let of = |precision| {
            let form = Form { precision, ..Form::default() };
            PackedLinear::new(&weight, None, outputs, inputs, form).forward(&x, Finish::Plain)
        };
        let exact = of(Precision::F32);
        let most = exact.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let error = |precision| {
            let differences = of(precision).into_iter().zip(&exact).map(|(a, b)| (a - b).abs() / most);
            differences.fold(0.0, f32::max)
        };
        assert!(error(Precision::Fast) < 1e-5, "{}", error(Precision::Fast));
        assert!((1e-4..1e-2).contains(&error(Precision::Bf16)), "{}", error(Precision::Bf16));
    }

    #[test]
    fn weights_that_are_bf16_already_are_one_part() {
        let mut stream = Stream::new(8, "linear");
        let (rows, inputs, outputs) = (20, 260, 40);
        let x = random(&mut stream, rows * inputs);
        let weight = random(&mut stream, outputs * inputs);
        let form = |dtype| Form { dtype, precision: Precision::Fast, ..Form::default() };
        let one = PackedLinear::new(&weight, None, outputs, inputs, form(Dtype::Bf16));
        let (rounded, _) = one.unpack();
        let two = PackedLinear::new(&rounded, None, outputs, inputs, form(Dtype::F32));
        assert!(Means::of(&one.weights) != Means::of(&two.weights));
        assert_eq!(one.forward(&x, Finish::Plain), two.forward(&x, Finish::Plain));
    }

    #[test]
    fn unpacking_gives_back_what_was_packed() {
        let mut stream = Stream::new(3, "linear");
        for (inputs, outputs) in [(1, 1), (7, 33), (16, 32), (65, 100)] {
            let weight = random(&mut stream, outputs * inputs);
            let bias = random(&mut stream, outputs);
            let layer = PackedLinear::new(&weight, Some(&bias), outputs, inputs, Form::default());
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
            let form = Form { dtype, ..Form::default() };
            let half = PackedLinear::new(&weight, None, outputs, inputs, form);
            let single = PackedLinear::new(&rounded, None, outputs, inputs, Form::default());
            assert_eq!(half.forward(&x, Finish::Plain), single.forward(&x, Finish::Plain));
            assert_eq!(half.unpack().0, rounded);
        }
    }

    #[test]
    fn a_row_does_not_depend_on_the_rows_beside_it() {
        let mut stream = Stream::new(2, "linear");
        let (rows, inputs, outputs) = (27, 270, 64);
        let x = random(&mut stream, rows * inputs);
        let weight = random(&mut stream, inputs * outputs);
        for precision in [Precision::F32, Precision::Fast, Precision::Bf16] {
            let form = Form { precision, ..Form::default() };
            let layer = PackedLinear::new(&weight, None, outputs, inputs, form);
            let together = layer.forward(&x, Finish::Plain);
            for (row, x) in x.chunks_exact(inputs).enumerate() {
                assert_eq!(layer.forward(x, Finish::Plain), together[row * outputs..][..outputs]);
            }
        }
    }
}

//! MLPs: two linear layers with an activation between them, whose hidden layer is never whole.
//!
//! Some units of the hidden layer are computed for a block of rows, and what they add to the outputs is added, before the next
//! ones are: they stay in the second cache. Sums are those of one layer after the other, in the same order, to the last bit.

use super::PANEL;
use super::linear::{Finish, PackedLinear, claim, finish_block};
use super::math::activate;
use super::means::Means;
use super::multiply::{Block, Multiply, aligned, blocks, rows_at_once, share, sums};
use super::room::{self, Room};
use super::simd::{self, Kernel, Simd};
use super::tiles::Portable;
use super::vectors::Vectors;
use crate::models::checkpoint::precision::Form;
use crate::models::declarations::activation::Activation;

/// An MLP's weights, all held alike.
#[derive(Debug)]
pub(in crate::models) struct PackedMlp {
    activation: Activation,
    /// See [`PackedMlp::clamped`].
    clamp: Option<f32>,
    activated: PackedLinear,
    factor: Option<PackedLinear>,
    down: PackedLinear,
}

/// A layer as it is stored: its weight, `(outputs, inputs)`, and its bias.
pub(in crate::models) type Stored<'a> = (&'a [f32], Option<&'a [f32]>);

/// How many panels of the hidden layer are computed at once.
const AT_ONCE: usize = 12;

impl PackedMlp {
    /// The MLP of a hidden layer of `d_mlp` units: `activated` goes through the activation, and is multiplied by `factor`'s output
    /// if there is one; `down` follows.
    pub(in crate::models) fn new(
        activation: Activation,
        (d, d_mlp): (usize, usize),
        activated: Stored<'_>,
        factor: Option<Stored<'_>>,
        down: Stored<'_>,
        form: Form,
    ) -> Self {
        let form = form.of(d.min(d_mlp));
        let layer = |(weight, bias): Stored<'_>, outputs, inputs| {
            PackedLinear::held(weight, bias, outputs, inputs, form)
        };
        Self {
            activation,
            clamp: None,
            activated: layer(activated, d_mlp, d),
            factor: factor.map(|factor| layer(factor, d_mlp, d)),
            down: layer(down, d, d_mlp),
        }
    }

    /// The same MLP, in which what goes through the activation is at most `clamp`, and what that is multiplied by is kept between
    /// it and its negative, and 1 is added.
    pub(in crate::models) fn clamped(self, clamp: Option<f32>) -> Self {
        Self { clamp, ..self }
    }

    /// The limit of [`PackedMlp::clamped`].
    pub(in crate::models) fn clamp(&self) -> Option<f32> {
        self.clamp
    }

    /// The activation.
    pub(in crate::models) fn activation(&self) -> Activation {
        self.activation
    }

    /// The layer that goes through the activation, the one that it is multiplied by, and the last.
    pub(in crate::models) fn layers(&self) -> (&PackedLinear, Option<&PackedLinear>, &PackedLinear) {
        (&self.activated, self.factor.as_ref(), &self.down)
    }

    /// `x` is `(rows, d)`, and so is `y`.
    pub(in crate::models) fn forward_to(&self, x: &[f32], finish: Finish<'_>, y: &mut [f32]) {
        room::with(|room| simd::run(Product { mlp: self, x, finish, y, room }));
    }
}

struct Product<'a> {
    mlp: &'a PackedMlp,
    x: &'a [f32],
    finish: Finish<'a>,
    y: &'a mut [f32],
    room: &'a mut Room,
}

impl Kernel for Product<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match Means::of(&self.mlp.activated.weights) {
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
        let Self { mlp, x, finish, y, room } = self;
        let at_once = rows_at_once(mlp.activated.inputs) * mlp.activated.inputs;
        for (index, (x, y)) in x.chunks(at_once).zip(y.chunks_mut(at_once)).enumerate() {
            of_rows(simd, multiply, mlp, x, finish.of(index * at_once, y.len()), y, room);
        }
    }
}

/// The MLP of as many rows as are taken at once.
#[inline(always)]
fn of_rows<S: Simd, M: Multiply>(
    simd: S,
    multiply: M,
    mlp: &PackedMlp,
    x: &[f32],
    then: Finish<'_>,
    y: &mut [f32],
    room: &mut Room,
) {
    let PackedMlp { activated, factor, down, .. } = mlp;
    let (inputs, d_mlp, outputs) = (activated.inputs, activated.outputs, down.outputs);
    let rows = x.len() / inputs;
    let (size, n_blocks) = (sums::<M>(), rows.div_ceil(M::ROWS));
    let Room { of, sums: one_room, all_sums, panel: panel_room, other_panel } = room;
    // While a product is under way, the one before it is finished.
    let (mut now, mut before) = aligned(one_room, 4 * size).split_at_mut(2 * size);
    let all_sums = aligned(all_sums, down.bias.len() / PANEL * n_blocks * size);
    let room::Rows { input, hidden } = M::rows(of);
    let x = multiply.take(x, inputs, room::first(input, multiply.size(rows, inputs), multiply.empty()));
    for start in (0..d_mlp).step_by(AT_ONCE * PANEL) {
        let units = start..d_mlp.min(start + AT_ONCE * PANEL);
        let hidden = room::first(hidden, multiply.size(rows, units.len()), multiply.empty());
        let mut waiting = None;
        for (place, panel) in (start / PANEL..units.end.div_ceil(PANEL)).enumerate() {
            let ahead = multiply.ahead(&activated.weights, (panel + 1) % d_mlp.div_ceil(PANEL), 0..inputs);
            let weights = multiply.panel(&activated.weights, inputs, panel, 0..inputs, panel_room);
            let by = factor
                .as_ref()
                .map(|factor| multiply.panel(&factor.weights, inputs, panel, 0..inputs, other_panel));
            for (index, block) in blocks::<M>(rows, inputs).enumerate() {
                let (sums, factors) = now.split_at_mut(size);
                multiply.product(simd, x, block, weights, share(ahead, index, n_blocks), sums, true);
                if let Some(weights) = by {
                    multiply.product(simd, x, block, weights, &[], factors, true);
                }
                if let Some((panel, place, block)) = waiting.replace((panel, place, block)) {
                    hide(simd, mlp, before, block.rows, panel);
                    multiply.put(before, Block { inputs: units.len(), ..block }, place, hidden);
                }
                std::mem::swap(&mut now, &mut before);
            }
        }
        if let Some((panel, place, block)) = waiting {
            hide(simd, mlp, before, block.rows, panel);
            multiply.put(before, Block { inputs: units.len(), ..block }, place, hidden);
        }
        let (mut waiting, last) = (None, units.end == d_mlp);
        for panel in 0..down.bias.len() / PANEL {
            let next = (panel + 1) % (down.bias.len() / PANEL);
            let ahead = multiply.ahead(&down.weights, next, units.clone());
            let weights = multiply.panel(&down.weights, d_mlp, panel, units.clone(), panel_room);
            for (index, block) in blocks::<M>(rows, units.len()).enumerate() {
                if last {
                    claim(simd, &mut y[block.first * outputs..][..block.rows * outputs], outputs, panel);
                }
                let place = panel * n_blocks + index;
                let sums = &mut all_sums[place * size..][..size];
                multiply.product(
                    simd,
                    hidden,
                    block,
                    weights,
                    share(ahead, index, n_blocks),
                    sums,
                    start == 0,
                );
                if let Some((place, of)) = waiting.replace((place, (panel, block))).filter(|_| last) {
                    finish_block(simd, &all_sums[place * size..][..size], down, of, then, y);
                }
            }
        }
        if let Some((place, of)) = waiting.filter(|_| last) {
            finish_block(simd, &all_sums[place * size..][..size], down, of, then, y);
        }
    }
}

/// Makes the hidden units of a panel of their sums, `(ROWS, PANEL)`, and of those of the layer that they are multiplied by, which
/// follow.
#[inline(always)]
fn hide<S: Simd>(simd: S, mlp: &PackedMlp, sums: &mut [f32], rows: usize, panel: usize) {
    let (sums, factors) = sums.split_at_mut(sums.len() / 2);
    let bias: &[f32; PANEL] = &mlp.activated.bias.as_chunks().0[panel];
    for sums in sums.as_chunks_mut::<PANEL>().0.iter_mut().take(rows) {
        for start in (0..PANEL).step_by(S::LANES) {
            let mut sum = simd.add(simd.load(&sums[start..]), simd.load(&bias[start..]));
            if let Some(clamp) = mlp.clamp {
                sum = simd.min(simd.splat(clamp), sum);
            }
            simd.store(&mut sums[start..], activate(simd, mlp.activation, sum));
        }
    }
    let Some(factor) = &mlp.factor else { return };
    let bias: &[f32; PANEL] = &factor.bias.as_chunks().0[panel];
    let rows = sums.as_chunks_mut::<PANEL>().0.iter_mut().zip(factors.as_chunks::<PANEL>().0).take(rows);
    for (units, factors) in rows {
        for start in (0..PANEL).step_by(S::LANES) {
            let mut factor = simd.add(simd.load(&factors[start..]), simd.load(&bias[start..]));
            if let Some(clamp) = mlp.clamp {
                factor = simd.min(simd.splat(clamp), simd.max(simd.splat(-clamp), factor));
                factor = simd.add(factor, simd.splat(1.0));
            }
            let unit = simd.load(&units[start..]);
            simd.store(&mut units[start..], simd.mul(factor, unit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::checkpoint::precision::Precision;
    use crate::numeric::rng::Stream;

    fn random(stream: &mut Stream, size: usize) -> Vec<f32> {
        (0..size).map(|_| stream.unit() as f32 * 2.0 - 1.0).collect()
    }

    #[test]
    fn an_mlp_is_its_layers_one_after_the_other_to_the_last_bit() {
        let mut stream = Stream::new(1, "mlp");
        for (rows, d, d_mlp) in [(1, 1, 1), (13, 256, 264), (40, 33, 900), (200, 260, 400)] {
            let (x, residual) = (random(&mut stream, rows * d), random(&mut stream, rows * d));
            let (up, gate) = (random(&mut stream, d * d_mlp), random(&mut stream, d * d_mlp));
            let (down, bias) = (random(&mut stream, d * d_mlp), random(&mut stream, d_mlp));
            for precision in [Precision::F32, Precision::Fast, Precision::Bf16] {
                let form = Form { precision, ..Form::default() };
                let layer = |weight: &[f32], bias, outputs, inputs| {
                    PackedLinear::held(weight, bias, outputs, inputs, form.of(d.min(d_mlp)))
                };
                for factor in [None, Some((gate.as_slice(), None))] {
                    let stored = (up.as_slice(), Some(bias.as_slice()));
                    let mlp =
                        PackedMlp::new(Activation::Silu, (d, d_mlp), stored, factor, (&down, None), form);
                    let mut y = vec![f32::NAN; rows * d];
                    mlp.forward_to(&x, Finish::Add(&residual), &mut y);
                    let activated = Finish::Activate(Activation::Silu);
                    let mut hidden = layer(&up, Some(&bias), d_mlp, d).forward(&x, activated);
                    if let Some((weight, _)) = factor {
                        let factors = layer(weight, None, d_mlp, d).forward(&x, Finish::Plain);
                        for (hidden, factor) in hidden.iter_mut().zip(factors) {
                            *hidden *= factor;
                        }
                    }
                    let expected = layer(&down, None, d, d_mlp).forward(&hidden, Finish::Add(&residual));
                    assert!(y == expected, "{rows} × {d}, {d_mlp}, {precision}");
                }
            }
        }
    }
}

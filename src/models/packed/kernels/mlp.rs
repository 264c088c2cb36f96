//! MLPs: two linear layers with an activation between them, whose hidden layer is never whole.
//!
//! Some units of the hidden layer are computed for a block of rows, and what they add to the outputs is added, before the next
//! ones are: they stay in the second cache. Sums are those of one layer after the other, in the same order, to the last bit.

use super::PANEL;
use super::linear::{Finish, PackedLinear};
use super::math::activate;
use super::means::Means;
use super::multiply::{Block, Multiply, Taken, blocks, rows_at_once, share, sums};
use super::places::To;
use super::room::{self, Room, aligned};
use super::several::Several;
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
        let x = Taken { x, inputs: self.activated.inputs, which: None };
        room::with(|room| simd::run(Product { mlp: self, x, finish, scale: 1.0, y, room }));
    }

    /// What is made of some rows of `x`, `(rows, d)`, is added to the same rows of `y`: `routes` has their numbers, each once, and what
    /// is multiplied by, which `scale` is a factor of.
    pub(in crate::models) fn add_routed(&self, x: &[f32], routes: &[(u32, f32)], scale: f32, y: &mut [f32]) {
        let x = Taken { x, inputs: self.activated.inputs, which: Some(routes) };
        let finish = Finish::Plain;
        room::with(|room| simd::run(Product { mlp: self, x, finish, scale, y, room }));
    }
}

struct Product<'a> {
    mlp: &'a PackedMlp,
    x: Taken<'a>,
    finish: Finish<'a>,
    /// What rows that have a weight are multiplied by beside it.
    scale: f32,
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
        let Self { mlp, x, finish, scale, y, room } = self;
        let (d, rows) = (x.inputs, rows_at_once::<M>(x.inputs));
        for first in (0..x.len()).step_by(rows) {
            let x = x.some(first, rows);
            let (y, to) = if let Some(routes) = x.which {
                (&mut *y, To::Routes(routes, scale))
            } else {
                let (start, size) = (first * d, x.len() * d);
                (&mut y[start..][..size], To::Places(finish.of(start, size)))
            };
            of_rows(simd, multiply, mlp, x, to, y, room);
        }
    }
}

/// The MLP of as many rows as are taken at once.
#[inline(always)]
fn of_rows<S: Simd, M: Multiply>(
    simd: S,
    multiply: M,
    mlp: &PackedMlp,
    x: Taken<'_>,
    to: To<'_>,
    y: &mut [f32],
    room: &mut Room,
) {
    let PackedMlp { activated, factor, down, .. } = mlp;
    let (inputs, d_mlp, outputs) = (activated.inputs, activated.outputs, down.outputs);
    let rows = x.len();
    let (size, n_blocks) = (sums::<M>(), rows.div_ceil(M::ROWS));
    let (panels, down_panels) = (d_mlp.div_ceil(PANEL), outputs.div_ceil(PANEL));
    let Room { of, sums: one_room, all_sums, panel: panel_room, other_panel } = room;
    // While a product is under way, the one before it is finished.
    let (mut now, mut before) = aligned(one_room, 4 * size).split_at_mut(2 * size);
    let all_sums = aligned(all_sums, down_panels * n_blocks * size);
    let room::Rows { input, hidden } = M::rows(of);
    let input = room::first(input, multiply.size(rows, inputs), multiply.empty());
    multiply.take(simd, x, input);
    let x = &*input;
    for start in (0..d_mlp).step_by(AT_ONCE * PANEL) {
        let units = start..d_mlp.min(start + AT_ONCE * PANEL);
        let hidden = room::first(hidden, multiply.size(rows, units.len()), multiply.empty());
        let mut waiting = None;
        for (place, panel) in (start / PANEL..units.end.div_ceil(PANEL)).enumerate() {
            let next = (panel + 1) % panels;
            // What follows the last panel of the units is the first of the second layer.
            let ends = (panel + 1) * PANEL >= units.end;
            let ahead = if ends {
                multiply.ahead(&down.weights, d_mlp, 0, units.clone())
            } else {
                multiply.ahead(&activated.weights, inputs, next, 0..inputs)
            };
            let weights = multiply.panel(&activated.weights, inputs, panel, 0..inputs, panel_room);
            let by = factor.as_ref().map(|factor| {
                let ahead = multiply.ahead(&factor.weights, inputs, next, 0..inputs);
                (multiply.panel(&factor.weights, inputs, panel, 0..inputs, other_panel), ahead)
            });
            for (index, block) in blocks::<M>(rows, inputs).enumerate() {
                let (sums, factors) = now.split_at_mut(size);
                multiply.product(simd, x, block, weights, share(ahead, index, n_blocks), sums, true);
                if let Some((weights, ahead)) = by {
                    multiply.product(simd, x, block, weights, share(ahead, index, n_blocks), factors, true);
                }
                if let Some((panel, place, block)) = waiting.replace((panel, place, block)) {
                    hide(simd, mlp, before, block.rows, panel);
                    multiply.put(simd, before, Block { inputs: units.len(), ..block }, place, hidden);
                }
                std::mem::swap(&mut now, &mut before);
            }
        }
        if let Some((panel, place, block)) = waiting {
            hide(simd, mlp, before, block.rows, panel);
            multiply.put(simd, before, Block { inputs: units.len(), ..block }, place, hidden);
        }
        let (mut waiting, last) = (None, units.end == d_mlp);
        for panel in 0..down_panels {
            let ahead = if panel + 1 < down_panels {
                multiply.ahead(&down.weights, d_mlp, panel + 1, units.clone())
            } else {
                multiply.ahead(&activated.weights, inputs, units.end.div_ceil(PANEL) % panels, 0..inputs)
            };
            let weights = multiply.panel(&down.weights, d_mlp, panel, units.clone(), panel_room);
            for (index, block) in blocks::<M>(rows, units.len()).enumerate() {
                if last {
                    to.claim(simd, y, outputs, block, panel);
                }
                let place = panel * n_blocks + index;
                let sums = &mut all_sums[place * size..][..size];
                let ahead = share(ahead, index, n_blocks);
                multiply.product(simd, hidden, block, weights, ahead, sums, start == 0);
                if let Some((place, of)) = waiting.replace((place, (panel, block))).filter(|_| last) {
                    to.finish(simd, &all_sums[place * size..][..size], down, of, y);
                }
            }
        }
        if let Some((place, of)) = waiting.filter(|_| last) {
            to.finish(simd, &all_sums[place * size..][..size], down, of, y);
        }
    }
}

/// Makes the hidden units of a panel of their sums, `(ROWS, PANEL)`, and of those of the layer that they are multiplied by, which
/// follow.
#[inline(always)]
fn hide<S: Simd>(simd: S, mlp: &PackedMlp, sums: &mut [f32], rows: usize, panel: usize) {
    let (sums, factors) = sums.split_at_mut(sums.len() / 2);
    let bias: &[f32; PANEL] = &mlp.activated.bias.as_chunks().0[panel];
    // Four vectors are one row or two; there is room for an even number of rows.
    let several = Several::<S, 4>(simd);
    for sums in sums[..rows.next_multiple_of(2) * PANEL].chunks_exact_mut(4 * S::LANES) {
        let mut values = several.load(sums);
        for (place, value) in values.iter_mut().enumerate() {
            *value = simd.add(*value, simd.load(&bias[place * S::LANES % PANEL..]));
        }
        if let Some(clamp) = mlp.clamp {
            values = several.min(several.splat(clamp), values);
        }
        several.store(sums, activate(several, mlp.activation, values));
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

    #[test]
    fn rows_that_are_routed_are_weighed_and_added_to_the_last_bit() {
        let mut stream = Stream::new(2, "mlp");
        for (d, d_mlp, n) in [(40, 70, 5), (300, 260, 45), (256, 513, 400)] {
            let x = random(&mut stream, n * d);
            let (up, gate, down) = (
                random(&mut stream, d * d_mlp),
                random(&mut stream, d * d_mlp),
                random(&mut stream, d * d_mlp),
            );
            let bias = random(&mut stream, d);
            let rows = (0..n as u32).filter(|row| row % 3 != 1);
            let routes: Vec<(u32, f32)> = rows.map(|row| (row, stream.unit() as f32)).collect();
            for precision in [Precision::F32, Precision::Fast] {
                let form = Form { precision, ..Form::default() };
                let last = (down.as_slice(), Some(bias.as_slice()));
                let mlp = PackedMlp::new(
                    Activation::Silu,
                    (d, d_mlp),
                    (&up, None),
                    Some((&gate, None)),
                    last,
                    form,
                )
                .clamped(Some(0.7));
                let gathered: Vec<f32> =
                    routes.iter().flat_map(|&(row, _)| &x[row as usize * d..][..d]).copied().collect();
                let mut made = vec![f32::NAN; gathered.len()];
                mlp.forward_to(&gathered, Finish::Plain, &mut made);
                let mut expected = x.clone();
                for (&(row, weight), made) in routes.iter().zip(made.chunks_exact(d)) {
                    for (sum, made) in expected[row as usize * d..].iter_mut().zip(made) {
                        *sum += made * (weight * 0.3);
                    }
                }
                let mut found = x.clone();
                mlp.add_routed(&x, &routes, 0.3, &mut found);
                assert!(found == expected, "{d}, {d_mlp}, {precision}");
            }
        }
    }
}

//! Weighted sums of the terms over the pairs of a set, in f32: parts of modelled distances that are put together in many ways.

use super::pair_set::PairSet;
use crate::mlem::moments::Monomial;

/// With at most so many categorical features, and no other, every pattern of them is worked out once.
const TABLED: usize = 13;

/// Adds `Σ_k u_k φ_k` at every pair of `set` to `out`; pairs of equal feature distances get equal sums.
pub(crate) fn add_combination(set: &PairSet, monomials: &[Monomial], u: &[f64], out: &mut [f32]) {
    let n_bits =
        monomials.iter().map(|monomial| 32 - monomial.mask.leading_zeros()).max().unwrap_or(0) as usize;
    if set.dense.is_empty() && n_bits <= TABLED && set.len() >> n_bits > 0 {
        let table: Vec<f32> = (0..1u32 << n_bits).map(|bits| at_bits(bits, monomials, u) as f32).collect();
        for (out, &bits) in out.iter_mut().zip(&set.bits) {
            *out += table[bits as usize];
        }
        return;
    }
    for (pair, (out, &bits)) in out.iter_mut().zip(&set.bits).enumerate() {
        let mut sum = 0.0;
        for (monomial, &u) in monomials.iter().zip(u) {
            if u != 0.0 && bits & monomial.mask == monomial.mask {
                let dense = monomial.dense.iter().map(|&column| f64::from(set.dense[column as usize][pair]));
                sum += u * monomial.coefficient * dense.product::<f64>();
            }
        }
        *out += sum as f32;
    }
}

/// `Σ_k u_k φ_k` of pairs that differ in the features of `bits`.
fn at_bits(bits: u32, monomials: &[Monomial], u: &[f64]) -> f64 {
    let here = monomials.iter().zip(u).filter(|(monomial, _)| bits & monomial.mask == monomial.mask);
    here.map(|(monomial, u)| u * monomial.coefficient).sum()
}

/// `values` as whole numbers in `0..2³⁰`, ascending with them; equal values stay equal.
pub(crate) fn on_grid(values: &[f32], out: &mut Vec<i32>) {
    let (low, high) =
        values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
    let scale =
        if high > low { f64::from((1u32 << 30) - 1) / (f64::from(high) - f64::from(low)) } else { 0.0 };
    out.clear();
    out.extend(values.iter().map(|&x| ((f64::from(x) - f64::from(low)) * scale) as i32));
}

//! Rotary positions (Su et al. 2021): pairs of units of queries and keys are turned by an angle that grows with position.
//!
//! Source of the scaled variants: `modeling_rope_utils.py` of Hugging Face transformers, and the papers named there.

/// How queries and keys are turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotary {
    /// The angle per position of each pair: unit `i` of a head goes with unit `i + frequencies.len()`. Units beyond twice
    /// their number stay as they are.
    pub frequencies: Vec<f32>,
    /// What cosines and sines are multiplied by.
    pub scale: f32,
}

/// How the frequencies are changed for longer sequences than the model was first trained on.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::models) enum Scaling {
    /// Not at all.
    None,
    /// All are divided by a factor.
    Linear { factor: f64 },
    /// Low ones are divided by a factor, high ones are not, and between the two the change is gradual (Llama 3).
    Llama3 { factor: f64, low: f64, high: f64, original: f64 },
    /// The same by another rule (Peng et al. 2023, YaRN), and cosines and sines are scaled.
    Yarn { factor: f64, fast: f64, slow: f64, original: f64, truncate: bool, scale: f64 },
    /// Each is divided by its own factor (Ding et al. 2024, LongRoPE), and cosines and sines are scaled.
    Long { factors: Vec<f64>, scale: f64 },
}

impl Rotary {
    /// The rotation of the first `dims` units of a head, by base `theta`.
    pub(in crate::models) fn new(dims: usize, theta: f64, scaling: &Scaling) -> Self {
        let half = dims.div_ceil(2);
        let exponent = |pair: usize| 2.0 * pair as f64 / dims as f64;
        let plain = |pair: usize| 1.0 / theta.powf(exponent(pair));
        let (frequency, scale): (Box<dyn Fn(usize) -> f64 + '_>, f64) = match scaling {
            Scaling::None => (Box::new(plain), 1.0),
            Scaling::Linear { factor } => (Box::new(move |pair| plain(pair) / factor), 1.0),
            &Scaling::Llama3 { factor, low, high, original } => (
                Box::new(move |pair| {
                    let frequency = plain(pair);
                    let wavelength = std::f64::consts::TAU / frequency;
                    // 0 below the low frequency, 1 above the high one.
                    let kept = ((original / wavelength - low) / (high - low)).clamp(0.0, 1.0);
                    frequency * (kept + (1.0 - kept) / factor)
                }),
                1.0,
            ),
            &Scaling::Yarn { factor, fast, slow, original, truncate, scale } => {
                // The pair that turns `rotations` times over the original length.
                let pair_of = |rotations: f64| {
                    dims as f64 * (original / (rotations * std::f64::consts::TAU)).ln() / (2.0 * theta.ln())
                };
                let (mut first, mut last) = (pair_of(fast), pair_of(slow));
                if truncate {
                    (first, last) = (first.floor(), last.ceil());
                }
                let (first, mut last) = (first.max(0.0), last.min(dims as f64 - 1.0));
                if first == last {
                    last += 0.001;
                }
                (
                    Box::new(move |pair| {
                        let divided = ((pair as f64 - first) / (last - first)).clamp(0.0, 1.0);
                        plain(pair) * ((1.0 - divided) + divided / factor)
                    }),
                    scale,
                )
            }
            Scaling::Long { factors, scale } => {
                (Box::new(move |pair| plain(pair) / factors.get(pair).copied().unwrap_or(1.0)), *scale)
            }
        };
        Self { frequencies: (0..half).map(|pair| frequency(pair) as f32).collect(), scale: scale as f32 }
    }

    /// Cosines and sines of positions `0..n`, `(n, pairs)` each.
    pub(in crate::models) fn tables(&self, n: usize) -> (Vec<f32>, Vec<f32>) {
        // In f32, as transformers computes them: at large angles the rounding of the product is part of the model.
        let angles: Vec<f32> = (0..n)
            .flat_map(|position| self.frequencies.iter().map(move |frequency| position as f32 * frequency))
            .collect();
        (
            angles.iter().map(|angle| angle.cos() * self.scale).collect(),
            angles.iter().map(|angle| angle.sin() * self.scale).collect(),
        )
    }
}

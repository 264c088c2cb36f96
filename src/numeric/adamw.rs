//! AdamW: gradient steps scaled by running moments, with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).

/// The options, at PyTorch's defaults but for the learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Length of a step.
    pub learning_rate: f64,
    /// Decay of the running mean of the gradient, and of its square.
    pub betas: (f64, f64),
    /// Keeps a step finite where the gradient has been 0.
    pub epsilon: f64,
    /// Share of the parameters that a step at learning rate 1 would take away.
    pub weight_decay: f64,
}

impl Options {
    /// PyTorch's defaults at this learning rate.
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, betas: (0.9, 0.999), epsilon: 1e-8, weight_decay: 0.01 }
    }
}

/// The moments of the gradients so far.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamW {
    options: Options,
    mean: Vec<f64>,
    square: Vec<f64>,
    steps: i32,
}

impl AdamW {
    /// Before the first step of `n` parameters.
    #[must_use]
    pub fn new(n: usize, options: Options) -> Self {
        Self { options, mean: vec![0.0; n], square: vec![0.0; n], steps: 0 }
    }

    /// Moves `parameters` against `gradient`.
    pub fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        let Options { learning_rate, betas: (beta1, beta2), epsilon, weight_decay } = self.options;
        self.steps = self.steps.saturating_add(1);
        let (bias1, bias2) = (1.0 - beta1.powi(self.steps), 1.0 - beta2.powi(self.steps));
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((x, &g), (mean, square)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *mean = beta1 * *mean + (1.0 - beta1) * g;
            *square = beta2 * *square + (1.0 - beta2) * g * g;
            *x -= learning_rate * weight_decay * *x;
            *x -= learning_rate * (*mean / bias1) / ((*square / bias2).sqrt() + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_equal_a_worked_example_and_lead_downhill() {
        let mut x = vec![1.0, -2.0];
        let mut adam = AdamW::new(2, Options::new(0.1));
        adam.step(&mut x, &[0.5, -3.0]);
        // The first step is the learning rate long, whatever the gradient, after the decay of 0.001.
        assert!((x[0] - (0.999 - 0.1)).abs() < 1e-7 && (x[1] - (-1.998 + 0.1)).abs() < 1e-7, "{x:?}");
        adam.step(&mut x, &[-0.5, -3.0]);
        // mean 0.9·0.05 − 0.05 = −0.005 over 0.19, square 0.00049975 over 0.001999.
        let expected = 0.899 * 0.999 + 0.1 * (0.005 / 0.19) / (0.000_499_75_f64 / 0.001_999).sqrt();
        assert!((x[0] - expected).abs() < 1e-6, "{} {expected}", x[0]);
        for _ in 0..500 {
            let gradient: Vec<f64> = x.iter().map(|x| 2.0 * (x - 0.3)).collect();
            adam.step(&mut x, &gradient);
        }
        assert!(x.iter().all(|x| (x - 0.3).abs() < 0.01), "{x:?}");
    }
}

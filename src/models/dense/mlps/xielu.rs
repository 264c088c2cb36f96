//! An MLP whose non-linearity has weights of its own, on a device.

use candle_core::{Device, Result, Tensor};

use crate::models::dense::layers::Linear;
use crate::models::packed::mlps::xielu as packed;

/// The MLP with its weights; [`packed::Xielu`] says what each is.
pub(in crate::models::dense) struct Xielu {
    up: Linear,
    down: Linear,
    curves: [f32; 2],
    slope: f32,
    most: f32,
}

impl Xielu {
    pub(super) fn upload(of: &packed::Xielu, device: &Device) -> Result<Self> {
        let (up, _, down) = of.mlp.layers();
        let (up, down) = (Linear::upload(up, device)?, Linear::upload(down, device)?);
        Ok(Self { up, down, curves: of.curves, slope: of.slope, most: of.most })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.up.forward(x)?;
        let [above, below] = self.curves.map(f64::from);
        let square = (x.relu()?.sqr()? * above)?;
        let exponential = ((x.minimum(self.most)?.exp()? - 1.0)? - &x)?;
        // Where x is above 0 the square alone counts, and it is 0 elsewhere.
        let curve = x.gt(0.0)?.where_cond(&square, &(exponential * below)?)?;
        self.down.forward(&(curve + (x * f64::from(self.slope))?)?)
    }
}

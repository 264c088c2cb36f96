//! Means over tokens, on a device: so only they leave it, and not the states of all tokens.

use candle_core::{Device, Result, Tensor};

use super::padded::Padded;

/// Means over groups of tokens, each within a sequence.
pub(super) enum Means {
    /// Groups of one token: their places in `(batch * length)`.
    Single(Tensor),
    /// How much of each token is in each group, `(batch, most groups of a sequence, length)`; and where the groups stand in
    /// `(batch * most)`, unless that is all places in their order.
    Several { shares: Tensor, places: Option<Tensor> },
}

impl Means {
    /// For groups of a sequence of the batch, and positions in it.
    pub(super) fn new(groups: &[(usize, &[u32])], padded: &Padded, device: &Device) -> Result<Self> {
        let (batch, length) = (padded.batch, padded.length);
        if groups.iter().all(|(_, positions)| positions.len() == 1) {
            let places = groups.iter().flat_map(|(sequence, positions)| {
                positions.iter().map(move |position| (sequence * length) as u32 + position)
            });
            return Ok(Self::Single(Tensor::from_iter(places, device)?));
        }
        let mut counts = vec![0usize; batch];
        for &(sequence, _) in groups {
            counts[sequence] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        let mut shares = vec![0.0f32; batch * most * length];
        let mut places = Vec::with_capacity(groups.len());
        counts.fill(0);
        for &(sequence, positions) in groups {
            let place = sequence * most + counts[sequence];
            counts[sequence] += 1;
            places.push(place as u32);
            for &position in positions {
                shares[place * length + position as usize] += 1.0 / positions.len() as f32;
            }
        }
        let in_order = places.iter().enumerate().all(|(index, &place)| index == place as usize);
        let all = in_order && places.len() == batch * most;
        Ok(Self::Several {
            shares: Tensor::from_vec(shares, (batch, most, length), device)?,
            places: if all { None } else { Some(Tensor::new(places, device)?) },
        })
    }

    /// The means of `x`, `(batch * length, d_model)`: `(groups, d_model)`.
    pub(super) fn of(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Single(places) => x.index_select(places, 0),
            Self::Several { shares, places } => {
                let (batch, most, length) = shares.dims3()?;
                let d = x.dim(1)?;
                let means = shares.matmul(&x.reshape((batch, length, d))?)?.reshape((batch * most, d))?;
                match places {
                    Some(places) => means.index_select(places, 0),
                    None => Ok(means),
                }
            }
        }
    }
}

//! The same computation on a padded batch, of candle's tensor operations alone: it runs wherever candle does, on a GPU too.
//!
//! The trunk is loaded as ever; here its weights are laid out once more, on the device. So everything
//! that is read of a checkpoint is read in one place, and this module is a second way to compute with it.
//!
//! Tensors of a pass are `(batch * length, …)`: every sequence takes as many rows as the longest has tokens. What stands in
//! the rows after a sequence's end is computed and never looked at: causal attention and recurrences do not look ahead,
//! and other attention is given a mask.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `open` | a device that was named, opened |
//! | `padded` | a batch with padding |
//! | `layers` | linear layers, norms and activations |
//! | `scan` | what recurrences share |
//! | `pass` | what all blocks of a pass share, and what they leave for each other |
//! | `scores` | attention itself |
//! | `streams` | what blocks are given beside the residual stream |
//! | `mlps` | the second half of a block |
//! | `mixers` | the first half of a block, of which some have an MLP of their own |
//! | `cross` | between the two, what a decoder takes from an encoder |
//! | `block` | a block of both |
//! | `convolution` | the convolution beside a first block |
//! | `means` | means over groups of tokens |
//! | `trunk` | embeddings, blocks, and what comes after them |

mod block;
mod convolution;
mod cross;
mod layers;
mod means;
mod mixers;
mod mlps;
pub(super) mod open;
mod padded;
mod pass;
mod scan;
mod scores;
mod streams;
mod trunk;

pub(super) use trunk::upload;

//! The processor's computation: a trunk of blocks on tokens packed without padding, and the kernels that it spends its time in.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `kernels` | linear layers, norms, attention and recurrences on slices of f32 |
//! | `pack` | weights as they are stored become layers as the kernels take them |
//! | `disentangled`, `distances` | what attention adds to scores by distance |
//! | `convolution` | the convolution beside a first block |
//! | `recurrent` | blocks whose mixer is a recurrence |
//! | `block` | a block of attention and an MLP |
//! | `stack` | all blocks, in memory or made ready one at a time |
//! | `trunk` | embeddings, the stack, and what comes after it |

pub(super) mod block;
pub(super) mod convolution;
pub(super) mod disentangled;
pub(super) mod distances;
pub(super) mod kernels;
mod pack;
pub(super) mod recurrent;
pub(super) mod stack;
pub(super) mod trunk;

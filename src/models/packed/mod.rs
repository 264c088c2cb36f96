//! The processor's computation: a trunk of blocks on tokens packed without padding, and the kernels that it spends its time in.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `kernels` | linear layers, norms, attention and recurrences on slices of f32 |
//! | `pack` | weights as they are stored become layers as the kernels take them |
//! | `steps` | what recurrences have in common |
//! | `distances` | what attention adds to scores by distance, in all layers alike |
//! | `pass` | what all blocks of a pass share, and what they leave for each other |
//! | `parts` | what a part of a block is loaded from |
//! | `mixers` | the first half of a block: attention, or what takes its place |
//! | `cross` | between the two, what a decoder takes from an encoder |
//! | `mlps` | the second half of a block |
//! | `language` | after it, what a block does for one language |
//! | `streams` | what blocks are given beside the residual stream |
//! | `block` | a block of both, with norms where an architecture has them |
//! | `convolution` | the convolution beside a first block |
//! | `stack` | all blocks, in memory or made ready one at a time |
//! | `head` | from the last hidden state to probabilities of tokens |
//! | `waves` | tables of positions that are computed |
//! | `trunk` | embeddings, the stack, and what comes after it |

pub(super) mod block;
pub(super) mod convolution;
pub(super) mod cross;
pub(super) mod distances;
pub(super) mod head;
pub(super) mod kernels;
pub(super) mod language;
pub(super) mod mixers;
pub(super) mod mlps;
mod pack;
mod parts;
mod pass;
pub(super) mod stack;
mod steps;
pub(super) mod streams;
pub(super) mod trunk;
mod waves;

//! What stands in the files of a checkpoint: tensors by name, in safetensors or as PyTorch saves them, and how they are held in
//! memory. Weights before any training are made here too: they take the place of those of a file.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `dtype`, `precision` | how weights are held in memory, and how they are multiplied |
//! | `memory` | whether a tensor fits, asked before there is room for it |
//! | `initialize` | weights before any training |
//! | `unfit` | what a file is that stands in the place of weights |
//! | `safetensors`, `pytorch` | files of weights |
//! | `eight`, `scales`, `methods` | floats of 8 bits; the scales of their blocks; methods of quantisation, told by names |
//! | `adapter` | adapters, merged into the weights as these are read |
//! | `layout` | what files call tensors, where that is not what the family calls them |
//! | `shards` | which of several files has a tensor |
//! | `matrix`, `table` | a linear layer, and the table of tokens, as they are stored |
//! | `weights` | every tensor by its name, checked against the shape that it should have |

pub(super) mod adapter;
pub(super) mod dtype;
mod eight;
pub(super) mod initialize;
mod layout;
pub(super) mod matrix;
mod memory;
mod methods;
pub(super) mod precision;
mod pytorch;
mod safetensors;
mod scales;
mod shards;
pub(super) mod table;
mod unfit;
pub(super) mod weights;

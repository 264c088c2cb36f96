//! What `torch.save` writes, read as data: which tensors there are, and the tensors one by one. Nothing in a file is run.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `kind` | the types of numbers |
//! | `pickle` | Python's pickle format, read as data |
//! | `described` | what a pickle says of tensors: state dictionaries, and dictionaries and lists of any |
//! | `archive` | the file: where the numbers of each tensor stand |

mod archive;
mod described;
mod kind;
mod pickle;

pub(crate) use archive::{Failed, TorchFile};
pub(crate) use described::Tensor;
pub(crate) use kind::Kind;

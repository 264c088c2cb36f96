//! Requests and downloads: how bytes come from a server, however often the connection breaks. Nothing here knows what a model
//! is.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `address` | addresses: which may be asked, and where one leads from another |
//! | `verify` | whether a file is what its hash says |
//! | `http` | one request, and why it brought nothing |
//! | `download` | one file, to its place in the cache |

mod address;
mod download;
mod http;
pub(super) mod verify;

pub(super) use download::Download;
pub(super) use http::{Client, Failure, Refusal, Remote};

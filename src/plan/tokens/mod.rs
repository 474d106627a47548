//! Tokens with which imported clusters reconnect to a restored hub.

mod cleanup;
mod cluster;
mod facts;
mod index;
pub mod kinds;
mod mark;
mod objects;
mod pair;
mod reason;
mod steps;
mod terms;

pub use facts::{TokenFacts, wanting};
pub use reason::TokenReason;
use steps::Wish;
pub(crate) use steps::{Component, unusable, unwanted, wanted};

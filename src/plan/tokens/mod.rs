//! Tokens with which imported clusters reconnect to a restored hub.

mod facts;
pub mod kinds;

pub use facts::{TokenFacts, wanting};

//! The I/O shell: reads a hub, carries out steps, writes status. It decides nothing.

pub mod apply;
mod blocking;
pub mod client;
pub mod clock;
pub mod config;
mod credentials;
pub mod discovery;
pub mod error;
pub mod events;
pub mod facts;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod guard;
mod identity;
mod import;
pub mod inventory;
pub mod job;
pub mod lease;
pub mod leftovers;
pub mod list;
pub mod namespace;
pub mod objects;
pub mod observe;
mod on_hub;
pub mod permissions;
pub mod presence;
pub mod roles;
pub mod selection;
pub mod status;
pub mod stored;
mod transport;
pub mod watch;
pub mod write;

pub use client::{ConnectOptions, Connection, Purpose, connect};
pub use error::{Class, Error};

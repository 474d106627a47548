//! Back up and restore Open Cluster Management hubs.
//!
//! ```text
//!     observe ──▶ plan ──▶ apply ──▶ settle ──▶ write status
//!      (I/O)     (pure)    (I/O)     (pure)       (I/O)
//! ```
//!
//! `wire`, `velero`, `api`, `hub`, `plan` and `render` are pure; `cluster` and `controller` talk to the API
//! server; `cli` is what a user types. docs/architecture.md is the map.

pub mod api;
pub mod cli;
pub mod cluster;
pub mod controller;
pub mod plan;
pub mod render;
pub mod velero;
pub mod wire;

//! What the documentation says is true: its examples are commands, its problems, rules and dependencies those of the
//! sources, its versions those of the workflows.
//!
//! The guides and the examples are run on real hubs by `tests/e2e/guides.rs` and `tests/e2e/examples.rs`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod dependencies;
mod examples;
mod pages;
mod pictures;
mod pins;
mod problems;
mod reproduced;
mod rules;
mod unrun;

use pages::{files_below, in_repository};

fn read(path: &str) -> String {
    std::fs::read_to_string(in_repository(path)).unwrap()
}

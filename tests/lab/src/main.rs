//! Hubs for trying things by hand.
fn main() {}

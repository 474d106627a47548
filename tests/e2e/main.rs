//! The binary as a user runs it, on real hubs: etcd, kube-apiserver, Velero and an S3 store.
//!
//! Rules are proven by goldens and properties; these tests prove the wiring. The lab has no garbage collector and no
//! kubelet: a test that needs one does that step itself and says so.

mod bad_input;
mod choices;
mod failover;
mod faults;
mod labels;
mod lease;
mod logs;
mod rest;
mod site;
mod skip;
mod storage;
mod tokens;

//! The binary as a user runs it, on real hubs: etcd, kube-apiserver, Velero and an S3 store.
//!
//! Rules are proven by goldens and properties; these tests prove the wiring. The lab has no garbage collector and no
//! kubelet: a test that needs one does that step itself and says so.

mod bad_input;
mod broken_requests;
mod choices;
mod failback;
mod failover;
mod faults;
mod hostile_storage;
mod interrupted;
mod lease;
mod logs;
mod rest;
mod site;
mod storage;

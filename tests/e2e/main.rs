//! The binary as a user runs it, on real hubs: etcd, kube-apiserver, Velero and an S3 store.
//!
//! Rules are proven by goldens and properties; these tests prove the wiring. The lab has no garbage collector and no
//! kubelet: a test that needs one does that step itself and says so.

mod activation;
mod admission;
mod audit;
mod bad_input;
mod broken_requests;
#[path = "../cli/checker.rs"]
mod checker;
mod choices;
mod cleanup;
mod examples;
mod failback;
mod failover;
mod faults;
mod guides;
mod hostile;
mod hostile_storage;
mod install;
mod interrupted;
mod jobs;
mod labels;
mod lease;
mod logs;
mod look;
mod old_crds;
mod old_hub;
mod operator_crds;
mod other_crds;
#[path = "../docs/pages.rs"]
mod pages;
mod plan;
mod play;
mod questions;
mod rbac;
mod refusals;
mod relaxed;
mod rest;
mod schemas;
mod shell;
mod site;
mod skip;
mod stage;
mod storage;
mod terminal;
mod tidy;
mod tokens;
mod verify;

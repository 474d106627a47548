//! Backup and restore of Open Cluster Management hubs: the library behind `kubectl acmbackup`.

pub mod wire;

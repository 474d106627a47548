//! Who we are in a lease, and whether another holder on this machine is still alive.
//!
//! A loop that was killed leaves its lease behind for minutes. Where its process ran beside us, in the same boot and
//! the same process namespace, the process table says at once that it is gone.

use kube::runtime::events::Reporter;
use sha2::{Digest, Sha256};

use super::clock;

/// Host name, process, start and the table the process is in: different for every run.
pub fn identity() -> String {
    let host = Reporter::from("").instance.unwrap_or_else(|| "localhost".to_owned());
    let start = clock::now().as_nanosecond() & 0xffff_ffff;
    format!("{host}_{}-{start:08x}-{}", std::process::id(), process_table().unwrap_or_default())
}

/// True if the process behind an identity of ours certainly runs no more.
pub(super) fn is_dead(identity: &str) -> bool {
    let Some((_, process)) = identity.rsplit_once('_') else { return false };
    let mut parts = process.split('-');
    let (pid, _, table) = (parts.next(), parts.next(), parts.next());
    let is_beside_us = table.is_some() && table.map(str::to_owned) == process_table();
    let pid = pid.and_then(|pid| pid.parse::<u32>().ok());
    is_beside_us && pid.is_some_and(has_ended)
}

/// A process that ended may stay in the table, marked, until its parent looks.
fn has_ended(pid: u32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X'])),
        // Where processes of other users are hidden, a missing entry says nothing.
        Err(error) => {
            error.kind() == std::io::ErrorKind::NotFound && std::path::Path::new("/proc/1/stat").exists()
        }
    }
}

/// Names the process table of this boot and process namespace; `None` where it cannot be told.
fn process_table() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let digest = Sha256::digest(format!("{}{}", boot.trim(), namespace.display()));
    Some(digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_is_never_taken_for_dead() {
        assert!(!is_dead(&identity()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_a_process_of_our_own_table_can_be_dead() {
        let table = process_table().unwrap();
        assert!(is_dead(&format!("host_4194305-00000000-{table}")), "beyond the highest process number");
        for other in
            ["host_4194305-00000000-ffffffff", "host_4194305-00000000-", "host_4194305", "pod-7c4d9_6f1e"]
        {
            assert!(!is_dead(other), "{other}");
        }
    }
}

//! Free ports for components that cannot report the port they chose.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, bail};

/// First port handed out; below the range from which Linux takes ports of outgoing connections.
const FIRST: u32 = 20_000;
/// How many ports there are to hand out.
const COUNT: u32 = 12_000;

/// Ports handed out by this process so far; no port is handed out twice until all were.
static TAKEN: AtomicU32 = AtomicU32::new(0);

/// Returns a port of 127.0.0.1 nobody listens on.
///
/// Another process may still be faster, so whoever uses it tries again with a new one when the port turns out
/// to be in use.
///
/// # Errors
///
/// When every port of the range is in use.
pub fn free_port() -> Result<u16> {
    // Processes start at different places of the range, so that labs side by side rarely meet.
    let start = std::process::id().wrapping_mul(97);
    for _ in 0..COUNT {
        let step = TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + start.wrapping_add(step) % COUNT)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between {FIRST} and {}", FIRST + COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_handed_out_twice() {
        let ports: std::collections::BTreeSet<u16> = (0..50).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.len(), 50);
    }
}

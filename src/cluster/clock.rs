//! The only call to the system clock.

use jiff::Timestamp;

/// The present moment by this machine's clock. Spec: S-273
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

//! A bridge for decoders that block, over bodies that do not.

use std::io::Read;

use futures::{AsyncRead, AsyncReadExt};
use tokio::runtime::Handle;

/// Lets a decoder on a blocking thread read from a body of the runtime.
pub(super) struct Blocking<R> {
    body: R,
    runtime: Handle,
}

impl<R> Blocking<R> {
    /// To be made on the runtime, and read from `spawn_blocking`.
    pub(super) fn new(body: R) -> Self {
        Self { body, runtime: Handle::current() }
    }
}

impl<R: AsyncRead + Unpin> Read for Blocking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.runtime.block_on(self.body.read(buffer))
    }
}

//! A door to the API server that counts what passes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::hub::Hub;

/// Counts the bytes of both directions, TLS and all, for whoever uses its kubeconfig.
pub struct Counted {
    bytes: Arc<AtomicU64>,
    kubeconfig: PathBuf,
}

impl Counted {
    /// Opens a door to this hub; the administrator's.
    ///
    /// # Errors
    ///
    /// When no port can be had or the kubeconfig cannot be written.
    pub async fn before(hub: &Hub) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let text = std::fs::read_to_string(hub.kubeconfig())?;
        let server =
            text.split("server:").nth(1).and_then(|rest| rest.lines().next()).context("no server")?;
        let address = server.trim().trim_matches('"').trim_start_matches("https://").to_owned();
        let kubeconfig = hub.folder().join("kubeconfig-counted");
        std::fs::write(&kubeconfig, text.replace(&address, &listener.local_addr()?.to_string()))?;
        let bytes = Arc::new(AtomicU64::new(0));
        tokio::spawn(pass_on(listener, address, Arc::clone(&bytes)));
        Ok(Self { bytes, kubeconfig })
    }

    /// What leads through this door.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// How much has passed so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

async fn pass_on(listener: TcpListener, address: String, bytes: Arc<AtomicU64>) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect(&address).await else { return };
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::spawn(count(from_client, to_server, Arc::clone(&bytes)));
        tokio::spawn(count(from_server, to_client, Arc::clone(&bytes)));
    }
}

async fn count(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    bytes: Arc<AtomicU64>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        bytes.fetch_add(read as u64, Ordering::Relaxed);
        if to.write_all(buffer.get(..read).unwrap_or_default()).await.is_err() {
            return;
        }
    }
}

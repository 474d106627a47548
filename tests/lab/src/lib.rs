//! Real hubs on one machine: etcd, kube-apiserver, Velero and an S3 store, for tests, demo and benchmarks.
//!
//! Nothing is a mock, and nothing is installed: what is missing is built once with `go` and kept in a cache.
//! Every process listens on a free port, works in a temporary folder and ends with this process.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use acmbackup_lab::{Lab, VeleroOptions, crds};
//!
//! let lab = Lab::new().await?;
//! let (store, east, west) = tokio::try_join!(lab.store(), lab.hub("east"), lab.hub("west"))?;
//! for hub in [&east, &west] {
//!     hub.install_crds(&crds::all().await?).await?;
//! }
//! let velero = east.velero(&store, VeleroOptions::default()).await?;
//! # Ok(()) }
//! ```
//!
//! Not here on purpose: kubelet, scheduler and controller-manager. No pods, no garbage collection by owner
//! reference, no end of a namespace being deleted, no volumes, and nothing in the cluster roles Kubernetes puts together
//! from others (`view`, `edit`, `admin`). A test that needs one of these does that step itself.

pub mod assets;
pub mod audit;
pub mod background;
mod certs;
mod components;
mod control_plane;
pub mod cost;
mod counted;
pub mod crds;
mod door;
mod drawing;
mod fill;
mod folder;
mod go_build;
mod hub;
mod hub_kinds;
mod kubeconfig;
mod lab;
pub mod markdown;
mod objects;
mod passes;
mod plugin;
mod ports;
mod process;
mod recording;
mod service;
mod store;
mod terminal;
mod users;
mod velero;
mod wait;

pub use assets::{Assets, cache_folder};
pub use audit::Request;
pub use cost::Cost;
pub use counted::Counted;
pub use door::{Door, Fault, Mishap};
pub use drawing::{moving, still};
pub use fill::Fill;
pub use hub::{Hub, HubOptions};
pub use hub_kinds::{HUB_KINDS, HubKind, Scope};
pub use lab::Lab;
pub use passes::Passes;
pub use plugin::{Loop, Plugin};
pub use ports::free_port;
pub use recording::Recording;
pub use store::Store;
pub use terminal::{CTRL_C, CTRL_D, Size, Terminal, as_in_a_window};
pub use velero::{Velero, VeleroOptions};
pub use wait::{eventually, until};

/// Whether somebody accepts connections on a port of 127.0.0.1.
pub(crate) async fn answers(port: u16) -> bool {
    tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}

//! A way to a hub's API server on which requests go wrong when told to.

mod fault;
mod random;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::BoxError;

pub use fault::{Fault, Mishap};
use random::Dice;

use crate::hub::Hub;
use crate::kubeconfig;
use crate::users::ADMIN;

/// An HTTP proxy in front of a hub's API server; dropped, it is gone and so are its connections.
///
/// Whoever comes through is the administrator.
///
/// ```no_run
/// # async fn example(hub: &acmbackup_lab::Hub) -> anyhow::Result<()> {
/// use acmbackup_lab::{Door, Fault, Mishap};
///
/// let door = Door::to(hub).await?;
/// door.add(Fault::on("POST", "/restores", Mishap::Answer(500)).times(1));
/// // Now run something with `--kubeconfig` and `door.kubeconfig()`.
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Door {
    kubeconfig: PathBuf,
    trouble: Arc<Mutex<Trouble>>,
    connections: Arc<Mutex<JoinSet<()>>>,
    listener: tokio::task::JoinHandle<()>,
}

/// What is to go wrong.
#[derive(Debug, Default)]
struct Trouble {
    faults: Vec<Fault>,
    dice: Option<Dice>,
}

impl Door {
    /// Opens a door to a hub.
    ///
    /// # Errors
    ///
    /// When no port can be had or the kubeconfig cannot be written.
    pub async fn to(hub: &Hub) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("open a door")?;
        let port = listener.local_addr()?.port();
        let mut entry = hub.entry(ADMIN);
        entry.server = format!("http://127.0.0.1:{port}");
        let kubeconfig = kubeconfig::write(&hub.folder().join(format!("kubeconfig-door-{port}")), &[entry])?;
        let trouble = Arc::new(Mutex::new(Trouble::default()));
        let connections = Arc::new(Mutex::new(JoinSet::new()));
        let listener =
            tokio::spawn(accept(listener, hub.client(), Arc::clone(&trouble), Arc::clone(&connections)));
        Ok(Self { kubeconfig, trouble, connections, listener })
    }

    /// A kubeconfig file for this door.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Adds a fault; the first that fits a request happens.
    pub fn add(&self, fault: Fault) {
        lock(&self.trouble).faults.push(fault);
    }

    /// Lets any of `mishaps` happen to one request in four, `times` in all; the same seed draws the same numbers.
    ///
    /// Requests for a Lease are spared: a loop that cannot keep its lease has to end.
    pub fn at_random(&self, seed: u64, times: usize, mishaps: &[Mishap]) {
        lock(&self.trouble).dice = Some(Dice::new(seed, times, mishaps));
    }

    /// How many mishaps are still to come.
    #[must_use]
    pub fn left(&self) -> usize {
        let trouble = lock(&self.trouble);
        trouble.faults.iter().map(Fault::left).sum::<usize>() + trouble.dice.as_ref().map_or(0, Dice::left)
    }

    /// Nothing goes wrong from now on.
    pub fn calm(&self) {
        *lock(&self.trouble) = Trouble::default();
    }

    /// Cuts every open connection, and with it every watch; new ones are let in.
    pub fn cut(&self) {
        lock(&self.connections).abort_all();
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.listener.abort();
        self.cut();
    }
}

impl Trouble {
    fn draw(&mut self, method: &str, path: &str) -> Option<Mishap> {
        let told = self.faults.iter_mut().find_map(|fault| fault.draw(method, path));
        told.or_else(|| self.dice.as_mut()?.draw(path))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(
    listener: TcpListener,
    server: Client,
    trouble: Arc<Mutex<Trouble>>,
    connections: Arc<Mutex<JoinSet<()>>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let task = serve(stream, server.clone(), Arc::clone(&trouble));
        let mut connections = lock(&connections);
        while connections.try_join_next().is_some() {}
        connections.spawn(task);
    }
}

async fn serve(stream: TcpStream, server: Client, trouble: Arc<Mutex<Trouble>>) {
    // Else small answers wait for the network.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| pass(request, &server, &trouble));
    // A connection that was cut ends with an error, as it should.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Passes a request on; an error closes the connection without an answer.
async fn pass(
    request: Request<Incoming>,
    server: &Client,
    trouble: &Mutex<Trouble>,
) -> Result<Response<Body>, BoxError> {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let mishap = lock(trouble).draw(request.method().as_str(), &path);
    match mishap {
        Some(Mishap::Answer(code)) => return fault::answer(code),
        Some(Mishap::Cut) => return Err("cut".into()),
        Some(Mishap::Delay(pause)) => tokio::time::sleep(pause).await,
        Some(Mishap::LoseAnswer) | None => {}
    }
    let (parts, body) = request.into_parts();
    let body = Body::from(body.collect().await?.to_bytes().to_vec());
    let answer = server.send(Request::from_parts(parts, body)).await?;
    if mishap == Some(Mishap::LoseAnswer) {
        return Err("the answer is lost".into());
    }
    Ok(answer)
}

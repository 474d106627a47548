//! `/healthz`, `/readyz` and `/metrics`, over plain HTTP.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::metrics::Metrics;
use crate::cluster::clock;

/// Handles come back with time, and a log line for each try would hide everything else.
const AFTER_ACCEPT_ERROR: Duration = Duration::from_millis(200);

/// What the endpoints tell.
#[derive(Debug, Default)]
pub struct Health {
    /// By check: why it does not hold; `None` = it holds.
    checks: Mutex<BTreeMap<&'static str, Option<String>>>,
    /// The figures.
    pub(super) metrics: Metrics,
}

impl Health {
    /// Sets a check; `problem` says why it does not hold.
    pub fn set(&self, check: &'static str, problem: Option<String>) {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).insert(check, problem);
    }

    /// True if every check holds, and the checks as lines.
    pub fn ready(&self) -> (bool, String) {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ready = checks.values().all(Option::is_none);
        let lines = checks.iter().map(|(check, problem)| match problem {
            None => format!("[+]{check} ok\n"),
            Some(problem) => format!("[-]{check} failed: {problem}\n"),
        });
        let mut text: String = lines.collect();
        text.push_str(if is_ready { "readyz check passed\n" } else { "readyz check failed\n" });
        (is_ready, text)
    }

    fn answer(&self, request: &Request<Incoming>, has: Endpoints) -> (StatusCode, String) {
        let is_verbose =
            request.uri().query().is_some_and(|query| query.split('&').any(|q| q.starts_with("verbose")));
        match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/healthz") if has.health => (StatusCode::OK, "ok\n".to_owned()),
            (&Method::GET | &Method::HEAD, "/readyz") if has.health => match self.ready() {
                (true, _) if !is_verbose => (StatusCode::OK, "ok\n".to_owned()),
                (true, text) => (StatusCode::OK, text),
                (false, text) => (StatusCode::SERVICE_UNAVAILABLE, text),
            },
            (&Method::GET | &Method::HEAD, "/metrics") if has.metrics => {
                (StatusCode::OK, self.metrics.text(clock::now()))
            }
            _ => (StatusCode::NOT_FOUND, "not found\n".to_owned()),
        }
    }
}

/// Which endpoints a server has.
#[derive(Debug, Clone, Copy)]
pub struct Endpoints {
    /// `/healthz` and `/readyz`.
    pub health: bool,
    /// `/metrics`.
    pub metrics: bool,
}

/// Starts serving; ends with the runtime. Returns the address, for port 0.
///
/// # Errors
///
/// The address cannot be bound.
pub async fn serve(address: &str, has: Endpoints, health: Arc<Health>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    tokio::spawn(answer_all(connections(listener), has, health));
    Ok(bound)
}

fn connections(listener: TcpListener) -> impl Stream<Item = std::io::Result<TcpStream>> {
    stream::poll_fn(move |context| {
        listener.poll_accept(context).map(|accepted| Some(accepted.map(|(stream, _)| stream)))
    })
}

/// Answers one connection after the other; one that fails, or a lack of file handles, ends nothing.
async fn answer_all(
    connections: impl Stream<Item = std::io::Result<TcpStream>>,
    has: Endpoints,
    health: Arc<Health>,
) {
    let mut connections = pin!(connections);
    while let Some(stream) = connections.next().await {
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!("cannot take a connection: {error}");
                sleep(AFTER_ACCEPT_ERROR).await;
                continue;
            }
        };
        let health = Arc::clone(&health);
        let service = service_fn(move |request| {
            let (status, text) = health.answer(&request, has);
            async move { Ok::<_, Infallible>(response(status, text)) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// `0` = off (`None`); a port alone binds loopback; `:port` binds every address, as in Go.
pub fn bind_address(text: &str) -> Option<String> {
    match text.trim() {
        "" | "0" => None,
        port if port.parse::<u16>().is_ok() => Some(format!("127.0.0.1:{port}")),
        every if every.starts_with(':') => Some(format!("0.0.0.0{every}")),
        address => Some(address.to_owned()),
    }
}

fn response(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let plain = http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, plain);
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn readiness_says_what_is_missing() {
        let health = Health::default();
        health.set("lease", None);
        health.set("kinds", Some("the server does not know backups.velero.io".into()));
        let (is_ready, text) = health.ready();
        assert!(!is_ready);
        assert!(text.contains("[-]kinds failed: the server does not know backups.velero.io\n"), "{text}");
        assert!(text.contains("[+]lease ok\n"), "{text}");
    }

    #[test]
    fn a_port_alone_binds_loopback_and_zero_is_off() {
        assert_eq!(bind_address("0"), None);
        assert_eq!(bind_address("8081").as_deref(), Some("127.0.0.1:8081"));
        assert_eq!(bind_address(":8081").as_deref(), Some("0.0.0.0:8081"));
        assert_eq!(bind_address("[::1]:80").as_deref(), Some("[::1]:80"));
    }

    #[tokio::test]
    async fn a_connection_that_cannot_be_taken_does_not_end_the_server() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let failure = stream::iter([Err(std::io::Error::other("too many open files"))]);
        let has = Endpoints { health: true, metrics: false };
        tokio::spawn(answer_all(failure.chain(connections(listener)), has, Arc::default()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer}");
    }
}

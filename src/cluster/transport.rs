//! One request: its limit, its retries and its trace line.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::Connect;
use kube::client::Body;
use tokio::time::{Instant, sleep, timeout};
use tower::BoxError;
use tower_http::timeout::TimeoutBody;

const RETRY_PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(600),
    Duration::from_millis(1000),
];

/// A server answers a watch at once and then talks on; one that has not begun by then is not there.
const WATCH_BEGINS_WITHIN: Duration = Duration::from_secs(30);

type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// The connection pool with our limits around it.
#[derive(Clone)]
pub(super) struct Transport<C> {
    http: hyper_util::client::legacy::Client<C, Body>,
    limit: Option<Duration>,
    retries: bool,
    watch_begins_within: Duration,
}

impl<C> Transport<C>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    pub(super) fn new(
        http: hyper_util::client::legacy::Client<C, Body>,
        limit: Option<Duration>,
        retries: bool,
    ) -> Self {
        Self { http, limit, retries, watch_begins_within: WATCH_BEGINS_WITHIN }
    }

    /// Sends a request, again if that cannot do harm, and hands on the answer.
    pub(super) async fn send(self, request: Request<Body>) -> Result<Response<ResponseBody>, BoxError> {
        let (limit, body_limit) = self.limits(&request);
        let mut pauses = RETRY_PAUSES.into_iter().filter(|_| self.retries);
        let mut next = Some(request);
        loop {
            let Some(request) = next.take() else { return Err("a request without a body".into()) };
            let again = copy_of(&request);
            let is_read = request.method() == Method::GET;
            let answer = self.attempt(request, limit).await;
            match (again, may_retry(&answer, is_read), pauses.next()) {
                (Some(again), true, Some(pause)) => {
                    sleep(pause).await;
                    next = Some(again);
                }
                _ => {
                    return answer
                        .map(|response| response.map(|body| bounded(body, body_limit)))
                        .map_err(Into::into);
                }
            }
        }
    }

    /// How long the answer and then each piece of it may take; a watch only has to begin.
    fn limits(&self, request: &Request<Body>) -> (Option<Duration>, Option<Duration>) {
        if is_watch(request) { (Some(self.watch_begins_within), None) } else { (self.limit, self.limit) }
    }

    async fn attempt(
        &self,
        request: Request<Body>,
        limit: Option<Duration>,
    ) -> Result<Response<Incoming>, Failed> {
        let (method, path) = (request.method().clone(), request.uri().path_and_query().cloned());
        let path = path.map(|path| path.to_string()).unwrap_or_default();
        let start = Instant::now();
        let sent = self.http.request(request);
        let answer = match limit {
            Some(limit) => timeout(limit, sent).await.map_err(|_| Failed::Late(limit)).and_then(|r| Ok(r?)),
            None => sent.await.map_err(Failed::from),
        };
        let millis = start.elapsed().as_millis();
        match &answer {
            Ok(response) => {
                tracing::debug!(target: "acmbackup::http", "{method} {path} {} in {millis} ms", response.status().as_u16());
            }
            Err(error) => {
                tracing::debug!(target: "acmbackup::http", "{method} {path} failed in {millis} ms: {error}");
            }
        }
        answer
    }
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Http(#[from] hyper_util::client::legacy::Error),
    #[error("timed out after {} s", .0.as_secs_f64())]
    Late(Duration),
}

fn is_watch(request: &Request<Body>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1" | "follow=true"))
}

/// A second copy to send; `None` for a body that can be read only once.
fn copy_of(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// True if the request was certainly not carried out, or reading twice does no harm.
fn may_retry(answer: &Result<Response<Incoming>, Failed>, is_read: bool) -> bool {
    match answer {
        Ok(response) => match response.status() {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => is_read,
            _ => false,
        },
        Err(Failed::Http(error)) => error.is_connect(),
        Err(Failed::Late(_)) => false,
    }
}

/// Ends a body that stops coming.
fn bounded(body: Incoming, limit: Option<Duration>) -> ResponseBody {
    match limit {
        Some(limit) => TimeoutBody::new(limit, body).boxed_unsync(),
        None => body.map_err(BoxError::from).boxed_unsync(),
    }
}

#[cfg(test)]
mod tests {
    use hyper_util::client::legacy::connect::HttpConnector;
    use hyper_util::rt::TokioExecutor;
    use tokio::net::TcpListener;

    use super::*;

    /// A transport whose watches must begin within a tenth of a second and whose other requests have no limit.
    fn transport() -> Transport<HttpConnector> {
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
        let transport = Transport::new(http.build_http(), None, false);
        Transport { watch_begins_within: Duration::from_millis(100), ..transport }
    }

    fn watch(address: std::net::SocketAddr) -> Request<Body> {
        Request::get(format!("http://{address}/apis/velero.io/v1/backups?watch=true"))
            .body(Body::empty())
            .unwrap()
    }

    #[tokio::test]
    async fn a_watch_nobody_answers_is_given_up() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answer = transport().send(watch(silent.local_addr().unwrap())).await;
        let error = answer.map(|_| "an answer").unwrap_err();
        assert!(error.to_string().contains("timed out"), "{error}");
    }

    #[test]
    fn a_watch_that_has_begun_may_be_silent_for_ever() {
        let address = ([127, 0, 0, 1], 1).into();
        assert_eq!(transport().limits(&watch(address)).1, None);
    }
}

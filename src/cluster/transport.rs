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

type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// The connection pool with our limits around it.
#[derive(Clone)]
pub(super) struct Transport<C> {
    http: hyper_util::client::legacy::Client<C, Body>,
    limit: Option<Duration>,
    retries: bool,
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
        Self { http, limit, retries }
    }

    /// Sends a request, again if that cannot do harm, and hands on the answer.
    pub(super) async fn send(self, request: Request<Body>) -> Result<Response<ResponseBody>, BoxError> {
        let limit = self.limit.filter(|_| !is_watch(&request));
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
                        .map(|response| response.map(|body| bounded(body, limit)))
                        .map_err(Into::into);
                }
            }
        }
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

/// A watch ends when the server ends it; only other requests are limited.
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

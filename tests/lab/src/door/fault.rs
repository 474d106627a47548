//! What can happen to a request.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Response, StatusCode};
use kube::client::Body;
use serde_json::json;
use tower::BoxError;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It is answered with this status and never reaches the server.
    Answer(u16),
    /// It waits before it is passed on.
    Delay(Duration),
    /// Its connection is cut before the server sees it.
    Cut,
    /// The server does what was asked, but the connection is cut before the answer.
    LoseAnswer,
}

/// A mishap for requests of a kind.
#[derive(Clone, Debug)]
pub struct Fault {
    method: String,
    path: String,
    mishap: Mishap,
    left: usize,
}

impl Fault {
    /// A mishap for the next request with this method (empty for any) and this text in its path and query.
    #[must_use]
    pub fn on(method: &str, path: &str, mishap: Mishap) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), mishap, left: 1 }
    }

    /// For that many requests.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { left: times, ..self }
    }

    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// The mishap, if the request is one of its kind and it has not happened often enough.
    pub(super) fn draw(&mut self, method: &str, path: &str) -> Option<Mishap> {
        let fits = (self.method.is_empty() || self.method == method) && path.contains(&self.path);
        if !fits || self.left == 0 {
            return None;
        }
        self.left -= 1;
        Some(self.mishap)
    }
}

/// What an API server says with this status.
pub(super) fn answer(code: u16) -> Result<Response<Body>, BoxError> {
    let reason = StatusCode::from_u16(code)?.canonical_reason().unwrap_or_default().replace(' ', "");
    let text = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
        "reason": if code == 409 { "Conflict" } else { &reason }, "message": "the lab says so",
    });
    let answer = Response::builder().status(code).header(CONTENT_TYPE, "application/json");
    let answer = if code == 429 { answer.header(RETRY_AFTER, "1") } else { answer };
    Ok(answer.body(Body::from(text.to_string().into_bytes()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_as_often_as_told_and_to_its_own_requests_only() {
        let mut fault = Fault::on("POST", "/restores", Mishap::Cut).times(2);
        assert_eq!(fault.draw("GET", "/apis/velero.io/v1/restores"), None);
        assert_eq!(fault.draw("POST", "/apis/velero.io/v1/backups"), None);
        for _ in 0..2 {
            assert_eq!(fault.draw("POST", "/apis/velero.io/v1/restores?x=y"), Some(Mishap::Cut));
        }
        assert_eq!(fault.draw("POST", "/apis/velero.io/v1/restores"), None);
    }
}

//! A server for unit tests: a function from a request to an answer.

use std::sync::Arc;

use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::json;
use tower::BoxError;

/// Code and body.
pub(crate) type Answer = (u16, String);

/// A client of a server that answers like this.
pub(crate) fn server(answer: impl Fn(&Request<Vec<u8>>) -> Answer + Send + Sync + 'static) -> Client {
    let answer = Arc::new(answer);
    let service = tower::service_fn(move |request: Request<Body>| {
        let answer = Arc::clone(&answer);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect_bytes().await?.to_vec();
            let (code, body) = answer(&Request::from_parts(head, body));
            Ok::<_, BoxError>(Response::builder().status(code).body(Body::from(body.into_bytes()))?)
        }
    });
    Client::new(service, "default")
}

/// A list without objects, of whatever kind.
pub(crate) fn nothing() -> Answer {
    (200, json!({"metadata": {}, "items": []}).to_string())
}

/// What a server says that does not do what it is asked; 404 as for a kind it does not serve.
pub(crate) fn refusal(code: u16) -> Answer {
    let body = match code {
        404 => "404 page not found".to_owned(),
        _ => json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}).to_string(),
    };
    (code, body)
}

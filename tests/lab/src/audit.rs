//! What the API server's audit log says.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;

use crate::control_plane::audit_log;
use crate::hub::Hub;
use crate::markdown::thousands;
use crate::wait::until;

/// How the plugin calls itself in its requests.
const PLUGIN: &str = "kubectl-acmbackup";

/// One answered request; a watch is told twice, when it begins and when it ends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Event")]
pub struct Request {
    /// Who asked.
    pub user: String,
    /// The program that asked, as it calls itself.
    pub agent: String,
    /// Such as `list`; of requests for no object the HTTP method.
    pub verb: String,
    /// What stood in the request's first line.
    pub uri: String,
    /// API group; empty for the core group.
    pub group: String,
    /// Plural, or `plural/subresource`; empty for requests for no object, such as discovery.
    pub resource: String,
    /// Empty: in all namespaces, or a kind outside of any.
    pub namespace: String,
    /// When it was answered.
    pub at: Timestamp,
    /// HTTP status of the answer; 0 if there was none.
    pub code: u16,
}

impl Request {
    /// Whether the plugin asked, as a command or as the loop.
    #[must_use]
    pub fn is_of_plugin(&self) -> bool {
        self.agent.starts_with(PLUGIN)
    }
}

/// `list backups`, or `get /api/v1` for no object.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.resource.is_empty() { &self.uri } else { &self.resource };
        write!(f, "{} {what}", self.verb)
    }
}

impl Hub {
    /// All requests so far, if [`HubOptions::audit`](crate::HubOptions::audit) is on; in the order of their answers.
    ///
    /// # Errors
    ///
    /// When there is no audit log.
    pub fn requests(&self) -> Result<Vec<Request>> {
        let log = std::fs::read_to_string(audit_log(self.folder())).context("read the audit log")?;
        // The last line may be in the making.
        Ok(log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// Those of the plugin, without what keeps the lease.
    ///
    /// # Errors
    ///
    /// When there is no audit log.
    pub fn requests_of_plugin(&self) -> Result<Vec<Request>> {
        let mut requests = self.requests()?;
        requests.retain(|request| request.is_of_plugin() && request.resource != "leases");
        Ok(requests)
    }

    /// The same, once the plugin has sent nothing for this long.
    ///
    /// # Errors
    ///
    /// When there is no audit log, or the plugin does not come to rest in time.
    pub async fn requests_at_rest(&self, quiet: Duration, deadline: Duration) -> Result<Vec<Request>> {
        let mut last = (self.requests_of_plugin()?.len(), Instant::now());
        until(deadline, "the loop to rest", async || {
            let now = self.requests_of_plugin()?.len();
            if now != last.0 {
                last = (now, Instant::now());
            }
            Ok(last.1.elapsed() >= quiet)
        })
        .await?;
        self.requests_of_plugin()
    }
}

/// How often each of them was sent, as [`Request`] prints it.
#[must_use]
pub fn counted(requests: &[Request]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        *counts.entry(request.to_string()).or_default() += 1;
    }
    counts
}

/// How often each of them was sent: `2 create restores, 1 list backups`.
#[must_use]
pub fn by_object(requests: &[Request]) -> String {
    told(counted(requests))
}

/// How many there are of each verb: `3 list, 2 watch`; questions about permissions, which create nothing, by themselves.
#[must_use]
pub fn by_verb(requests: &[Request]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for request in requests {
        let asks = request.resource.ends_with("accessreviews");
        let verb = if asks { "access review" } else { &request.verb };
        *counts.entry(verb.to_owned()).or_default() += 1;
    }
    told(counts)
}

/// The most first.
fn told(counts: BTreeMap<String, usize>) -> String {
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let parts: Vec<String> =
        counts.into_iter().map(|(what, count)| format!("{} {what}", thousands(count))).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// A line of the log, as Kubernetes spells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    verb: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    #[serde(rename = "requestURI")]
    uri: String,
    #[serde(default)]
    stage_timestamp: Timestamp,
    #[serde(default)]
    object_ref: Object,
    #[serde(default)]
    response_status: Status,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Object {
    resource: String,
    subresource: String,
    api_group: String,
    namespace: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    code: u16,
}

impl From<Event> for Request {
    fn from(event: Event) -> Self {
        let Event {
            verb, user: User { username: user }, user_agent: agent, uri, stage_timestamp: at, ..
        } = event;
        let Object { mut resource, subresource, api_group: group, namespace } = event.object_ref;
        if !subresource.is_empty() {
            resource = format!("{resource}/{subresource}");
        }
        Self { user, agent, verb, uri, group, resource, namespace, at, code: event.response_status.code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_called_by_its_verb_and_what_it_is_for() {
        let read = |rest: &str| -> Request {
            let head = r#""verb":"patch","user":{"username":"admin"},"requestURI":"/apis/velero.io""#;
            serde_json::from_str(&format!("{{{head}{rest}}}")).unwrap()
        };
        let status = read(
            r#","userAgent":"kubectl-acmbackup/1.0","objectRef":{"resource":"restores","subresource":"status"}"#,
        );
        assert_eq!((status.to_string().as_str(), status.is_of_plugin()), ("patch restores/status", true));
        let bare = read(r#","userAgent":"curl","responseStatus":{"code":403}"#);
        assert_eq!((bare.to_string().as_str(), bare.is_of_plugin()), ("patch /apis/velero.io", false));
        assert_eq!(bare.code, 403);
        let all = [bare.clone(), status, bare];
        assert_eq!(counted(&all).values().copied().collect::<Vec<_>>(), [2, 1]);
        assert_eq!(by_object(&all), "2 patch /apis/velero.io, 1 patch restores/status");
        assert_eq!((by_verb(&all).as_str(), by_verb(&[]).as_str()), ("3 patch", "none"));
    }
}

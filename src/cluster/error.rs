//! What went wrong at the API server, in words and as a class to act on.

use std::error::Error as StdError;
use std::fmt;

use kube::core::Status;

use super::credentials;

/// A request that failed: what was tried, on what, and why it failed.
#[derive(Debug)]
pub struct Error {
    /// What was tried, such as `list` or `create`.
    pub verb: &'static str,
    /// On what: `kind namespace/name`, or a plural with its group.
    pub object: String,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Kube(kube::Error),
    Config(Box<dyn StdError + Send + Sync>),
    KindMissing,
    TimedOut,
    Unreadable(String),
    /// In words of ours, because those of the cause may hold a secret.
    Told(Class, String),
}

/// What a failure means for whoever has to act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// There is no usable kubeconfig, or it cannot be read.
    Config,
    /// The server cannot be reached.
    Unreachable,
    /// The server answered that it cannot answer now.
    Busy,
    /// The server or the request took too long.
    Timeout,
    /// The server does not accept the identity.
    Unauthorized,
    /// The identity may not do this.
    Forbidden,
    /// No such object, or no such namespace.
    NotFound,
    /// The server does not serve the kind.
    KindMissing,
    /// The object changed in the meantime.
    Conflict,
    /// A create found an object of that name.
    AlreadyExists,
    /// The server refuses the object as invalid.
    Invalid,
    /// The resourceVersion is too old to continue from.
    Expired,
    /// An object cannot be decoded.
    Unreadable,
    /// None of these: a defect of ours or of the server.
    Bug,
}

impl Error {
    /// A failed request.
    pub fn new(verb: &'static str, object: impl Into<String>, source: kube::Error) -> Self {
        let source = match credentials::trouble(&source) {
            Some(told) => Source::Told(Class::Unauthorized, told),
            None => Source::Kube(source),
        };
        Self { verb, object: object.into(), source }
    }

    /// For `map_err`: names what was tried.
    pub fn on(verb: &'static str, object: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let object = object.into();
        move |source| Self::new(verb, object, source)
    }

    /// The server does not serve `kind`, a plural with its group.
    pub fn kind_missing(kind: impl Into<String>) -> Self {
        Self { verb: "find", object: kind.into(), source: Source::KindMissing }
    }

    /// No answer came in time.
    pub fn timed_out(verb: &'static str, object: impl Into<String>) -> Self {
        Self { verb, object: object.into(), source: Source::TimedOut }
    }

    /// An object that does not decode.
    pub fn unreadable(object: impl Into<String>, why: impl Into<String>) -> Self {
        Self { verb: "read", object: object.into(), source: Source::Unreadable(why.into()) }
    }

    /// A file in the storage location that cannot be read.
    pub fn storage(class: Class, object: impl Into<String>, why: impl Into<String>) -> Self {
        Self { verb: "read", object: object.into(), source: Source::Told(class, why.into()) }
    }

    /// A kubeconfig that cannot be used.
    pub fn config(object: impl Into<String>, why: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let why = why.into();
        let source = match credentials::trouble(why.as_ref()) {
            Some(told) => Source::Told(Class::Unauthorized, told),
            None => Source::Config(why),
        };
        Self { verb: "use", object: object.into(), source }
    }

    /// What the failure means.
    pub fn class(&self) -> Class {
        match &self.source {
            Source::Kube(kube::Error::Api(status)) => class_of_status(status),
            Source::Kube(kube::Error::SerdeError(_) | kube::Error::FromUtf8(_)) => Class::Unreadable,
            Source::Kube(error) => class_of_transport(error),
            Source::Config(_) => Class::Config,
            Source::KindMissing => Class::KindMissing,
            Source::TimedOut => Class::Timeout,
            Source::Unreadable(_) => Class::Unreadable,
            Source::Told(class, _) => *class,
        }
    }

    /// The server's answer, where it gave one.
    pub fn status(&self) -> Option<&Status> {
        match &self.source {
            Source::Kube(kube::Error::Api(status)) => Some(status),
            _ => None,
        }
    }

    /// The cause alone: the server's message as it is, or the root of the chain.
    pub fn cause(&self) -> String {
        match &self.source {
            _ if self.class() == Class::KindMissing => "the server does not know this kind".to_owned(),
            Source::Kube(kube::Error::Api(status)) => message_of(status),
            Source::Kube(error) => root_of(error),
            Source::Config(error) => chain_of(error.as_ref()),
            Source::KindMissing => String::new(),
            Source::TimedOut => "no answer in time".to_owned(),
            Source::Unreadable(why) | Source::Told(_, why) => why.clone(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.verb, self.object, self.cause())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Source::Kube(kube::Error::Api(_)) => None,
            Source::Kube(error) => Some(error),
            Source::Config(error) => Some(error.as_ref()),
            Source::KindMissing | Source::TimedOut | Source::Unreadable(_) | Source::Told(..) => None,
        }
    }
}

fn class_of_status(status: &Status) -> Class {
    match (status.code, status.reason.as_str()) {
        (401, _) => Class::Unauthorized,
        (403, _) => Class::Forbidden,
        (404, _) if names_an_object(status) => Class::NotFound,
        (404, _) => Class::KindMissing,
        (409, "AlreadyExists") => Class::AlreadyExists,
        (409, _) => Class::Conflict,
        (410, _) => Class::Expired,
        (400 | 413 | 415 | 422, _) => Class::Invalid,
        (429 | 502 | 503, _) => Class::Busy,
        (408 | 504, _) => Class::Timeout,
        (500, "ServerTimeout" | "InternalError") => Class::Busy,
        // What came in a watch was no event: no API server says so.
        (0, _) => Class::Unreadable,
        _ => Class::Bug,
    }
}

/// A server that serves the kind names the object it misses.
fn names_an_object(status: &Status) -> bool {
    status.details.as_ref().is_some_and(|details| !details.name.is_empty())
}

fn class_of_transport(error: &kube::Error) -> Class {
    let chain = chain_of(error);
    if chain.contains("timed out") || chain.contains("deadline") {
        return Class::Timeout;
    }
    match error {
        kube::Error::Service(_) | kube::Error::HyperError(_) | kube::Error::ReadEvents(_) => {
            Class::Unreachable
        }
        kube::Error::InferConfig(_) | kube::Error::InferKubeconfig(_) | kube::Error::RustlsTls(_) => {
            Class::Config
        }
        _ => Class::Bug,
    }
}

fn message_of(status: &Status) -> String {
    match status.message.trim() {
        "" if status.reason.is_empty() => format!("the server answered {}", status.code),
        "" => status.reason.clone(),
        message => message.to_owned(),
    }
}

/// The message of the innermost cause.
pub(super) fn root_of(error: &(dyn StdError + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

/// The chain's messages, without those that only repeat the next one.
fn chain_of(error: &(dyn StdError + 'static)) -> String {
    let mut messages: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let message = error.to_string();
        if !messages.iter().any(|earlier| earlier.contains(&message)) {
            messages.push(message);
        }
        next = error.source();
    }
    messages.join(": ")
}

#[cfg(test)]
mod tests {
    use kube::core::response::StatusDetails;

    use super::*;

    fn api_error(code: u16, reason: &str, name: &str) -> Error {
        let details = StatusDetails {
            name: name.to_owned(),
            group: String::new(),
            kind: String::new(),
            uid: String::new(),
            causes: Vec::new(),
            retry_after_seconds: 0,
        };
        let status = Status {
            code,
            reason: reason.to_owned(),
            message: "restores \"r1\" is forbidden: no".to_owned(),
            details: Some(details),
            ..Status::default()
        };
        Error::new("create", "restore acm/r1", kube::Error::Api(status.boxed()))
    }

    #[test]
    fn a_missing_kind_is_told_from_a_missing_object() {
        assert_eq!(api_error(404, "NotFound", "r1").class(), Class::NotFound);
        assert_eq!(api_error(404, "Failed to parse error data", "").class(), Class::KindMissing);
    }

    #[test]
    fn the_servers_message_is_quoted_once_after_our_own_words() {
        let error = api_error(403, "Forbidden", "r1");
        assert_eq!(error.to_string(), "create restore acm/r1: restores \"r1\" is forbidden: no");
        assert_eq!(error.class(), Class::Forbidden);
    }

    #[test]
    fn conflict_and_already_exists_share_a_code_and_differ_by_reason() {
        assert_eq!(api_error(409, "AlreadyExists", "r1").class(), Class::AlreadyExists);
        assert_eq!(api_error(409, "Conflict", "r1").class(), Class::Conflict);
    }
}

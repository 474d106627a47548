//! Watches: a list, then every change, for ever, through lost connections and expired versions.
//!
//! kube-runtime's watcher either pages its first list, which is several times slower, or needs a server
//! with streaming lists; this one lists as every other reader here does (docs/adr/0003).

use std::pin::pin;
use std::time::Duration;

use futures::TryStreamExt;
use kube::Client;
use kube::api::{WatchEvent, WatchParams};
use kube::core::{ObjectMeta, Request};
use tokio::time::{Instant, sleep, timeout};

use super::error::{Class, Error};
use super::guard::Guarded;
use super::list::{Listed, Object, Scope, list};
use super::presence::Presence;
use crate::plan::Unreadable;

/// The server ends a watch after this long; a watch that lasts longer is a dead connection.
const WATCH_SECONDS: u32 = 290;
const DEAD_AFTER: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What a watch says.
#[derive(Debug)]
pub enum News<K> {
    /// All there is; everything known before is replaced.
    All {
        /// The objects.
        objects: Vec<K>,
        /// Those that do not decode.
        unreadable: Vec<Unreadable>,
        /// The resource version they are of.
        version: String,
    },
    /// An object is new or changed.
    Set(K),
    /// An object is gone.
    Gone(K),
    /// An object is there and does not decode.
    Unreadable(Box<Unreadable>),
    /// Such an object is gone.
    UnreadableGone(Box<Unreadable>),
    /// The server does not serve the kind, which is no failure; everything known before is gone.
    Absent,
    /// The watch is broken and being mended.
    Broken(Error),
    /// The watch works (again).
    Working,
}

/// Watches objects and hands on the news until `tell` says that nobody listens.
pub async fn follow<K: Object>(
    client: Client,
    scope: Scope<K>,
    mut presence: Presence,
    mut tell: impl FnMut(News<K>) -> bool,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let end = tokio::select! {
            biased;
            () = presence.ended() => End::Absent,
            end = list_and_stay((&client, &scope), &mut pause, &mut tell) => end,
        };
        let goes_on = match end {
            End::NobodyListens => false,
            End::Expired => true,
            End::Failed(error) if error.class() != Class::KindMissing || presence.is_certain() => {
                let goes_on = tell(News::Broken(error));
                wait(&mut pause).await;
                goes_on
            }
            End::Absent | End::Failed(_) => {
                let goes_on = tell(News::Absent);
                presence.worth_a_try().await;
                goes_on
            }
        };
        if !goes_on {
            return;
        }
    }
}

enum End {
    NobodyListens,
    /// The version is too old to go on from: list again.
    Expired,
    /// The kind is known to have gone.
    Absent,
    Failed(Error),
}

async fn list_and_stay<K: Object>(
    (client, scope): (&Client, &Scope<K>),
    pause: &mut Duration,
    tell: &mut impl FnMut(News<K>) -> bool,
) -> End {
    match list(client, scope).await {
        Ok(listed) => {
            let version = start(listed, tell);
            stay::<K>((client, scope), version, pause, tell).await
        }
        Err(error) => End::Failed(error),
    }
}

fn start<K: Object>(listed: Listed<K>, tell: &mut impl FnMut(News<K>) -> bool) -> String {
    let Listed { items: objects, unreadable, resource_version } = listed;
    tell(News::All { objects, unreadable, version: resource_version.clone() });
    resource_version
}

/// Watches from `version` on, again and again, until the version has expired or nobody listens.
async fn stay<K: Object>(
    (client, scope): (&Client, &Scope<K>),
    mut version: String,
    pause: &mut Duration,
    tell: &mut impl FnMut(News<K>) -> bool,
) -> End {
    loop {
        let begin = Instant::now();
        match once::<K>(client, scope, &mut version, tell).await {
            Ok(true) => *pause = FIRST_PAUSE,
            Ok(false) => return End::NobodyListens,
            Err(error) if error.class() == Class::Expired => return End::Expired,
            Err(error) if error.class() == Class::KindMissing => return End::Failed(error),
            Err(error) => {
                if !tell(News::Broken(error)) {
                    return End::NobodyListens;
                }
                if begin.elapsed() > LONGEST_PAUSE {
                    *pause = FIRST_PAUSE;
                }
                wait(pause).await;
                if has_gone_back::<K>(client, scope, &version).await {
                    return End::Expired;
                }
                continue;
            }
        }
        // A server or proxy that ends every watch at once must not be asked without a breath.
        if begin.elapsed() < LONGEST_PAUSE {
            sleep(FIRST_PAUSE).await;
        }
    }
}

/// True if the server is at an earlier version than `version`: etcd was restored from a backup. A watch from a version
/// that is still to come would be told nothing.
async fn has_gone_back<K: Object>(client: &Client, scope: &Scope<K>, version: &str) -> bool {
    let newest = list(client, &Scope { limit: Some(1), ..scope.clone() }).await;
    let number = |text: &str| text.parse::<u64>().ok();
    newest.is_ok_and(|newest| number(&newest.resource_version) < number(version))
}

/// One watch request; true when the server ended it in the usual way.
async fn once<K: Object>(
    client: &Client,
    scope: &Scope<K>,
    version: &mut String,
    tell: &mut impl FnMut(News<K>) -> bool,
) -> Result<bool, Error> {
    let name = scope.name.as_str();
    let request = watch_request(scope, version);
    let request = request.map_err(|error| Error::new("watch", name, kube::Error::BuildRequest(error)))?;
    let events = client.request_events::<Guarded<K>>(request).await;
    let mut events = pin!(events.map_err(Error::on("watch", name))?);
    if !tell(News::Working) {
        return Ok(false);
    }
    loop {
        let next = timeout(DEAD_AFTER, events.try_next()).await;
        let event = next.map_err(|_| Error::timed_out("watch", name))?.map_err(Error::on("watch", name))?;
        let Some(news) = event.map(|event| news_of(event, scope, version)) else { return Ok(true) };
        if let Some(news) = news.map_err(Error::on("watch", name))?
            && !tell(news)
        {
            return Ok(false);
        }
    }
}

fn watch_request<K>(
    scope: &Scope<K>,
    version: &str,
) -> Result<http::Request<Vec<u8>>, kube::core::request::Error> {
    let params = WatchParams {
        label_selector: scope.labels.clone(),
        field_selector: scope.fields.clone(),
        ..WatchParams::default().timeout(WATCH_SECONDS)
    };
    let request = Request::new(scope.path.as_str());
    match scope.metadata_only {
        true => request.watch_metadata(&params, version),
        false => request.watch(&params, version),
    }
}

fn news_of<K: Object>(
    event: WatchEvent<Guarded<K>>,
    scope: &Scope<K>,
    version: &mut String,
) -> kube::Result<Option<News<K>>> {
    let (guarded, is_gone) = match event {
        WatchEvent::Added(guarded) | WatchEvent::Modified(guarded) => (guarded, false),
        WatchEvent::Deleted(guarded) => (guarded, true),
        WatchEvent::Bookmark(mark) => {
            *version = mark.metadata.resource_version;
            return Ok(None);
        }
        WatchEvent::Error(status) => return Err(kube::Error::Api(status)),
    };
    Ok(Some(match guarded.0 {
        Ok(object) => {
            move_on(version, object.meta());
            let object = scope.keep(object);
            if is_gone { News::Gone(object) } else { News::Set(object) }
        }
        Err(object) => {
            move_on(version, &object.object.metadata);
            if is_gone { News::UnreadableGone(object) } else { News::Unreadable(object) }
        }
    }))
}

fn move_on(version: &mut String, metadata: &ObjectMeta) {
    if let Some(seen) = &metadata.resource_version {
        version.clone_from(seen);
    }
}

async fn wait(pause: &mut Duration) {
    sleep(*pause).await;
    *pause = (*pause * 2).min(LONGEST_PAUSE);
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use http::{Request as HttpRequest, Response};
    use kube::client::Body;
    use tower::BoxError;

    use super::*;
    use crate::velero::Backup;

    /// A client that gets these answers, one after the other; an error is a lost connection.
    fn client(answers: &[Result<&str, &str>], asked: &Arc<Mutex<Vec<String>>>) -> Client {
        let owned = |answer: &Result<&str, &str>| answer.map(str::to_owned).map_err(str::to_owned);
        let answers: Arc<Mutex<VecDeque<_>>> = Arc::new(Mutex::new(answers.iter().map(owned).collect()));
        let asked = Arc::clone(asked);
        let service = tower::service_fn(move |request: HttpRequest<Body>| {
            asked.lock().unwrap().push(request.uri().to_string());
            let answer = answers.lock().unwrap().pop_front().unwrap_or(Err("no more answers".into()));
            async move { Ok::<_, BoxError>(Response::new(Body::from(answer?.into_bytes()))) }
        });
        Client::new(service, "default")
    }

    fn list_at(version: u32) -> String {
        format!(r#"{{"kind":"BackupList","metadata":{{"resourceVersion":"{version}"}},"items":[]}}"#)
    }

    /// Versions of the lists told until the watch works, after the answers given.
    async fn lists_told(answers: &[Result<&str, &str>]) -> (Vec<String>, Vec<String>) {
        let asked = Arc::default();
        let mut told = Vec::new();
        let tell = |news: News<Backup>| {
            if let News::All { version, .. } = &news {
                told.push(version.clone());
            }
            !matches!(news, News::Working)
        };
        follow(client(answers, &asked), Scope::<Backup>::of(None), Presence::Certain, tell).await;
        let asked = asked.lock().unwrap().clone();
        (told, asked)
    }

    #[tokio::test]
    async fn after_a_lost_connection_a_server_that_went_back_in_time_is_listed_again() {
        let (before, after) = (list_at(100), list_at(50));
        let (told, asked) =
            lists_told(&[Ok(&before), Err("connection reset"), Ok(&after), Ok(&after), Ok("")]).await;
        assert_eq!(told, ["100", "50"], "{asked:?}");
    }

    #[tokio::test]
    async fn after_a_lost_connection_the_watch_goes_on_where_it_was() {
        let (before, after) = (list_at(100), list_at(120));
        let (told, asked) = lists_told(&[Ok(&before), Err("connection reset"), Ok(&after), Ok("")]).await;
        assert_eq!(told, ["100"]);
        assert!(asked.last().is_some_and(|uri| uri.contains("resourceVersion=100")), "{asked:?}");
    }
}

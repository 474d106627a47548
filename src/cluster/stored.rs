//! Files of Backups and Restores, read from the storage location while they arrive.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use futures::TryStreamExt;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, PostParams};
use kube::client::ConfigExt;
use kube::runtime::wait::await_condition;
use kube::{Api, Client, Config, ResourceExt};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use tokio::time::timeout;

use super::blocking::Blocking;
use super::client::{tcp, tunnel};
use super::error::{Class, Error, root_of};
use crate::velero::{
    BackupStorageLocation, DownloadRequest, DownloadRequestSpec, DownloadTarget, StoredFile,
};

/// How long Velero may take to sign a URL, and the storage to begin its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A storage location, as far as its files can be read from here.
pub struct Storage {
    client: Client,
    namespace: String,
    authorities: Vec<Vec<u8>>,
    accept_any_certificate: bool,
}

impl Storage {
    /// The storage behind `location`; a Secret is read only where it names one for its certificate authority.
    ///
    /// # Errors
    ///
    /// The named authority cannot be read.
    pub async fn of(client: &Client, location: &BackupStorageLocation) -> Result<Self, Error> {
        let namespace = location.namespace().unwrap_or_default();
        let pem = match authority_of(location) {
            Authority::System => Vec::new(),
            Authority::Inline(pem) => pem,
            Authority::InSecret { name, key } => secret_key(client, &namespace, (&name, &key)).await?,
        };
        let authorities: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let authorities = authorities.map_err(|error| {
            let object = format!("caCert of backupstoragelocation {namespace}/{}", location.name_any());
            Error::unreadable(object, error.to_string())
        })?;
        Ok(Self {
            client: client.clone(),
            namespace,
            authorities: authorities.into_iter().map(|authority| authority.to_vec()).collect(),
            accept_any_certificate: accepts_any_certificate(location),
        })
    }

    /// Reads a file of the Backup or Restore `name`, unpacked, on a thread that may block.
    ///
    /// Memory holds what `consume` keeps, never the whole file.
    ///
    /// # Errors
    ///
    /// [`Class::Timeout`] if Velero signs no URL in time, [`Class::Unreachable`] if the storage cannot be reached from
    /// here, [`Class::NotFound`] if it has no such file, [`Class::Unreadable`] if `consume` fails.
    pub async fn read<T, F>(&self, file: StoredFile, name: &str, consume: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Read) -> std::io::Result<T> + Send + 'static,
    {
        let what = format!("{file} of {name}");
        let url = self.signed_url(file, name, &what).await?;
        let body = self.open(url, &what).await?;
        let body = body.into_data_stream().map_err(std::io::Error::other).into_async_read();
        let body = Blocking::new(Box::pin(body));
        let read = tokio::task::spawn_blocking(move || consume(&mut MultiGzDecoder::new(body)));
        match read.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(Error::unreadable(what, error.to_string())),
            Err(_) => Err(Error::timed_out("read", what)),
        }
    }

    /// The URL opens the file for everybody who has it, so that it must reach no log and no error.
    async fn signed_url(&self, kind: StoredFile, name: &str, what: &str) -> Result<Uri, Error> {
        let requests: Api<DownloadRequest> = Api::namespaced(self.client.clone(), &self.namespace);
        let target = DownloadTarget { kind, name: name.to_owned() };
        let mut request = DownloadRequest::new("", DownloadRequestSpec { target, ..Default::default() });
        (request.metadata.name, request.metadata.generate_name) = (None, Some("acmbackup-".to_owned()));
        let place = format!("velero downloadrequest for {what}");
        let made = requests.create(&PostParams::default(), &request).await;
        let made = made.map_err(Error::on("create", &place))?.name_any();
        let signed = timeout(PATIENCE, await_condition(requests.clone(), &made, is_signed)).await;
        // Velero removes what is left over when it expires.
        let _ = requests.delete(&made, &DeleteParams::default()).await;
        let late = || Error::storage(Class::Timeout, what, "Velero has signed no URL for it");
        let url = match signed.map_err(|_| late())? {
            Ok(request) => request.and_then(|request| request.status?.download_url).ok_or_else(late)?,
            Err(error) => return Err(Error::storage(Class::Busy, what, error.to_string())),
        };
        url.parse().map_err(|_| Error::unreadable(what, "the signed URL is none"))
    }

    async fn open(&self, url: Uri, what: &str) -> Result<Incoming, Error> {
        let host = url.host().unwrap_or_default().to_owned();
        let answer = timeout(PATIENCE, self.get(url)).await;
        let unreachable = |why: &str| {
            Error::storage(Class::Unreachable, what, format!("{host} cannot be reached from here: {why}"))
        };
        let answer = answer.map_err(|_| unreachable("no answer in 10s"))?.map_err(|why| unreachable(&why))?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            StatusCode::NOT_FOUND => {
                Err(Error::storage(Class::NotFound, what, format!("{host} has no such file")))
            }
            status => Err(Error::storage(Class::Unreachable, what, format!("{host} answered {status}"))),
        }
    }

    async fn get(&self, url: Uri) -> Result<http::Response<Incoming>, String> {
        let mut config = Config::new(url.clone());
        config.root_cert = (!self.authorities.is_empty()).then(|| self.authorities.clone());
        config.accept_invalid_certs = self.accept_any_certificate;
        let proxy = Matcher::from_env().intercept(&url);
        let request = Request::get(url).body(Empty::<Bytes>::new()).map_err(|error| error.to_string())?;
        let http = HttpClient::builder(TokioExecutor::new());
        let sent = match proxy {
            Some(proxy) => {
                let https = config.rustls_https_connector_with_connector(tunnel(&proxy));
                http.build(https.map_err(|error| error.to_string())?).request(request)
            }
            None => {
                let https = config.rustls_https_connector_with_connector(tcp());
                http.build(https.map_err(|error| error.to_string())?).request(request)
            }
        };
        sent.await.map_err(|error| root_of(&error))
    }
}

enum Authority {
    System,
    Inline(Vec<u8>),
    InSecret { name: String, key: String },
}

fn authority_of(location: &BackupStorageLocation) -> Authority {
    let Some(storage) = location.spec.other.get("objectStorage") else { return Authority::System };
    let pem = storage.get("caCert").and_then(|pem| serde_json::from_value::<ByteString>(pem.clone()).ok());
    let text = |path: &str| storage.pointer(path).and_then(Value::as_str).map(str::to_owned);
    match (pem, text("/caCertRef/name"), text("/caCertRef/key")) {
        (Some(pem), ..) => Authority::Inline(pem.0),
        (None, Some(name), Some(key)) => Authority::InSecret { name, key },
        _ => Authority::System,
    }
}

fn accepts_any_certificate(location: &BackupStorageLocation) -> bool {
    let config = location.spec.other.get("config");
    config.and_then(|config| config.get("insecureSkipTLSVerify")).and_then(Value::as_str) == Some("true")
}

async fn secret_key(client: &Client, namespace: &str, (name, key): (&str, &str)) -> Result<Vec<u8>, Error> {
    let place = format!("secret {namespace}/{name}");
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let secret = secrets.get(name).await.map_err(Error::on("get", &place))?;
    let value = secret.data.unwrap_or_default().remove(key);
    value.map(|value| value.0).ok_or_else(|| Error::unreadable(place, format!("it has no key {key}")))
}

fn is_signed(request: Option<&DownloadRequest>) -> bool {
    request.and_then(|request| request.status.as_ref()).is_some_and(|status| status.download_url.is_some())
}

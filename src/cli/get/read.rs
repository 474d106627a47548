//! What `get` reads: the objects asked for as the server has them, and what their columns need.

use kube::ResourceExt;
use kube::core::DynamicObject;
use serde::de::DeserializeOwned;

use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::Noun;
use crate::cli::session::Session;
use crate::cluster::Class;
use crate::cluster::list::{Kind, items, plural};
use crate::cluster::objects::objects;
use crate::render::Mark;
use crate::{api, cluster, velero};

/// Where to read, and which objects.
pub(super) struct Scope<'a> {
    pub(super) session: &'a Session,
    pub(super) client: kube::Client,
    /// `None` = all namespaces.
    pub(super) namespace: Option<String>,
    pub(super) selector: String,
    /// Empty = all.
    pub(super) names: &'a [String],
}

impl Scope<'_> {
    /// The objects of a noun; those of a run are its backups.
    pub(super) async fn objects(&self, noun: Noun) -> Result<Vec<DynamicObject>> {
        match noun {
            Noun::Schedule => self.of::<api::BackupSchedule>(noun).await,
            Noun::Restore => self.of::<api::Restore>(noun).await,
            Noun::Backup => self.of::<velero::Backup>(noun).await,
            Noun::Run => self.list::<velero::Backup>().await,
        }
    }

    async fn of<K: Kind>(&self, noun: Noun) -> Result<Vec<DynamicObject>> {
        let mut found = self.list::<K>().await?;
        self.all_found(noun, |name| found.iter().any(|object| object.name_any() == name))?;
        found.retain(|object| self.names.is_empty() || self.names.contains(&object.name_any()));
        found.sort_by_key(|object| (object.namespace(), object.name_any()));
        Ok(found)
    }

    async fn list<K: Kind>(&self) -> Result<Vec<DynamicObject>> {
        Ok(objects::<K>(&self.client, self.namespace.as_deref(), &self.selector).await?)
    }

    /// Every name asked for exists.
    ///
    /// # Errors
    ///
    /// Exit 4, naming those that do not.
    pub(super) fn all_found(&self, noun: Noun, exists: impl Fn(&str) -> bool) -> Result<()> {
        let missing: Vec<&str> = self.names.iter().map(String::as_str).filter(|name| !exists(name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let place = self.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        let message = format!("{} not found{place}: {}", noun.singular(), missing.join(", "));
        Err(CliError::new(Exit::NotFound, message))
    }

    /// Objects that only fill columns; where they may not be read the columns stay empty, and that is said.
    pub(super) async fn beside<K: Kind>(&self) -> Result<Vec<K>> {
        match items::<K>(&self.client, self.namespace.as_deref()).await {
            Err(error) if error.class() == Class::KindMissing => Ok(Vec::new()),
            Err(error) if error.class() == Class::Forbidden => {
                let text = format!("list {} is forbidden: some columns are empty", plural::<K>());
                self.session.note(Mark::Attention, &text);
                Ok(Vec::new())
            }
            answer => Ok(answer?),
        }
    }

    /// The objects as far as tables read them; one that does not decode is named and left out.
    pub(super) fn decode<K: Kind + DeserializeOwned>(&self, objects: &[DynamicObject]) -> Vec<K> {
        let read = |object: &DynamicObject| {
            let value = serde_json::to_value(object).and_then(serde_json::from_value::<K>);
            value.map_err(|error| {
                cluster::Error::unreadable(
                    format!("{} {}", plural::<K>(), object.name_any()),
                    error.to_string(),
                )
            })
        };
        let mut decoded = Vec::new();
        for object in objects {
            match read(object) {
                Ok(object) => decoded.push(object),
                Err(error) => self.session.note(Mark::Attention, &format!("left out: {error}")),
            }
        }
        decoded
    }
}

//! What `get` reads: the objects asked for as the server has them, and what their columns need.

use std::cell::RefCell;

use kube::ResourceExt;
use kube::core::{DynamicObject, TypeMeta};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::Noun;
use crate::cli::session::Session;
use crate::cluster::Class;
use crate::cluster::guard::read;
use crate::cluster::list::{self, Kind, items, plural};
use crate::cluster::objects::{Selectors, objects};
use crate::plan::HubSnapshot;
use crate::render::Mark;
use crate::{api, velero};

/// Where to read, and which objects.
pub(super) struct Scope<'a> {
    pub(super) session: &'a Session,
    pub(super) source: Source,
    /// `None` = all namespaces.
    pub(super) namespace: Option<String>,
    pub(super) selector: String,
    /// Empty = all.
    pub(super) names: &'a [String],
    /// That some of the names do not exist, which is said behind the others.
    pub(super) missing: RefCell<Option<Box<CliError>>>,
}

/// Where objects are read from.
pub(super) enum Source {
    /// A server.
    Live(kube::Client),
    /// A file.
    Captured(Box<HubSnapshot>),
}

/// A kind that `get` lists, and where a captured state holds it.
pub(super) trait Listed: Kind + Serialize {
    /// The objects of this kind.
    fn captured(hub: &HubSnapshot) -> &[Self];
}

impl Listed for api::BackupSchedule {
    fn captured(hub: &HubSnapshot) -> &[Self] {
        &hub.schedules
    }
}

impl Listed for api::Restore {
    fn captured(hub: &HubSnapshot) -> &[Self] {
        &hub.restores
    }
}

impl Listed for velero::Backup {
    fn captured(hub: &HubSnapshot) -> &[Self] {
        &hub.velero.backups
    }
}

impl Listed for velero::Schedule {
    fn captured(hub: &HubSnapshot) -> &[Self] {
        &hub.velero.schedules
    }
}

impl Scope<'_> {
    /// The objects of a noun; those of a run are its backups.
    pub(super) async fn objects(&self, noun: Noun) -> Result<Vec<DynamicObject>> {
        match noun {
            Noun::Schedule => self.of::<api::BackupSchedule>(noun).await,
            Noun::Restore => self.of::<api::Restore>(noun).await,
            Noun::Backup => self.of::<velero::Backup>(noun).await,
            Noun::Run => self.list::<velero::Backup>(None).await,
        }
    }

    async fn of<K: Listed>(&self, noun: Noun) -> Result<Vec<DynamicObject>> {
        let mut found = self.list::<K>(self.fields()).await?;
        self.select(noun, &mut found)?;
        Ok(found)
    }

    /// Leaves the objects asked for, in the order of their names.
    ///
    /// # Errors
    ///
    /// Exit 4 where none of them exists.
    pub(super) fn select<K: ResourceExt>(&self, noun: Noun, found: &mut Vec<K>) -> Result<()> {
        self.look_for(noun, |name| found.iter().any(|object| object.name_any() == name))?;
        found.retain(|object| self.names.is_empty() || self.names.contains(&object.name_any()));
        found.sort_by_cached_key(|object| (object.namespace(), object.name_any()));
        Ok(())
    }

    fn labels(&self) -> Option<String> {
        Some(self.selector.clone()).filter(|selector| !selector.is_empty())
    }

    /// Field selector of what is asked for; `None` = all.
    pub(super) fn fields(&self) -> Option<String> {
        only_one(self.names)
    }

    /// The objects as far as tables read them; one that does not decode is named and left out.
    ///
    /// `fields` is a field selector; `None` = all objects.
    pub(super) async fn typed<K: Listed>(&self, fields: Option<String>) -> Result<Vec<K>> {
        let client = match &self.source {
            Source::Live(client) => client,
            Source::Captured(hub) => return Ok(self.captured::<K>(hub).cloned().collect()),
        };
        let scope =
            list::Scope { labels: self.labels(), fields, ..list::Scope::<K>::of(self.namespace.as_deref()) };
        let listed = list::list(client, &scope).await?;
        for object in &listed.unreadable {
            self.leave_out(&list::describe::<K>(object));
        }
        Ok(listed.items)
    }

    fn leave_out(&self, what: &str) {
        self.session.note(Mark::Attention, &format!("left out, because it cannot be read: {what}"));
    }

    async fn list<K: Listed>(&self, fields: Option<String>) -> Result<Vec<DynamicObject>> {
        match &self.source {
            Source::Live(client) => {
                let selectors = Selectors { labels: self.labels(), fields };
                Ok(objects::<K>(client, self.namespace.as_deref(), selectors).await?)
            }
            Source::Captured(hub) => self.captured::<K>(hub).map(as_objects).collect(),
        }
    }

    /// What a captured state holds of a kind in the namespace.
    fn captured<'h, K: Listed>(&self, hub: &'h HubSnapshot) -> impl Iterator<Item = &'h K> {
        let here = self.namespace.clone();
        let inside = move |object: &&K| object.meta().namespace.is_none() || object.meta().namespace == here;
        K::captured(hub).iter().filter(inside)
    }

    /// Keeps in mind which of the names asked for do not exist, so that the others are printed first.
    ///
    /// # Errors
    ///
    /// Exit 4 where none of them exists.
    pub(super) fn look_for(&self, noun: Noun, exists: impl Fn(&str) -> bool) -> Result<()> {
        let missing: Vec<&str> = self.names.iter().map(String::as_str).filter(|name| !exists(name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let place = self.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        let message = format!("{} not found{place}: {}", noun.singular(), missing.join(", "));
        let error = CliError::new(Exit::NotFound, message);
        if missing.len() == self.names.len() {
            return Err(error);
        }
        *self.missing.borrow_mut() = Some(error);
        Ok(())
    }

    /// Fails where one of the names asked for does not exist.
    ///
    /// # Errors
    ///
    /// Exit 4, naming those that do not.
    pub(super) fn all_found(&self) -> Result<()> {
        self.missing.take().map_or(Ok(()), Err)
    }

    /// Objects that only fill columns; where they may not be read the columns stay empty, and that is said.
    pub(super) async fn beside<K: Listed>(&self) -> Result<Vec<K>> {
        let client = match &self.source {
            Source::Live(client) => client,
            Source::Captured(hub) => return Ok(self.captured::<K>(hub).cloned().collect()),
        };
        match items::<K>(client, self.namespace.as_deref()).await {
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
        let mut decoded = Vec::new();
        for object in objects {
            match read::<K>(object) {
                Ok(object) => decoded.push(object),
                Err(object) => self.leave_out(&list::describe::<K>(&object)),
            }
        }
        decoded
    }
}

/// An object with its type, as the server would have sent it.
fn as_objects<K: Listed>(object: &K) -> Result<DynamicObject> {
    let read = || -> serde_json::Result<DynamicObject> {
        let mut object: DynamicObject = serde_json::from_value(serde_json::to_value(object)?)?;
        object.types = Some(TypeMeta::resource::<K>());
        Ok(object)
    };
    read().map_err(|error| CliError::new(Exit::Defect, format!("cannot show an object: {error}")))
}

/// Field selector of the only object asked for; `None` = there are several, or all.
///
/// The server finds it by its key instead of sending thousands.
fn only_one(names: &[String]) -> Option<String> {
    let is_plain = |name: &String| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    match names {
        [name] if is_plain(name) => Some(format!("metadata.name={name}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_is_asked_for_by_its_name_and_several_are_listed() {
        let asked =
            |names: &[&str]| only_one(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(asked(&["acm-1"]).as_deref(), Some("metadata.name=acm-1"));
        assert_eq!((asked(&[]), asked(&["a", "b"])), (None, None));
        assert_eq!(asked(&["a,metadata.namespace=b"]), None, "no word of a user is a selector");
    }
}

//! `get -w`: what is new or changed, as kubectl appends it.

use std::collections::BTreeMap;

use kube::ResourceExt;
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::command::{Get, names, run_data, run_names};
use super::read::Source;
use super::rows::Rows;
use crate::cli::error::Result;
use crate::cli::noun::Noun;
use crate::cli::output::{self, DataFormat, Format};
use crate::cli::watching::Changes;
use crate::plan::runs::Run;
use crate::render::Mark;
use crate::render::text::harmless_json;
use crate::wire::yaml;

/// Name and namespace of an object, and what it looked like last.
type Known = BTreeMap<(String, String), Value>;

impl Get<'_> {
    /// Lists, and goes on with whatever changes until Ctrl-C.
    pub(super) async fn watch(&self, noun: Noun) -> Result<()> {
        let Source::Live(client) = &self.scope.source else { return Ok(()) };
        let mut changes = Changes::start(client, self.scope.namespace.as_deref());
        let mut known = Known::new();
        let (mut is_first, mut has_titles) = (true, false);
        loop {
            let objects = self.scope.objects(noun).await?;
            let runs = if noun == Noun::Run { self.runs(&self.scope.decode(&objects))? } else { Vec::new() };
            self.scope.all_found()?;
            let seen = seen(noun, &objects, &runs);
            let is_news = |key: &(String, String)| known.get(key) != seen.get(key);
            let news: Vec<DynamicObject> = match noun {
                // Their table needs all backups.
                Noun::Run => objects.clone(),
                _ => objects.iter().filter(|object| is_news(&key_of(object))).cloned().collect(),
            };
            let new_runs: Vec<(String, Run)> =
                runs.into_iter().filter(|(place, run)| is_news(&(place.clone(), run.id.clone()))).collect();
            self.say_gone(noun, &known, &seen);
            let is_empty = if noun == Noun::Run { new_runs.is_empty() } else { news.is_empty() };
            match is_empty {
                true if is_first => self.say_none(noun)?,
                true => {}
                false => self.append(noun, (&news, &new_runs), has_titles).await?,
            }
            (known, is_first, has_titles) = (seen, false, has_titles || !is_empty);
            changes.next().await;
        }
    }

    async fn append(
        &self,
        noun: Noun,
        (objects, runs): (&[DynamicObject], &[(String, Run)]),
        further: bool,
    ) -> Result<()> {
        let documents = || -> Vec<Value> {
            match noun {
                Noun::Run => runs.iter().map(|(namespace, run)| run_data(namespace, run)).collect(),
                _ => objects.iter().map(|object| json!(object)).collect(),
            }
        };
        match (self.args.output, self.args.output.and_then(Format::data)) {
            (_, Some(DataFormat::Json)) => {
                let line = |document: &Value| format!("{}\n", harmless_json(&document.to_string()));
                output::print(&documents().iter().map(line).collect::<String>())
            }
            (_, Some(DataFormat::Yaml)) => {
                let text = |document: &Value| yaml::to_string(document).unwrap_or_default();
                output::print(&documents().iter().map(|d| format!("---\n{}", text(d))).collect::<String>())
            }
            (Some(Format::Name), _) if noun == Noun::Run => output::print(&run_names(runs)),
            (Some(Format::Name), _) => output::print(&names(objects)),
            _ => {
                let headless = further || self.args.no_headers;
                let rows = match noun {
                    Noun::Run => Rows::Runs(runs.to_vec(), self.scope.decode(objects)),
                    _ => self.rows_of(noun, objects)?,
                };
                output::print(&self.table(&rows, headless).await?)
            }
        }
    }

    fn say_gone(&self, noun: Noun, known: &Known, seen: &Known) {
        for (_, name) in known.keys().filter(|key| !seen.contains_key(*key)) {
            self.scope.session.note(Mark::Neutral, &format!("{}/{name} deleted", noun.singular()));
        }
    }
}

fn seen(noun: Noun, objects: &[DynamicObject], runs: &[(String, Run)]) -> Known {
    match noun {
        Noun::Run => runs.iter().map(|(place, run)| ((place.clone(), run.id.clone()), json!(run))).collect(),
        _ => objects.iter().map(|object| (key_of(object), json!(object.metadata.resource_version))).collect(),
    }
}

fn key_of(object: &DynamicObject) -> (String, String) {
    (object.namespace().unwrap_or_default(), object.name_any())
}

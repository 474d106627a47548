//! From flags and choices to the Restore that is written.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use super::args::RestoreFlags;
use super::choice::Choices;
use crate::api::{self, Cleanup, RestoreSpec, keys};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::plan::restore::validate::before_sending;
use crate::velero::RestoreStatusSpec;

/// The Restore the flags ask for.
///
/// # Errors
///
/// Exit 2 for selectors that cannot be read, and for what the hub's admission check refuses.
pub(super) fn restore(
    name: &str,
    namespace: &str,
    flags: &RestoreFlags,
    choices: &Choices,
) -> Result<api::Restore> {
    let selectors: Vec<LabelSelector> =
        flags.or_selector.iter().map(|text| selector(text)).collect::<Result<_>>()?;
    let cleanup = flags.cleanup_mode();
    let mut restore = api::Restore::new(
        name,
        RestoreSpec {
            velero_managed_clusters_backup_name: Some(choices.managed_clusters.clone()),
            velero_credentials_backup_name: Some(choices.credentials.clone()),
            velero_resources_backup_name: Some(choices.resources.clone()),
            cleanup_before_restore: Some(cleanup.clone()),
            sync_restore_with_new_backups: flags.sync.unwrap_or(false),
            restore_sync_interval: flags.sync_interval.map(|interval| interval.to_string()),
            restore_pvs: flags.restore_pvs,
            preserve_node_ports: flags.preserve_node_ports,
            restore_status: list(&flags.restore_status)
                .map(|kinds| RestoreStatusSpec { included_resources: Some(kinds), excluded_resources: None }),
            included_namespaces: list(&flags.include_namespaces),
            excluded_namespaces: list(&flags.exclude_namespaces),
            included_resources: list(&flags.include_resources),
            excluded_resources: list(&flags.exclude_resources),
            label_selector: flags.selector.as_deref().map(selector).transpose()?,
            or_label_selectors: (!selectors.is_empty()).then_some(selectors),
            namespace_mapping: mapping(&flags.namespace_mapping),
            ..RestoreSpec::default()
        },
    );
    restore.metadata.namespace = Some(namespace.to_owned());
    if cleanup == Cleanup::CleanupAll {
        let confirmed = (keys::CLEANUP_ALL_CONFIRMED.to_owned(), "true".to_owned());
        restore.metadata.annotations = Some(BTreeMap::from([confirmed]));
    }
    match before_sending(None, &restore).first() {
        Some(problem) => Err(CliError::new(Exit::Usage, problem.to_string())),
        None => Ok(restore),
    }
}

fn list(values: &[String]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.to_vec())
}

fn mapping(pairs: &[(String, String)]) -> Option<BTreeMap<String, String>> {
    (!pairs.is_empty()).then(|| pairs.iter().cloned().collect())
}

/// Reads a label selector as kubectl's `-l` takes it.
///
/// # Errors
///
/// Exit 2 if it makes no sense.
pub(in crate::cli) fn selector(text: &str) -> Result<LabelSelector> {
    let requirements = split(text).into_iter().map(requirement).collect::<Option<Vec<_>>>();
    match requirements.filter(|all| !all.is_empty()) {
        Some(all) => Ok(LabelSelector { match_expressions: Some(all), match_labels: None }),
        None => Err(CliError::new(Exit::Usage, format!("'{text}' is not a label selector"))
            .why("such as app=web,tier!=test,env in (a,b),!beta")),
    }
}

/// Splits at commas outside parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(move |c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

fn requirement(text: &str) -> Option<LabelSelectorRequirement> {
    let made = |key: &str, operator: &str, values: Vec<String>| {
        let key = key.trim();
        let is_value = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let valid = !key.is_empty()
            && !key.contains([' ', '(', ')', '=', '!'])
            && values.iter().all(|value| value.chars().all(is_value));
        let values = (!values.is_empty()).then_some(values);
        valid.then(|| LabelSelectorRequirement { key: key.to_owned(), operator: operator.to_owned(), values })
    };
    let set = |values: &str| {
        let inner = values.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inner.split(',').map(|value| value.trim().to_owned()).collect::<Vec<_>>())
    };
    if let Some((key, values)) = text.split_once(" notin ") {
        return made(key, "NotIn", set(values)?);
    }
    if let Some((key, values)) = text.split_once(" in ") {
        return made(key, "In", set(values)?);
    }
    if let Some((key, value)) = text.split_once("!=") {
        return made(key, "NotIn", vec![value.trim().to_owned()]);
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return made(key, "In", vec![value.trim().to_owned()]);
    }
    match text.strip_prefix('!') {
        Some(key) => made(key, "DoesNotExist", Vec::new()),
        None => made(text, "Exists", Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |r: &LabelSelectorRequirement| {
            format!("{} {} {}", r.key, r.operator, r.values.clone().unwrap_or_default().join("|"))
        };
        selector(text).unwrap().match_expressions.unwrap().iter().map(show).collect()
    }

    #[test]
    fn selectors_are_read_as_kubectl_reads_them() {
        assert_eq!(
            shown("app=web, tier!=test,env in (a, b),!beta,gamma,x notin (y),z==1"),
            [
                "app In web",
                "tier NotIn test",
                "env In a|b",
                "beta DoesNotExist ",
                "gamma Exists ",
                "x NotIn y",
                "z In 1"
            ]
        );
        for bad in ["", "a b", "=x", "env in a"] {
            assert_eq!(selector(bad).unwrap_err().exit, Exit::Usage, "{bad:?}");
        }
    }

    fn made(flags: &RestoreFlags) -> Result<api::Restore> {
        restore("r1", "acm", flags, &Choices::of(flags).unwrap())
    }

    #[test]
    fn a_filter_turns_cleanup_off_because_it_would_remove_what_was_left_out() {
        let filtered = RestoreFlags { include_namespaces: vec!["a".to_owned()], ..Default::default() };
        assert_eq!(made(&filtered).unwrap().spec.cleanup_before_restore, Some(Cleanup::None));
        assert_eq!(
            made(&RestoreFlags::default()).unwrap().spec.cleanup_before_restore,
            Some(Cleanup::CleanupRestored)
        );
    }

    #[test]
    fn cleanup_all_carries_its_confirmation() {
        let all = RestoreFlags { cleanup: Some(Cleanup::CleanupAll), ..Default::default() };
        let annotations = made(&all).unwrap().metadata.annotations.unwrap();
        assert_eq!(annotations[keys::CLEANUP_ALL_CONFIRMED], "true");
        assert!(made(&RestoreFlags::default()).unwrap().metadata.annotations.is_none());
    }

    ///
    #[test]
    fn system_namespaces_are_refused_as_targets() {
        let flags = RestoreFlags {
            namespace_mapping: vec![("a".into(), "kube-system".into())],
            ..Default::default()
        };
        assert_eq!(made(&flags).unwrap_err().exit, Exit::Usage);
    }
}

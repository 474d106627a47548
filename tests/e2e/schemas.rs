//! What commands print about a hub is what they say with `-o jsonschema`.

use acmbackup::wire::yaml;
use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::checker::faults;
use crate::site::Site;

/// Commands that say much about a hub that follows another one, and change nothing.
const ANSWERS: &[&str] = &[
    "verify --deep --details",
    "version",
    "prune",
    "prune --keep-restores 0 --dry-run=server",
    "prune --orphans --dry-run",
    "doctor",
    "status",
    "status -A",
    "latest",
    "plan --diff --managed-clusters latest",
    "get",
    "get runs -A",
    "describe restore/passive",
    "activate --dry-run=server",
    "delete restore/passive --dry-run",
];

/// On a hub with the Restore `passive`, which follows another hub.
pub(crate) fn answers_are_as_their_schemas_say(hub: &Site) -> Result<()> {
    for line in ANSWERS {
        let schema: Value = serde_json::from_str(&printed(hub, line, "jsonschema")?)?;
        let json: Value =
            serde_json::from_str(&printed(hub, line, "json")?).with_context(|| format!("{line} -o json"))?;
        let mut told = yaml::documents(&printed(hub, line, "yaml")?)?;
        ensure!(told.len() == 1, "{line} -o yaml: {told:?}");
        for answer in [json, told.remove(0)] {
            let wrong = faults(&schema, &answer, line);
            ensure!(wrong.is_empty(), "{}\n{answer:#}", wrong.join("\n"));
            ensure!(
                answer.get("hub").is_none_or(|hub| hub["id"].is_string()),
                "{line}: which hub?\n{answer:#}"
            );
        }
    }
    Ok(())
}

/// Standard output; a check that fails is an answer, too.
fn printed(hub: &Site, line: &str, form: &str) -> Result<String> {
    let output = hub.plugin(&format!("{line} -o {form}")).output()?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(matches!(output.status.code(), Some(0 | 1)), "{line} -o {form}: {errors}");
    Ok(String::from_utf8(output.stdout)?)
}

//! Commands beside their nearest peers: what a user would type instead, asking the same server.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use acmbackup_lab::markdown::{head, row};
use acmbackup_lab::{Assets, Cost, Hub, Plugin};
use anyhow::{Context, Result};

use super::NAMESPACE;

/// Runs behind a median.
const REPEATS: usize = 5;

/// A command, the exit code it ends with, and its peer. Words in braces are names of [`Names`].
pub(super) struct Row {
    ours: &'static str,
    code: i32,
    /// What a user would type instead; an error says why there is nothing.
    peer: Result<&'static str, &'static str>,
}

const fn beside(ours: &'static str, peer: &'static str) -> Row {
    Row { ours, code: 0, peer: Ok(peer) }
}

const fn alone(ours: &'static str, why: &'static str) -> Row {
    Row { ours, code: 0, peer: Err(why) }
}

/// Without a server.
pub(super) const COLD: &[Row] = &[
    beside("acmbackup --version", "kubectl version --client"),
    beside("acmbackup --version", "velero version --client-only"),
    beside("acmbackup completion bash", "kubectl completion bash"),
    beside("acmbackup completion bash", "velero completion bash"),
    beside("complete restore --cle", "kubectl-complete get --ou"),
    beside(
        "acmbackup install --dry-run=client -o yaml",
        "velero install --dry-run -o yaml --provider aws --plugins x --bucket x --no-secret",
    ),
];
/// With a Velero that works: these read what backups hold.
pub(super) const STORED: &[Row] = &[
    beside("acmbackup describe backup/{backup}", "velero backup describe {backup} --details"),
    beside("acmbackup logs backup/{backup}", "velero backup logs {backup}"),
    beside("acmbackup plan", "velero backup describe {backups} --details"),
    beside("acmbackup verify", "velero backup describe {backups} --details"),
    beside("acmbackup verify --deep", "velero backup describe {backups} --details"),
];
/// These ask the API server alone.
pub(super) const LISTED: &[Row] = &[
    beside("acmbackup latest", "velero backup get"),
    beside("acmbackup latest resources -o name", "kubectl get backups.velero.io -o name"),
    beside("acmbackup get backups", "velero backup get"),
    beside("acmbackup get backups", "kubectl get backups.velero.io"),
    beside("acmbackup get backups -o json", "velero backup get -o json"),
    beside("acmbackup get backups -o json", "kubectl get backups.velero.io -o json"),
    beside("acmbackup get backups {backup}", "velero backup get {backup}"),
    beside("acmbackup get runs", "velero backup get"),
    beside("acmbackup get schedules", "velero schedule get"),
    beside("acmbackup get restores", "velero restore get"),
    beside("acmbackup status", "velero backup get"),
    beside("acmbackup describe backup/{backup}", "kubectl describe backups.velero.io {backup}"),
    beside("acmbackup describe run/{run}", "kubectl describe backups.velero.io {backups}"),
    beside("acmbackup describe schedule", "velero schedule describe"),
    beside(
        "acmbackup describe restore/measured",
        "kubectl describe restores.cluster.open-cluster-management.io",
    ),
    beside("acmbackup plan --no-contents", "velero restore create x --from-backup {backup} -o yaml"),
    beside("acmbackup restore --dry-run -o yaml", "velero restore create x --from-backup {backup} -o yaml"),
    beside("acmbackup schedule --dry-run -o yaml", "velero schedule create x --schedule @daily -o yaml"),
    beside("acmbackup pause --dry-run", PATCH_SCHEDULE),
    beside("acmbackup resume --dry-run", PATCH_SCHEDULE),
    beside(
        "acmbackup backup --dry-run -o yaml",
        "velero backup create x --from-schedule acm-resources-schedule -o yaml",
    ),
    beside(
        "acmbackup wait schedule --for paused",
        "kubectl wait backupschedules.cluster.open-cluster-management.io/schedule-acm --for=jsonpath={.status.phase}=Paused",
    ),
    beside(
        "acmbackup wait backup/{backup}",
        "kubectl wait backups.velero.io/{backup} --for=jsonpath={.status.phase}=Completed",
    ),
    beside(
        "acmbackup delete backup/{backup} --dry-run",
        "kubectl delete backups.velero.io {backup} --dry-run=client",
    ),
    beside(
        "acmbackup delete run/{run} --dry-run",
        "kubectl delete backups.velero.io {backups} --dry-run=client",
    ),
    beside("acmbackup snapshot --out -", "kubectl get backups.velero.io,schedules.velero.io -o yaml"),
    beside("acmbackup prune", "velero backup get"),
    beside(
        "acmbackup prune --keep-runs 1 --dry-run",
        "kubectl delete backups.velero.io --all --dry-run=client",
    ),
    Row { code: 1, ..beside("acmbackup doctor", "kubectl get --raw /readyz?verbose") },
    beside("acmbackup version", "kubectl version"),
    beside("acmbackup version", "velero version"),
    alone("acmbackup install --dry-run=server", "`velero install --dry-run` asks no server"),
    alone("acmbackup uninstall --dry-run=server", "`velero uninstall` has no dry run"),
    alone("acmbackup run --once --dry-run", "the operator has no dry run"),
    beside("complete describe backup/", "kubectl-complete describe backups.velero.io "),
];
/// With a Restore that follows another hub.
pub(super) const FOLLOWING: &[Row] = &[beside(
    "acmbackup activate --dry-run",
    "kubectl patch restores.cluster.open-cluster-management.io following --type=merge \
     -p={\"spec\":{\"veleroManagedClustersBackupName\":\"latest\"}} --dry-run=client",
)];

const PATCH_SCHEDULE: &str = "kubectl patch backupschedules.cluster.open-cluster-management.io schedule-acm --type=merge \
     -p={\"spec\":{\"paused\":false}} --dry-run=client";

/// Backups to ask for.
pub(super) struct Names {
    /// One of them.
    pub(super) backup: String,
    /// All of its run.
    pub(super) backups: Vec<String>,
    /// The run.
    pub(super) run: String,
}

/// Prints a table, in Markdown, of medians: ours, the peer's, and how many times ours the peer's are.
pub(super) async fn side_by_side(hub: &Hub, plugin: &Plugin, (rows, names): (&[Row], &Names)) -> Result<()> {
    let programs = Programs::find(hub, plugin).await?;
    let mut runs: BTreeMap<&str, Vec<Cost>> = BTreeMap::new();
    for _ in 0..REPEATS {
        // One after the other, so that a slow moment of the machine hits all.
        let lines =
            rows.iter().flat_map(|row| [Some((row.ours, row.code)), row.peer.ok().map(|peer| (peer, 0))]);
        for (line, code) in lines.flatten().collect::<BTreeMap<_, _>>() {
            match Cost::of(&programs.command(hub, line, names)?, code) {
                Ok(cost) => runs.entry(line).or_default().push(cost),
                // One line must not cost the figures of all others.
                Err(error) => eprintln!("figures: {error:#}"),
            }
        }
    }
    println!("\n{}", head(&["command", "wall, CPU, memory", "peer", "wall, CPU, memory", "peer to ours"]));
    let median = |line: &str| runs.get(line).map(|runs| Cost::median(runs));
    for Row { ours, peer, .. } in rows {
        let cost = median(ours);
        let of_peer = peer.ok().and_then(median);
        let peer = peer.map_or_else(|why| format!("none: {why}"), |peer| format!("`{peer}`"));
        let cells = [format!("`{ours}`"), told(cost), peer, told(of_peer), ratios(cost, of_peer)];
        println!("{}", row(&cells));
    }
    Ok(())
}

fn ratios(ours: Option<Cost>, peer: Option<Cost>) -> String {
    let Some((ours, peer)) = ours.zip(peer) else { return String::new() };
    let ratios = [peer.wall / ours.wall, peer.cpu / ours.cpu, peer.mib / ours.mib];
    ratios.map(|ratio| format!("{ratio:.1}")).join(", ")
}

fn told(cost: Option<Cost>) -> String {
    let Some(Cost { wall, cpu, mib, .. }) = cost else { return String::new() };
    let milliseconds = |seconds: f64| match seconds * 1000.0 {
        few @ ..10.0 => format!("{few:.1} ms"),
        many => format!("{many:.0} ms"),
    };
    format!("{}, {}, {mib:.0} MiB", milliseconds(wall), milliseconds(cpu))
}

/// What the first word of a line stands for.
struct Programs {
    plugin: PathBuf,
    /// The plugin under the name by which kubectl asks it for completion.
    completer: PathBuf,
    assets: &'static Assets,
}

impl Programs {
    async fn find(hub: &Hub, plugin: &Plugin) -> Result<Self> {
        let completer = hub.folder().join("kubectl_complete-acmbackup");
        let plugin = plugin.program().canonicalize()?;
        if !completer.is_symlink() {
            symlink(&plugin, &completer)?;
        }
        Ok(Self { plugin, completer, assets: Assets::find().await? })
    }

    fn command(&self, hub: &Hub, line: &str, names: &Names) -> Result<Command> {
        let line = line
            .replace("{backup}", &names.backup)
            .replace("{backups}", &names.backups.join(" "))
            .replace("{run}", &names.run);
        let mut words = line.split(' ');
        let (program, first): (&Path, &[&str]) = match words.next().context("a line has a program")? {
            "acmbackup" => (&self.plugin, &[]),
            "complete" => (&self.completer, &[]),
            "velero" => (&self.assets.velero, &[]),
            "kubectl" => (&self.assets.kubectl, &["-n", NAMESPACE]),
            "kubectl-complete" => (&self.assets.kubectl, &["__complete", "-n", NAMESPACE]),
            other => anyhow::bail!("no program {other}"),
        };
        let mut command = Command::new(program);
        command.args(first).args(words).env("KUBECONFIG", hub.kubeconfig()).env("HOME", hub.folder());
        command.env("ACMBACKUP_NAMESPACE", NAMESPACE).env("VELERO_NAMESPACE", NAMESPACE);
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_is_measured() {
        let lines: Vec<&str> =
            [COLD, STORED, LISTED, FOLLOWING].into_iter().flatten().map(|row| row.ours).collect();
        for command in acmbackup::cli::Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(
                lines.iter().any(|line| line.split(' ').nth(1) == Some(name)),
                "{name} is beside nothing"
            );
        }
    }
}

//! Commands beside their nearest peers: what a user would type instead, asking the same server.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use acmbackup_lab::{Assets, Cost, Hub, Plugin};
use anyhow::{Context, Result};

use super::NAMESPACE;

/// Runs behind a median.
const REPEATS: usize = 5;

/// A command, the exit code it ends with, and its peer. Words in braces are names of [`Names`].
pub(super) type Row = (&'static str, i32, &'static str);

/// Without a server.
pub(super) const COLD: &[Row] = &[
    ("acmbackup --version", 0, "kubectl version --client"),
    ("acmbackup --version", 0, "velero version --client-only"),
    ("acmbackup completion bash", 0, "kubectl completion bash"),
    ("acmbackup completion bash", 0, "velero completion bash"),
    ("complete restore --cle", 0, "kubectl-complete get --ou"),
];
/// With a Velero that works: these read what backups hold.
pub(super) const STORED: &[Row] = &[
    ("acmbackup describe backup/{backup}", 0, "velero backup describe {backup} --details"),
    ("acmbackup logs backup/{backup}", 0, "velero backup logs {backup}"),
    ("acmbackup plan", 0, "velero backup describe {backups} --details"),
    ("acmbackup verify", 0, "velero backup describe {backups} --details"),
    ("acmbackup verify --deep", 0, "velero backup describe {backups} --details"),
];
/// These ask the API server alone.
pub(super) const LISTED: &[Row] = &[
    ("acmbackup latest", 0, "velero backup get"),
    ("acmbackup latest resources -o name", 0, "kubectl get backups.velero.io -o name"),
    ("acmbackup get backups", 0, "velero backup get"),
    ("acmbackup get backups", 0, "kubectl get backups.velero.io"),
    ("acmbackup get backups -o json", 0, "velero backup get -o json"),
    ("acmbackup get backups -o json", 0, "kubectl get backups.velero.io -o json"),
    ("acmbackup get backups {backup}", 0, "velero backup get {backup}"),
    ("acmbackup get runs", 0, "velero backup get"),
    ("acmbackup get schedules", 0, "velero schedule get"),
    ("acmbackup get restores", 0, "velero restore get"),
    ("acmbackup status", 0, "velero backup get"),
    ("acmbackup describe backup/{backup}", 0, "kubectl describe backups.velero.io {backup}"),
    ("acmbackup describe run/{run}", 0, "kubectl describe backups.velero.io {backups}"),
    ("acmbackup describe schedule", 0, "velero schedule describe"),
    (
        "acmbackup describe restore/measured",
        0,
        "kubectl describe restores.cluster.open-cluster-management.io",
    ),
    ("acmbackup plan --no-contents", 0, "velero restore create x --from-backup {backup} -o yaml"),
    ("acmbackup restore --dry-run -o yaml", 0, "velero restore create x --from-backup {backup} -o yaml"),
    ("acmbackup schedule --dry-run -o yaml", 0, "velero schedule create x --schedule @daily -o yaml"),
    ("acmbackup snapshot --out -", 0, "kubectl get backups.velero.io,schedules.velero.io -o yaml"),
    ("acmbackup prune", 0, "velero backup get"),
    ("acmbackup prune --keep-runs 1 --dry-run", 0, "kubectl delete backups.velero.io --all --dry-run=client"),
    ("acmbackup doctor", 1, "kubectl get --raw /readyz?verbose"),
    ("complete describe backup/", 0, "kubectl-complete describe backups.velero.io "),
];

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
        let lines = rows.iter().flat_map(|(ours, code, peer)| [(*ours, *code), (*peer, 0)]);
        for (line, code) in lines.collect::<BTreeMap<_, _>>() {
            let cost = Cost::of(&programs.command(hub, line, names)?, code)?;
            runs.entry(line).or_default().push(cost);
        }
    }
    println!("\n| command | wall, CPU, memory | peer | wall, CPU, memory | peer to ours |");
    println!("| --- | --- | --- | --- | --- |");
    let median = |line| runs.get(line).map(|runs| Cost::median(runs)).context("it was measured");
    for (ours, _, peer) in rows {
        let (cost, of_peer) = (median(ours)?, median(peer)?);
        let ratios = [of_peer.wall / cost.wall, of_peer.cpu / cost.cpu, of_peer.mib / cost.mib]
            .map(|ratio| format!("{ratio:.1}"));
        println!("| `{ours}` | {} | `{peer}` | {} | {} |", told(&cost), told(&of_peer), ratios.join(", "));
    }
    Ok(())
}

fn told(Cost { wall, cpu, mib, .. }: &Cost) -> String {
    let milliseconds = |seconds: &f64| match seconds * 1000.0 {
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

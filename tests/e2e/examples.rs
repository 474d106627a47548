//! Every example in the documentation, typed as it is written, through a real kubectl.
//!
//! Those of the guides, each on the hub its prompt names, are typed by `guides.rs`.

use std::collections::BTreeSet;

use acmbackup_lab::Lab;
use anyhow::Result;

use crate::guides::GUIDES;
use crate::pages::{examples, pages};
use crate::play::{Line, Play, east, west};
use crate::shell::Shell;
use crate::site::Site;

const YES: &str = "y\n";
const HERE: &str = "hub-west\n";
const HOLDS: &str = "held by us";

/// Neither krew nor its index is on this machine; `tests/packaging` unpacks the archive as krew does.
const NOT_HERE: &str = "kubectl krew install acmbackup";

/// In this order, on two hubs that have Velero, one storage and no CRDs of ours.
const SCENES: &[(&str, &[Line])] = &[
    ("a hub gets the CRDs and the loop", INSTALLING),
    ("the loop in a terminal", THE_LOOP),
    ("east backs itself up", BACKING_UP),
    ("west restores", RESTORING),
    ("west follows and takes over", FOLLOWING),
    ("tidying up", TIDYING),
];

const INSTALLING: &[Line] = &[
    west("kubectl cluster-info"),
    west("kubectl acmbackup doctor").ends(1),
    west("kubectl acmbackup install -n open-cluster-management-backup --dry-run=client -o yaml > loop.yaml"),
    east("kubectl acmbackup install --crds-only"),
    west("kubectl acmbackup install --crds-only"),
    west("kubectl acmbackup install"),
    west("kubectl acmbackup install --image registry.example/acmbackup:v0.1.0 --replicas 1"),
    west("kubectl acmbackup uninstall --dry-run=client"),
    west("kubectl acmbackup uninstall").shows("Continue?").answered(YES),
    west("kubectl acmbackup completion kubectl --install"),
    west("source <(kubectl-acmbackup completion bash)"),
    west("mkdir -p ~/.config/fish/completions").aside(),
    west("kubectl-acmbackup completion fish > ~/.config/fish/completions/kubectl-acmbackup.fish"),
    west("kubectl acmbackup version"),
];

const THE_LOOP: &[Line] = &[
    east("kubectl acmbackup doctor --wait 10m").shows("until nothing fails").goes_on(),
    east("kubectl acmbackup run").shows(HOLDS).goes_on().interrupted(),
    east("kubectl acmbackup run --dry-run").shows("no step is taken").interrupted(),
    east("kubectl acmbackup run --wait-for-lease").shows("standing by").interrupted(),
    west("kubectl acmbackup run --once --wait-for-lease"),
    west("kubectl acmbackup run --hub-id my-hub").shows(HOLDS).interrupted(),
    west("kubectl acmbackup run --health-bind-address 8081 --metrics-bind-address 8080 --log-format json")
        .shows(HOLDS)
        .interrupted(),
];

const BACKING_UP: &[Line] = &[
    east("kubectl acmbackup run").shows(HOLDS).goes_on().interrupted(),
    east("kubectl acmbackup schedule --managed-service-account --dry-run=client -o yaml > schedule.yaml"),
    east("kubectl acmbackup schedule"),
    east("kubectl acmbackup wait schedule"),
    east("kubectl acmbackup schedule --managed-service-account"),
    east("kubectl acmbackup schedule --cron '0 */6 * * *' --ttl 72h --wait"),
    east("kubectl acmbackup schedule --cron '0 */2 * * *' --ttl 120h"),
    east("kubectl acmbackup schedule --cron '0 */2 * * *'"),
    // No run that nobody asked for comes between the next lines, and none expires before the next but one.
    east("kubectl acmbackup schedule --cron @yearly --ttl 20000h").aside(),
    east("kubectl acmbackup wait schedule --for run").shows("schedule").goes_on(),
    east("kubectl acmbackup backup"),
    east("run=$(kubectl acmbackup backup | awk 'END { print $NF }')"),
    east("kubectl acmbackup backup --wait --timeout 30m"),
    east("kubectl acmbackup get"),
    east("kubectl acmbackup get runs"),
    east("kubectl acmbackup get backups -o wide"),
    east("kubectl acmbackup latest"),
    east("kubectl acmbackup latest --all"),
    east("kubectl acmbackup latest resources -o name"),
    east("kubectl acmbackup latest --as-of 6h").ends(4),
    east("kubectl acmbackup describe schedule"),
    east("kubectl acmbackup describe run/20261122100004"),
    east("kubectl acmbackup wait backup/acm-resources-schedule-20261122120103"),
    east("kubectl acmbackup logs run/20261122100004 --level warn"),
    east("kubectl acmbackup logs backup/acm-resources-schedule-20261122100004 --since 10m"),
    east("kubectl acmbackup verify"),
    east("kubectl acmbackup verify --max-age 6h -q"),
    east("kubectl acmbackup verify 20261122100004 --deep"),
    east("kubectl acmbackup verify --check-here=false -o json"),
    east("kubectl acmbackup status"),
    east("kubectl acmbackup status -vv"),
    east("kubectl acmbackup status -n open-cluster-management-backup"),
    east("kubectl acmbackup status --check -o json"),
    east("kubectl acmbackup status -w").shows("No problems").interrupted().ends(130),
    east("kubectl acmbackup doctor -o json"),
    east("kubectl acmbackup doctor --for restore"),
    east("kubectl acmbackup snapshot"),
    east("kubectl acmbackup snapshot --redact-names --out report.yaml"),
    east("kubectl acmbackup snapshot --redact-names --logs --out report.tar.gz"),
    east("kubectl acmbackup snapshot --out - | kubectl acmbackup status --from -"),
];

const RESTORING: &[Line] = &[
    west("kubectl acmbackup run --accept-unowned-storage").shows(HOLDS).goes_on().interrupted(),
    west("kubectl acmbackup plan"),
    west("kubectl acmbackup plan --managed-clusters latest"),
    west("kubectl acmbackup plan --include-namespaces apps --cleanup none"),
    west("kubectl acmbackup plan --diff"),
    west("kubectl acmbackup restore --dry-run=client -o yaml > restore.yaml").aside(),
    west("kubectl acmbackup plan -f restore.yaml"),
    west("kubectl acmbackup restore"),
    west("kubectl acmbackup logs restore -f"),
    west("kubectl acmbackup wait restore/NAME --timeout 2h"),
    west("kubectl acmbackup get restores"),
    west("kubectl acmbackup restore --resources skip"),
    west("kubectl acmbackup wait restore/restore-acm-passive --timeout 2h"),
    west("kubectl acmbackup restore --run complete --wait"),
    west("kubectl acmbackup restore --run complete"),
    west("kubectl acmbackup wait restore/NAME --timeout 2h"),
    west("kubectl acmbackup restore --resources latest"),
    west("kubectl acmbackup wait restore/NAME --timeout 2h"),
    west("kubectl acmbackup delete restore/restore-acm-test").shows("Continue?").answered(YES),
    west("kubectl acmbackup prune"),
    west("kubectl acmbackup prune --keep-restores 3 --orphans --yes"),
];

const FOLLOWING: &[Line] = &[
    west("kubectl acmbackup run --accept-unowned-storage").shows(HOLDS).goes_on().interrupted(),
    west("kubectl acmbackup prune --keep-restores 0 --yes").aside(),
    west("kubectl acmbackup restore --sync --wait"),
    west("kubectl acmbackup wait restore --for synced"),
    west("kubectl acmbackup plan restore/restore-acm-passive --managed-clusters latest"),
    west("kubectl acmbackup describe restore/restore-acm-passive"),
    west("kubectl acmbackup snapshot --out snapshot.yaml").aside(),
    west("kubectl acmbackup describe restore/restore-acm-passive --from snapshot.yaml"),
    west("kubectl acmbackup get restores restore-acm-passive -o yaml"),
    west("kubectl acmbackup logs restore/restore-acm-passive --level error"),
    west("kubectl acmbackup pause --context hub-east"),
    west("kubectl acmbackup activate").shows("Type the name").answered(HERE),
    west("kubectl acmbackup wait restore/NAME --timeout 2h"),
    west("kubectl acmbackup restore --sync --sync-interval 10m"),
    west("kubectl acmbackup wait restore/NAME --timeout 2h"),
    west("kubectl acmbackup activate restore-acm-passive --yes --confirm hub-west --wait"),
    west("kubectl acmbackup restore --sync"),
    west("kubectl acmbackup wait restore/NAME --timeout 2h"),
    west("kubectl acmbackup activate --yes --confirm hub-west"),
    west("kubectl acmbackup wait restore/NAME --timeout 2h"),
    west("kubectl acmbackup restore --managed-clusters latest --confirm hub-west --yes --wait --timeout 2h"),
];

const TIDYING: &[Line] = &[
    east("kubectl acmbackup run").shows(HOLDS).goes_on().interrupted(),
    // Restores go only while a loop answers their finalizers.
    west("kubectl acmbackup run").shows(HOLDS).goes_on().interrupted(),
    east("kubectl acmbackup pause"),
    east("kubectl acmbackup pause --wait"),
    east("kubectl acmbackup schedule --recreate").shows("Continue?").answered(YES),
    east("kubectl acmbackup delete run/20261122100004 --yes --confirm hub-east"),
    east("kubectl acmbackup prune --keep-runs 12 --yes --confirm hub-east"),
    east("kubectl acmbackup delete schedule --wait").shows("Continue?").answered(YES),
    west("kubectl acmbackup uninstall --crds --yes --confirm hub-west"),
];

fn lines() -> impl Iterator<Item = &'static Line> {
    SCENES.iter().flat_map(|(_, lines)| *lines)
}

/// What the pages hold besides what the guides say at a prompt.
fn documented() -> BTreeSet<String> {
    let mut found = BTreeSet::from([NOT_HERE.to_owned()]);
    for (page, text) in pages() {
        let is_typed = GUIDES.iter().any(|guide| page.ends_with(guide));
        let lines: Vec<&str> = text.lines().filter(|line| !(is_typed && line.contains("$ "))).collect();
        found.extend(examples(&lines.join("\n")));
    }
    found
}

#[test]
fn every_example_is_in_a_scene_and_every_line_of_a_scene_is_an_example() {
    let documented = documented();
    let mut typed: BTreeSet<String> =
        lines().filter(|line| !line.is_aside).map(|line| line.text.to_owned()).collect();
    typed.insert(NOT_HERE.to_owned());
    let missing: Vec<_> = documented.difference(&typed).collect();
    let outdated: Vec<_> = typed.difference(&documented).collect();
    assert!(
        missing.is_empty() && outdated.is_empty(),
        "not in a scene: {missing:#?}\nnot in the docs: {outdated:#?}"
    );
}

#[tokio::test]
async fn every_example_ends_as_the_docs_say() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let (east, west) = tokio::try_join!(
            Site::start_with_crds(lab, &store, "hub-east", (2, vec![])),
            Site::start_with_crds(lab, &store, "hub-west", (0, vec![]))
        )?;
        let play = Play { shell: Shell::new().await?, east, west };
        for (title, lines) in SCENES {
            play.scene(lines).await.map_err(|error| error.context(*title))?;
        }
        Ok(())
    })
    .await
}

//! What rules of `prune` would remove.

use super::line::columns_within;
use super::style::Style;
use super::text::{count, harmless};
use crate::plan::tidy::{Doomed, Rule};

/// How many names a line shows.
const NAMES_SHOWN: usize = 4;

/// One line per rule: the rule, how much, and the first names.
pub fn listing(found: &[(Rule, Vec<Doomed>)], style: &Style) -> String {
    let line = |(rule, doomed): &(Rule, Vec<Doomed>)| {
        vec![style.bold(rule), count_of(doomed.iter()), some_names(doomed)]
    };
    columns_within(0, found.iter().map(line).collect(), style.width)
}

/// `2 restores, 3 runs of 15 backups`, or `nothing`.
pub fn count_of<'a>(doomed: impl Iterator<Item = &'a Doomed>) -> String {
    let (mut restores, mut velero, mut runs, mut of_runs, mut backups) = (0, 0, 0, 0, 0);
    for doomed in doomed {
        match doomed {
            Doomed::Restore { .. } => restores += 1,
            Doomed::VeleroRestore { .. } => velero += 1,
            Doomed::Backup { .. } => backups += 1,
            Doomed::Run { backups, .. } => {
                runs += 1;
                of_runs += backups.len();
            }
        }
    }
    let parts = [
        (restores > 0).then(|| count(restores, "restore")),
        (velero > 0).then(|| count(velero, "Velero restore")),
        (runs > 0).then(|| format!("{} of {}", count(runs, "run"), count(of_runs, "backup"))),
        (backups > 0).then(|| count(backups, "backup")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// Full names, one a line; those of runs are their backups.
pub fn names(found: &[(Rule, Vec<Doomed>)]) -> String {
    let all = found.iter().flat_map(|(_, doomed)| doomed).flat_map(|doomed| match doomed {
        Doomed::Restore { name } => vec![format!("restore.cluster.open-cluster-management.io/{name}")],
        Doomed::VeleroRestore { name } => vec![format!("restore.velero.io/{name}")],
        Doomed::Backup { name } => vec![format!("backup.velero.io/{name}")],
        Doomed::Run { backups, .. } => {
            backups.iter().map(|name| format!("backup.velero.io/{name}")).collect()
        }
    });
    all.collect::<std::collections::BTreeSet<String>>()
        .iter()
        .map(|name| format!("{}\n", harmless(name)))
        .collect()
}

fn some_names(doomed: &[Doomed]) -> String {
    let name = |doomed: &Doomed| match doomed {
        Doomed::Restore { name }
        | Doomed::VeleroRestore { name }
        | Doomed::Run { name, .. }
        | Doomed::Backup { name } => harmless(name).into_owned(),
    };
    let mut names: Vec<String> = doomed.iter().take(NAMES_SHOWN).map(name).collect();
    if doomed.len() > NAMES_SHOWN {
        names.push(format!("and {} more", doomed.len() - NAMES_SHOWN));
    }
    names.join("  ")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::render::looks::looks;

    #[test]
    fn each_rule_says_how_much_goes_and_what() {
        let restore = |name: &str| Doomed::Restore { name: name.to_owned() };
        let run =
            Doomed::Run { name: "20261122100004".to_owned(), backups: vec!["a".to_owned(), "b".to_owned()] };
        let found = [
            (Rule::KeepRestores(0), ["r1", "r2", "r\u{1b}3", "r4", "r5"].map(restore).to_vec()),
            (Rule::KeepRuns(12), vec![run]),
            (Rule::Orphans, vec![]),
        ];
        insta::assert_snapshot!(listing(&found, &Style::plain(Timestamp::UNIX_EPOCH)), @r"
        --keep-restores 0  5 restores          r1  r2  r?3  r4  and 1 more
        --keep-runs 12     1 run of 2 backups  20261122100004
        --orphans          nothing
        ");
        assert_eq!(names(&found[1..]), "backup.velero.io/a\nbackup.velero.io/b\n");
    }

    #[test]
    fn every_terminal_shows_the_rules_its_way() {
        let run =
            |n: u32| Doomed::Run { name: format!("2026112210000{n}"), backups: vec!["a".to_owned(); 5] };
        let found = [(Rule::KeepRuns(12), (0..6).map(run).collect()), (Rule::Orphans, vec![])];
        let screen = |style: &Style| listing(&found, style);
        insta::assert_snapshot!("looks", looks(Timestamp::UNIX_EPOCH, screen));
    }
}

//! Every problem with a section in `docs/problems.md` is reproduced by a test, errors with their exact exit code.

use std::collections::{BTreeMap, BTreeSet};

use super::problems::sections;
use super::read;

/// A problem that ends a command: its name, its exit code, and the test that reproduces it.
const ERRORS: &[(&str, u8, &str, &str)] = &[
    ("bad-cron", 2, "tests/cli/errors.rs", "cron_velero_would_refuse_is_refused_before_anything_is_asked"),
    ("collision", 5, "tests/e2e/refusals.rs", "a_schedule_in_collision_is_not_resumed_but_made_anew"),
    ("crd-missing", 6, "tests/e2e/bad_input.rs", "a_hub_without_crds_velero_or_storage_is_not_ready"),
    (
        "crd-too-old",
        3,
        "tests/e2e/old_crds.rs",
        "with_the_crds_of_2022_commands_work_or_refuse_before_anything_is_written",
    ),
    ("defect", 70, "src/cli/error.rs", "a_defect_says_what_its_report_has_to_say_and_where_it_goes"),
    ("forbidden", 9, "tests/e2e/bad_input.rs", "a_user_who_may_not_and_a_server_that_is_down_are_told_apart"),
    (
        "generic-lost",
        5,
        "tests/e2e/refusals.rs",
        "every_error_about_what_is_in_the_way_has_its_name_and_its_code",
    ),
    ("hub-id-unknown", 5, "src/cli/writing.rs", "in_a_pod_every_hub_is_called_alike_so_its_id_confirms"),
    (
        "incomplete-run",
        4,
        "tests/e2e/plan.rs",
        "a_pinned_choice_and_a_run_are_written_as_the_names_they_stand_for",
    ),
    ("lease-held", 5, "tests/e2e/lease.rs", "a_second_loop_is_refused_until_the_first_gives_the_lease_back"),
    ("namespace-ambiguous", 5, "tests/e2e/bad_input.rs", "two_storage_namespaces_have_to_be_told_apart"),
    ("namespace-not-found", 6, "tests/e2e/bad_input.rs", "a_hub_without_crds_velero_or_storage_is_not_ready"),
    (
        "no-backup",
        4,
        "tests/e2e/bad_input.rs",
        "a_backup_that_does_not_exist_or_belongs_to_another_part_is_refused",
    ),
    ("no-import-token", 6, "tests/e2e/refusals.rs", "tokens_are_wanted_only_where_they_can_be_made"),
    ("not-confirmed", 5, "tests/e2e/bad_input.rs", "what_is_in_the_way_and_what_nobody_confirmed_is_refused"),
    (
        "restore-in-the-way",
        5,
        "tests/e2e/refusals.rs",
        "every_error_about_what_is_in_the_way_has_its_name_and_its_code",
    ),
    (
        "schedule-in-the-way",
        5,
        "tests/e2e/bad_input.rs",
        "what_is_in_the_way_and_what_nobody_confirmed_is_refused",
    ),
    ("storage-missing", 6, "tests/e2e/bad_input.rs", "a_hub_without_crds_velero_or_storage_is_not_ready"),
    ("storage-not-owned", 6, "tests/e2e/refusals.rs", "storage_that_nobody_owns_is_not_ready"),
    ("storage-unavailable", 6, "tests/e2e/storage.rs", "a_schedule_waits_for_its_storage"),
    (
        "sync-rules",
        2,
        "tests/cli/errors.rs",
        "sync_with_managed_clusters_is_refused_before_anything_is_asked",
    ),
    ("unreachable", 9, "tests/cli/errors.rs", "a_server_that_is_down_is_told"),
    ("velero-missing", 6, "tests/e2e/bad_input.rs", "a_hub_without_crds_velero_or_storage_is_not_ready"),
    (
        "velero-twice",
        5,
        "tests/e2e/refusals.rs",
        "a_velero_that_is_there_twice_is_told_to_whoever_writes_and_refused_by_the_loop",
    ),
];

const DOCTOR: &str =
    "src/render/doctor/snapshots/acmbackup__render__doctor__tests__without_utf_8_marks_are_words.snap";
const ILL_RUN: &str = "src/render/verify/snapshots/acmbackup__render__verify__tests__everything_that_velero_calls_fine_and_is_not_is_found.snap";
const GOOD_RUN: &str = "src/render/verify/snapshots/acmbackup__render__verify__tests__a_good_run_of_another_hub_passes_and_what_is_missing_is_named.snap";

/// A problem that screens show: its name, and a recorded screen or plan, or the file of the test that reproduces it.
const NOTES: &[(&str, &str)] = &[
    ("cleanup-filters", "tests/cli/problems.rs"),
    ("client-older-than-crd", DOCTOR),
    ("clock-skew", DOCTOR),
    ("empty-backup", ILL_RUN),
    ("expires-soon", "src/render/verify/tests.rs"),
    ("kind-not-served", ILL_RUN),
    ("lease-stale", "tests/cli/problems.rs"),
    ("loop-missing", "tests/e2e/look.rs"),
    ("mixed-hubs", "tests/cli/problems.rs"),
    ("not-cleaned", "tests/golden/cases/restore/what-is-left-over-goes-when-a-cycle-ends/plan.yaml"),
    ("old-hub-alive", GOOD_RUN),
    ("older-run", "tests/cli/offline.rs"),
    ("operator-elsewhere", "src/render/verify/tests.rs"),
    ("single-run", "src/render/verify/tests.rs"),
    ("stale-backups", "src/render/verify/tests.rs"),
    ("storage-unreachable-from-here", "src/render/verify/tests.rs"),
    ("velero-down", "src/render/status/tests.rs"),
];

/// The text of a test, up to the next one.
fn body(file: &str, test: &str) -> Option<String> {
    let text = read(file);
    let rest = text.split_once(&format!("fn {test}("))?.1;
    Some(rest.split("\n}\n").next()?.to_owned())
}

#[test]
fn every_problem_is_reproduced_by_a_test() {
    let listed: BTreeSet<&str> =
        ERRORS.iter().map(|error| error.0).chain(NOTES.iter().map(|note| note.0)).collect();
    let sections = sections();
    let sections: BTreeSet<&str> = sections.iter().map(String::as_str).collect();
    assert_eq!(listed, sections, "this list and docs/problems.md");
    assert_eq!(listed.len(), ERRORS.len() + NOTES.len(), "a problem is listed twice");
}

#[test]
fn every_error_is_reproduced_with_its_exit_code() {
    for (name, code, file, test) in ERRORS {
        let body = body(file, test);
        let is_proof = body.is_some_and(|body| body.contains(name) && wants_code(&body, name, *code));
        assert!(is_proof, "{file}: {test} does not reproduce {name} with exit code {code}");
    }
}

/// The number stands where tests write an exit code, and not somewhere in a name or a time.
fn wants_code(body: &str, name: &str, code: u8) -> bool {
    let written = ["run_to({}, ", "({}, \"", "code, {})", "Some({})", "json!({})", "()?, {}, "];
    let beside_name = format!("\"{name}\"), {code})");
    written
        .iter()
        .map(|form| form.replace("{}", &code.to_string()))
        .chain([beside_name])
        .any(|form| body.contains(&form))
}

#[test]
fn every_note_is_reproduced() {
    for (name, file) in NOTES {
        let is_proof = read(file).contains(name);
        assert!(is_proof, "{file} does not reproduce {name}");
    }
}

/// A name the program ends a command with has an exit code in the list.
#[test]
fn every_name_that_ends_a_command_is_listed_with_its_code() {
    let errors: BTreeMap<&str, u8> = ERRORS.iter().map(|error| (error.0, error.1)).collect();
    let source = read("src/cli/exit.rs");
    let names = source.split(": &str = \"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    let missing: Vec<&str> = names.filter(|name| !errors.contains_key(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

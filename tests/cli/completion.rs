//! Completion as kubectl and shells ask for it, and the link that lets kubectl ask.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::broken::whole;
use super::escapes::{list_of, obliging, server, steers};
use super::{failure, output, text};

/// A folder on the path that holds the program as krew would link it.
fn on_path() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_kubectl-acmbackup"), folder.path().join("kubectl-acmbackup")).unwrap();
    folder
}

fn run(program: &Path, arguments: &[&str], path: &Path) -> Output {
    Command::new(program).args(arguments).env_clear().env("PATH", path).output().unwrap()
}

/// What kubectl reads when somebody presses Tab behind these words.
pub(super) fn completed(words: &[&str]) -> String {
    let folder = on_path();
    let program = folder.path().join("kubectl_complete-acmbackup");
    symlink("kubectl-acmbackup", &program).unwrap();
    let answer = run(&program, words, folder.path());
    assert_eq!((answer.status.code(), text(&answer.stderr)), (Some(0), String::new()), "{words:?}");
    text(&answer.stdout)
}

#[test]
fn kubectl_gets_commands_with_one_line_about_each() {
    let answer = completed(&["re"]);
    assert_eq!(
        answer, "resume\tMake backups again\nrestore\tRestore this hub from backups\n:4\n",
        "commands that start so, then cobra's directive for no file names"
    );
}

#[test]
fn flags_are_offered_only_after_a_dash() {
    assert!(!completed(&["restore", ""]).contains("--"));
    let flags = completed(&["restore", "--man"]);
    assert!(flags.starts_with("--managed-clusters\t"), "{flags}");
}

#[test]
fn values_of_a_flag_are_offered_behind_a_blank_and_behind_an_equals_sign() {
    assert_eq!(completed(&["version", "-o", "y"]), "yaml\tYAML\n:4\n");
    assert_eq!(completed(&["version", "--output=y"]), "--output=yaml\tYAML\n:4\n");
    assert!(completed(&["restore", "--cleanup", "N"]).starts_with("None\tdelete nothing\n"));
}

#[test]
fn without_a_hub_the_fixed_values_come_with_a_hint_and_nothing_on_standard_error() {
    let answer = completed(&["restore", "--managed-clusters", ""]);
    assert!(answer.starts_with("latest\tthe newest usable backup\nskip\tleave this part out\n"), "{answer}");
    assert!(answer.contains("\n_activeHelp_ "), "{answer}");
    assert!(answer.ends_with("\n:36\n"), "no file names, and in this order: {answer}");
}

#[test]
fn contexts_come_from_the_kubeconfig_named_on_the_line() {
    let config = tempfile::NamedTempFile::new().unwrap();
    fs::write(
        config.path(),
        "contexts: [{name: hub-west, context: {cluster: c, user: u}}, {name: hub-east, context: {cluster: c, user: u}}]\n",
    )
    .unwrap();
    let file = config.path().to_str().unwrap();
    assert_eq!(completed(&["status", "--kubeconfig", file, "--context", ""]), "hub-east\nhub-west\n:36\n");
}

#[test]
fn a_server_that_does_not_answer_costs_two_seconds_and_no_names() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let answer = completed(&["activate", "-n", "acm", "--server", &server, ""]);
    assert_eq!(answer, "_activeHelp_ the server did not answer in two seconds\n:36\n");
}

/// A server with a schedule, a restore and the backups of the recorded hub.
fn hub(path: &str) -> (u16, Value) {
    let snapshot = whole();
    let plural = path.split(['?']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let items = match plural {
        "backupschedules" => &snapshot["schedules"],
        "restores" if path.contains("cluster.open-cluster-management.io") => &snapshot["restores"],
        "backups" => &snapshot["velero"]["backups"],
        _ => &Value::Null,
    };
    (200, list_of(items.as_array().map(Vec::as_slice).unwrap_or_default()))
}

/// The words offered behind these on a hub.
fn offered(server: &str, words: &[&str]) -> Vec<String> {
    let (command, rest) = words.split_first().unwrap();
    let answer = completed(&[&[*command, "-n", "acm", "--server", server], rest].concat());
    answer
        .lines()
        .filter(|line| !line.starts_with(':'))
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

#[test]
fn names_of_the_hub_are_offered_wherever_an_object_is_named() {
    let server = server(hub);
    let newest = "acm-resources-schedule-20261122120103";
    for (words, wanted) in [
        (&["logs", "run/"][..], &["run/20261122120003", "run/20261122100004"][..]),
        (&["logs", "restore/"], &["restore/r1"]),
        (&["logs", &format!("backup/{newest}")], &[&*format!("backup/{newest}")]),
        (&["logs", "sched"], &[]),
        (&["describe", "schedule/"], &["schedule/schedule-acm"]),
        (&["describe", "restore/"], &["restore/r1"]),
        (&["describe", "run/"], &["run/20261122120003", "run/20261122100004"]),
        (&["delete", "restore/"], &["restore/r1"]),
        (&["delete", "run/2026112210"], &["run/20261122100004"]),
        (&["verify", ""], &["20261122120003", "20261122100004"]),
        (&["wait", "schedule/"], &["schedule/schedule-acm"]),
        (&["plan", "restore/"], &["restore/r1"]),
        (&["restore", "--run", ""], &["complete", "20261122120003", "20261122100004"]),
        (&["activate", ""], &["r1"]),
        (&["describe", "restore", ""], &["r1"]),
        (&["describe", "restore/r1", ""], &[]),
        (&["delete", "run", "20261122120003", ""], &["20261122120003", "20261122100004"]),
        (&["delete", "restore/r1", "sch"], &["schedule", "schedule/schedule-acm"]),
        (&["get", "runs", ""], &["20261122120003", "20261122100004"]),
        (&["get", "backup", newest], &[newest]),
        (&["get", "restores", ""], &["r1"]),
        (&["get", "r"], &["restores", "runs", "restore/r1", "run/20261122120003", "run/20261122100004"]),
        (&["logs", "run", ""], &["20261122120003", "20261122100004"]),
        (&["wait", "schedule", ""], &["schedule-acm"]),
        (&["wait", "run", ""], &[]),
    ] {
        assert_eq!(offered(&server, words), wanted, "{words:?}");
    }
    let about = completed(&["verify", "-n", "acm", "--server", &server, "20261122100004"]);
    assert!(about.starts_with("20261122100004\tComplete, "), "{about}");
}

#[test]
fn conditions_are_those_of_the_noun() {
    let values = |words: &[&str]| -> Vec<String> {
        let answer = completed(&[&["wait"], words, &["--for", ""]].concat());
        answer.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(values(&["schedule"]), ["paused", "run", "deleted", "phase=", ":36"]);
    assert_eq!(values(&["restore/r1"]), ["synced", "deleted", "phase=", ":36"]);
    assert_eq!(values(&["backup", "b"]), ["deleted", "phase=", ":36"]);
    assert_eq!(completed(&["wait", "--for", "ph"]), "phase=\tit is in this phase\n:38\n");
}

#[test]
fn the_shell_completes_names_of_files() {
    for words in [
        &["plan", "-f", ""][..],
        &["plan", "--from", "./"],
        &["snapshot", "--out", "x"],
        &["status", "--kubeconfig", ""],
        &["status", "--kubeconfig=/"],
    ] {
        assert_eq!(completed(words), ":0\n", "{words:?}");
    }
}

#[test]
fn what_is_said_about_a_name_does_not_steer_the_terminal() {
    let server = server(obliging);
    for words in
        [&["logs", ""][..], &["describe", ""], &["delete", ""], &["verify", ""], &["wait", ""], &["get", ""]]
    {
        let (last, before) = words.split_last().unwrap();
        let answer = completed(&[before, &["-n", "acm", "--server", &server, last]].concat());
        assert!(!steers(&answer.replace('\t', " "), ""), "{words:?}: {answer:?}");
    }
}

#[test]
fn a_shell_asks_through_the_variable_its_script_sets() {
    let answer = Command::new(env!("CARGO_BIN_EXE_kubectl-acmbackup"))
        .env_clear()
        .envs([("ACMBACKUP_COMPLETE", "fish")])
        .args(["--", "kubectl-acmbackup", "version", "-o", "y"])
        .output()
        .unwrap();
    assert_eq!(text(&answer.stdout).trim_end(), "yaml\tYAML");
    assert_eq!(answer.status.code(), Some(0));
}

#[test]
fn a_shell_gets_flags_only_behind_a_dash() {
    let asked = |shell: &str, line: &[&str]| {
        let at = line.len().to_string();
        let answer = Command::new(env!("CARGO_BIN_EXE_kubectl-acmbackup"))
            .env_clear()
            .envs([("ACMBACKUP_COMPLETE", shell), ("_CLAP_COMPLETE_INDEX", &at)])
            .envs((shell == "bash").then_some(("_CLAP_IFS", "\u{b}")))
            .args([&["--", "kubectl-acmbackup"], line].concat())
            .output()
            .unwrap();
        text(&answer.stdout)
    };
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert_eq!(asked(shell, &["status", ""]).trim(), "", "{shell}");
        assert!(asked(shell, &["status", "--w"]).contains("--watch"), "{shell}");
    }
    assert_eq!(
        asked("bash", &["completion", ""]),
        "kubectl\u{b}bash\u{b}zsh\u{b}fish\u{b}powershell\u{b}elvish"
    );
}

#[test]
fn every_script_asks_the_program_itself() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = output(&["completion", shell]);
        assert_eq!(script.status.code(), Some(0), "{shell}");
        assert!(text(&script.stdout).contains("ACMBACKUP_COMPLETE"), "{shell}");
    }
}

/// The command in a folder on the path; standard output and the exit code.
fn completion_kubectl(folder: &Path, flag: &[&str]) -> (String, i32) {
    let arguments = [&["completion", "kubectl"], flag].concat();
    let done = run(&folder.join("kubectl-acmbackup"), &arguments, folder);
    (text(&done.stdout), done.status.code().unwrap())
}

#[test]
fn the_link_is_relative_beside_the_program_and_made_once() {
    let folder = on_path();
    let link = folder.path().join("kubectl_complete-acmbackup");
    let line = |done: &str| (format!("{} {done}\n", link.display()), 0);
    assert_eq!(completion_kubectl(folder.path(), &[]), line("would be created"));
    assert!(fs::symlink_metadata(&link).is_err(), "nothing is changed without --install");
    assert_eq!(completion_kubectl(folder.path(), &["--install"]), line("created"));
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("kubectl-acmbackup"));
    assert_eq!(completion_kubectl(folder.path(), &["--install"]), line("unchanged"));
    assert_eq!(completion_kubectl(folder.path(), &["--uninstall"]), line("removed"));
    assert_eq!(completion_kubectl(folder.path(), &["--uninstall"]), line("not there"));
}

#[test]
fn oc_gets_a_link_if_it_is_there() {
    let folder = on_path();
    fs::write(folder.path().join("oc"), "").unwrap();
    completion_kubectl(folder.path(), &["--install"]);
    assert!(fs::read_link(folder.path().join("oc_complete-acmbackup")).is_ok());
}

#[test]
fn in_another_folder_the_link_leads_to_the_program_on_the_path() {
    let (folder, other) = (on_path(), tempfile::tempdir().unwrap());
    completion_kubectl(folder.path(), &[&format!("--install={}", other.path().display())]);
    let target = fs::read_link(other.path().join("kubectl_complete-acmbackup")).unwrap();
    assert_eq!(target, folder.path().join("kubectl-acmbackup"));
    let (done, _) = completion_kubectl(folder.path(), &[&format!("--uninstall={}", other.path().display())]);
    assert!(done.ends_with("kubectl_complete-acmbackup removed\n"), "{done}");
    assert!(fs::symlink_metadata(other.path().join("kubectl_complete-acmbackup")).is_err());
}

#[test]
fn a_link_where_kubectl_does_not_look_is_told() {
    let (folder, other) = (on_path(), tempfile::tempdir().unwrap());
    let told = |place: &Path| {
        let install = format!("--install={}", place.display());
        let program = folder.path().join("kubectl-acmbackup");
        text(&run(&program, &["completion", "kubectl", &install], folder.path()).stderr)
    };
    assert!(told(other.path()).contains("is not on the PATH"));
    assert_eq!(told(folder.path()), "");
}

#[test]
fn a_file_that_is_no_link_is_neither_replaced_nor_removed() {
    let folder = on_path();
    let link = folder.path().join("kubectl_complete-acmbackup");
    fs::write(&link, "somebody's script").unwrap();
    for flag in ["--install", "--uninstall"] {
        assert_eq!(completion_kubectl(folder.path(), &[flag]).1, 5, "{flag}");
        assert_eq!(fs::read_to_string(&link).unwrap(), "somebody's script");
    }
}

#[test]
fn links_are_for_kubectl_alone_and_need_the_program_on_the_path() {
    assert_eq!(failure(&["completion", "bash", "--install"]).1, 2);
    assert_eq!(failure(&["completion", "kubectl", "--install", "--uninstall"]).1, 2);
    let (error, code) = failure(&["completion", "kubectl"]);
    assert_eq!(code, 4, "{error}");
}

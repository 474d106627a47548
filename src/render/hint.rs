//! What to do about a problem: what its section of docs/problems.md says.

/// One section per problem name, each with what to do.
const PAGE: &str = include_str!("../../docs/problems.md");

/// The first command of a problem's section, or its text if there is none; `None` for a name without a section.
pub fn hint(problem: &str) -> Option<String> {
    let mut sections = PAGE.split("\n## ").skip(1);
    let section = sections.find_map(|section| section.strip_prefix(problem)?.strip_prefix('\n'))?;
    let command = section.lines().find_map(|line| line.strip_prefix("    "));
    let text = || section.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(command.map_or_else(text, |command| command.trim().to_owned()))
}

const COMMAND: &str = "kubectl acmbackup ";
/// What ends a command in the middle of a text: a remark, or another command.
const ENDS: [&str; 2] = ["   ", ", then "];

/// The text with its commands of ours completed with flags that lead to the same hub, where they lack them.
pub fn leading_to(text: &str, flags: &str) -> String {
    let Some((before, rest)) = text.split_once(COMMAND).filter(|_| !flags.is_empty()) else {
        return text.to_owned();
    };
    let end = ENDS.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    let (command, after) = rest.split_at(end);
    let flags_lacking = if command.contains(flags.trim()) { "" } else { flags };
    format!("{before}{COMMAND}{command}{flags_lacking}{}", leading_to(after, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_lead_to_the_same_hub_wherever_they_stand() {
        for (text, wanted) in [
            ("kubectl acmbackup status", "kubectl acmbackup status -n acm"),
            (
                "kubectl acmbackup pause   before a restore",
                "kubectl acmbackup pause -n acm   before a restore",
            ),
            ("or: kubectl acmbackup run", "or: kubectl acmbackup run -n acm"),
            (
                "kubectl acmbackup restore --sync, then kubectl acmbackup activate",
                "kubectl acmbackup restore --sync -n acm, then kubectl acmbackup activate -n acm",
            ),
            ("kubectl acmbackup status -n acm", "kubectl acmbackup status -n acm"),
            ("kubectl cluster-info", "kubectl cluster-info"),
        ] {
            assert_eq!(leading_to(text, " -n acm"), wanted);
            assert_eq!(leading_to(text, ""), text);
        }
    }

    #[test]
    fn a_hint_is_a_command_or_what_the_page_says() {
        assert_eq!(hint("collision").as_deref(), Some("kubectl acmbackup pause"));
        let text = hint("client-older-than-crd").unwrap();
        assert!(text.ends_with("Upgrade the plugin to set them."), "{text}");
        assert!(!text.contains('\n'));
        assert_eq!(hint("no-such-problem"), None);
    }

    #[test]
    fn every_problem_has_a_hint() {
        let names = PAGE.lines().filter_map(|line| line.strip_prefix("## "));
        let without: Vec<&str> = names.filter(|name| hint(name).is_none_or(|hint| hint.is_empty())).collect();
        assert_eq!(without, [""; 0]);
    }
}

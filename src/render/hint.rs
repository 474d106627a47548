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

#[cfg(test)]
mod tests {
    use super::*;

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

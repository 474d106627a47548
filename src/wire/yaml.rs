//! The one door to the YAML library, so that replacing it touches one file. ADR 0007.
//!
//! What is written reads back the same with sigs.k8s.io/yaml, which kubectl and the hub operator use:
//! strings such as `no` or `1_000`, which YAML 1.1 takes for something else, are quoted.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_yaml::{Options, SerializerOptions};

/// Room for the objects of a large hub in one file; the library's own limits suit small configurations.
const NODES_MAX: usize = 50_000_000;
const DOCUMENTS_MAX: usize = 1_000_000;
const SCALAR_BYTES_MAX: usize = 1 << 30;
/// Deeper than any Kubernetes object, shallow enough for the stack.
const DEPTH_MAX: usize = 128;

/// Why YAML could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// The text is not YAML, or not what was expected.
    #[error("{message}")]
    Read {
        /// The reason, with the place when it is known.
        message: String,
        /// Line and column, both from 1; `None` when the library does not say.
        place: Option<(u64, u64)>,
    },
    /// The value cannot be written as YAML.
    #[error("{message}")]
    Write {
        /// The reason.
        message: String,
    },
}

impl YamlError {
    /// The line, from 1; `None` when not known.
    pub fn line(&self) -> Option<u64> {
        self.place().map(|(line, _)| line)
    }

    /// The column, from 1; `None` when not known.
    pub fn column(&self) -> Option<u64> {
        self.place().map(|(_, column)| column)
    }

    fn place(&self) -> Option<(u64, u64)> {
        match self {
            Self::Read { place, .. } => *place,
            Self::Write { .. } => None,
        }
    }
}

/// Writes a value as one YAML document, ending in a line feed.
///
/// # Errors
/// When the value has no YAML form, such as a map with a map for a key.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, YamlError> {
    serde_yaml::to_string_with_options(&value, write_options())
        .map_err(|error| YamlError::Write { message: error.to_string() })
}

/// Reads one YAML (or JSON) document.
///
/// # Errors
/// Says the line and column when the text is not YAML, has duplicate keys or does not fit `T`.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    serde_yaml::from_str_with_options(text, read_options()).map_err(|error| read_error(&error))
}

/// Reads every document of a text, leaving out empty ones.
///
/// # Errors
/// As [`from_str`]; one bad document refuses the whole text.
pub fn documents(text: &str) -> Result<Vec<serde_json::Value>, YamlError> {
    serde_yaml::from_multiple_with_options(text, read_options()).map_err(|error| read_error(&error))
}

fn read_error(error: &serde_yaml::Error) -> YamlError {
    let place = error.location().filter(|at| at.line() > 0).map(|at| (at.line(), at.column()));
    YamlError::Read { message: error.without_snippet().to_string(), place }
}

fn read_options() -> Options {
    serde_yaml::options! {
        // As sigs.k8s.io/yaml reads an unquoted 017.
        legacy_octal_numbers: true,
        with_snippet: false,
        budget: serde_yaml::budget! {
            max_events: NODES_MAX,
            max_nodes: NODES_MAX,
            max_documents: DOCUMENTS_MAX,
            max_total_scalar_bytes: SCALAR_BYTES_MAX,
            max_depth: DEPTH_MAX,
        },
    }
}

fn write_options() -> SerializerOptions {
    serde_yaml::ser_options! {
        // Text is quoted on one line, never a block: sigs.k8s.io/yaml refuses a block whose first line
        // starts with a tab, and a folded block would break long messages.
        prefer_block_scalars: false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Strings a YAML 1.1 reader takes for something else unless they are quoted.
    const AWKWARD: [&str; 40] = [
        "no",
        "No",
        "NO",
        "yes",
        "y",
        "n",
        "on",
        "off",
        "true",
        "null",
        "~",
        "",
        " ",
        "1_000",
        "1e3",
        "017",
        "08",
        "0o17",
        "0x1F",
        "0b11",
        "12:30:45",
        "1.5",
        ".5",
        "+1",
        "-",
        "2026-08-21",
        "2026-08-21T10:00:00Z",
        "*",
        "0 */2 * * *",
        "* * * * *",
        "@daily",
        "? x",
        "a: b",
        "a #b",
        "#x",
        "!x",
        "&x",
        "%x",
        "line\nbreak\n",
        ".inf",
    ];

    #[test]
    fn awkward_strings_are_quoted() {
        for text in AWKWARD {
            let yaml = to_string(&json!({ "key": text })).unwrap();
            let value = yaml.trim_end().strip_prefix("key: ").unwrap();
            assert!(value.starts_with(['"', '\'']) || text == "0 */2 * * *", "{yaml}");
            assert_eq!(from_str::<Value>(&yaml).unwrap(), json!({ "key": text }), "{yaml}");
        }
    }

    #[test]
    fn cron_text_keeps_its_usual_look() {
        insta::assert_snapshot!(to_string(&json!({"veleroSchedule": "0 */2 * * *", "ttl": "120h", "no": "no"})).unwrap(), @r#"
        veleroSchedule: 0 */2 * * *
        ttl: 120h
        "no": "no"
        "#);
    }

    #[test]
    fn plain_words_read_as_kubectl_reads_them() {
        let read: Value = from_str("a: no\nb: yes\nc: 1_000\nd: 017\ne: 0 */2 * * *\n").unwrap();
        assert_eq!(read, json!({"a": false, "b": true, "c": 1000, "d": 15, "e": "0 */2 * * *"}));
    }

    #[test]
    fn long_text_stays_on_one_line() {
        let text = "word ".repeat(60);
        assert_eq!(to_string(&json!({ "message": text.trim() })).unwrap().lines().count(), 1);
    }

    #[test]
    fn several_lines_are_quoted_on_one() {
        // As a block, sigs.k8s.io/yaml v1.6.0 refuses this one: a tab where it expects indentation.
        assert_eq!(to_string(&json!({ "key": "\ta\n\tb" })).unwrap(), "key: \"\\ta\\n\\tb\"\n");
    }

    #[test]
    fn empty_documents_are_left_out() {
        assert_eq!(
            documents("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n").unwrap(),
            [json!({"a": 1}), json!({"b": 2})]
        );
        assert_eq!(documents("").unwrap(), Vec::<Value>::new());
    }

    #[test]
    fn errors_have_a_place() {
        let error = from_str::<Value>("a: 1\nb: [\n").unwrap_err();
        assert!(error.line().is_some_and(|line| line >= 2) && error.column().is_some(), "{error:?}");
        let error = from_str::<Value>("a: 1\na: 2\n").unwrap_err();
        assert_eq!((error.line(), error.column()), (Some(2), Some(1)));
        assert!(!error.to_string().contains('\n'), "{error}");
    }

    #[test]
    fn lists_of_a_large_hub_are_read() {
        let backups: String =
            (0..100_000).map(|n| format!("- {{name: b{n}, phase: Completed, n: {n}}}\n")).collect();
        assert_eq!(from_str::<Vec<Value>>(&backups).unwrap().len(), 100_000);
        assert_eq!(documents(&"---\na: 1\n".repeat(5_000)).unwrap().len(), 5_000);
    }

    proptest! {
        #[test]
        fn any_string_round_trips(text in "\\PC{0,40}|[-0-9:_.eExXo+~ #\n\t'\"yYnNoOfF]{0,8}") {
            let yaml = to_string(&json!({ "key": [text.clone()] })).unwrap();
            prop_assert_eq!(from_str::<Value>(&yaml), Ok(json!({ "key": [text] })), "{}", yaml);
        }
    }
}

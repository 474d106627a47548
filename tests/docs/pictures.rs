//! The pictures show the program as it is: every command in them is one it understands.

use std::collections::BTreeSet;

use super::examples::understand;
use super::{files_below, in_repository, read};

/// Commands of ours in a picture: typed at a prompt, or named by a screen as the next one.
fn commands(picture: &str) -> BTreeSet<String> {
    let texts = picture.split("<text ").filter_map(|text| text.split_once('>')?.1.split('<').next());
    let plain = |text: &str| text.trim_end_matches("&amp;").trim().replace("&lt;", "<").replace("&gt;", ">");
    texts.map(plain).filter(|text| text.starts_with("kubectl acmbackup ") && !text.contains('…')).collect()
}

#[test]
fn every_command_in_a_picture_is_one_the_program_understands() {
    for path in files_below(&in_repository("docs/pictures"), ".svg") {
        let place = path.display().to_string();
        let found = commands(&std::fs::read_to_string(&path).unwrap());
        assert!(!found.is_empty(), "{place} shows no command");
        found.iter().for_each(|code| understand(&place, code));
    }
}

#[test]
fn every_picture_is_on_a_page_and_every_page_has_its_pictures() {
    let pages = [read("README.md"), read("docs/screens.md")].concat();
    let mut shown: BTreeSet<&str> = pages.split("pictures/").skip(1).collect();
    shown = shown.into_iter().filter_map(|rest| rest.split([')', '`']).next()).collect();
    let there: BTreeSet<String> = files_below(&in_repository("docs/pictures"), "")
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(shown, there.iter().map(String::as_str).collect());
}

#[test]
fn the_recording_is_one_asciinema_can_play() {
    let cast = read("docs/pictures/demo.cast");
    let mut lines = cast.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let head = lines.next().unwrap();
    assert_eq!((&head["version"], head["width"].is_u64(), head["height"].is_u64()), (&2.into(), true, true));
    let mut before = 0.0;
    for event in lines {
        let at = event[0].as_f64().unwrap();
        assert!(at >= before && event[1] == "o" && event[2].is_string(), "{event}");
        before = at;
    }
}

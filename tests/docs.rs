//! The documentation says what the code says: every directive with its default, every message that it explains.

#![allow(clippy::unwrap_used)]

use mercure::config::DIRECTIVES;
use std::fs;
use std::path::Path;

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Each directive has a section, in the order of `php -i`, that begins with its default and its environment variable.
#[test]
fn every_directive_is_documented() {
    let page = read("docs/configuration.md");
    let mut documented = Vec::new();
    for section in page.split("\n### mercure.").skip(1) {
        let (name, rest) = section.split_once("\n\n").unwrap();
        let default = rest.lines().next().unwrap();
        assert!(
            section.contains(&format!("\nmercure.{name} = ")),
            "{name} has an example"
        );
        documented.push((name, default.to_owned()));
    }
    let expected: Vec<_> = DIRECTIVES
        .iter()
        .map(|directive| {
            let default = match directive.default {
                "" => "empty".to_owned(),
                default => format!("`{default}`"),
            };
            let env = directive
                .env
                .map_or(String::new(), |env| format!(" · Environment: `{env}`"));
            (directive.name, format!("Default: {default}{env}"))
        })
        .collect();
    assert_eq!(documented, expected);
    assert!(read("README.md").contains(&format!("{} directives", DIRECTIVES.len())));
}

/// Each message in the tables is one that the code can say; `…` stands for what it fills in.
#[test]
fn every_message_that_is_explained_exists() {
    let code = words(&sources(Path::new("src")));
    let page = read("docs/troubleshooting.md");
    let mut messages = 0;
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let Some(cell) = row.split(" | ").next() else { continue };
        for message in cell.split('`').skip(1).step_by(2) {
            for fragment in message.split('…') {
                let fragment = words(fragment);
                assert!(code.contains(&fragment), "no message has {fragment:?}");
            }
            messages += 1;
        }
    }
    assert!(messages > 30, "{messages}");
}

fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else {
            text += &read(path);
        }
    }
    text
}

/// With each run of white space, and the backslashes that continue or escape a literal, as one blank.
fn words(text: &str) -> String {
    text.replace("\\\n", " ")
        .replace("\\\\", "\\")
        .replace("\\\"", "\"")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

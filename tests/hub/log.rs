//! What the operator reads of what clients cause.

use crate::harness::{SUBSCRIBER_KEY, hub, publisher, sign, subscription};
use serde_json::json;
use std::process::Command;

/// Says to the child process that it is the one: a process has one log, so this test needs one of its own.
const CHILD: &str = "MERCURE_TESTS_LOG";

/// Every refused token leaves a line with the reason, and never the token; a thousand of them do not leave a thousand lines.
#[test]
fn refused_tokens_are_logged_without_the_token() {
    let expired = sign(&json!({"sub": "log-test", "exp": 1}), SUBSCRIBER_KEY);
    let foreign = publisher(&["log-test"]);
    let noise = "log-test-".repeat(10);
    if std::env::var_os(CHILD).is_some() {
        return show_tokens(&[&expired, &foreign], &noise);
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "log::refused_tokens_are_logged_without_the_token",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(child.status.success());
    let log = String::from_utf8([child.stdout, child.stderr].concat()).unwrap();
    for reason in ["the token has expired", "the token's signature does not fit the key"] {
        assert_eq!(log.matches(reason).count(), 1, "{reason}: {log}");
    }
    for token in [&expired, &foreign, &noise] {
        // The header is the same for all tokens, and no secret.
        assert!(
            token.split('.').all(|part| part.len() < 40 || !log.contains(part)),
            "{log}"
        );
    }
    let lines = log.matches("the token does not have three parts").count();
    assert!((1..500).contains(&lines), "{lines} lines for a thousand tokens");
}

fn show_tokens(tokens: &[&str], noise: &str) {
    let hub = hub(&[]);
    let mut connection = hub.connect();
    for token in tokens.iter().copied().chain(std::iter::repeat_n(noise, 1000)) {
        assert_eq!(connection.request(&subscription("topic=/a", token)).status, 401);
    }
}

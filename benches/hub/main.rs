//! `make bench`: measures a real hub, started by a real PHP, beside the least that could do the same work.
//!
//! One program in three roles, each a process of its own so that its CPU time can be told apart:
//! the orchestrator (no role named), which starts everything and prints the table; `client`, which opens the streams and
//! takes the time of what arrives on them; `writer`, the bare epoll server that the hub is compared with.
//!
//! docs/performance.md says what each row means.

mod client;
mod decoder;
mod fields;
mod histogram;
mod lab;
mod load;
mod probe;
mod publishing;
mod report;
mod rows;
mod server;
mod streams;
mod worker;
mod writer;

use fields::Fields;
use std::error::Error;
use std::process::ExitCode;

/// What went wrong, where, in words: nobody handles a benchmark's errors but the one who reads them.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let role = match arguments.first().map(String::as_str) {
        Some("client" | "writer") => arguments.remove(0),
        _ => "orchestrator".to_owned(),
    };
    // `cargo bench` adds its own flag to every benchmark's arguments.
    arguments.retain(|argument| argument != "--bench");
    let outcome = Fields::parse(arguments.iter().map(String::as_str)).and_then(|fields| match role.as_str() {
        "client" => client::run(&fields),
        "writer" => writer::run(&fields),
        _ => lab::run(&fields),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {role}: {error}");
            ExitCode::FAILURE
        }
    }
}

//! The orchestrator: what all rows share (the hub under test, the folder, the loopback addresses), and their order.

use crate::client::monotonic_nanoseconds;
use crate::fields::Fields;
use crate::publishing::Inlet;
use crate::report::render;
use crate::rows;
use crate::server::Server;
use crate::{Result, report::Row};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// No row is begun after this, so that the whole run stays below eight minutes.
const LAST_START: Duration = Duration::from_secs(390);
/// Descriptors that the row with the most streams needs, with room for all else.
const DESCRIPTORS: u64 = 16_384;

/// What is measured against the comparisons.
enum Contestant {
    /// The hub in this extension.
    Hub(PathBuf),
    /// The bare writer itself: every ratio should be about 1. Shows that the measurement is sane.
    Bare,
}

/// One run of the benchmark.
pub struct Lab {
    contestant: Contestant,
    folder: Folder,
    next_source: Cell<u32>,
    next_path: Cell<u32>,
    /// How often both sides of a row are measured, in turns.
    pub rounds: usize,
    /// Signs the tokens of those who publish over HTTP.
    pub publisher_key: String,
}

/// Measures every row (or those named by `rows=`) and prints the report.
pub fn run(fields: &Fields) -> Result<()> {
    let started = Instant::now();
    let lab = Lab::new(fields)?;
    println!("{}", lab.circumstances());
    let wanted: String = fields.get_or("rows", String::new())?;
    let mut report: Vec<Row> = Vec::new();
    let mut failures = Vec::new();
    for (name, measure) in rows::ALL {
        if !wanted.is_empty() && !wanted.split(',').any(|wanted| wanted == *name) {
            continue;
        }
        if started.elapsed() > LAST_START {
            failures.push(format!("{name}: not measured, the time is used up"));
            continue;
        }
        let begun = Instant::now();
        match measure(&lab) {
            Ok(rows) => report.extend(rows),
            Err(error) => failures.push(format!("{name}: {error}")),
        }
        eprintln!("bench: {name} took {:.1} s", begun.elapsed().as_secs_f64());
    }
    println!("{}", render(&report));
    for failure in failures {
        println!("bench\tfailed={}", failure.replace(['\n', '\t'], " "));
    }
    println!("{:.0} s in all", started.elapsed().as_secs_f64());
    Ok(())
}

impl Lab {
    fn new(fields: &Fields) -> Result<Self> {
        raise_descriptor_limit()?;
        check_clock()?;
        let contestant = if fields.get_or("self_check", 0)? == 0 {
            let extension: PathBuf = fields.get_or("extension", default_extension()?)?;
            let extension = extension.canonicalize().map_err(|error| {
                format!(
                    "{}: {error}; build it first, or name another by extension=...",
                    extension.display()
                )
            })?;
            Contestant::Hub(extension)
        } else {
            Contestant::Bare
        };
        Ok(Self {
            contestant,
            folder: Folder::new()?,
            next_source: Cell::new(0),
            next_path: Cell::new(0),
            rounds: fields.get_or("rounds", 5)?,
            publisher_key: "benchmark".repeat(6),
        })
    }

    /// Whether the bare writer is compared with itself.
    pub fn is_self_check(&self) -> bool {
        matches!(self.contestant, Contestant::Bare)
    }

    /// Starts what is measured: the hub with these INI settings, or a bare writer with these options.
    pub fn contestant(&self, settings: &[&str], options: &[&str]) -> Result<Server> {
        match &self.contestant {
            Contestant::Hub(extension) => Server::hub(self, extension, settings),
            Contestant::Bare => Server::bare(self, options),
        }
    }

    /// How `server` is published to; in a check of itself, the way it is compared with.
    pub fn inlet<'a>(&self, server: &'a Server, comparison: &'a Inlet) -> &'a Inlet {
        if self.is_self_check() {
            comparison
        } else {
            &server.inlet
        }
    }

    /// This program in another role.
    pub fn role(&self, name: &str) -> Command {
        let mut command = Command::new("/proc/self/exe");
        command.arg(name);
        command
    }

    /// PHP, whose complaints go to its standard error: on standard output they would be taken for an answer.
    pub fn php(&self) -> Command {
        let mut command = Command::new("php");
        command.args(["-d", "display_errors=stderr"]);
        command
    }

    /// A script of benches/php.
    pub fn script(&self, name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/php").join(name)
    }

    /// The run's own folder, removed at its end.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// A path in the folder that was not given out before.
    pub fn new_path(&self, name: &str) -> PathBuf {
        self.next_path.set(self.next_path.get() + 1);
        self.folder().join(format!("{}-{name}", self.next_path.get()))
    }

    /// Numbers of `count` loopback addresses that no client has connected from before; the first of them.
    pub fn take_sources(&self, count: usize) -> u32 {
        self.next_source.replace(self.next_source.get() + count as u32)
    }

    fn circumstances(&self) -> String {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let models: Vec<&str> = cpus
            .lines()
            .filter_map(|line| line.strip_prefix("model name"))
            .collect();
        let model = models
            .first()
            .map_or("unknown", |model| model.trim_start_matches([' ', '\t', ':']));
        let php = Command::new("php").args(["-n", "-r", "echo PHP_VERSION;"]).output();
        let php = php
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default();
        let measured = match &self.contestant {
            Contestant::Hub(_) => "hub against its comparisons",
            Contestant::Bare => "check of itself: every comparison on both sides",
        };
        format!(
            "{} x {model}; Linux {}; PHP {php}; load before: {}\n{measured}; {} rounds: medians of the figures, median of the rounds' ratios\n",
            models.len(),
            read("/proc/sys/kernel/osrelease").trim_end(),
            read("/proc/loadavg").split(' ').next().unwrap_or_default(),
            self.rounds,
        )
    }
}

/// `make bench` builds the extension beside the benchmark.
fn default_extension() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program
        .parent()
        .and_then(Path::parent)
        .ok_or("the program lies in no target folder")?;
    Ok(target.join("libmercure.so"))
}

fn raise_descriptor_limit() -> Result<()> {
    let hard = getrlimit(Resource::Nofile).maximum;
    let wanted = hard.map(|hard| hard.max(DESCRIPTORS * 2));
    let raised = Rlimit {
        current: wanted,
        maximum: wanted,
    };
    // Only root may raise the hard limit; where that fails the hard one may do.
    let unprivileged = Rlimit {
        current: hard,
        maximum: hard,
    };
    if setrlimit(Resource::Nofile, raised).is_err() {
        setrlimit(Resource::Nofile, unprivileged)?;
        if hard.is_some_and(|hard| hard < DESCRIPTORS) {
            return Err(format!("{DESCRIPTORS} open files are needed; the hard limit (ulimit -Hn) is {hard:?}").into());
        }
    }
    Ok(())
}

/// The stamps in the data are PHP's, their arrival is taken here: both have to read one clock.
fn check_clock() -> Result<()> {
    let before = monotonic_nanoseconds();
    let php = Command::new("php").args(["-n", "-r", "echo hrtime(true);"]).output();
    let php = php.map_err(|error| format!("cannot run php: {error}"))?;
    let time: u64 = String::from_utf8_lossy(&php.stdout)
        .parse()
        .map_err(|_| "php cannot print hrtime(true)")?;
    if (before..=monotonic_nanoseconds()).contains(&time) {
        return Ok(());
    }
    Err("PHP's hrtime() does not read CLOCK_MONOTONIC here, so that latencies cannot be taken".into())
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("mercure-bench-{}", std::process::id()));
        fs::create_dir(&path).map_err(|error| format!("cannot create {}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("bench: cannot remove {}: {error}", self.0.display());
        }
    }
}

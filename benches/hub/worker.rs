//! A process that the benchmark starts, speaks with line by line, and ends with itself whatever happens.

use crate::Result;
use crate::fields::Fields;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A child process. Dropping it kills it; the kernel does so when the benchmark itself is killed.
pub struct Worker {
    name: &'static str,
    child: Child,
    lines: Receiver<String>,
}

impl Worker {
    /// Starts `command`; its standard error is the benchmark's own unless the caller has said otherwise.
    pub fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        die_with_parent(command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {name} ({:?}): {error}", command.get_program()))?;
        let output = child.stdout.take().ok_or("standard output is piped")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(std::io::Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { name, child, lines })
    }

    /// The process's id.
    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Writes one line to its standard input.
    pub fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.child.stdin.as_mut().ok_or("standard input is piped")?;
        writeln!(input, "{line}").map_err(|error| format!("{} does not listen: {error}", self.name).into())
    }

    /// Waits for its next line, which has to begin with `word`; the fields after it. `None` when `timeout` has passed.
    pub fn answer_within(&mut self, word: &str, timeout: Duration) -> Result<Option<Fields>> {
        let line = match self.lines.recv_timeout(timeout) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => return Err(format!("{} ended before its time", self.name).into()),
        };
        let mut words = line.split_whitespace();
        if words.next() != Some(word) {
            return Err(format!("{} said \"{line}\" instead of \"{word} ...\"", self.name).into());
        }
        Fields::parse(words).map(Some)
    }

    /// As [`Worker::answer_within`]; no answer is an error.
    pub fn answer(&mut self, word: &str, timeout: Duration) -> Result<Fields> {
        self.answer_within(word, timeout)?
            .ok_or_else(|| format!("{} did not say \"{word}\" within {timeout:?}", self.name).into())
    }

    /// Asks it to end by SIGTERM and waits at most `grace`; dropping it does the rest.
    pub fn terminate(&mut self, grace: Duration) {
        if let Some(pid) = Pid::from_raw(self.pid()) {
            // An error means that it has ended already.
            let _ = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + grace;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Errors mean that it has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn die_with_parent(command: &mut Command) {
    // SAFETY: between fork and exec the closure makes one system call, which is async-signal-safe, and allocates nothing.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
    }
}

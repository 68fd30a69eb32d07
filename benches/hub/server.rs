//! What is measured: the hub as a real PHP starts it, or the bare writer it is compared with. Ended when dropped.

use crate::Result;
use crate::lab::Lab;
use crate::probe;
use crate::publishing::Inlet;
use crate::worker::Worker;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

const START_TIMEOUT: Duration = Duration::from_secs(15);
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
const REST_TIMEOUT: Duration = Duration::from_secs(15);
const HUB_NAME: &str = "mercure-hub";
/// What the names of all processes behind the hub's listener begin with: the supervisor's and the hub's.
const NAME_PREFIX: &str = "mercure-";

/// A running server of event streams.
pub struct Server {
    /// Where it answers HTTP.
    pub address: SocketAddr,
    /// How updates get into it.
    pub inlet: Inlet,
    /// The process whose CPU time and memory count.
    pid: i32,
    /// What was started: the writer itself, or PHP, which the hub outlives by its supervisor's grace.
    starter: Worker,
    background: Vec<i32>,
}

impl Server {
    /// The bare writer; `options` are its role's own.
    pub fn bare(lab: &Lab, options: &[&str]) -> Result<Self> {
        let socket = lab.new_path("updates.sock");
        let mut command = lab.role("writer");
        command.arg(format!("updates={}", socket.display())).args(options);
        let mut starter = Worker::start("the bare writer", &mut command)?;
        let port: u16 = starter.answer("ready", START_TIMEOUT)?.get("port")?;
        Ok(Self {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            inlet: Inlet::Datagram { socket },
            pid: starter.pid(),
            starter,
            background: Vec::new(),
        })
    }

    /// The hub of `extension`, started by `php -S` with the given INI settings (`name=value`) besides those it needs.
    pub fn hub(lab: &Lab, extension: &Path, settings: &[&str]) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let socket = lab.new_path("publish.sock");
        let log = lab.new_path("php.log");
        let mut command = lab.php();
        command
            .arg("-n")
            .arg("-d")
            .arg(format!("extension={}", extension.display()));
        let own = [
            format!("mercure.listen={address}"),
            format!("mercure.publish_socket={}", socket.display()),
            format!("mercure.publisher_jwt_key={}", lab.publisher_key),
            "mercure.anonymous=1".to_owned(),
        ];
        for setting in own.iter().map(String::as_str).chain(settings.iter().copied()) {
            command.arg("-d").arg(setting);
        }
        command.arg("-S").arg(format!("127.0.0.1:{}", free_port()?));
        command
            .arg("-t")
            .arg(lab.folder())
            .stderr(Stdio::from(File::create(&log)?));
        let starter = Worker::start("php -S", &mut command)?;
        let (pid, background) = await_hub(address.port(), &log)?;
        Ok(Self {
            address,
            inlet: Inlet::Extension {
                extension: extension.to_owned(),
                socket,
            },
            pid,
            starter,
            background,
        })
    }

    /// CPU time it has used so far.
    pub fn cpu_time(&self) -> Result<Duration> {
        probe::cpu_time(self.pid)
    }

    /// Its proportional set size in KiB.
    pub fn pss_kib(&self) -> Result<u64> {
        probe::pss_kib(self.pid)
    }

    /// Waits until it has nothing left to do: it uses less than 1 % of a core.
    pub fn rest(&self) -> Result<()> {
        const STEP: Duration = Duration::from_millis(100);
        let deadline = Instant::now() + REST_TIMEOUT;
        let mut before = self.cpu_time()?;
        loop {
            std::thread::sleep(STEP);
            let now = self.cpu_time()?;
            if now - before < STEP / 100 {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("the server is still busy after {REST_TIMEOUT:?} without work").into());
            }
            before = now;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.starter.terminate(Duration::from_secs(5));
        let alive = |pid: &i32| probe::name(*pid).is_some_and(|name| name.starts_with(NAME_PREFIX));
        let deadline = Instant::now() + STOP_TIMEOUT;
        while self.background.iter().any(alive) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        for pid in self.background.iter().copied().filter(|pid| alive(pid)) {
            eprintln!("bench: process {pid} of the hub outlived PHP by {STOP_TIMEOUT:?}; it is killed");
            if let Some(pid) = Pid::from_raw(pid) {
                // An error means that it has just ended.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

/// The hub's process and all processes that hold its listener, once it is there.
fn await_hub(port: u16, log: &PathBuf) -> Result<(i32, Vec<i32>)> {
    let deadline = Instant::now() + START_TIMEOUT;
    while Instant::now() < deadline {
        let mut holders = probe::listener_holders(port)?;
        holders.retain(|pid| probe::name(*pid).is_some_and(|name| name.starts_with(NAME_PREFIX)));
        let hub = holders
            .iter()
            .find(|pid| probe::name(**pid).as_deref() == Some(HUB_NAME));
        if let Some(hub) = hub {
            return Ok((*hub, holders));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let log = fs::read_to_string(log).unwrap_or_default();
    Err(format!("no process named {HUB_NAME} listens on port {port} after {START_TIMEOUT:?}; PHP said:\n{log}").into())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

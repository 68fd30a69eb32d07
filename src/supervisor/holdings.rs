//! What the supervisor holds for its hubs, and hands on to a successor: lock, sockets, publish queue and history log.

use super::bind::{self, Bound};
use super::lock::Lock;
use super::log::line;
use super::paths::Paths;
use crate::config::{Config, Listen, log_capacity};
use crate::ipc::control::{self, Message};
use crate::transport::log;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::MemfdFlags;
use std::time::{Duration, Instant};

/// How long the hub of a supervisor that was killed may still be there, flushing its streams.
const ORPHAN: Duration = Duration::from_secs(2);

/// Pause between two attempts to listen on an address that somebody is about to leave.
const PAUSE: Duration = Duration::from_millis(20);

/// All of it.
#[derive(Debug)]
pub struct Holdings {
    /// Where the files are.
    pub paths: Paths,
    /// Makes this supervisor the only one at these paths.
    pub lock: Lock,
    /// Servers ask for leases here.
    pub control: OwnedFd,
    /// The publish queue.
    pub queue: OwnedFd,
    /// The history log.
    pub log: OwnedFd,
    /// HTTP listeners.
    pub listeners: Vec<Bound>,
}

/// What a predecessor hands over.
#[derive(Debug)]
pub struct Predecessor {
    /// To say [`Message::Commit`] on; its end is the end of the predecessor.
    pub connection: OwnedFd,
    /// What it holds.
    pub holdings: Holdings,
    /// Leases of other servers.
    pub leases: Vec<OwnedFd>,
    /// Where the new configuration wants the publish socket to be, if that is elsewhere.
    pub new_place: Option<(Paths, Lock)>,
}

impl Predecessor {
    /// Every descriptor.
    pub fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        let mut all = self.holdings.descriptors();
        all.push(self.connection.as_fd());
        all.extend(self.leases.iter().map(AsFd::as_fd));
        all.extend(self.new_place.iter().map(|(_, lock)| lock.as_fd()));
        all
    }
}

impl Holdings {
    /// Creates everything anew, in the place of what a killed supervisor may have left.
    ///
    /// # Errors
    /// A sentence for the administrator; nothing is left behind.
    pub fn create(paths: Paths, lock: Lock, config: &Config) -> Result<Self, String> {
        let patience = if rustix::fs::lstat(&paths.publish).is_ok() {
            ORPHAN
        } else {
            Duration::ZERO
        };
        let mut listeners = Vec::new();
        let mut create = || {
            for listen in &config.listen {
                listeners.push(bind_patiently(listen, patience)?);
            }
            let queue = bind::publish_queue(&paths, config, &lock)?;
            Ok((queue, new_log(config)?, bind::control(&paths, &lock)?))
        };
        match create() {
            Ok((queue, log, control)) => Ok(Self {
                paths,
                lock,
                control,
                queue,
                log,
                listeners,
            }),
            Err(error) => {
                remove_files(&paths, &listeners);
                Err(error)
            }
        }
    }

    /// Takes a predecessor's place. Everything that can fail is done before it is told to go; its hub has stopped when this
    /// returns. The leases of other servers come with it.
    ///
    /// # Errors
    /// A sentence for the administrator.
    pub fn take_over(predecessor: Predecessor, config: &Config) -> Result<(Self, Vec<OwnedFd>), String> {
        let Predecessor {
            connection,
            holdings: old,
            leases,
            new_place,
        } = predecessor;
        let mut holdings = Self {
            listeners: Vec::new(),
            ..old
        };
        let mut dropped = old.listeners;
        let mut fresh = Vec::new();
        let mut late = Vec::new();
        let mut prepare = || {
            for listen in &config.listen {
                if let Some(place) = dropped.iter().position(|bound| bound.listen == *listen) {
                    holdings.listeners.push(dropped.swap_remove(place));
                } else if dropped.iter().any(|bound| same_port(&bound.listen, listen)) {
                    // 0.0.0.0:80 in the place of 127.0.0.1:80 can only be had when that is gone.
                    late.push(listen);
                } else {
                    fresh.push(Bound::new(listen)?);
                }
            }
            let log = match rustix::fs::fstat(&holdings.log) {
                Ok(stat) if stat.st_size.cast_unsigned() == log_size(config) => None,
                _ => Some(new_log(config)?),
            };
            if let Some((paths, _)) = &new_place {
                bind::check_move(&holdings.paths, paths)?;
            }
            bind::apply_permissions(&holdings.paths, config)?;
            control::send(&connection, &Message::Commit, &[])
                .map_err(|error| format!("the old supervisor has gone: {error}"))?;
            Ok(log)
        };
        let new_log = match prepare() {
            Ok(new_log) => new_log,
            Err(error) => {
                remove_sockets(&fresh);
                return Err(error);
            }
        };
        wait_for_end(&connection);
        holdings.listeners.append(&mut fresh);
        remove_sockets(&dropped);
        drop(dropped);
        if let Some(new_log) = new_log {
            if let Err(error) = log::copy(&holdings.log, &new_log) {
                line("ERROR", &format!("the history could not be carried over: {error}"));
            }
            holdings.log = new_log;
        }
        if let Some((paths, lock)) = new_place {
            holdings.move_to(paths, lock)?;
        }
        for listen in late {
            match bind_patiently(listen, ORPHAN) {
                Ok(bound) => holdings.listeners.push(bound),
                Err(error) => {
                    holdings.remove();
                    return Err(error);
                }
            }
        }
        Ok((holdings, leases))
    }

    /// Every descriptor, as the successor wants them.
    pub fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        let mut all = vec![
            self.queue.as_fd(),
            self.log.as_fd(),
            self.lock.as_fd(),
            self.control.as_fd(),
        ];
        all.extend(self.listeners.iter().map(AsFd::as_fd));
        all
    }

    /// Removes every file; the lock's last of all, so that whoever comes next finds nothing.
    pub fn remove(&self) {
        remove_files(&self.paths, &self.listeners);
    }

    /// Gives the sockets their new names. What is bound and connected stays so.
    fn move_to(&mut self, paths: Paths, lock: Lock) -> Result<(), String> {
        for (from, to) in [
            (&self.paths.publish, &paths.publish),
            (&self.paths.control, &paths.control),
        ] {
            rustix::fs::rename(from, to)
                .map_err(|error| format!("cannot move {} to {}: {error}", from.display(), to.display()))?;
        }
        let _ = rustix::fs::unlink(&self.paths.lock);
        (self.paths, self.lock) = (paths, lock);
        Ok(())
    }
}

fn remove_files(paths: &Paths, listeners: &[Bound]) {
    bind::remove_socket(&paths.publish);
    bind::remove_socket(&paths.control);
    remove_sockets(listeners);
    let _ = rustix::fs::unlink(&paths.lock);
}

fn remove_sockets(listeners: &[Bound]) {
    for bound in listeners {
        if let Listen::Unix(path) = &bound.listen {
            bind::remove_socket(path);
        }
    }
}

fn same_port(a: &Listen, b: &Listen) -> bool {
    matches!((a, b), (Listen::Tcp(a), Listen::Tcp(b)) if a.port() == b.port())
}

/// Waits for an address that is taken, if there is reason to believe that it will be left.
fn bind_patiently(listen: &Listen, patience: Duration) -> Result<Bound, String> {
    let deadline = Instant::now() + patience;
    loop {
        match Bound::new(listen) {
            Err(_) if Instant::now() < deadline => std::thread::sleep(PAUSE),
            result => return result,
        }
    }
}

fn log_size(config: &Config) -> u64 {
    (log::HEADER + log_capacity(config.history_size).next_multiple_of(4096)) as u64
}

fn new_log(config: &Config) -> Result<OwnedFd, String> {
    let create = || {
        let log = rustix::fs::memfd_create("mercure-history", MemfdFlags::CLOEXEC)?;
        rustix::fs::ftruncate(&log, log_size(config))?;
        Ok(log)
    };
    create().map_err(|error: rustix::io::Errno| format!("cannot create the history log: {error}"))
}

/// Waits until the other end closes the connection, which the predecessor does when its hub has stopped.
fn wait_for_end(connection: &OwnedFd) {
    let timeout = Timespec { tv_sec: 4, tv_nsec: 0 };
    let _ = poll(&mut [PollFd::new(connection, PollFlags::IN)], Some(&timeout));
}

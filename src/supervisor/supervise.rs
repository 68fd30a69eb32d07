//! The supervisor: one thread that holds what must outlive the hub (lock, sockets, queue, history log), keeps a hub running on
//! it for as long as a server holds a lease, and hands everything to a successor when the configuration has changed.

use super::bind::{self, Bound};
use super::hub_process::HubProcess;
use super::lock::Lock;
use super::log::line;
use super::paths::Paths;
use super::spawn;
use super::user::Identity;
use crate::config::{Config, Listen, log_capacity};
use crate::ipc::control::{self, Estate, MOST_FDS, Message};
use crate::transport::log;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::MemfdFlags;
use rustix::net::{SocketFlags, accept_with, sockopt};
use rustix::process::{WaitOptions, wait};
use std::io;
use std::os::fd::FromRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the hub goes on when no server holds a lease: a reloading php-fpm has none between its exec and its MINIT.
const GRACE: Duration = Duration::from_secs(2);

/// How long a stopping hub may take to flush its streams. With what follows it must stay below 2 s.
const HUB_PATIENCE: Duration = Duration::from_millis(1500);

/// How long a server may take to say what it wants.
const HELLO_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a successor may take to bind what is new in its configuration.
const HANDOVER_TIMEOUT: Duration = Duration::from_secs(5);

/// What the starting server gives its supervisor.
#[derive(Debug)]
pub struct Start {
    /// The configuration in force.
    pub config: Arc<Config>,
    /// Where everything is.
    pub paths: Paths,
    /// [`super::identity::of_this_build`].
    pub identity: [u8; 32],
    /// Whoever knows it may take over.
    pub token: String,
    /// Whom the hub runs as.
    pub hub_identity: Option<Identity>,
    /// The held lock.
    pub lock: Lock,
    /// The supervisor's end of the starting server's lease.
    pub lease: OwnedFd,
    /// Tells the starting server `ok`, or what went wrong.
    pub ready: OwnedFd,
    /// Where log lines go.
    pub log_file: Option<OwnedFd>,
    /// Whose place this supervisor takes.
    pub predecessor: Option<Predecessor>,
}

/// What a predecessor hands over, and the connection on which it waits for the outcome.
#[derive(Debug)]
pub struct Predecessor {
    /// To say Commit or Abort on; its end is the end of the predecessor.
    pub connection: OwnedFd,
    /// The publish queue.
    pub queue: OwnedFd,
    /// The history log.
    pub log: OwnedFd,
    /// The control socket.
    pub control: OwnedFd,
    /// HTTP listeners.
    pub listeners: Vec<Bound>,
    /// Leases of other servers.
    pub leases: Vec<OwnedFd>,
}

struct Supervisor {
    paths: Paths,
    identity: [u8; 32],
    token: String,
    lock: Lock,
    control: OwnedFd,
    queue: OwnedFd,
    log: OwnedFd,
    listeners: Vec<Bound>,
    leases: Vec<OwnedFd>,
    signals: OwnedFd,
    hub: HubProcess,
    /// Since when nobody holds a lease.
    lonely_since: Option<Instant>,
}

/// What made the supervisor end.
enum End {
    /// Nobody needs the hub any more, or a signal said so: everything is removed.
    Stop,
    /// A successor has it all.
    HandedOver,
}

/// The supervisor's process, from its first instruction to its end.
pub fn run(mut start: Start) {
    spawn::rename(c"mercure-super");
    // Dropped here: it is standard error from now on, and what is not kept below is closed.
    spawn::redirect(start.log_file.take());
    let mut keep: Vec<BorrowedFd<'_>> = vec![start.lock.as_fd(), start.lease.as_fd(), start.ready.as_fd()];
    if let Some(predecessor) = &start.predecessor {
        let Predecessor {
            connection,
            queue,
            log,
            control,
            listeners,
            leases,
        } = predecessor;
        keep.extend([connection, queue, log, control].map(AsFd::as_fd));
        keep.extend(listeners.iter().map(AsFd::as_fd).chain(leases.iter().map(AsFd::as_fd)));
    }
    spawn::shed(&keep);
    let ready = match start.ready.try_clone() {
        Ok(ready) => ready,
        Err(_) => return,
    };
    match Supervisor::new(start) {
        Ok(supervisor) => {
            let _ = rustix::io::write(&ready, b"ok");
            drop(ready);
            supervisor.run();
        }
        // The server tells it in its own log.
        Err(error) => {
            let _ = rustix::io::write(&ready, error.as_bytes());
        }
    }
}

impl Supervisor {
    fn new(start: Start) -> Result<Self, String> {
        let Start {
            config,
            paths,
            identity,
            token,
            hub_identity,
            lock,
            lease,
            ready: _,
            log_file: _,
            predecessor,
        } = start;
        let signals = watch_signals().map_err(|error| format!("cannot watch signals: {error}"))?;
        let hub = HubProcess::new(Arc::clone(&config), hub_identity);
        let Some(predecessor) = predecessor else {
            let listeners = config.listen.iter().map(Bound::new).collect::<Result<Vec<_>, _>>()?;
            let queue = bind::publish_queue(&paths, &config, &lock)?;
            let log = new_log(&config)?;
            let control = bind::control(&paths, &lock)?;
            let leases = vec![lease];
            let lonely_since = None;
            return Ok(Self {
                paths,
                identity,
                token,
                lock,
                control,
                queue,
                log,
                listeners,
                leases,
                signals,
                hub,
                lonely_since,
            });
        };
        let Predecessor {
            connection,
            queue,
            log: old_log,
            control,
            listeners: mut old_listeners,
            mut leases,
        } = predecessor;
        let mut prepare = || {
            let mut listeners = Vec::new();
            for listen in &config.listen {
                match old_listeners.iter().position(|bound| bound.listen == *listen) {
                    Some(place) => listeners.push(old_listeners.swap_remove(place)),
                    None => listeners.push(Bound::new(listen)?),
                }
            }
            let log = if log_size(&old_log) == Some(wanted_log_size(&config)) {
                None
            } else {
                Some(new_log(&config)?)
            };
            Ok((listeners, log))
        };
        let (listeners, new_log) = match prepare() {
            Ok(prepared) => prepared,
            Err(error) => {
                // The connection stays open in the server: it is its lease on the old hub from now on.
                let _ = control::send(&connection, &Message::Abort, &[]);
                return Err(error);
            }
        };
        bind::apply_permissions(&paths, &config)?;
        control::send(&connection, &Message::Commit, &[])
            .map_err(|error| format!("the old supervisor has gone: {error}"))?;
        wait_for_end(&connection);
        let log = match new_log {
            Some(new) => {
                if let Err(error) = log::copy(&old_log, &new) {
                    line("ERROR", &format!("the history could not be carried over: {error}"));
                }
                new
            }
            None => old_log,
        };
        remove_sockets(&old_listeners);
        leases.push(lease);
        let lonely_since = None;
        Ok(Self {
            paths,
            identity,
            token,
            lock,
            control,
            queue,
            log,
            listeners,
            leases,
            signals,
            hub,
            lonely_since,
        })
    }

    fn run(mut self) {
        let end = loop {
            self.hub.start_if_due(&self.listeners, &self.queue, &self.log);
            if self.leases.is_empty() {
                let since = *self.lonely_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= GRACE {
                    break End::Stop;
                }
            } else {
                self.lonely_since = None;
            }
            match self.turn() {
                Ok(None) => {}
                Ok(Some(end)) => break end,
                Err(error) => {
                    line("ERROR", &format!("the supervisor stops: {error}"));
                    break End::Stop;
                }
            }
        };
        match end {
            End::HandedOver => self.hub.stop(HUB_PATIENCE),
            End::Stop => {
                // First of all nobody finds us any more; last of all someone may take our place.
                let _ = rustix::fs::unlink(&self.paths.control);
                drop(self.control);
                self.hub.stop(HUB_PATIENCE);
                let _ = rustix::fs::unlink(&self.paths.publish);
                remove_sockets(&self.listeners);
                let _ = rustix::fs::unlink(&self.paths.lock);
                drop(self.lock);
            }
        }
    }

    /// Waits for whatever comes next and sees to it.
    fn turn(&mut self) -> io::Result<Option<End>> {
        let grace_ends = self.lonely_since.map(|since| since + GRACE);
        let deadline = [grace_ends, self.hub.due()].into_iter().flatten().min();
        let timeout = deadline.map(|at| {
            // A little late rather than a little early, which would only mean another turn.
            let left = at.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
            Timespec {
                tv_sec: left.as_secs().cast_signed(),
                tv_nsec: left.subsec_nanos().into(),
            }
        });
        let mut fds = vec![
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(&self.control, PollFlags::IN),
        ];
        fds.extend(self.leases.iter().map(|lease| PollFd::new(lease, PollFlags::IN)));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        // A lease says nothing more: whatever happens on it is its end.
        let mut ended = ready[2..].iter();
        self.leases.retain(|_| !ended.next().copied().unwrap_or(false));
        if ready[0] && self.has_been_told_to_stop() {
            return Ok(Some(End::Stop));
        }
        if ready[1] {
            return Ok(self.answer());
        }
        Ok(None)
    }

    fn has_been_told_to_stop(&mut self) -> bool {
        let mut told = false;
        let mut info = [0; size_of::<libc::signalfd_siginfo>()];
        while let Ok(size) = rustix::io::read(&self.signals, &mut info) {
            let signal = u32::from_ne_bytes([info[0], info[1], info[2], info[3]]);
            told |=
                size == info.len() && signal != libc::SIGCHLD.cast_unsigned() && signal != libc::SIGHUP.cast_unsigned();
        }
        while let Ok(Some((child, status))) = wait(WaitOptions::NOHANG) {
            if self.hub.has_ended(child) {
                let how = match (status.exit_status(), status.terminating_signal()) {
                    (_, Some(signal)) => format!("was killed by signal {signal}"),
                    (code, None) => format!("exited with code {}", code.unwrap_or(-1)),
                };
                line(
                    "WARN",
                    &format!("the hub {how}; its queue and history are kept, and it is started again"),
                );
            }
        }
        told
    }

    /// Answers a server that has connected.
    fn answer(&mut self) -> Option<End> {
        let connection = accept_with(&self.control, SocketFlags::CLOEXEC).ok()?;
        let peer = sockopt::socket_peercred(&connection).ok()?;
        if peer.uid != rustix::process::geteuid() {
            return None;
        }
        sockopt::set_socket_timeout(&connection, sockopt::Timeout::Recv, Some(HELLO_TIMEOUT)).ok()?;
        let Ok(Some((
            Message::Hello {
                version,
                identity,
                token,
            },
            _,
        ))) = control::receive(&connection)
        else {
            return None;
        };
        if version == control::VERSION && identity == self.identity {
            if control::send(&connection, &Message::Adopted, &[]).is_ok() {
                self.leases.push(connection);
            }
            return None;
        }
        if token.as_ref() == Some(&self.token) || self.leases.is_empty() {
            return self.hand_over(connection);
        }
        let message = format!(
            "another server (not process {}) has a hub with another configuration or build of the extension at {}; give both the \
             same configuration, or give this one a mercure.publish_socket and mercure.listen of its own",
            peer.pid,
            self.paths.publish.display()
        );
        let _ = control::send(&connection, &Message::Refused(message), &[]);
        None
    }

    fn hand_over(&mut self, connection: OwnedFd) -> Option<End> {
        let mut fds = vec![
            self.queue.as_fd(),
            self.log.as_fd(),
            self.lock.as_fd(),
            self.control.as_fd(),
        ];
        fds.extend(self.listeners.iter().map(AsFd::as_fd));
        let leases = self.leases.len().min(MOST_FDS.saturating_sub(fds.len()));
        fds.extend(self.leases.iter().take(leases).map(AsFd::as_fd));
        let estate = Estate {
            supervisor: rustix::process::getpid().as_raw_nonzero().get(),
            listeners: self.listeners.iter().map(|bound| bound.listen.to_string()).collect(),
            leases,
        };
        control::send(&connection, &Message::TakeOver(estate), &fds).ok()?;
        sockopt::set_socket_timeout(&connection, sockopt::Timeout::Recv, Some(HANDOVER_TIMEOUT)).ok()?;
        match control::receive(&connection) {
            Ok(Some((Message::Commit, _))) => {
                // Its end is what the successor waits for: it must outlast the hub.
                std::mem::forget(connection);
                Some(End::HandedOver)
            }
            Ok(Some((Message::Abort, _))) => {
                self.leases.push(connection);
                None
            }
            _ => None,
        }
    }
}

/// Blocks what the supervisor acts on, and gives a descriptor that is readable when one comes.
fn watch_signals() -> io::Result<OwnedFd> {
    // SAFETY: sigset_t is plain data; signalfd gives a new descriptor, which nobody else owns.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGHUP] {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
        match libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

fn wanted_log_size(config: &Config) -> u64 {
    (log::HEADER + log_capacity(config.history_size).next_multiple_of(4096)) as u64
}

fn log_size(log: &OwnedFd) -> Option<u64> {
    rustix::fs::fstat(log).ok().map(|stat| stat.st_size.cast_unsigned())
}

fn new_log(config: &Config) -> Result<OwnedFd, String> {
    let create = || {
        let log = rustix::fs::memfd_create("mercure-history", MemfdFlags::CLOEXEC)?;
        rustix::fs::ftruncate(&log, wanted_log_size(config))?;
        Ok(log)
    };
    create().map_err(|error: rustix::io::Errno| format!("cannot create the history log: {error}"))
}

fn remove_sockets(listeners: &[Bound]) {
    for bound in listeners {
        if let Listen::Unix(path) = &bound.listen {
            let _ = rustix::fs::unlink(path);
        }
    }
}

/// Waits until the other end closes the connection, which the predecessor does when its hub has stopped.
fn wait_for_end(connection: &OwnedFd) {
    let timeout = Timespec { tv_sec: 4, tv_nsec: 0 };
    let _ = poll(&mut [PollFd::new(connection, PollFlags::IN)], Some(&timeout));
}

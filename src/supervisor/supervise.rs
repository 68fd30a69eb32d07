//! The supervisor: one thread that holds what must outlive the hub (lock, sockets, queue, history log), keeps a hub running on
//! it for as long as a server holds a lease, and hands everything to a successor when the configuration has changed.

use super::bind;
use super::holdings::{Holdings, Predecessor};
use super::hub_process::HubProcess;
use super::lock::Lock;
use super::log::line;
use super::paths::Paths;
use super::spawn;
use super::user::Identity;
use crate::config::Config;
use crate::ipc::control::{self, Estate, MOST_FDS, Message};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
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
    /// The supervisor's end of the starting server's lease.
    pub lease: OwnedFd,
    /// Tells the starting server `ok`, or what went wrong.
    pub ready: OwnedFd,
    /// Where log lines go.
    pub log_file: Option<OwnedFd>,
    /// What to begin with.
    pub origin: Origin,
}

/// What a supervisor begins with.
#[derive(Debug)]
pub enum Origin {
    /// Nothing but the lock.
    New(Lock),
    /// All that another one holds, whose place this one takes.
    Predecessor(Box<Predecessor>),
}

struct Supervisor {
    identity: [u8; 32],
    token: String,
    holdings: Holdings,
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
    spawn::rename(c"mercure-super", "mercure: supervisor");
    // Dropped here: it is standard error from now on, and what is not kept below is closed.
    spawn::redirect(start.log_file.take());
    let mut keep: Vec<BorrowedFd<'_>> = vec![start.lease.as_fd(), start.ready.as_fd()];
    match &start.origin {
        Origin::New(lock) => keep.push(lock.as_fd()),
        Origin::Predecessor(predecessor) => keep.extend(predecessor.descriptors()),
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
        let signals = watch_signals().map_err(|error| format!("cannot watch signals: {error}"))?;
        let (holdings, mut leases) = match start.origin {
            Origin::New(lock) => (Holdings::create(start.paths, lock, &start.config)?, Vec::new()),
            Origin::Predecessor(predecessor) => Holdings::take_over(*predecessor, &start.config)?,
        };
        leases.push(start.lease);
        Ok(Self {
            identity: start.identity,
            token: start.token,
            holdings,
            leases,
            signals,
            hub: HubProcess::new(start.config, start.hub_identity),
            lonely_since: None,
        })
    }

    fn run(mut self) {
        let end = loop {
            self.hub.start_if_due(&self.holdings);
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
                bind::remove_socket(&self.holdings.paths.control);
                self.hub.stop(HUB_PATIENCE);
                self.holdings.remove();
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
            PollFd::new(&self.holdings.control, PollFlags::IN),
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
        let connection = accept_with(&self.holdings.control, SocketFlags::CLOEXEC).ok()?;
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
            self.holdings.paths.publish.display()
        );
        let _ = control::send(&connection, &Message::Refused(message), &[]);
        None
    }

    fn hand_over(&mut self, connection: OwnedFd) -> Option<End> {
        let mut fds = self.holdings.descriptors();
        let leases = self.leases.len().min(MOST_FDS.saturating_sub(fds.len()));
        fds.extend(self.leases.iter().take(leases).map(AsFd::as_fd));
        let estate = Estate {
            supervisor: rustix::process::getpid().as_raw_nonzero().get(),
            listeners: self
                .holdings
                .listeners
                .iter()
                .map(|bound| bound.listen.to_string())
                .collect(),
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
                if control::send(&connection, &Message::Adopted, &[]).is_ok() {
                    self.leases.push(connection);
                }
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

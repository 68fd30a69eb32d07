//! The hub's process: started by the supervisor, told to stop through a pipe, and started again when it dies.

use super::bind::Bound;
use super::holdings::Holdings;
use super::log::line;
use super::spawn;
use super::user::Identity;
use crate::config::Config;
use crate::hub::{self, Inherited};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

const FIRST_DELAY: Duration = Duration::from_millis(50);

/// Below a second: a hub that is killed again and again is still back in time, and one that fails at once costs little.
const LONGEST_DELAY: Duration = Duration::from_millis(400);

/// A hub that has lived so long is no longer one that fails at once.
const HEALTHY: Duration = Duration::from_secs(1);

/// What a hub needs to run.
#[derive(Debug)]
pub struct HubProcess {
    config: Arc<Config>,
    identity: Option<Identity>,
    state: State,
    delay: Duration,
}

#[derive(Debug)]
enum State {
    Running {
        pid: Pid,
        since: Instant,
        /// Closing it tells the hub to stop; and the kernel closes it when the supervisor dies.
        stop: OwnedFd,
    },
    Due(Instant),
}

impl HubProcess {
    /// A hub to be started as soon as [`Self::start_if_due`] is called.
    #[must_use]
    pub fn new(config: Arc<Config>, identity: Option<Identity>) -> Self {
        Self {
            config,
            identity,
            state: State::Due(Instant::now()),
            delay: FIRST_DELAY,
        }
    }

    /// When the next start is due; `None` while it runs.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        match self.state {
            State::Running { .. } => None,
            State::Due(at) => Some(at),
        }
    }

    /// Starts the hub if it is due. A failure is logged and tried again later.
    pub fn start_if_due(&mut self, holdings: &Holdings) {
        if self.due().is_none_or(|at| at > Instant::now()) {
            return;
        }
        match self.start(holdings) {
            Ok((pid, stop)) => {
                self.state = State::Running {
                    pid,
                    since: Instant::now(),
                    stop,
                }
            }
            Err(error) => {
                line("ERROR", &format!("the hub's process cannot be started: {error}"));
                self.again();
            }
        }
    }

    /// Notes that a child has ended. Returns whether it was the hub.
    pub fn has_ended(&mut self, child: Pid) -> bool {
        let State::Running { pid, since, .. } = self.state else {
            return false;
        };
        if pid != child {
            return false;
        }
        if since.elapsed() >= HEALTHY {
            self.delay = FIRST_DELAY;
        }
        self.again();
        true
    }

    /// Stops the hub and waits until it is gone, killing it if it takes longer than `patience`.
    pub fn stop(self, patience: Duration) {
        let State::Running { pid, stop, .. } = self.state else {
            return;
        };
        drop(stop);
        let deadline = Instant::now() + patience;
        let mut killed = false;
        loop {
            match rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG) {
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Ok(Some(_)) | Err(_) => return,
            }
            if !killed && Instant::now() > deadline {
                // It is our child and has not been waited for, so the pid is its.
                let _ = kill_process(pid, Signal::KILL);
                killed = true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn again(&mut self) {
        self.state = State::Due(Instant::now() + self.delay);
        self.delay = (self.delay * 2).min(LONGEST_DELAY);
    }

    fn start(&self, holdings: &Holdings) -> io::Result<(Pid, OwnedFd)> {
        let (shutdown, stop) = pipe_with(PipeFlags::CLOEXEC)?;
        let inherited = Inherited {
            listeners: holdings
                .listeners
                .iter()
                .map(Bound::listener)
                .collect::<io::Result<_>>()?,
            queue: holdings.queue.try_clone()?,
            log: holdings.log.try_clone()?,
        };
        let pid = spawn::fork(|| self.run(inherited, shutdown))?;
        Ok((pid, stop))
    }

    /// The hub's process, from its first instruction to its exit code.
    fn run(&self, inherited: Inherited, shutdown: OwnedFd) -> i32 {
        spawn::rename(c"mercure-hub", "mercure: hub");
        let mut keep: Vec<BorrowedFd<'_>> = vec![inherited.queue.as_fd(), inherited.log.as_fd(), shutdown.as_fd()];
        keep.extend(inherited.listeners.iter().map(AsFd::as_fd));
        spawn::close_others(&keep);
        ignore_signals_meant_for_the_supervisor();
        raise_descriptor_limit();
        bound_malloc_arenas();
        if let Err(error) = self.identity.map_or(Ok(()), Identity::assume) {
            line("ERROR", &format!("the hub cannot become mercure.user: {error}"));
            return 77;
        }
        // Again: becoming another user may have undone it.
        spawn::hide_memory();
        let _ = rustix::thread::set_no_new_privs(true);
        match hub::run(inherited, Arc::clone(&self.config), shutdown) {
            Ok(()) => 0,
            Err(error) => {
                line("ERROR", &format!("the hub has failed: {error}"));
                1
            }
        }
    }
}

/// Service managers signal every process of a service: the supervisor decides, and the hub flushes its streams first.
fn ignore_signals_meant_for_the_supervisor() {
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGHUP] {
        // SAFETY: SIG_IGN is no function of ours, so nothing can run in a signal's context.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// One stream is one descriptor.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}

/// Fewer arenas: what thousands of connections leave behind when they become streams is used again rather than kept by each
/// thread.
fn bound_malloc_arenas() {
    #[cfg(target_env = "gnu")]
    // SAFETY: a setting of the allocator, before this process has a second thread.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 2)
    };
}

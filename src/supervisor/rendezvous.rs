//! How a starting server gets its lease: from the hub that runs already, from one it starts, or by taking over from the one it
//! started before its configuration changed.

use super::bind::Bound;
use super::holdings::{Holdings, Predecessor};
use super::lock::Lock;
use super::paths::{self, Paths};
use super::supervise::{self, Origin, Start};
use super::user::Identity;
use super::{identity, log, spawn};
use crate::config::Config;
use crate::ipc::control::{self, Estate, Message};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with, socketpair, sockopt};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a server's start may wait for others that start or stop a hub.
const DEADLINE: Duration = Duration::from_secs(6);

/// Between two looks at what others are doing.
const PAUSE: Duration = Duration::from_millis(20);

/// What a server has got.
#[derive(Debug)]
pub struct Leased {
    /// To be kept open.
    pub lease: OwnedFd,
    /// Where the hub's publish queue is.
    pub publish_socket: PathBuf,
    /// Why the hub is not the one that this configuration asks for, if it is not.
    pub warning: Option<String>,
}

/// Gets a lease for this server.
///
/// # Errors
/// A sentence for the administrator: why there is no hub, and what to do.
pub fn lease(config: &Arc<Config>, foreground: bool, paths: &Paths) -> Result<Leased, String> {
    let server = Server {
        config,
        foreground,
        paths,
        identity: identity::of_this_build(config),
        own: identity::own_supervisor(),
    };
    if let Some(leased) = server.ask_at_former_place()? {
        return Ok(leased);
    }
    let deadline = Instant::now() + DEADLINE;
    loop {
        match connect_control(paths) {
            Ok(connection) => {
                if let Some(leased) = server.ask(connection, paths)? {
                    return Ok(leased);
                }
            }
            Err(Errno::NOENT | Errno::CONNREFUSED) => {
                let prepared = server.prepare()?;
                let lock = Lock::try_take(&paths.lock)
                    .map_err(|error| format!("cannot lock {}: {error}", paths.lock.display()))?;
                if let Some(lock) = lock {
                    return server.start(Origin::New(lock), prepared);
                }
            }
            Err(error @ (Errno::ACCESS | Errno::PERM)) => {
                return Err(format!(
                    "a hub of another user is at {}: {error}; set a mercure.publish_socket of your own",
                    paths.publish.display()
                ));
            }
            Err(error) => return Err(format!("cannot connect to {}: {error}", paths.control.display())),
        }
        if Instant::now() > deadline {
            return Err(format!(
                "the supervisor that holds {} does not answer; stop it, then reload",
                paths.lock.display()
            ));
        }
        std::thread::sleep(PAUSE);
    }
}

struct Server<'a> {
    config: &'a Arc<Config>,
    foreground: bool,
    paths: &'a Paths,
    identity: [u8; 32],
    /// Token and publish socket of the supervisor that this server started before it was reloaded.
    own: Option<(String, PathBuf)>,
}

impl Server<'_> {
    /// Where the publish socket has moved, the hub is still at the old place.
    fn ask_at_former_place(&self) -> Result<Option<Leased>, String> {
        let Some((_, publish)) = self.own.as_ref().filter(|(_, publish)| *publish != self.paths.publish) else {
            return Ok(None);
        };
        let former = Paths::new(publish.clone());
        match connect_control(&former) {
            // One that refuses us has become somebody else's.
            Ok(connection) => Ok(self.ask(connection, &former).unwrap_or(None)),
            Err(_) => Ok(None),
        }
    }

    /// Asks the supervisor at the other end; `None` when it has gone meanwhile.
    fn ask(&self, connection: OwnedFd, at: &Paths) -> Result<Option<Leased>, String> {
        let hello = Message::Hello {
            version: control::VERSION,
            identity: self.identity,
            token: self.own.as_ref().map(|(token, _)| token.clone()),
        };
        if control::send(&connection, &hello, &[]).is_err() {
            return Ok(None);
        }
        match control::receive(&connection) {
            Ok(Some((Message::Adopted, _))) => Ok(Some(Leased {
                lease: connection,
                publish_socket: at.publish.clone(),
                warning: None,
            })),
            Ok(Some((Message::Refused(reason), _))) => Err(reason),
            Ok(Some((Message::TakeOver(estate), fds))) => self.take_over(&connection, at, &estate, fds),
            Ok(Some(_)) => Err(format!("{} is no supervisor's socket", at.control.display())),
            Ok(None) | Err(_) => Ok(None),
        }
    }

    /// Replaces the supervisor at the other end. Where that cannot be, the old hub goes on, and serves us too: a mistake in the
    /// configuration must not take down what runs.
    fn take_over(
        &self,
        connection: &OwnedFd,
        at: &Paths,
        estate: &Estate,
        fds: Vec<OwnedFd>,
    ) -> Result<Option<Leased>, String> {
        let predecessor = self.predecessor(connection, at, estate, fds);
        let started = predecessor.and_then(|predecessor| {
            let prepared = self.prepare()?;
            self.start(Origin::Predecessor(Box::new(predecessor)), prepared)
        });
        match started {
            Ok(lease) => {
                reap(estate.supervisor);
                Ok(Some(lease))
            }
            Err(error) => {
                let _ = control::send(connection, &Message::Abort, &[]);
                match (control::receive(connection), connection.try_clone()) {
                    (Ok(Some((Message::Adopted, _))), Ok(lease)) => Ok(Some(Leased {
                        lease,
                        publish_socket: at.publish.clone(),
                        warning: Some(format!(
                            "the new configuration is not in force, the hub goes on with the old one: {error}"
                        )),
                    })),
                    _ => Err(error),
                }
            }
        }
    }

    fn predecessor(
        &self,
        connection: &OwnedFd,
        at: &Paths,
        estate: &Estate,
        fds: Vec<OwnedFd>,
    ) -> Result<Predecessor, String> {
        let mut fds = fds.into_iter();
        let mut next = || {
            fds.next()
                .ok_or_else(|| "the old supervisor handed over too little".to_owned())
        };
        let (queue, log, lock, control) = (next()?, next()?, next()?, next()?);
        let mut listeners = Vec::new();
        for text in &estate.listeners {
            let listen = Config::parse_listen(text).ok_or("the old supervisor's listeners are not understood")?;
            listeners.push(Bound::inherited(listen, next()?));
        }
        let leases = (0..estate.leases).map(|_| next()).collect::<Result<Vec<_>, _>>()?;
        Ok(Predecessor {
            connection: connection
                .try_clone()
                .map_err(|error| format!("cannot take over the hub: {error}"))?,
            holdings: Holdings {
                paths: at.clone(),
                lock: Lock::inherited(lock),
                control,
                queue,
                log,
                listeners,
            },
            leases,
            new_place: if at == self.paths {
                None
            } else {
                Some(self.new_place()?)
            },
        })
    }

    /// What can go wrong before anything is done.
    fn prepare(&self) -> Result<Prepared, String> {
        paths::prepare_folder(&self.paths.publish)?;
        Ok(Prepared {
            hub_identity: Identity::of_hub(self.config)?,
            log_file: log::open(self.config, self.foreground)?,
        })
    }

    /// Makes sure that no other hub is where this one shall be.
    fn new_place(&self) -> Result<(Paths, Lock), String> {
        paths::prepare_folder(&self.paths.publish)?;
        match Lock::try_take(&self.paths.lock) {
            Ok(Some(lock)) => Ok((self.paths.clone(), lock)),
            Ok(None) => Err(format!("another hub is at {}", self.paths.publish.display())),
            Err(error) => Err(format!("cannot lock {}: {error}", self.paths.lock.display())),
        }
    }

    /// Starts a supervisor, waits until it is ready, and returns the lease on it.
    fn start(&self, origin: Origin, prepared: Prepared) -> Result<Leased, String> {
        let failed = |error: std::io::Error| format!("cannot start the hub's supervisor: {error}");
        let (lease, held) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|error| failed(error.into()))?;
        let (ready, tell) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| failed(error.into()))?;
        let token = identity::new_token();
        let start = Start {
            config: Arc::clone(self.config),
            paths: self.paths.clone(),
            identity: self.identity,
            token: token.clone(),
            hub_identity: prepared.hub_identity,
            lease: held,
            ready: tell,
            log_file: prepared.log_file,
            origin,
        };
        let mut start = Some(start);
        spawn::daemon(|| {
            if let Some(start) = start.take() {
                supervise::run(start);
            }
        })
        .map_err(failed)?;
        // The supervisor has its own copies of all descriptors; ours would keep lock and leases alive, and `ready` open.
        drop(start);
        match read_all(&ready).as_str() {
            "ok" => {
                identity::remember_supervisor(&token, &self.paths.publish);
                Ok(Leased {
                    lease,
                    publish_socket: self.paths.publish.clone(),
                    warning: None,
                })
            }
            "" => Err("the hub's supervisor died while it started; mercure.log may tell more".to_owned()),
            error => Err(error.to_owned()),
        }
    }
}

struct Prepared {
    hub_identity: Option<Identity>,
    log_file: Option<OwnedFd>,
}

fn connect_control(paths: &Paths) -> Result<OwnedFd, Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    connect(&socket, &SocketAddrUnix::new(&paths.control)?)?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(DEADLINE))?;
    Ok(socket)
}

/// Reads what the supervisor tells until it closes the pipe, for a bounded time.
fn read_all(pipe: &OwnedFd) -> String {
    let deadline = Instant::now() + 2 * DEADLINE;
    let mut text = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: left.as_secs().cast_signed(),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return "it did not get ready in time".to_owned(),
            Ok(_) => match rustix::io::read(pipe, &mut buffer) {
                Ok(0) => break,
                Ok(size) => text.extend_from_slice(&buffer[..size]),
                Err(Errno::INTR) => {}
                Err(_) => break,
            },
            Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits for the old supervisor if it has become our child, as it does where this server is PID 1: php-fpm would report a
/// child it does not know.
fn reap(supervisor: i32) {
    let Some(pid) = Pid::from_raw(supervisor) else { return };
    for _ in 0..50 {
        match waitpid(Some(pid), WaitOptions::NOHANG) {
            Ok(None) | Err(Errno::INTR) => std::thread::sleep(Duration::from_millis(10)),
            Ok(Some(_)) | Err(_) => return,
        }
    }
}

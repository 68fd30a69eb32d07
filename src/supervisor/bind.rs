//! Binds what the supervisor holds: HTTP listeners, the publish queue, the control socket.

use super::lock::Lock;
use super::paths::Paths;
use super::user;
use crate::config::{Config, Listen};
use crate::hub::Listener;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Gid, Mode};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with, sockopt,
};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;

/// Connections that wait for the hub to accept them, also while it is being restarted. The kernel caps it (`somaxconn`).
const BACKLOG: i32 = 4096;

/// An HTTP listener with the address it was asked for.
#[derive(Debug)]
pub struct Bound {
    /// As `mercure.listen` has it.
    pub listen: Listen,
    socket: OwnedFd,
}

impl Bound {
    /// Binds and listens.
    ///
    /// # Errors
    /// A sentence that names the address, the cause and what to do.
    pub fn new(listen: &Listen) -> Result<Self, String> {
        let socket = match listen {
            Listen::Tcp(address) => listen_tcp(*address),
            Listen::Unix(path) => listen_unix(path),
        };
        match socket {
            Ok(socket) => Ok(Self {
                listen: listen.clone(),
                socket,
            }),
            Err(error) => Err(format!(
                "the hub cannot listen on {listen}: {error}; free the address or change mercure.listen"
            )),
        }
    }

    /// A listener handed over by a predecessor.
    #[must_use]
    pub fn inherited(listen: Listen, socket: OwnedFd) -> Self {
        Self { listen, socket }
    }

    /// A second descriptor for the hub.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub fn listener(&self) -> std::io::Result<Listener> {
        let socket = self.socket.try_clone()?;
        Ok(match self.listen {
            Listen::Tcp(_) => Listener::Tcp(TcpListener::from(socket)),
            Listen::Unix(_) => Listener::Unix(UnixListener::from(socket)),
        })
    }
}

impl AsFd for Bound {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn listen_tcp(address: SocketAddr) -> Result<OwnedFd, Errno> {
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let socket = socket_with(
        family,
        SocketType::STREAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    Ok(socket)
}

fn listen_unix(path: &Path) -> Result<OwnedFd, Errno> {
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    let address = SocketAddrUnix::new(path)?;
    match bind(&socket, &address) {
        Ok(()) => {}
        Err(Errno::ADDRINUSE) => {
            let probe = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
            match connect(&probe, &address) {
                // Left behind by someone who was killed.
                Err(Errno::CONNREFUSED) => remove_socket(path),
                _ => return Err(Errno::ADDRINUSE),
            }
            bind(&socket, &address)?;
        }
        Err(error) => return Err(error),
    }
    rustix::fs::chmod(path, Mode::from_raw_mode(0o666))?;
    listen(&socket, BACKLOG)?;
    Ok(socket)
}

/// Binds the publish queue. The lock makes this process the only one that may remove a stale socket.
///
/// # Errors
/// A sentence that names the path or the directive at fault.
pub fn publish_queue(paths: &Paths, config: &Config, _lock: &Lock) -> Result<OwnedFd, String> {
    let group = user::publishing_group(config)?;
    let bind_queue = || {
        let socket = socket_with(
            AddressFamily::UNIX,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        )?;
        bind_private(&socket, &paths.publish)?;
        set_permissions(&paths.publish, config, group)?;
        Ok(socket)
    };
    bind_queue()
        .map_err(|error: Errno| format!("cannot create the publish socket {}: {error}", paths.publish.display()))
}

/// Binds the control socket, for the starting user only.
///
/// # Errors
/// A sentence that names the path.
pub fn control(paths: &Paths, _lock: &Lock) -> Result<OwnedFd, String> {
    let bind_control = || {
        let socket = socket_with(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        )?;
        bind_private(&socket, &paths.control)?;
        rustix::fs::chmod(&paths.control, Mode::RUSR | Mode::WUSR)?;
        listen(&socket, 64)?;
        Ok(socket)
    };
    bind_control()
        .map_err(|error: Errno| format!("cannot create the control socket {}: {error}", paths.control.display()))
}

/// Removes a socket's file, and nothing that is something else.
pub fn remove_socket(path: &Path) {
    if rustix::fs::lstat(path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket) {
        let _ = rustix::fs::unlink(path);
    }
}

/// Checks that the sockets can be renamed from one place to another.
///
/// # Errors
/// A sentence that names the directive.
pub fn check_move(from: &Paths, to: &Paths) -> Result<(), String> {
    let device = |paths: &Paths| rustix::fs::stat(paths.publish.parent()?).ok().map(|stat| stat.st_dev);
    if device(from).is_some() && device(from) == device(to) {
        remove_socket(&to.publish);
        remove_socket(&to.control);
        return Ok(());
    }
    Err(format!(
        "mercure.publish_socket cannot move to another file system ({}) while the hub runs; restart the server instead of \
         reloading it",
        to.publish.display()
    ))
}

/// Binds in the place of a stale socket, without any permission for anyone yet.
fn bind_private(socket: &OwnedFd, path: &Path) -> Result<(), Errno> {
    remove_socket(path);
    let umask = rustix::process::umask(Mode::from_raw_mode(0o777));
    let bound = SocketAddrUnix::new(path).and_then(|address| bind(socket, &address));
    rustix::process::umask(umask);
    bound
}

/// Gives an inherited publish queue the group and mode that the new configuration says.
///
/// # Errors
/// A sentence that names the path or the directive at fault.
pub fn apply_permissions(paths: &Paths, config: &Config) -> Result<(), String> {
    let group = user::publishing_group(config)?;
    set_permissions(&paths.publish, config, group)
        .map_err(|error| format!("cannot change the publish socket {}: {error}", paths.publish.display()))
}

fn set_permissions(path: &Path, config: &Config, group: Option<u32>) -> Result<(), Errno> {
    if let Some(group) = group {
        rustix::fs::chown(path, None, Some(Gid::from_raw(group)))?;
    }
    // Last: until here nobody but its owner could use a new one.
    rustix::fs::chmod(path, Mode::from_raw_mode(config.publish_socket_mode))
}

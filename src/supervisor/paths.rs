//! Where the publish queue, the control socket and the lock are.

use crate::config::Config;
use rustix::fs::{FileType, Mode};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

const NAME: &str = "publish.sock";

/// The files of one hub. All follow from the publish socket's path, which is what tells two hubs on a machine apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The publish queue.
    pub publish: PathBuf,
    /// Where servers ask the supervisor for a lease.
    pub control: PathBuf,
    /// Held (flock) by the supervisor while it lives.
    pub lock: PathBuf,
}

impl Paths {
    /// The files that go with the publish socket at `publish`.
    #[must_use]
    pub fn new(publish: PathBuf) -> Self {
        let with = |suffix: &str| {
            let mut path = publish.clone().into_os_string();
            path.push(suffix);
            PathBuf::from(path)
        };
        Self {
            control: with(".control"),
            lock: with(".lock"),
            publish,
        }
    }

    /// Those of a hub that this process starts or joins.
    #[must_use]
    pub fn of_server(config: &Config) -> Self {
        Self::new(config.publish_socket.clone().unwrap_or_else(|| own_folder().join(NAME)))
    }
}

/// Where a process that only publishes looks for a hub: its user's own, then the machine's.
#[must_use]
pub fn of_publisher(config: &Config) -> Vec<PathBuf> {
    match &config.publish_socket {
        Some(path) => vec![path.clone()],
        None => {
            let mut paths = vec![own_folder().join(NAME)];
            let machine = PathBuf::from("/run/mercure").join(NAME);
            if !paths.contains(&machine) {
                paths.push(machine);
            }
            paths
        }
    }
}

/// Makes sure that the folder of `path` exists. Only the default folders are created; they are refused where someone else could
/// put a file into them.
///
/// # Errors
/// A sentence for the administrator.
pub fn prepare_folder(path: &Path) -> Result<(), String> {
    let Some(folder) = path.parent() else { return Ok(()) };
    if folder == own_folder() {
        // Others may pass through root's (and meet the socket's own mode there); nobody enters an ordinary user's.
        let mode = if rustix::process::geteuid().is_root() {
            0o755
        } else {
            0o700
        };
        match rustix::fs::mkdir(folder, Mode::from_raw_mode(mode)) {
            // Whatever the umask: without this, root's could keep everybody else from publishing.
            Ok(()) => rustix::fs::chmod(folder, Mode::from_raw_mode(mode))
                .map_err(|error| format!("cannot open {} to publishers: {error}", folder.display()))?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(format!("cannot create {}: {error}", folder.display())),
        }
        if !is_own_folder(folder) {
            return Err(format!(
                "{} is not a folder that only its owner, this user, can write to; remove it or set mercure.publish_socket",
                folder.display()
            ));
        }
    } else if rustix::fs::stat(folder).is_err() {
        return Err(format!(
            "the folder of mercure.publish_socket, {}, does not exist or cannot be entered; create it",
            folder.display()
        ));
    }
    Ok(())
}

/// Whether a publisher may trust the socket at `path`: in a default folder of the user's own nobody else may have put it. A path
/// that was configured, and root's folder, are the administrator's.
#[must_use]
pub fn is_trusted(path: &Path) -> bool {
    let folder = own_folder();
    path.parent() != Some(&folder) || folder.starts_with("/run/mercure") || is_own_folder(&folder)
}

fn is_own_folder(folder: &Path) -> bool {
    rustix::fs::lstat(folder).is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::Directory
            && stat.st_uid == rustix::process::geteuid().as_raw()
            && stat.st_mode & 0o022 == 0
    })
}

fn own_folder() -> PathBuf {
    let user = rustix::process::geteuid();
    if user.is_root() {
        return PathBuf::from("/run/mercure");
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let runtime = runtime.unwrap_or_else(|| PathBuf::from(format!("/run/user/{}", user.as_raw())));
    if runtime.is_dir() {
        return runtime.join("mercure");
    }
    PathBuf::from(format!("/tmp/mercure-{}", user.as_raw()))
}

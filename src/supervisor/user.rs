//! Users and groups by name, and giving up root's rights for good.

use crate::config::Config;
use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;

/// Whom the hub runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// User id.
    pub user: u32,
    /// Group id; the only group it is in.
    pub group: u32,
}

impl Identity {
    /// The identity that `mercure.user` and `mercure.group` name; `None` without root, when nothing can be given up.
    ///
    /// # Errors
    /// A sentence naming the directive, when there is no such user or group.
    pub fn of_hub(config: &Config) -> Result<Option<Self>, String> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let identity = if config.user.is_empty() {
            find_user("mercure").or_else(|| find_user("nobody")).unwrap_or(Self {
                user: 65534,
                group: 65534,
            })
        } else {
            find_user(&config.user).ok_or_else(|| {
                format!(
                    "mercure.user: there is no user {:?}; create it (useradd --system) or name another one",
                    config.user
                )
            })?
        };
        if config.group.is_empty() {
            return Ok(Some(identity));
        }
        let group = find_group(&config.group).ok_or_else(|| {
            format!(
                "mercure.group: there is no group {:?}; create it or name another one",
                config.group
            )
        })?;
        Ok(Some(Self { group, ..identity }))
    }

    /// Becomes this identity, irrevocably. Only in a process with one thread.
    ///
    /// # Errors
    /// What the system says; the process must not go on then.
    pub fn assume(self) -> io::Result<()> {
        // SAFETY: plain system calls on numbers; the group list is one element, as told.
        let failed = unsafe {
            libc::setgroups(1, &raw const self.group) != 0
                || libc::setgid(self.group) != 0
                || libc::setuid(self.user) != 0
        };
        if failed {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }
}

/// The group that may write to the publish queue, by `mercure.publish_socket_group`; `None`: the starter's own.
///
/// # Errors
/// A sentence naming the directive, when there is no such group.
pub fn publishing_group(config: &Config) -> Result<Option<u32>, String> {
    if config.publish_socket_group.is_empty() {
        // The group of those who run PHP behind a web server on Debian; only root can give the socket to it.
        return Ok(find_group("www-data").filter(|_| rustix::process::geteuid().is_root()));
    }
    match find_group(&config.publish_socket_group) {
        Some(group) => Ok(Some(group)),
        None => Err(format!(
            "mercure.publish_socket_group: there is no group {:?}; create it or name another one",
            config.publish_socket_group
        )),
    }
}

/// Whether every user and group that the configuration names exists.
///
/// # Errors
/// A sentence naming the directive that names one which does not.
pub fn check(config: &Config) -> Result<(), String> {
    Identity::of_hub(config)?;
    publishing_group(config).map(drop)
}

fn find_user(name: &str) -> Option<Identity> {
    let name = CString::new(name).ok()?;
    let mut entry = MaybeUninit::<libc::passwd>::uninit();
    let mut found = std::ptr::null_mut();
    let mut buffer = vec![0; 16 * 1024];
    // SAFETY: the pointers are to live variables, and the length is the buffer's.
    let failed = unsafe {
        libc::getpwnam_r(
            name.as_ptr(),
            entry.as_mut_ptr(),
            buffer.as_mut_ptr(),
            buffer.len(),
            &raw mut found,
        )
    };
    if failed != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call says it has filled the entry in.
    let entry = unsafe { entry.assume_init() };
    Some(Identity {
        user: entry.pw_uid,
        group: entry.pw_gid,
    })
}

fn find_group(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    let mut entry = MaybeUninit::<libc::group>::uninit();
    let mut found = std::ptr::null_mut();
    let mut buffer = vec![0; 64 * 1024];
    // SAFETY: the pointers are to live variables, and the length is the buffer's.
    let failed = unsafe {
        libc::getgrnam_r(
            name.as_ptr(),
            entry.as_mut_ptr(),
            buffer.as_mut_ptr(),
            buffer.len(),
            &raw mut found,
        )
    };
    if failed != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call says it has filled the entry in.
    Some(unsafe { entry.assume_init() }.gr_gid)
}

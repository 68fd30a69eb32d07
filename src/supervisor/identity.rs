//! Tells whether a running hub is the one that this process would start: the same configuration and the same build.

use crate::config::Config;
use crate::update::fill_random;
use sha2::{Digest, Sha256};
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Environment variable that a reloading php-fpm carries across its exec, as `<token> <publish socket>`: tells it which supervisor
/// is its own, and proves to that one that it is. It gives nobody else a right, since the control socket admits its owner only.
const VARIABLE: &str = "MERCURE_SUPERVISOR";

/// Configuration and build, as one number. An upgraded extension file is another build, so a reload starts its hub.
#[must_use]
pub fn of_this_build(config: &Config) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(config.hash);
    hash.update(env!("CARGO_PKG_VERSION"));
    if let Some(file) = own_file().and_then(|path| std::fs::metadata(path).ok()) {
        for part in [
            file.dev(),
            file.ino(),
            file.size(),
            file.mtime().cast_unsigned(),
            file.mtime_nsec().cast_unsigned(),
        ] {
            hash.update(part.to_le_bytes());
        }
    }
    hash.finalize().into()
}

/// The supervisor that this server started before it was reloaded: its token and its publish socket.
#[must_use]
pub fn own_supervisor() -> Option<(String, PathBuf)> {
    let value = std::env::var(VARIABLE).ok()?;
    let (token, path) = value.split_once(' ')?;
    Some((token.to_owned(), PathBuf::from(path)))
}

/// A new token.
#[must_use]
pub fn new_token() -> String {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Leaves in the environment, for the next exec, that the supervisor with this token is this server's own.
pub fn remember_supervisor(token: &str, publish_socket: &Path) {
    let value = format!("{token} {}", publish_socket.display());
    if let (Ok(name), Ok(value)) = (CString::new(VARIABLE), CString::new(value)) {
        // SAFETY: PHP loads its extensions before it has threads, so nobody reads the environment meanwhile. std's own
        // `set_var` would do the same behind a lock that means nothing to PHP.
        unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) };
    }
}

/// The file this code was loaded from.
fn own_file() -> Option<PathBuf> {
    let mut info = MaybeUninit::<libc::Dl_info>::uninit();
    let address = of_this_build as *const () as *const libc::c_void;
    // SAFETY: dladdr only looks the address up and fills `info` in if it returns other than 0.
    let info = unsafe {
        if libc::dladdr(address, info.as_mut_ptr()) == 0 {
            return None;
        }
        info.assume_init()
    };
    if info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: a string of the loader's, which lives as long as the file is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(PathBuf::from(name.to_str().ok()?))
}

//! Forks, and what a child must shed of the server it comes from.

use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, waitpid};
use std::ffi::CStr;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `child` in a grandchild of this process, in a session of its own, and returns when it has been started. The process in
/// between is waited for here, so that no server ever reaps a child it does not know.
///
/// # Errors
/// When the system has no room for another process.
pub fn daemon(child: impl FnOnce()) -> io::Result<()> {
    let between = fork(|| {
        // A session without a terminal; the second fork makes sure it never gets one.
        let _ = rustix::process::setsid();
        i32::from(
            fork(|| {
                child();
                0
            })
            .is_err(),
        )
    })?;
    let failed = loop {
        match waitpid(Some(between), WaitOptions::empty()) {
            Ok(status) => break status.is_some_and(|(_, status)| status.exit_status() != Some(0)),
            Err(Errno::INTR) => {}
            // Someone else (a SIGCHLD handler of the server) was faster; the readiness pipe tells what became of it.
            Err(_) => break false,
        }
    };
    if failed {
        Err(io::Error::other("the second fork failed"))
    } else {
        Ok(())
    }
}

/// Forks. The child starts with every signal at its default and none blocked, runs `child`, and ends with its result, without
/// running any handler of the server's.
///
/// # Errors
/// When the system has no room for another process.
pub fn fork(child: impl FnOnce() -> i32) -> io::Result<Pid> {
    let blocked = block_signals();
    // SAFETY: called where this process has one thread (PHP loading its extensions, or the supervisor), so the child may do
    // all that the parent may.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        reset_signals();
        let code = catch_unwind(AssertUnwindSafe(child)).unwrap_or(70);
        // SAFETY: ends the process without atexit handlers and destructors, which are the server's.
        unsafe { libc::_exit(code) };
    }
    let error = io::Error::last_os_error();
    restore_signals(&blocked);
    Pid::from_raw(pid).filter(|_| pid > 0).ok_or(error)
}

fn block_signals() -> libc::sigset_t {
    // SAFETY: sigset_t is plain data; both sets are live variables.
    unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        before
    }
}

fn restore_signals(mask: &libc::sigset_t) {
    // SAFETY: `mask` is a set that `block_signals` returned.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut()) };
}

fn reset_signals() {
    for signal in 1..=64 {
        // SAFETY: SIG_DFL is no function of ours. Those that cannot be set (KILL, STOP, libc's own) say so and stay.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: sigset_t is plain data.
    let none = unsafe {
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        none
    };
    restore_signals(&none);
}

/// Sheds what a child inherited of a server: descriptors other than `keep` and the three standard ones, its folder, and its
/// shared memory (APCu's and OPcache's would live on through us).
pub fn shed(keep: &[BorrowedFd<'_>]) {
    let _ = rustix::process::chdir("/");
    let _ = rustix::process::umask(Mode::from_raw_mode(0o077));
    close_others(keep);
    unmap_shared();
    hide_memory();
}

/// Workers may run as the same user: they must not read the keys out of this process.
pub fn hide_memory() {
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Closes every descriptor but `keep` and the three standard ones.
pub fn close_others(keep: &[BorrowedFd<'_>]) {
    let mut keep: Vec<RawFd> = keep.iter().map(AsRawFd::as_raw_fd).filter(|fd| *fd > 2).collect();
    keep.sort_unstable();
    let mut first: u32 = 3;
    for fd in keep.into_iter().map(RawFd::cast_unsigned).chain([u32::MAX]) {
        if first < fd {
            // SAFETY: the descriptors in the gap belong to the server's code, which never runs again in this process.
            unsafe { libc::syscall(libc::SYS_close_range, first, fd - 1, 0) };
        }
        first = fd.saturating_add(1);
    }
}

/// Points the three standard descriptors at `log`, or at nothing.
pub fn redirect(log: Option<OwnedFd>) {
    let Ok(null) = rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()) else {
        return;
    };
    let _ = rustix::stdio::dup2_stdin(&null);
    let _ = rustix::stdio::dup2_stdout(log.as_ref().unwrap_or(&null));
    let _ = rustix::stdio::dup2_stderr(log.as_ref().unwrap_or(&null));
}

/// What `top` and `ps` show: a process name, and a title in the place of the server's command line, by which this process would
/// be taken for the server itself.
pub fn rename(name: &CStr, title: &str) {
    let _ = rustix::thread::set_name(name);
    let Some((start, end)) = argument_area() else { return };
    // The last byte stays as it is: where it is not NUL, the kernel looks for the end of the title behind the area.
    let room = (end - start).saturating_sub(1);
    let shown = &title.as_bytes()[..title.len().min(room)];
    // SAFETY: the area is this process's own writable copy of its arguments, as the kernel tells. The server's code, which knew
    // of it, never runs again in this process, and nothing of ours points there.
    unsafe {
        std::ptr::write_bytes(start as *mut u8, 0, room);
        std::ptr::copy_nonoverlapping(shown.as_ptr(), start as *mut u8, shown.len());
    }
}

/// Where the kernel finds the command line: proc_pid_stat(5), fields 48 and 49.
fn argument_area() -> Option<(usize, usize)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which may hold anything, comes field 3.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(48 - 3);
    let start = fields.next()?.parse().ok()?;
    let end = fields.next()?.trim().parse().ok()?;
    (start > 0 && end > start).then_some((start, end))
}

/// Unmaps writable memory that is shared with the server and its other children.
fn unmap_shared() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (Some(range), Some(rights)) = (fields.next(), fields.next()) else {
            continue;
        };
        if !rights.starts_with("rw") || !rights.ends_with('s') {
            continue;
        }
        let bounds = range.split_once('-').and_then(|(start, end)| {
            Some((
                usize::from_str_radix(start, 16).ok()?,
                usize::from_str_radix(end, 16).ok()?,
            ))
        });
        let Some((start, end)) = bounds else { continue };
        // SAFETY: nothing of ours is mapped shared yet, and the PHP code that used it never runs again in this process.
        let _ = unsafe { rustix::mm::munmap(start as *mut _, end - start) };
    }
}

//! What /proc and the kernel's clocks say about another process.

use crate::Result;
use std::fs;
use std::time::Duration;

/// CPU time that all threads of a process have used, user and system, to the nanosecond (/proc/pid/stat counts ticks of
/// 10 ms).
pub fn cpu_time(pid: i32) -> Result<Duration> {
    let mut clock = 0;
    // SAFETY: the call writes one clockid_t, to which the pointer is valid.
    if unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) } != 0 {
        return Err(format!("process {pid} has ended").into());
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec, to which the pointer is valid.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return Err(format!("process {pid} has ended").into());
    }
    Ok(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

/// Proportional set size in KiB: private memory plus this process's share of what it shares.
pub fn pss_kib(pid: i32) -> Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.ok_or_else(|| format!("{path} has no Pss line").into())
}

/// The name of a process (its main thread), or `None` when it has ended.
pub fn name(pid: i32) -> Option<String> {
    Some(
        fs::read_to_string(format!("/proc/{pid}/comm"))
            .ok()?
            .trim_end()
            .to_owned(),
    )
}

/// Every process that holds the socket listening on 127.0.0.1:`port`.
pub fn listener_holders(port: u16) -> Result<Vec<i32>> {
    const LISTEN: &str = "0A";
    let table = fs::read_to_string("/proc/net/tcp")?;
    let local = format!("0100007F:{port:04X}");
    let inode = table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let found = columns.get(1) == Some(&local.as_str()) && columns.get(3) == Some(&LISTEN);
        found
            .then(|| columns.get(9).map(|inode| format!("socket:[{inode}]")))
            .flatten()
    });
    let Some(inode) = inode else {
        return Ok(Vec::new());
    };
    let holds = |pid: &i32| {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        descriptors
            .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
            .any(|target| target.as_os_str() == inode.as_str())
    };
    let processes = fs::read_dir("/proc")?.flatten();
    Ok(processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(holds)
        .collect())
}

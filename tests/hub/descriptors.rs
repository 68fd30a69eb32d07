//! A hub that has run out of file descriptors keeps serving what it has, does not spin, and recovers.

use crate::client::{Connection, Request};
use crate::harness::{HUB, anonymous_hub, post, publisher};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Says to the child process that it is the one.
const CHILD: &str = "MERCURE_TESTS_FEW_DESCRIPTORS";

#[test]
fn running_out_of_descriptors() {
    if std::env::var_os(CHILD).is_some() {
        return serve_with_few_descriptors();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "descriptors::running_out_of_descriptors", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address: SocketAddr = lines
        .find_map(|line| {
            line.unwrap()
                .strip_prefix("address ")
                .map(|address| address.parse().unwrap())
        })
        .unwrap();

    let subscription = Request::get(&format!("{HUB}?topic=/a"));
    let mut stream = Connection::tcp(address).subscribe(&subscription);
    let mut publishing = Connection::tcp(address);
    let mut publish = |data: &str| {
        let response = publishing.request(&post(&format!("topic=/a&data={data}"), &publisher(&["*"])));
        assert_eq!(response.status, 200);
    };
    publish("before");
    assert_eq!(stream.data(), "before");

    // The backlog takes what the hub cannot accept.
    let waiting: Vec<_> = (0..60).map(|_| Connection::tcp(address)).collect();
    let before = cpu_ticks(&child);
    for n in 0..10 {
        publish(&n.to_string());
        assert_eq!(stream.data(), n.to_string());
        std::thread::sleep(Duration::from_millis(100));
    }
    // A tick is 10 ms; spinning would take a hundred of them.
    let used = cpu_ticks(&child) - before;
    assert!(
        used < 50,
        "{used} ticks of processor time in one second without descriptors"
    );

    drop(waiting);
    let mut second = Connection::tcp(address).subscribe(&subscription);
    publish("after");
    assert_eq!((stream.data(), second.data()), ("after".into(), "after".into()));

    // Its end is told by the end of its standard input.
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn serve_with_few_descriptors() {
    let hub = anonymous_hub();
    // The hub has what it needs once it has answered; then there are a dozen left.
    assert_eq!(hub.request(&Request::get("/healthz")).status, 200);
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let limit = getrlimit(Resource::Nofile);
    let few = Rlimit {
        current: Some(open + 12),
        ..limit
    };
    setrlimit(Resource::Nofile, few).unwrap();
    println!("\naddress {}", hub.address);
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// User and system time of a process (proc(5), `stat`).
fn cpu_ticks(child: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

use super::*;
use crate::hub::{Socket, Subscriber};
use crate::transport::Position;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use std::io::Read;

/// A shard that has not come round to a socket for longer than `mercure.dispatch_timeout`.
#[tokio::test]
async fn only_a_socket_that_refuses_is_slow() {
    let timeout = Duration::from_millis(50);
    let config = Config::load(|name| (name == "dispatch_timeout").then(|| "50ms".to_owned()), |_| None).unwrap();
    let log = memfd_create("log", MemfdFlags::CLOEXEC).unwrap();
    ftruncate(&log, 1 << 20).unwrap();
    let history = Arc::new(Mutex::new(History::open(&log, true).unwrap()));
    let wake = Arc::new(Wake::new().unwrap());
    let (mut shard, _handle) = Shard::new(Arc::new(config), history, wake, 0).unwrap();
    let (ours, theirs) = tokio::net::UnixStream::pair().unwrap();
    shard.attach(StreamStart {
        socket: Socket::Unix(ours),
        head: vec![b'x'; 4 << 20],
        chunked: true,
        subscriber: Subscriber {
            matchers: Vec::new(),
            grants: Vec::new(),
            expires: None,
        },
        position: Position {
            sequence: 0,
            last_event_id: String::new(),
        },
    });
    let mut check_later = || {
        std::thread::sleep(timeout);
        shard.next_check = Instant::now();
        shard.check_streams();
        shard.streams.len()
    };
    let mut theirs = theirs.into_std().unwrap();
    while theirs.read(&mut [0; 65536]).is_ok() {}
    assert_eq!(check_later(), 1);
    assert_eq!(check_later(), 0);
}

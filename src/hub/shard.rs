//! A shard: one Tokio task that serves its share of the streams, with an epoll of its own for their sockets, so that an idle
//! stream costs neither a task nor a timer nor a buffer.
//!
//! A batch of updates becomes, for each stream that wants any of them, one write. A stream that starts in the past, or
//! whose socket refuses more than its queue takes, reads the history until it has caught up.

mod check;
mod deliver;
mod replay;

use super::dispatched::Dispatched;
use super::index::{Index, Slot};
use super::stream::{Sent, Stream};
use super::wake::Wake;
use super::{HubError, StreamStart};
use crate::config::Config;
use crate::transport::memory::History;
use bytes::Bytes;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fd::OwnedFd;
use slab::Slab;
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

/// Updates that a shard's inbox holds; beyond it the history log is the backlog.
const INBOX: usize = 256;

/// Updates that become one write at most: as many as [`Stream::batch`] has bits.
const BATCH: usize = 64;

/// Bytes of updates that become one write at most, one larger update excepted.
const BATCH_BYTES: usize = 128 * 1024;

/// How long streams are given to take what waits for them when the hub stops.
const STOP_DEADLINE: Duration = Duration::from_millis(400);

enum Control {
    Attach(Box<StreamStart>),
    Stop(oneshot::Sender<()>),
}

/// How the dispatcher and the HTTP handlers reach a shard.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    inbox: mpsc::Sender<Arc<Dispatched>>,
    control: mpsc::UnboundedSender<Control>,
}

impl Handle {
    /// Whether [`Self::dispatch`] has room for one more update.
    pub(super) fn has_room(&self) -> bool {
        self.inbox.capacity() > 0
    }

    /// Only the dispatcher sends, after [`Self::has_room`], so this cannot fail but when the hub stops.
    pub(super) fn dispatch(&self, update: Arc<Dispatched>) {
        let _ = self.inbox.try_send(update);
    }

    /// Takes over a stream. One that arrives at a stopping shard is closed, and its client comes back.
    pub(super) fn attach(&self, stream: StreamStart) {
        let _ = self.control.send(Control::Attach(Box::new(stream)));
    }

    /// Delivers what is in the inbox, flushes and ends every stream.
    pub(super) async fn stop(&self) {
        let (reply, stopped) = oneshot::channel();
        if self.control.send(Control::Stop(reply)).is_ok() {
            let _ = stopped.await;
        }
    }
}

/// The task's state; [`Shard::run`] is the task.
pub(super) struct Shard {
    config: Arc<Config>,
    history: Arc<Mutex<History>>,
    wake: Arc<Wake>,
    inbox: mpsc::Receiver<Arc<Dispatched>>,
    control: mpsc::UnboundedReceiver<Control>,
    sockets: AsyncFd<OwnedFd>,
    streams: Slab<Stream>,
    index: Index,
    /// Streams that read the history and whose socket takes bytes.
    replaying: VecDeque<Slot>,
    /// Updates taken out of the inbox, not yet delivered.
    batch: Vec<Arc<Dispatched>>,
    /// Sequence of the last update delivered.
    cursor: u64,
    next_check: Instant,
}

impl Shard {
    /// `last`: sequence of the last update before the first one that will be dispatched.
    pub(super) fn new(
        config: Arc<Config>,
        history: Arc<Mutex<History>>,
        wake: Arc<Wake>,
        last: u64,
    ) -> Result<(Self, Handle), HubError> {
        let sockets = epoll::create(CreateFlags::CLOEXEC)
            .map_err(std::io::Error::from)
            // SAFETY: an OwnedFd's descriptor stays open, and the same, until it is dropped.
            .and_then(|epoll| unsafe { Ok(AsyncFd::register(epoll)?) })
            .map_err(|source| HubError::Io {
                context: "creating an epoll for streams",
                source,
            })?;
        let (inbox_sender, inbox) = mpsc::channel(INBOX);
        let (control_sender, control) = mpsc::unbounded_channel();
        let shard = Self {
            config,
            history,
            wake,
            inbox,
            control,
            sockets,
            streams: Slab::new(),
            index: Index::default(),
            replaying: VecDeque::new(),
            batch: Vec::with_capacity(BATCH),
            cursor: last,
            next_check: Instant::now(),
        };
        Ok((
            shard,
            Handle {
                inbox: inbox_sender,
                control: control_sender,
            },
        ))
    }

    pub(super) async fn run(mut self) {
        loop {
            let mut busy = false;
            while let Ok(control) = self.control.try_recv() {
                match control {
                    Control::Attach(stream) => self.attach(*stream),
                    Control::Stop(reply) => {
                        self.stop().await;
                        let _ = reply.send(());
                        return;
                    }
                }
            }
            busy |= self.deliver().await;
            busy |= self.serve_sockets();
            busy |= self.replay();
            self.check_streams();
            if busy {
                yield_now().await;
                continue;
            }
            let next_check = tokio::time::Instant::from_std(self.next_check);
            tokio::select! {
                _ = self.inbox.recv_many(&mut self.batch, BATCH) => {}
                control = self.control.recv() => match control {
                    Some(Control::Attach(stream)) => self.attach(*stream),
                    Some(Control::Stop(reply)) => {
                        self.stop().await;
                        let _ = reply.send(());
                        return;
                    }
                    None => return,
                },
                _ = self.sockets.readable() => {}
                () = tokio::time::sleep_until(next_check), if !self.streams.is_empty() => {}
            }
        }
    }

    fn attach(&mut self, start: StreamStart) {
        let now = Instant::now();
        let jitter = f64::from(crate::update::random_u32()) / f64::from(u32::MAX) * 0.1;
        let life = self.config.write_timeout.mul_f64(1.0 - jitter);
        let life_ends = (!life.is_zero()).then(|| now + life);
        // A socket that cannot be taken over is closed by this, and its client comes back.
        let Ok((stream, head)) = Stream::new(start, life_ends, now) else {
            return;
        };
        if self.streams.is_empty() {
            self.next_check = now + self.check_interval();
        }
        let entry = self.streams.vacant_entry();
        let Ok(slot) = Slot::try_from(entry.key()) else { return };
        let events = EventFlags::IN | EventFlags::RDHUP;
        if epoll::add(
            self.sockets.get_ref(),
            &stream,
            EventData::new_u64(u64::from(slot)),
            events,
        )
        .is_err()
        {
            return;
        }
        for matcher in stream.matchers() {
            self.index.insert(matcher, slot);
        }
        let stream = entry.insert(stream);
        stream.replaying = stream.cursor < self.cursor;
        let sent = stream.send(&Bytes::from(head), usize::MAX, now);
        if stream.replaying && sent == Sent::All {
            self.replaying.push_back(slot);
        }
        match sent {
            Sent::All | Sent::Overflow => {}
            Sent::Waiting => self.watch(slot, true),
            Sent::Gone => self.remove(slot),
        }
    }

    /// Serves the sockets that are ready. Returns whether any was.
    fn serve_sockets(&mut self) -> bool {
        let mut space = [MaybeUninit::uninit(); 256];
        let no_time = Timespec { tv_sec: 0, tv_nsec: 0 };
        // Before the epoll is asked: what becomes ready after that is then not forgotten below.
        let mut context = Context::from_waker(Waker::noop());
        let readiness = match self.sockets.poll_read_ready(&mut context) {
            Poll::Ready(Ok(readiness)) => Some(readiness),
            _ => None,
        };
        let (events, _) = match epoll::wait(self.sockets.get_ref(), &mut space, Some(&no_time)) {
            Ok(events) => events,
            // Interrupted: the loop comes back here.
            Err(_) => return true,
        };
        if events.is_empty() {
            // Nothing more: `readable()` is to wait.
            if let Some(mut readiness) = readiness {
                readiness.clear_ready();
            }
            return false;
        }
        let now = Instant::now();
        for event in events {
            // Slots are at most u32, as they were given to `epoll::add`.
            let slot = event.data.u64() as Slot;
            let Some(stream) = self.streams.get_mut(slot as usize) else {
                continue;
            };
            let flags = event.flags;
            if flags.intersects(EventFlags::HUP | EventFlags::ERR | EventFlags::RDHUP)
                || (flags.contains(EventFlags::IN) && !stream.is_peer_there())
            {
                self.remove(slot);
                continue;
            }
            if flags.contains(EventFlags::OUT) {
                self.flush(slot, now);
            }
        }
        true
    }

    /// Writes what waits for a stream.
    fn flush(&mut self, slot: Slot, now: Instant) {
        let Some(stream) = self.streams.get_mut(slot as usize) else {
            return;
        };
        match stream.flush(now) {
            Sent::Gone => self.remove(slot),
            Sent::All => {
                if stream.replaying {
                    self.replaying.push_back(slot);
                }
                self.watch(slot, false);
            }
            Sent::Waiting | Sent::Overflow => {}
        }
    }

    /// Asks for (or no longer for) news of the socket taking bytes again.
    fn watch(&mut self, slot: Slot, writable: bool) {
        let Some(stream) = self.streams.get(slot as usize) else {
            return;
        };
        let mut events = EventFlags::IN | EventFlags::RDHUP;
        events.set(EventFlags::OUT, writable);
        if epoll::modify(
            self.sockets.get_ref(),
            stream,
            EventData::new_u64(u64::from(slot)),
            events,
        )
        .is_err()
        {
            self.remove(slot);
        }
    }

    /// Forgets a stream and closes its socket (which also takes it out of the epoll).
    fn remove(&mut self, slot: Slot) {
        let Some(stream) = self.streams.try_remove(slot as usize) else {
            return;
        };
        for matcher in stream.matchers() {
            self.index.remove(matcher, slot);
        }
    }

    async fn stop(&mut self) {
        while self.deliver().await {}
        let deadline = Instant::now() + STOP_DEADLINE;
        while self
            .streams
            .iter()
            .any(|(_, stream)| stream.is_waiting() || stream.replaying)
            && Instant::now() < deadline
        {
            if !self.serve_sockets() && !self.replay() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let now = Instant::now();
        for (_, stream) in &mut self.streams {
            stream.end(now);
        }
        self.streams.clear();
    }
}

#[cfg(test)]
mod tests;

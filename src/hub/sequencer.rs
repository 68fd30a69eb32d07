//! The one place where updates get their order: a thread that reads the publish queue into the history, takes what HTTP
//! publishes, and lets the dispatcher hand out what has been appended.
//!
//! A request over HTTP is sequenced after all that the queue held when it arrived: requests are collected first, then the queue is
//! read until it is empty (or as many datagrams as it can hold have been read), then the requests are answered.

use super::dispatcher::Dispatcher;
use super::log_limit::LogLimit;
use super::wake::Wake;
use super::{HubError, Position, PublishRefused, StartAt};
use crate::ipc::frame;
use crate::ipc::queue::{Datagram, Queue};
use crate::transport::log::NotAppended;
use crate::transport::memory::History;
use crate::update::Update;
use crossbeam_channel::{Receiver, Sender};
use rustix::event::{PollFd, PollFlags, poll};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a stopping sequencer waits for the shards to take what the history holds for them.
const STOP_DEADLINE: Duration = Duration::from_millis(500);

enum Request {
    Publish(Update, oneshot::Sender<Result<(), PublishRefused>>),
    Position(StartAt, oneshot::Sender<Position>),
    Stop,
}

/// How HTTP handlers reach the sequencer.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    requests: Sender<Request>,
    wake: Arc<Wake>,
}

impl Handle {
    pub(super) async fn publish(&self, update: Update) -> Result<(), PublishRefused> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Publish(update, reply))?;
        answer.await.unwrap_or(Err(PublishRefused::Stopping))
    }

    pub(super) async fn position(&self, start: StartAt) -> Result<Position, PublishRefused> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Position(start, reply))?;
        answer.await.map_err(|_| PublishRefused::Stopping)
    }

    pub(super) fn stop(&self) {
        // A sequencer that is gone has stopped already.
        let _ = self.send(Request::Stop);
    }

    fn send(&self, request: Request) -> Result<(), PublishRefused> {
        self.requests.send(request).map_err(|_| PublishRefused::Stopping)?;
        self.wake.wake();
        Ok(())
    }
}

/// The thread's state; [`Sequencer::run`] is the thread.
pub(super) struct Sequencer {
    queue: Queue,
    history: Arc<Mutex<History>>,
    dispatcher: Dispatcher,
    requests: Receiver<Request>,
    wake: Arc<Wake>,
    /// Requests that came before the queue was read last, in order; those the history has no room for yet stay.
    waiting: VecDeque<Request>,
    /// Nonce of the newest update that a predecessor stored and may not have taken off the queue.
    already_stored: Option<u64>,
    /// The bytes of the frame at hand.
    frame: Vec<u8>,
    refusals: LogLimit,
    stopping: bool,
}

/// Why reading the queue ended.
#[derive(PartialEq, Eq)]
enum Read {
    Empty,
    /// As many datagrams as the queue can hold have been read; there may be more.
    Enough,
    /// The history must not discard what has not been dispatched yet.
    Full,
}

impl Sequencer {
    /// `wake` is shared with the shards, which use it when they have room again.
    pub(super) fn new(
        queue: Queue,
        history: Arc<Mutex<History>>,
        dispatcher: Dispatcher,
        wake: Arc<Wake>,
    ) -> (Self, Handle) {
        let (sender, requests) = crossbeam_channel::unbounded();
        let already_stored = lock(&history).last_nonce();
        let handle = Handle {
            requests: sender,
            wake: Arc::clone(&wake),
        };
        let sequencer = Self {
            queue,
            history,
            dispatcher,
            requests,
            wake,
            waiting: VecDeque::new(),
            already_stored,
            frame: Vec::new(),
            refusals: LogLimit::new(),
            stopping: false,
        };
        (sequencer, handle)
    }

    /// Runs until stopped, or until the queue cannot be read any more.
    pub(super) fn run(mut self) -> Result<(), HubError> {
        while !self.stopping {
            self.waiting.extend(self.requests.try_iter());
            let read = self.read_queue()?;
            if read != Read::Full {
                self.answer();
            }
            let dispatched_all = self.dispatcher.catch_up(&self.history);
            // Where everything has been dispatched, the history can discard, and what it was too full for fits now.
            let held_up = read == Read::Full || !self.waiting.is_empty();
            if read != Read::Enough && !(held_up && dispatched_all) {
                self.sleep(!held_up, dispatched_all)?;
            }
        }
        let deadline = Instant::now() + STOP_DEADLINE;
        while !self.dispatcher.catch_up(&self.history) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn read_queue(&mut self) -> Result<Read, HubError> {
        let failed = |source| HubError::Io {
            context: "reading the publish queue",
            source,
        };
        for _ in 0..self.queue.depth() {
            let datagram = self.queue.peek(&mut self.frame).map_err(failed)?;
            match datagram {
                Datagram::None => return Ok(Read::Empty),
                Datagram::Refused(reason) => self.log_refusal(&reason),
                Datagram::Frame => {
                    if self.take_frame() == Err(NotAppended::Full) {
                        return Ok(Read::Full);
                    }
                }
            }
            // Only now: a hub killed before this line leaves the datagram to its successor, which tells by the nonce
            // whether it has been stored.
            self.queue.remove().map_err(failed)?;
        }
        Ok(Read::Enough)
    }

    fn take_frame(&mut self) -> Result<(), NotAppended> {
        let update = match frame::Frame::check(&self.frame).and_then(|frame| Ok((frame.nonce(), frame.update()?))) {
            Ok((nonce, _)) if self.already_stored.take() == Some(nonce) => return Ok(()),
            Ok((_, update)) => update,
            Err(reason) => {
                self.log_refusal(&reason);
                return Ok(());
            }
        };
        match self.append(&update) {
            Err(NotAppended::TooLarge) => {
                self.log_refusal(&PublishRefused::TooLarge);
                Ok(())
            }
            other => other,
        }
    }

    /// Writes one line about a datagram that was refused, unless there are too many of them.
    fn log_refusal(&self, reason: &dyn std::fmt::Display) {
        if let Some(held_back) = self.refusals.pass(Instant::now()) {
            tracing::warn!(%reason, held_back, "a datagram in the publish queue was refused");
        }
    }

    /// Appends `self.frame`, the frame of `update`, and offers it to the dispatcher.
    fn append(&mut self, update: &Update) -> Result<(), NotAppended> {
        let keep = self.dispatcher.next();
        let sequence = lock(&self.history).append(&self.frame, update.id(), keep)?;
        self.dispatcher.offer(sequence, update);
        Ok(())
    }

    fn answer(&mut self) {
        while let Some(request) = self.waiting.pop_front() {
            match request {
                Request::Publish(update, reply) => {
                    self.frame.clear();
                    frame::encode(&update, &mut self.frame);
                    let answer = match self.append(&update) {
                        Ok(()) => Ok(()),
                        Err(NotAppended::TooLarge) => Err(PublishRefused::TooLarge),
                        Err(NotAppended::Full) => {
                            self.waiting.push_front(Request::Publish(update, reply));
                            return;
                        }
                    };
                    // A client that has gone no longer wants to know.
                    let _ = reply.send(answer);
                }
                Request::Position(start, reply) => {
                    let _ = reply.send(lock(&self.history).position(&start));
                }
                Request::Stop => {
                    self.stopping = true;
                    return;
                }
            }
        }
    }

    /// Waits for a request, for the queue (`read_on`), or for room in a shard (unless `dispatched_all`).
    fn sleep(&self, read_on: bool, dispatched_all: bool) -> Result<(), HubError> {
        self.wake.prepare(!dispatched_all);
        if self.stopping || !self.requests.is_empty() || (!dispatched_all && self.dispatcher.has_room()) {
            self.wake.cancel();
            return Ok(());
        }
        let queue_events = if read_on { PollFlags::IN } else { PollFlags::empty() };
        let mut fds = [
            PollFd::new(&self.queue, queue_events),
            PollFd::from_borrowed_fd(self.wake.fd(), PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                return Err(HubError::Io {
                    context: "waiting for the publish queue",
                    source: error.into(),
                });
            }
        }
        let queue_failed = fds[0].revents().intersects(PollFlags::NVAL);
        self.wake.cancel();
        if queue_failed {
            let source = std::io::Error::from(rustix::io::Errno::BADF);
            return Err(HubError::Io {
                context: "waiting for the publish queue",
                source,
            });
        }
        Ok(())
    }
}

fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}

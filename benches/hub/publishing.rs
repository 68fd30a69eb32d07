//! PHP scripts that publish, as the orchestrator runs them. The scripts are in benches/php.

use crate::Result;
use crate::lab::Lab;
use crate::worker::Worker;
use std::path::PathBuf;
use std::time::Duration;

/// The way of an update from PHP into a server.
#[derive(Debug, Clone)]
pub enum Inlet {
    /// `mercure_publish` of this extension, to the hub behind this publish socket.
    Extension {
        /// The extension's file.
        extension: PathBuf,
        /// Its publish queue.
        socket: PathBuf,
    },
    /// `socket_send` to a Unix datagram socket.
    Datagram {
        /// The reader's socket.
        socket: PathBuf,
    },
    /// A request to a PHP process behind a Unix stream socket, and its answer.
    Request {
        /// The answering process's socket.
        socket: PathBuf,
    },
    /// symfony/mercure's `Hub` with a fresh HttpClient for each update.
    Symfony {
        /// Where it posts to.
        url: String,
        /// The key its token is signed with.
        key: String,
    },
}

/// Updates to publish, and when.
#[derive(Debug, Clone)]
pub struct Updates<'a> {
    /// How many.
    pub count: u64,
    /// How many are published before, and not measured.
    pub warm_up: u64,
    /// `%d` stands for the update's number.
    pub topic: &'a str,
    /// When the next one is due.
    pub pace: Pace,
}

/// The time from one update to the next.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// None: as soon as the one before has been published.
    BackToBack,
    /// Counted from the end of the one before.
    Pause(Duration),
    /// Counted from start to start, whatever publishing takes.
    Every(Duration),
}

/// How long publishing took, call by call.
pub struct Calls {
    /// Median, in nanoseconds.
    pub p50: u64,
}

impl Inlet {
    /// Publishes in a PHP process of its own and waits for its end, at most `timeout`.
    pub fn publish(&self, lab: &Lab, updates: &Updates<'_>, timeout: Duration) -> Result<Calls> {
        let mut php = lab.php();
        let mut own = Vec::new();
        match self {
            Self::Extension { extension, socket } => {
                php.arg("-n")
                    .arg("-d")
                    .arg(format!("extension={}", extension.display()));
                php.arg("-d")
                    .arg(format!("mercure.publish_socket={}", socket.display()));
                own.push("via=extension".to_owned());
            }
            Self::Datagram { socket } => {
                php.arg("-n").arg("-d").arg("extension=sockets");
                own.extend(["via=datagram".to_owned(), format!("socket={}", socket.display())]);
            }
            Self::Request { socket } => {
                php.arg("-n").arg("-d").arg("extension=sockets");
                own.extend(["via=request".to_owned(), format!("socket={}", socket.display())]);
            }
            Self::Symfony { url, key } => {
                own.extend(["via=symfony".to_owned(), format!("url={url}"), format!("key={key}")]);
            }
        }
        let (pause, every) = match updates.pace {
            Pace::BackToBack => (0, 0),
            Pace::Pause(time) => (time.as_micros(), 0),
            Pace::Every(time) => (0, time.as_micros()),
        };
        php.arg(lab.script("publish.php")).args(own);
        php.arg(format!("topic={}", updates.topic))
            .arg(format!("count={}", updates.count));
        php.arg(format!("warm_up={}", updates.warm_up));
        php.arg(format!("pause_us={pause}")).arg(format!("every_us={every}"));
        let fields = Worker::start("publish.php", &mut php)?.answer("result", timeout)?;
        Ok(Calls {
            p50: fields.get("p50")?,
        })
    }
}

/// A PHP process that reads what is sent to its Unix socket.
pub struct Peer {
    /// How to send to it.
    pub inlet: Inlet,
    _process: Worker,
}

impl Peer {
    /// Answers every request with an id.
    pub fn answering(lab: &Lab) -> Result<Self> {
        let (process, socket) = Self::start(lab, "answer.php")?;
        Ok(Self {
            inlet: Inlet::Request { socket },
            _process: process,
        })
    }

    /// Waits for datagrams and drops them.
    pub fn reading(lab: &Lab) -> Result<Self> {
        let (process, socket) = Self::start(lab, "read.php")?;
        Ok(Self {
            inlet: Inlet::Datagram { socket },
            _process: process,
        })
    }

    fn start(lab: &Lab, script: &'static str) -> Result<(Worker, PathBuf)> {
        let socket = lab.new_path("peer.sock");
        let mut php = lab.php();
        php.args(["-n", "-d", "extension=sockets"])
            .arg(lab.script(script))
            .arg(&socket);
        let mut process = Worker::start(script, &mut php)?;
        process.answer("ready", Duration::from_secs(10))?;
        Ok((process, socket))
    }
}

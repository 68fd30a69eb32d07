//! One directive's text and what it may mean: durations, sizes, addresses, keys.

use super::{InvalidConfig, Key, Listen, Origins};
use jsonwebtoken::Algorithm;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

/// The smallest history that still takes an update of 1 MiB with room to spare.
pub(super) const MIN_HISTORY: usize = 4 << 20;

pub(super) struct Value<'a> {
    directive: &'static str,
    text: &'a str,
}

impl<'a> Value<'a> {
    pub(super) fn new(directive: &'static str, text: &'a str) -> Self {
        Self {
            directive,
            text: text.trim(),
        }
    }

    fn invalid<T>(&self, message: impl Into<String>) -> Result<T, InvalidConfig> {
        Err(InvalidConfig {
            directive: self.directive,
            message: message.into(),
        })
    }

    pub(super) fn text(&self) -> String {
        self.text.to_owned()
    }

    /// Items separated by commas or white space.
    fn items(&self) -> impl Iterator<Item = &'a str> {
        self.text
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|item| !item.is_empty())
    }

    pub(super) fn boolean(&self) -> Result<bool, InvalidConfig> {
        match self.text.to_ascii_lowercase().as_str() {
            "1" | "on" | "yes" | "true" => Ok(true),
            "" | "0" | "off" | "no" | "false" => Ok(false),
            _ => self.invalid(format!("{:?} is no boolean; write 0 or 1", self.text)),
        }
    }

    pub(super) fn one_of(&self, allowed: &[&str]) -> Result<(), InvalidConfig> {
        if allowed.contains(&self.text) {
            return Ok(());
        }
        self.invalid(format!(
            "{:?} is not known; write one of: {}",
            self.text,
            allowed.join(", ")
        ))
    }

    /// `500ms`, `40s`, `10m`, `1h`; a plain number is seconds.
    pub(super) fn duration(&self) -> Result<Duration, InvalidConfig> {
        let digits = self.text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = self.text.split_at(digits);
        let milliseconds = match unit {
            "ms" => Some(1),
            "s" | "" => Some(1000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            _ => None,
        };
        // A year is further than any timer of the hub has to reach, and keeps sums of instants from overflowing.
        let duration = milliseconds
            .zip(number.parse::<u64>().ok())
            .and_then(|(unit, number)| number.checked_mul(unit))
            .filter(|ms| *ms <= 366 * 24 * 3_600_000);
        match duration {
            Some(ms) => Ok(Duration::from_millis(ms)),
            None => self.invalid(format!(
                "{:?} is no duration; write for example 500ms, 40s, 10m or 0",
                self.text
            )),
        }
    }

    pub(super) fn positive_duration(&self) -> Result<Duration, InvalidConfig> {
        match self.duration()? {
            Duration::ZERO => self.invalid("must be longer than 0; write for example 2s"),
            duration => Ok(duration),
        }
    }

    /// Bytes, with PHP's K, M and G.
    pub(super) fn size(&self) -> Result<usize, InvalidConfig> {
        let digits = self.text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = self.text.split_at(digits);
        let shift = match unit {
            "" => Some(0),
            "K" | "k" => Some(10),
            "M" | "m" => Some(20),
            "G" | "g" => Some(30),
            _ => None,
        };
        let size = shift
            .zip(number.parse::<usize>().ok())
            .and_then(|(shift, number)| number.checked_mul(1_usize << shift));
        match size {
            Some(size) => Ok(size),
            None => self.invalid(format!(
                "{:?} is no size in bytes; write for example 65536, 64K or 1M",
                self.text
            )),
        }
    }

    pub(super) fn history_size(&self) -> Result<usize, InvalidConfig> {
        match self.size()? {
            0 => Ok(0),
            size if size < MIN_HISTORY => self.invalid("must be 0 (no history) or at least 4M"),
            size if size > 1 << 36 => self.invalid("must be at most 64G: the history is held in memory"),
            size => Ok(size),
        }
    }

    pub(super) fn mode(&self) -> Result<u32, InvalidConfig> {
        match u32::from_str_radix(self.text, 8) {
            Ok(mode) if mode <= 0o777 => Ok(mode),
            _ => self.invalid(format!(
                "{:?} are no permission bits; write them in octal, such as 0660",
                self.text
            )),
        }
    }

    pub(super) fn path(&self) -> Result<Option<PathBuf>, InvalidConfig> {
        match self.text {
            "" => Ok(None),
            // sun_path holds 107 bytes, and the control socket's name is longer than this one.
            path if path.starts_with('/') && path.len() <= 96 => Ok(Some(PathBuf::from(path))),
            _ => self.invalid(format!("{:?} is no absolute path of at most 96 bytes", self.text)),
        }
    }

    pub(super) fn listen(&self) -> Result<Vec<Listen>, InvalidConfig> {
        if matches!(self.text, "" | "off") {
            return Ok(Vec::new());
        }
        let mut listen = Vec::new();
        for item in self.items() {
            let parsed = if let Some(path) = item.strip_prefix("unix:") {
                (path.starts_with('/') && path.len() <= 107).then(|| Listen::Unix(PathBuf::from(path)))
            } else if let Some(port) = item.strip_prefix(':') {
                port.parse::<u16>()
                    .ok()
                    .map(|port| Listen::Tcp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))))
            } else {
                item.parse::<SocketAddr>()
                    .ok()
                    .or_else(|| resolve(item))
                    .map(Listen::Tcp)
            };
            match parsed {
                Some(parsed) if !listen.contains(&parsed) => listen.push(parsed),
                Some(_) => {}
                None => {
                    return self.invalid(format!(
                        "{item:?} is no address; write host:port (127.0.0.1:3000), :port or unix:/absolute/path"
                    ));
                }
            }
        }
        Ok(listen)
    }

    pub(super) fn url(&self) -> Result<Option<String>, InvalidConfig> {
        match self.text {
            "" => Ok(None),
            url if url.starts_with("http://") || url.starts_with("https://") || url.starts_with('/') => {
                Ok(Some(url.to_owned()))
            }
            url => self.invalid(format!(
                "{url:?} is no http or https URL (nor a path on the page's own origin)"
            )),
        }
    }

    pub(super) fn cookie_name(&self) -> Result<String, InvalidConfig> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if self.text.is_empty() || !self.text.bytes().all(token) {
            return self.invalid(format!("{:?} cannot be the name of a cookie", self.text));
        }
        Ok(self.text.to_owned())
    }

    pub(super) fn origins(&self) -> Result<Origins, InvalidConfig> {
        let mut list = Vec::new();
        for item in self.items() {
            if item == "*" {
                return Ok(Origins::Any);
            }
            let authority = item.strip_prefix("https://").or_else(|| item.strip_prefix("http://"));
            match authority {
                Some(authority) if !authority.is_empty() && !authority.contains('/') => {
                    list.push(item.to_ascii_lowercase());
                }
                _ => {
                    return self.invalid(format!(
                        "{item:?} is no origin; write https://host or https://host:port, without a path, or *"
                    ));
                }
            }
        }
        Ok(Origins::List(list))
    }

    pub(super) fn log(&self) -> Result<String, InvalidConfig> {
        match self.text {
            "" | "stderr" => Ok(self.text()),
            path if path.starts_with('/') => Ok(self.text()),
            other => self.invalid(format!("{other:?} is no absolute path; write one, or stderr")),
        }
    }

    pub(super) fn level(&self) -> Result<tracing::Level, InvalidConfig> {
        match self.text {
            "error" => Ok(tracing::Level::ERROR),
            "warn" => Ok(tracing::Level::WARN),
            "info" => Ok(tracing::Level::INFO),
            "debug" => Ok(tracing::Level::DEBUG),
            _ => self.invalid(format!("{:?} is no level; write error, warn, info or debug", self.text)),
        }
    }

    pub(super) fn key(&self, algorithm: &Value<'_>) -> Result<Option<Key>, InvalidConfig> {
        let algorithm = match algorithm.text {
            "" | "HS256" => Algorithm::HS256,
            other => return algorithm.invalid(format!("{other:?} is not supported; write HS256")),
        };
        if self.text.is_empty() {
            return Ok(None);
        }
        Ok(Some(Key {
            algorithm,
            secret: self.text.as_bytes().to_vec(),
        }))
    }
}

/// `localhost:3000`: a name is resolved once, at start.
fn resolve(item: &str) -> Option<SocketAddr> {
    let (host, port) = item.rsplit_once(':')?;
    let port = port.parse::<u16>().ok()?;
    let addrs: Vec<SocketAddr> = (host, port).to_socket_addrs().ok()?.collect();
    addrs.iter().find(|addr| addr.is_ipv4()).or(addrs.first()).copied()
}

//! Configuration: INI directives and environment variables become one validated [`Config`], or one clear message.
//!
//! [`DIRECTIVES`] is the single list of directives: `src/ext` registers it with PHP, the documentation is checked against
//! it, and [`Config::load`] reads nothing else.

mod value;

use crate::transport::log::LARGEST_PAYLOAD;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// One `mercure.*` INI directive (all are PHP_INI_SYSTEM).
#[derive(Debug, Clone, Copy)]
pub struct Directive {
    /// Name without the `mercure.` prefix.
    pub name: &'static str,
    /// What PHP registers as its default.
    pub default: &'static str,
    /// Environment variable of the reference hub's image, read where the directive is empty.
    pub env: Option<&'static str>,
    /// Whether its value is never shown (phpinfo, logs, errors).
    pub secret: bool,
}

const fn directive(name: &'static str, default: &'static str) -> Directive {
    Directive {
        name,
        default,
        env: None,
        secret: false,
    }
}

const fn from_env(name: &'static str, default: &'static str, env: &'static str, secret: bool) -> Directive {
    Directive {
        name,
        default,
        env: Some(env),
        secret,
    }
}

/// Every directive, in the order in which `php -i` shows them.
pub const DIRECTIVES: &[Directive] = &[
    directive("listen", "127.0.0.1:3000"),
    directive("public_url", ""),
    from_env("publisher_jwt_key", "", "MERCURE_PUBLISHER_JWT_KEY", true),
    from_env("publisher_jwt_alg", "", "MERCURE_PUBLISHER_JWT_ALG", false),
    from_env("subscriber_jwt_key", "", "MERCURE_SUBSCRIBER_JWT_KEY", true),
    from_env("subscriber_jwt_alg", "", "MERCURE_SUBSCRIBER_JWT_ALG", false),
    directive("anonymous", "0"),
    directive("cors_origins", ""),
    directive("publish_origins", ""),
    directive("cookie_name", "mercureAuthorization"),
    directive("heartbeat", "40s"),
    directive("write_timeout", "600s"),
    directive("dispatch_timeout", "5s"),
    directive("max_request_body_size", "1M"),
    directive("subscriber_queue_size", "4M"),
    directive("history_size", "32M"),
    directive("transport", "memory"),
    directive("publish_socket", ""),
    directive("publish_socket_mode", "0660"),
    directive("publish_socket_group", ""),
    directive("publish_timeout", "2s"),
    directive("user", ""),
    directive("group", ""),
    directive("log", ""),
    directive("log_level", "info"),
];

/// A directive whose value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("mercure.{directive}: {message}")]
pub struct InvalidConfig {
    /// Name without the prefix.
    pub directive: &'static str,
    /// What is wrong and what to write instead; never holds a secret.
    pub message: String,
}

/// Where the hub accepts HTTP connections.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listen {
    /// `host:port`, `[v6]:port` or `:port` (every IPv4 address).
    Tcp(SocketAddr),
    /// `unix:/path`; the socket is open to every local user, as a TCP port would be.
    Unix(PathBuf),
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// An algorithm with its key: the one is never used without the other.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// JWS name, such as `HS256`.
    pub algorithm: jsonwebtoken::Algorithm,
    /// The shared secret.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({:?}, redacted)", self.algorithm)
    }
}

/// A list of web origins that a browser may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// `*`: any, and never with credentials.
    Any,
    /// These, compared as the `Origin` header spells them (a `*` in one stands for a part of a host name); possibly none.
    List(Vec<String>),
}

/// Everything the directives say, checked: how a hub is started, whom it serves, and how updates get to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the hub accepts HTTP; empty: no hub is started by this PHP, it only publishes.
    pub listen: Vec<Listen>,
    /// The hub's URL as browsers see it.
    pub public_url: String,
    /// Judges tokens of `POST`; without it nobody publishes over HTTP.
    pub publisher_key: Option<Key>,
    /// Judges tokens of subscribers.
    pub subscriber_key: Option<Key>,
    /// Whether subscribers without a token get public updates.
    pub anonymous: bool,
    /// Origins that may read the hub's answers.
    pub cors_origins: Origins,
    /// Origins that may publish with a cookie.
    pub publish_origins: Origins,
    /// The cookie that carries a token.
    pub cookie_name: String,
    /// Time between comments on an idle stream; zero: never.
    pub heartbeat: Duration,
    /// A stream's longest life; zero: unlimited.
    pub write_timeout: Duration,
    /// How long a subscriber's socket may refuse bytes before it is disconnected.
    pub dispatch_timeout: Duration,
    /// Largest `POST` body, in bytes.
    pub max_request_body_size: usize,
    /// Bytes that may wait for one subscriber whose socket refuses them.
    pub subscriber_queue_size: usize,
    /// Bytes of the memory history; zero: nothing is replayed.
    pub history_size: usize,
    /// The publish queue's socket; `None`: the default place of [`crate::supervisor`].
    pub publish_socket: Option<PathBuf>,
    /// Permission bits of the publish queue's socket.
    pub publish_socket_mode: u32,
    /// Group of that socket; empty: `www-data` where it exists, else the starter's own.
    pub publish_socket_group: String,
    /// How long `publish()` may wait for room in the queue.
    pub publish_timeout: Duration,
    /// User the hub runs as when started by root; empty: `mercure` where it exists, else `nobody`.
    pub user: String,
    /// Group of the hub; empty: the user's own.
    pub group: String,
    /// Where the hub logs: `stderr`, a file, or empty for the default.
    pub log: String,
    /// Least severe level that is logged.
    pub log_level: tracing::Level,
    /// SHA-256 of every directive's value in force: two PHP processes with the same one can share a hub.
    pub hash: [u8; 32],
}

/// Largest update in bytes (as a frame) that the history can take without one update filling it.
#[must_use]
pub fn max_update_size(history_size: usize) -> usize {
    (log_capacity(history_size) / 4).min(LARGEST_PAYLOAD)
}

/// Size of the history log's ring, in bytes: with no history it still carries updates from the queue to the dispatcher.
#[must_use]
pub fn log_capacity(history_size: usize) -> usize {
    history_size.max(value::MIN_HISTORY)
}

impl Config {
    /// Reads every directive through `ini` (the value PHP holds, without the `mercure.` prefix in the name) and falls back
    /// to the environment through `env` where one is empty.
    ///
    /// # Errors
    /// [`InvalidConfig`] for the first directive that cannot be used.
    pub fn load(
        ini: impl Fn(&str) -> Option<String>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidConfig> {
        let mut values = BTreeMap::new();
        let mut hash = Sha256::new();
        for directive in DIRECTIVES {
            let text = ini(directive.name).unwrap_or_else(|| directive.default.to_owned());
            let text = match directive.env {
                Some(name) if text.is_empty() => env(name).unwrap_or_default(),
                _ => text,
            };
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
            values.insert(directive.name, text);
        }
        let get = |name: &'static str| value::Value::new(name, values.get(name).map_or("", String::as_str));
        let listen = get("listen").listen()?;
        let public_url = match get("public_url").url()? {
            Some(url) => url,
            None => default_public_url(&listen),
        };
        get("transport").one_of(&["memory"])?;
        Ok(Self {
            public_url,
            publisher_key: get("publisher_jwt_key").key(&get("publisher_jwt_alg"))?,
            subscriber_key: get("subscriber_jwt_key").key(&get("subscriber_jwt_alg"))?,
            anonymous: get("anonymous").boolean()?,
            cors_origins: get("cors_origins").origins()?,
            publish_origins: get("publish_origins").origins()?,
            cookie_name: get("cookie_name").cookie_name()?,
            heartbeat: get("heartbeat").duration()?,
            write_timeout: get("write_timeout").duration()?,
            dispatch_timeout: get("dispatch_timeout").positive_duration()?,
            max_request_body_size: get("max_request_body_size").size()?,
            subscriber_queue_size: get("subscriber_queue_size").size()?,
            history_size: get("history_size").history_size()?,
            publish_socket: get("publish_socket").path()?,
            publish_socket_mode: get("publish_socket_mode").mode()?,
            publish_socket_group: get("publish_socket_group").text(),
            publish_timeout: get("publish_timeout").positive_duration()?,
            user: get("user").text(),
            group: get("group").text(),
            log: get("log").log()?,
            log_level: get("log_level").level()?,
            hash: hash.finalize().into(),
            listen,
        })
    }
}

impl Config {
    /// Reads one address as `mercure.listen` writes it.
    #[must_use]
    pub fn parse_listen(text: &str) -> Option<Listen> {
        value::Value::new("listen", text).listen().ok()?.pop()
    }
}

fn default_public_url(listen: &[Listen]) -> String {
    let authority = listen.iter().find_map(|listen| match listen {
        Listen::Tcp(addr) if addr.ip().is_unspecified() => {
            Some(SocketAddr::from((Ipv4Addr::LOCALHOST, addr.port())).to_string())
        }
        Listen::Tcp(addr) => Some(addr.to_string()),
        Listen::Unix(_) => None,
    });
    match authority {
        Some(authority) => format!("http://{authority}/.well-known/mercure"),
        // Behind a proxy on one origin, a relative reference is what a page needs.
        None => "/.well-known/mercure".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Config, InvalidConfig> {
        let pairs: BTreeMap<String, String> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Config::load(|name| pairs.get(name).cloned(), |name| pairs.get(name).cloned())
    }

    #[test]
    fn defaults_are_valid_and_secure() {
        let config = load(&[]).unwrap();
        assert_eq!(config.listen, [Listen::Tcp("127.0.0.1:3000".parse().unwrap())]);
        assert_eq!(config.public_url, "http://127.0.0.1:3000/.well-known/mercure");
        assert!(!config.anonymous);
        assert!(config.publisher_key.is_none());
        assert_eq!(config.cors_origins, Origins::List(Vec::new()));
    }

    #[test]
    fn the_environment_stands_in_for_empty_directives() {
        let key = "!ChangeThisMercureHubJWTSecretKey!";
        let config = load(&[("MERCURE_PUBLISHER_JWT_KEY", key)]).unwrap();
        assert_eq!(config.publisher_key.unwrap().secret, key.as_bytes());
        let ini = load(&[
            ("publisher_jwt_key", "of the ini file"),
            ("MERCURE_PUBLISHER_JWT_KEY", key),
        ])
        .unwrap();
        assert_eq!(ini.publisher_key.unwrap().secret, b"of the ini file");
    }

    #[test]
    fn every_kind_of_listener() {
        let config = load(&[("listen", "127.0.0.1:1, [::1]:2 :3 unix:/run/hub.sock")]).unwrap();
        let expected = ["127.0.0.1:1", "[::1]:2", "0.0.0.0:3"]
            .map(|addr| Listen::Tcp(addr.parse().unwrap()))
            .into_iter();
        assert_eq!(
            config.listen,
            expected
                .chain([Listen::Unix("/run/hub.sock".into())])
                .collect::<Vec<_>>()
        );
        assert_eq!(load(&[("listen", "off")]).unwrap().listen, []);
    }

    #[test]
    fn an_invalid_value_names_its_directive_and_what_to_write() {
        for (name, value, hint) in [
            ("listen", "nonsense", "host:port"),
            ("listen", "127.0.0.1:99999", "host:port"),
            ("heartbeat", "soon", "40s"),
            ("history_size", "1K", "4M"),
            ("max_request_body_size", "-1", "1M"),
            ("publish_socket", "relative", "absolute"),
            ("publish_socket_mode", "999", "octal"),
            ("publisher_jwt_alg", "none", "HS256"),
            ("anonymous", "perhaps", "0 or 1"),
            ("log", "relative", "stderr"),
            ("log_level", "loud", "info"),
            ("cors_origins", "example.com", "https://"),
            ("transport", "carrier-pigeon", "memory"),
            ("public_url", "ftp://x", "http"),
            ("cookie_name", "a b", "cookie"),
        ] {
            let error = load(&[(name, value)]).unwrap_err();
            assert_eq!(error.directive, name, "{value}");
            assert!(error.to_string().contains(hint), "{error}");
        }
    }

    #[test]
    fn the_hash_tells_configurations_apart() {
        let (a, b) = (load(&[]).unwrap(), load(&[("anonymous", "1")]).unwrap());
        assert_ne!(a.hash, b.hash);
        assert_eq!(a.hash, load(&[]).unwrap().hash);
        // A value cannot slide from one directive into the next.
        let (a, b) = (
            load(&[("user", "ab")]).unwrap(),
            load(&[("user", "a"), ("group", "b")]).unwrap(),
        );
        assert_ne!(a.hash, b.hash);
    }
}

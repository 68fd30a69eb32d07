//! Who may do what: from the credentials a request carries to [`Grants`], or the reason why not.

pub(crate) mod credentials;
pub(crate) mod origins;
pub(crate) mod token;

use crate::matcher::TopicMatcher;
use std::time::SystemTime;
use thiserror::Error;

/// What a verified token allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    /// Topics that may be published to.
    pub(crate) publish: Vec<TopicMatcher>,
    /// Topics whose private updates may be received.
    pub(crate) subscribe: Vec<TopicMatcher>,
    /// When the token ends; what it allowed ends then, too.
    pub(crate) expires: Option<SystemTime>,
}

impl Grants {
    /// Whether every one of `topics` may be published to.
    pub(crate) fn allow_publishing(&self, topics: &[String]) -> bool {
        topics
            .iter()
            .all(|topic| self.publish.iter().any(|granted| granted.matches(topic)))
    }
}

/// Why a request's credentials do not count. For the hub's log; the client is told less. Never holds a part of the token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    /// The header is there, but is not one `Bearer` token.
    #[error("the Authorization header is not \"Bearer\" and one token")]
    Header,
    /// The query parameter is there more than once.
    #[error("the authorization query parameter is there more than once")]
    Parameter,
    /// Not a JWS, damaged, or signed by someone else.
    #[error("{0}")]
    Token(&'static str),
    /// Signed, but the claims do not have the form they should have.
    #[error("the token's claim {0}")]
    Claims(&'static str),
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` has not come yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A cookie on a request that changes something, and nothing that says which page sent it.
    #[error("a cookie on a POST needs an Origin or Referer header")]
    NoOrigin,
    /// A cookie, from a page that may not publish.
    #[error("the request's origin is not in mercure.publish_origins")]
    Origin,
}

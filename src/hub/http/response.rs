//! Plain responses.

use bytes::Bytes;
use http_body_util::Full;
use hyper::StatusCode;
use hyper::header::{self, HeaderName, HeaderValue};

/// A response whose body is there as a whole.
pub(super) type Response = hyper::Response<Full<Bytes>>;

/// Why a client gets a Bearer challenge (RFC 6750, 3).
#[derive(Debug, Clone, Copy)]
pub(super) enum Challenge {
    /// It has shown no token.
    NoToken,
    /// What it has shown does not count.
    InvalidToken,
    /// Its token is right, but does not grant this.
    MissingGrant,
}

/// A response with a text for a human to read.
pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Why a request fails, until it becomes a response.
#[derive(Debug)]
pub(super) enum Failure {
    /// The client can read what is wrong.
    Explained(StatusCode, String),
    /// 401 or 403; the reason stays in the hub's log.
    Challenged(StatusCode, Challenge),
    /// The hub is stopping; its successor answers in a moment.
    Stopping,
}

impl Failure {
    pub(super) fn bad_request(wrong: &impl ToString) -> Self {
        Self::Explained(StatusCode::BAD_REQUEST, wrong.to_string())
    }

    pub(super) fn unauthorized(challenge: Challenge) -> Self {
        Self::Challenged(StatusCode::UNAUTHORIZED, challenge)
    }
}

impl From<Failure> for Response {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Explained(status, wrong) => text(status, wrong),
            Failure::Challenged(status, challenge) => {
                let mut response = text(status, status.canonical_reason().unwrap_or_default());
                let value = HeaderValue::from_static(match challenge {
                    Challenge::NoToken => "Bearer",
                    Challenge::InvalidToken => "Bearer error=\"invalid_token\"",
                    Challenge::MissingGrant => "Bearer error=\"insufficient_scope\"",
                });
                response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
                response
            }
            Failure::Stopping => {
                let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "The hub is stopping");
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
        }
    }
}

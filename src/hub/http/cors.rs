//! Cross-origin requests (Fetch Standard, "CORS protocol"): who may read the hub's answers from another origin.

use super::response::Response;
use crate::config::Origins;
use bytes::Bytes;
use http_body_util::Full;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderValue};

/// Response headers that scripts may read beyond those they always may.
const EXPOSED: &str = "Last-Event-ID, Mercure-Last-Event-ID, Link, WWW-Authenticate";

const METHODS: &str = "GET, HEAD, POST";

/// What every answer to one request carries.
pub(super) struct Headers {
    allowed: Option<HeaderValue>,
    credentials: bool,
    /// Whether another origin would have got another answer.
    vary: bool,
}

impl Headers {
    pub(super) fn new(origins: &Origins, request: &HeaderMap) -> Self {
        let allowed = match origins {
            // Even where a page could have sent credentials: with them, the browser does not accept "*".
            Origins::Any => Some(HeaderValue::from_static("*")),
            Origins::List(_) => request
                .get(header::ORIGIN)
                .filter(|origin| is_allowed(origins, origin))
                .cloned(),
        };
        let list = matches!(origins, Origins::List(_));
        Self {
            credentials: list && allowed.is_some(),
            vary: matches!(origins, Origins::List(list) if !list.is_empty()),
            allowed,
        }
    }

    pub(super) fn add_to(self, headers: &mut HeaderMap) {
        if self.vary {
            headers.append(header::VARY, HeaderValue::from_name(header::ORIGIN));
        }
        let Some(allowed) = self.allowed else {
            return;
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        if self.credentials {
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }
}

/// `OPTIONS`: a preflight, or a plain question for the methods.
pub(super) fn options(origins: &Origins, request: &HeaderMap) -> Response {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    let preflight = request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let allowed = request
        .get(header::ORIGIN)
        .is_some_and(|origin| is_allowed(origins, origin));
    if !preflight || !allowed {
        return response;
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    // The hub gives no request header a meaning that its sender would not have: all of them may come.
    if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        headers.append(
            header::VARY,
            HeaderValue::from_name(header::ACCESS_CONTROL_REQUEST_HEADERS),
        );
    }
    response
}

fn is_allowed(origins: &Origins, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| origins.allow(origin))
}

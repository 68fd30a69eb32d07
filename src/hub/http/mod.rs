//! The hub over HTTP: which method and path gets which answer.
//!
//! A request comes in through [`connection`], and leaves as a plain response or as an accepted stream, which [`connection`]
//! takes out of hyper. hyper's types stay in this folder.

mod authorize;
mod connection;
mod cors;
mod publish;
mod response;
mod subscribe;

pub(super) use connection::drive;

use super::log_limit::LogLimit;
use super::{Hub, Position, Subscriber};
use crate::authorization::token::Verifier;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, StatusCode, Version};
use response::Response;

/// The hub's one URL ("Discovery").
const HUB_PATH: &str = "/.well-known/mercure";

/// What all connections of a listener share.
pub(super) struct Front {
    hub: Hub,
    publisher: Option<Verifier>,
    subscriber: Option<Verifier>,
    refusals: LogLimit,
}

/// What becomes of a request.
enum Answer {
    Response(Response),
    Stream(Accepted),
}

/// A subscription that leaves hyper.
struct Accepted {
    /// Everything but the body.
    response: hyper::Response<()>,
    /// Of the request.
    version: Version,
    subscriber: Subscriber,
    position: Position,
    /// Whether the client is a page, which cannot read the head that tells its position.
    is_page: bool,
}

impl Front {
    pub(super) fn new(hub: Hub) -> Self {
        let config = hub.config();
        Self {
            publisher: config.publisher_key.as_ref().map(Verifier::new),
            subscriber: config.subscriber_key.as_ref().map(Verifier::new),
            refusals: LogLimit::new(),
            hub,
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let cors = cors::Headers::new(&self.hub.config().cors_origins, request.headers());
        let mut answer = self.route(request).await;
        cors.add_to(match &mut answer {
            Answer::Response(response) => response.headers_mut(),
            Answer::Stream(accepted) => accepted.response.headers_mut(),
        });
        answer
    }

    async fn route(&self, request: Request<Incoming>) -> Answer {
        // RFC 9112, 3.2
        if request.version() == Version::HTTP_11 && request.headers().get_all(header::HOST).iter().count() != 1 {
            return Answer::Response(response::text(
                StatusCode::BAD_REQUEST,
                "A request has exactly one Host header",
            ));
        }
        let response = match (request.uri().path(), request.method()) {
            (HUB_PATH, &Method::GET | &Method::HEAD) => return subscribe::answer(self, &request).await,
            (HUB_PATH, &Method::POST) => publish::answer(self, request).await,
            (HUB_PATH, &Method::OPTIONS) => cors::options(&self.hub.config().cors_origins, request.headers()),
            (HUB_PATH, _) => method_not_allowed("GET, HEAD, POST, OPTIONS"),
            ("/healthz", &Method::GET | &Method::HEAD) => response::text(StatusCode::OK, "OK"),
            ("/healthz", _) => method_not_allowed("GET, HEAD"),
            _ => response::text(StatusCode::NOT_FOUND, "Not Found"),
        };
        Answer::Response(response)
    }
}

fn method_not_allowed(allowed: &'static str) -> Response {
    let mut response = response::text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

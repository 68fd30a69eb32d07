//! `GET`: a subscriber comes ("Subscription"). `HEAD`: the same question without the stream.

use super::authorize::query;
use super::response::{Challenge, Failure};
use super::{Accepted, Answer, Front};
use crate::authorization::Grants;
use crate::hub::{StartAt, Subscriber};
use crate::protocol::v0;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};

pub(super) async fn answer<B>(front: &Front, request: &Request<B>) -> Answer {
    match subscribe(front, request).await {
        // What a GET would get, without the stream.
        Ok(accepted) if request.method() == Method::HEAD => {
            Answer::Response(accepted.response.map(|()| Full::new(Bytes::new())))
        }
        Ok(accepted) => Answer::Stream(accepted),
        Err(failure) => Answer::Response(failure.into()),
    }
}

async fn subscribe<B>(front: &Front, request: &Request<B>) -> Result<Accepted, Failure> {
    let grants = grants(front, request)?;
    let matchers = v0::subscribed(query(request)).map_err(|invalid| Failure::bad_request(&invalid))?;
    let start = start(request)?;
    let position = front.hub.position(start).await.map_err(|_| Failure::Stopping)?;
    let mut response = hyper::Response::new(());
    *response.headers_mut() = headers(&position.last_event_id);
    Ok(Accepted {
        response,
        version: request.version(),
        subscriber: Subscriber {
            matchers,
            grants: grants.subscribe,
            expires: grants.expires,
        },
        position,
        // Browsers alone send it, and scripts cannot.
        is_page: request.headers().contains_key("sec-fetch-site"),
    })
}

/// What the subscriber may have beyond public updates.
fn grants<B>(front: &Front, request: &Request<B>) -> Result<Grants, Failure> {
    let anonymous = front.hub.config().anonymous;
    let grants = match &front.subscriber {
        Some(verifier) => front
            .grants(verifier, request)
            .map_err(|_| Failure::unauthorized(Challenge::InvalidToken))?,
        // No token can be judged; nobody is kept from what everybody may have.
        None => {
            if !anonymous {
                let reason = "mercure.subscriber_jwt_key is not set and mercure.anonymous is off: nobody can subscribe";
                front.log_refusal(request.method(), reason);
            }
            None
        }
    };
    match grants {
        None if !anonymous => Err(Failure::unauthorized(Challenge::NoToken)),
        grants => Ok(grants.unwrap_or_default()),
    }
}

/// "Reconnection, State Reconciliation and Event Sourcing": the header, else the parameter; an empty one is none.
fn start<B>(request: &Request<B>) -> Result<StartAt, Failure> {
    let header = request.headers().get("last-event-id").filter(|id| !id.is_empty());
    let id = match header {
        // What is not UTF-8 is no id of any update.
        Some(id) => Some(String::from_utf8_lossy(id.as_bytes()).into_owned()),
        None => v0::last_event_id(query(request)).map_err(|invalid| Failure::bad_request(&invalid))?,
    };
    Ok(match id {
        None => StartAt::Now,
        Some(id) if id == "earliest" => StartAt::Earliest,
        Some(id) => StartAt::After(id),
    })
}

fn headers(last_event_id: &str) -> HeaderMap {
    // Every id has been checked for control characters when its update came in.
    let last_event_id =
        HeaderValue::from_bytes(last_event_id.as_bytes()).unwrap_or_else(|_| HeaderValue::from_static("earliest"));
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache, no-store, must-revalidate, max-age=0"),
        ),
        // nginx
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
        (
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        ),
        // The response is the last one on its connection.
        (header::CONNECTION, HeaderValue::from_static("close")),
        // Mercure 0.x and 1.0 name it differently; a client of either finds it.
        (HeaderName::from_static("last-event-id"), last_event_id.clone()),
        (HeaderName::from_static("mercure-last-event-id"), last_event_id),
    ])
}

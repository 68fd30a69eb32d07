//! `POST`: a publisher comes ("Publication").

use super::Front;
use super::response::{self, Challenge, Failure, Response};
use crate::hub::PublishRefused;
use crate::protocol::form::Form;
use crate::protocol::v0;
use crate::update::{Draft, Update};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderMap};
use hyper::{Request, StatusCode};
use std::time::Duration;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn answer(front: &Front, request: Request<Incoming>) -> Response {
    publish(front, request).await.unwrap_or_else(Response::from)
}

async fn publish(front: &Front, request: Request<Incoming>) -> Result<Response, Failure> {
    let Some(verifier) = &front.publisher else {
        let reason = "mercure.publisher_jwt_key is not set: nobody can publish over HTTP";
        front.log_refusal(request.method(), reason);
        return Err(Failure::unauthorized(Challenge::NoToken));
    };
    let grants = front
        .grants(verifier, &request)
        .map_err(|_| Failure::unauthorized(Challenge::InvalidToken))?
        .ok_or_else(|| Failure::unauthorized(Challenge::NoToken))?;
    let missing_grant = || {
        front.log_refusal(
            &hyper::Method::POST,
            "the token does not grant publishing to every topic of the update",
        );
        let status = StatusCode::from_u16(v0::MISSING_GRANT_STATUS).unwrap_or(StatusCode::FORBIDDEN);
        Failure::Challenged(status, Challenge::MissingGrant)
    };
    if grants.publish.is_empty() {
        return Err(missing_grant());
    }
    if !is_form(request.headers()) {
        let expected = "The body must be application/x-www-form-urlencoded, and not compressed";
        return Err(Failure::Explained(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            expected.to_owned(),
        ));
    }
    let body = read(request.into_body(), front.hub.config().max_request_body_size).await?;
    let update = Update::new(draft(Form::new(&body))?).map_err(|invalid| Failure::bad_request(&invalid))?;
    if !grants.allow_publishing(update.topics()) {
        return Err(missing_grant());
    }
    let id = update.id().to_owned();
    match front.hub.publish(update).await {
        Ok(()) => Ok(response::text(StatusCode::OK, id)),
        Err(refused @ PublishRefused::TooLarge) => Err(too_large(&refused)),
        Err(PublishRefused::Stopping) => Err(Failure::Stopping),
    }
}

/// One body of the one type, not compressed.
fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    !headers.contains_key(header::CONTENT_ENCODING)
        && essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

async fn read(body: Incoming, limit: usize) -> Result<Bytes, Failure> {
    let over_limit = || too_large(&format!("The body is larger than {limit} bytes"));
    // What is announced to be too large is not even begun.
    if body.size_hint().lower() > limit as u64 {
        return Err(over_limit());
    }
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(over_limit()),
        Ok(Err(_)) => Err(Failure::bad_request(&"The body is incomplete")),
        Err(_) => Err(Failure::Explained(
            StatusCode::REQUEST_TIMEOUT,
            "The body took too long to arrive".to_owned(),
        )),
    }
}

/// The fields of the update; of one that is there several times the first counts, except for `topic`.
fn draft(form: Form<'_>) -> Result<Draft, Failure> {
    let first = |name| form.first(name).map_err(|invalid| Failure::bad_request(&invalid));
    let topics = form.all("topic").collect::<Result<Vec<_>, _>>();
    let topics = topics.map_err(|invalid| Failure::bad_request(&invalid))?;
    let retry = match first("retry")?.filter(|retry| !retry.is_empty()) {
        None => None,
        Some(retry) => {
            let wrong = "\"retry\" is no whole number of milliseconds";
            Some(milliseconds(&retry).ok_or_else(|| Failure::bad_request(&wrong))?)
        }
    };
    Ok(Draft {
        topics,
        data: first("data")?.unwrap_or_default(),
        // Whatever its value says, even nothing or "off".
        private: form.all("private").next().is_some(),
        id: first("id")?,
        event_type: first("type")?,
        retry,
    })
}

/// Digits alone: `parse` by itself would let a sign pass.
fn milliseconds(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

fn too_large(wrong: &impl ToString) -> Failure {
    Failure::Explained(StatusCode::PAYLOAD_TOO_LARGE, wrong.to_string())
}

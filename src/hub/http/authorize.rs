//! From a request to what its token grants.

use super::Front;
use crate::authorization::credentials::Offered;
use crate::authorization::token::Verifier;
use crate::authorization::{Grants, Refusal, origins};
use crate::protocol::form::Form;
use crate::protocol::v0;
use hyper::header::{self, HeaderName};
use hyper::{Method, Request};
use std::time::{Instant, SystemTime};

impl Front {
    /// What the request's token grants; `None` where it carries no token. Refusals are logged here.
    pub(super) fn grants<B>(&self, verifier: &Verifier, request: &Request<B>) -> Result<Option<Grants>, Refusal> {
        let judged = self.judge(verifier, request);
        if let Err(refusal) = &judged {
            self.log_refusal(request.method(), &refusal.to_string());
        }
        judged
    }

    /// Writes one line about a request that was refused, unless there are too many of them.
    pub(super) fn log_refusal(&self, method: &Method, reason: &str) {
        if let Some(held_back) = self.refusals.pass(Instant::now()) {
            tracing::warn!(%method, reason, held_back, "refused a request's authorization");
        }
    }

    fn judge<B>(&self, verifier: &Verifier, request: &Request<B>) -> Result<Option<Grants>, Refusal> {
        let config = self.hub.config();
        let offered = Offered {
            authorization: values(request, &header::AUTHORIZATION),
            parameters: v0::token_parameters(query(request)),
            cookies: values(request, &header::COOKIE),
        };
        let Some(credential) = offered.credential(&[&config.cookie_name, v0::COOKIE_NAME])? else {
            return Ok(None);
        };
        // Only what changes something can be abused by another page: what it reads, CORS keeps from it.
        if credential.from_cookie && request.method() == Method::POST {
            let value = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
            origins::check(&config.publish_origins, value(header::ORIGIN), value(header::REFERER))?;
        }
        verifier.verify(&credential.token, SystemTime::now()).map(Some)
    }
}

/// The query as a form.
pub(super) fn query<B>(request: &Request<B>) -> Form<'_> {
    Form::new(request.uri().query().unwrap_or_default().as_bytes())
}

fn values<'a, B>(request: &'a Request<B>, name: &HeaderName) -> Vec<&'a [u8]> {
    request
        .headers()
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes())
        .collect()
}

//! Tokens: JWS in compact form (RFC 7515, RFC 7519), judged with the one key and algorithm that the configuration names.

use super::{Grants, Refusal};
use crate::config::Key;
use crate::protocol::v0;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};

/// Judges the tokens of one role.
pub(crate) struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

impl Verifier {
    /// A verifier that accepts what `key` signed, with its algorithm and no other.
    pub(crate) fn new(key: &Key) -> Self {
        let mut validation = Validation::new(key.algorithm);
        // Times are judged below, to the second; audience and issuer mean nothing in 0.x.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self {
            key: DecodingKey::from_secret(&key.secret),
            validation,
        }
    }

    /// What `token` grants at the time `now`.
    ///
    /// # Errors
    /// [`Refusal`] says why it grants nothing at all.
    pub(crate) fn verify(&self, token: &str, now: SystemTime) -> Result<Grants, Refusal> {
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &self.key, &self.validation)
            .map_err(|error| Refusal::Token(reason(error.kind())))?;
        if decoded.header.crit.is_some() {
            return Err(Refusal::Token(
                "the token demands an extension (\"crit\") that is not understood",
            ));
        }
        let claims = decoded.claims;
        let expires = time(&claims, "exp", "\"exp\" is no number")?;
        if expires.is_some_and(|expires| expires <= now) {
            return Err(Refusal::Expired);
        }
        if time(&claims, "nbf", "\"nbf\" is no number")?.is_some_and(|start| now < start) {
            return Err(Refusal::NotYetValid);
        }
        Ok(Grants {
            expires,
            ..v0::grants(&claims)?
        })
    }
}

/// RFC 7519, 2, "NumericDate". A time too far off to be told is never reached, in either direction.
fn time(claims: &Map<String, Value>, name: &str, not_a_number: &'static str) -> Result<Option<SystemTime>, Refusal> {
    let seconds = match claims.get(name) {
        None => return Ok(None),
        Some(value) => value.as_f64().ok_or(Refusal::Claims(not_a_number))?,
    };
    /// The year 9999: later than anything that has to be told apart.
    const LATEST: f64 = 253_402_300_799.0;
    let since_epoch = Duration::from_secs_f64(seconds.clamp(0.0, LATEST));
    Ok(Some(SystemTime::UNIX_EPOCH + since_epoch))
}

/// In words of our own: the library's may quote the token.
fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "the token's signature does not fit the key",
        ErrorKind::InvalidAlgorithm => "the token's algorithm is not the one of the key",
        ErrorKind::InvalidToken => "the token does not have three parts",
        ErrorKind::Base64(_) => "the token is not base64url",
        ErrorKind::Json(_) | ErrorKind::Utf8(_) => {
            "the token's header or claims are no JSON objects, or its algorithm is unknown"
        }
        _ => "the token cannot be verified",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::TopicMatcher;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use serde_json::json;

    const NOW: u64 = 1_800_000_000;

    fn verify(token: &str) -> Result<Grants, Refusal> {
        let key = Key {
            algorithm: Algorithm::HS256,
            secret: b"secret".to_vec(),
        };
        Verifier::new(&key).verify(token, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn sign(header: &Header, claims: &Value, secret: &[u8]) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    fn judge(claims: &Value) -> Result<Grants, Refusal> {
        verify(&sign(&Header::default(), claims, b"secret"))
    }

    #[test]
    fn a_signed_token_grants_what_it_says() {
        let grants = judge(&json!({"mercure": {"publish": ["*"]}, "aud": "x", "iss": [], "sub": 1})).unwrap();
        assert_eq!(grants.publish, [TopicMatcher::All]);
        assert_eq!(grants.expires, None);
        assert!(grants.allow_publishing(&["/a".into()]));
        assert!(!Grants::default().allow_publishing(&["/a".into()]));
    }

    #[test]
    fn another_key_algorithm_or_form_is_refused() {
        let claims = json!({"mercure": {"publish": ["*"]}});
        assert!(verify(&sign(&Header::default(), &claims, b"other")).is_err());
        assert!(verify(&sign(&Header::new(Algorithm::HS384), &claims, b"secret")).is_err());
        let part = |value: &Value| BASE64.encode(value.to_string());
        for header in [
            json!({"alg": "none"}),
            json!({"alg": "None"}),
            json!({"alg": "HS256"}),
            json!({}),
        ] {
            assert!(
                verify(&format!("{}.{}.", part(&header), part(&claims))).is_err(),
                "{header}"
            );
        }
        for garbage in ["", ".", "..", "...", "a.b.c", "é.é.é"] {
            assert!(verify(garbage).is_err(), "{garbage}");
        }
        let good = sign(&Header::default(), &claims, b"secret");
        for at in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
            // The last character of the signature carries two bits that decode to nothing.
            if at + 1 < good.len() {
                assert!(verify(&String::from_utf8(bad).unwrap()).is_err(), "byte {at}");
            }
        }
    }

    /// RFC 7515, 4.1.11
    #[test]
    fn an_extension_that_must_be_understood_is_refused() {
        let header = Header {
            crit: Some(vec!["exp".into()]),
            ..Header::default()
        };
        assert!(verify(&sign(&header, &json!({}), b"secret")).is_err());
    }

    /// RFC 7519, 4.1.4 and 4.1.5
    #[test]
    fn times_are_honoured() {
        for (claims, refusal) in [
            (json!({"exp": NOW}), Refusal::Expired),
            (json!({"exp": NOW - 1}), Refusal::Expired),
            (json!({"exp": -1}), Refusal::Expired),
            (json!({"nbf": NOW + 1}), Refusal::NotYetValid),
            (
                json!({"exp": (NOW + 60).to_string()}),
                Refusal::Claims("\"exp\" is no number"),
            ),
            (json!({"exp": null}), Refusal::Claims("\"exp\" is no number")),
            (json!({"nbf": []}), Refusal::Claims("\"nbf\" is no number")),
        ] {
            assert_eq!(judge(&claims), Err(refusal), "{claims}");
        }
        let expires = judge(&json!({"exp": NOW as f64 + 0.5, "nbf": NOW}))
            .unwrap()
            .expires
            .unwrap();
        assert_eq!(expires.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(), NOW);
        assert!(judge(&json!({"exp": 1e300})).unwrap().expires.is_some());
    }
}

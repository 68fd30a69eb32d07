//! Where a request carries a token: header, query parameter or cookie. The first one found is the one that is judged.

use super::Refusal;

/// What a request offers, as it came.
#[derive(Debug, Default)]
pub(crate) struct Offered<'a> {
    /// Values of `Authorization` headers.
    pub(crate) authorization: Vec<&'a [u8]>,
    /// Values of the `authorization` query parameter.
    pub(crate) parameters: Vec<String>,
    /// Values of `Cookie` headers.
    pub(crate) cookies: Vec<&'a [u8]>,
}

/// The token to judge.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Credential {
    /// A JWS in compact form, it is hoped.
    pub(crate) token: String,
    /// Whether the browser added it by itself, so that any page could have caused the request.
    pub(crate) from_cookie: bool,
}

impl Offered<'_> {
    /// The credential that counts, if there is any; `cookie_names` in the order of their rank.
    ///
    /// # Errors
    /// [`Refusal`] if the first place that has one has something else.
    pub(crate) fn credential(self, cookie_names: &[&str]) -> Result<Option<Credential>, Refusal> {
        let given = |token: &str| {
            Ok(Some(Credential {
                token: token.to_owned(),
                from_cookie: false,
            }))
        };
        match self.authorization.as_slice() {
            [] => {}
            [value] => return given(bearer(value).ok_or(Refusal::Header)?),
            _ => return Err(Refusal::Header),
        }
        match self.parameters.as_slice() {
            [] => {}
            [token] => return given(token),
            _ => return Err(Refusal::Parameter),
        }
        let cookie = cookie_names.iter().find_map(|name| cookie(&self.cookies, name));
        Ok(cookie.map(|token| Credential {
            token,
            from_cookie: true,
        }))
    }
}

/// RFC 6750, 2.1; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains([' ', ','])).then_some(token)
}

/// RFC 6265, 4.2.1 and 5.4: of several cookies with one name, the one sent first has the longest path.
fn cookie(headers: &[&[u8]], name: &str) -> Option<String> {
    headers
        .iter()
        .flat_map(|header| header.split(|byte| *byte == b';'))
        .find_map(|pair| {
            let (key, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
            let value = value.trim();
            let unquoted = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'))
                .unwrap_or(value);
            (key.trim() == name).then(|| unquoted.to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(authorization: &[&str], parameters: &[&str], cookies: &[&str]) -> Result<Option<String>, Refusal> {
        let offered = Offered {
            authorization: authorization.iter().map(|value| value.as_bytes()).collect(),
            parameters: parameters.iter().map(|value| (*value).to_owned()).collect(),
            cookies: cookies.iter().map(|value| value.as_bytes()).collect(),
        };
        Ok(offered
            .credential(&["own", "mercureAuthorization"])?
            .map(|found| found.token))
    }

    /// Mercure 0.x, "Authorization": header before parameter before cookie.
    #[test]
    fn the_first_place_counts() {
        let some = |token: &str| Ok(Some(token.to_owned()));
        assert_eq!(token(&["Bearer h"], &["p"], &["own=c"]), some("h"));
        assert_eq!(token(&[], &["p"], &["own=c"]), some("p"));
        assert_eq!(token(&[], &[], &["mercureAuthorization=d; own=c"]), some("c"));
        assert_eq!(token(&[], &[], &["x=y", "a=b;mercureAuthorization=\"d\""]), some("d"));
        assert_eq!(token(&[], &[], &["own=first; own=second"]), some("first"));
        assert_eq!(token(&[], &[], &["notown=c; own"]), Ok(None));
        assert_eq!(token(&[], &[], &[]), Ok(None));
    }

    #[test]
    fn a_header_that_is_no_bearer_token_hides_no_cookie() {
        for header in [
            "Basic YTpi",
            "Bearer",
            "Bearer ",
            "Bearertoken",
            "Bearer a b",
            "Bearer a, Bearer b",
            "",
        ] {
            assert_eq!(token(&[header], &["p"], &["own=c"]), Err(Refusal::Header), "{header:?}");
        }
        assert_eq!(token(&["Bearer a", "Bearer b"], &[], &[]), Err(Refusal::Header));
        assert_eq!(token(&["bearer a"], &[], &[]), Ok(Some("a".to_owned())));
        assert_eq!(token(&[], &["a", "b"], &["own=c"]), Err(Refusal::Parameter));
    }
}

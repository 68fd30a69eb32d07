//! Web origins: which page a request comes from, and whether it may (RFC 6454; Fetch Standard, "CORS protocol").

use super::Refusal;
use crate::config::Origins;

impl Origins {
    /// Whether a page of `origin` (as the `Origin` header spells it) is listed.
    pub(crate) fn allow(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::List(list) => {
                let origin = origin.to_ascii_lowercase();
                list.iter().any(|allowed| matches(allowed, &origin))
            }
        }
    }
}

/// One `*` in a listed origin stands for at least one character of a host name, as in `https://*.example.com`.
fn matches(allowed: &str, origin: &str) -> bool {
    let Some((before, after)) = allowed.split_once('*') else {
        return allowed == origin;
    };
    let between = origin.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    let in_host_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    between.is_some_and(|between| !between.is_empty() && between.bytes().all(in_host_name))
}

/// Protects against a page that makes a browser publish with its user's cookie ("Security Considerations"): the page's
/// origin, from `Origin` or else `Referer`, must be listed.
///
/// # Errors
/// [`Refusal::NoOrigin`], [`Refusal::Origin`].
pub(crate) fn check(allowed: &Origins, origin: Option<&str>, referer: Option<&str>) -> Result<(), Refusal> {
    let origin = match (origin.filter(|origin| !origin.is_empty()), referer) {
        (Some(origin), _) => origin,
        (None, Some(referer)) => of_url(referer).ok_or(Refusal::NoOrigin)?,
        (None, None) => return Err(Refusal::NoOrigin),
    };
    if allowed.allow(origin) {
        Ok(())
    } else {
        Err(Refusal::Origin)
    }
}

/// `scheme://host:port` of a URL.
fn of_url(url: &str) -> Option<&str> {
    let authority = url.find("://")? + 3;
    let length = url[authority..]
        .find(['/', '?', '#', '\\'])
        .unwrap_or(url.len() - authority);
    (length > 0).then(|| &url[..authority + length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_publish_with_a_cookie() {
        let list = Origins::List(vec!["https://a.example".into(), "http://b.example:8080".into()]);
        let check = |origin, referer| check(&list, origin, referer);
        assert_eq!(check(Some("https://a.example"), None), Ok(()));
        assert_eq!(check(None, Some("http://b.example:8080/page?x#y")), Ok(()));
        assert_eq!(check(None, Some("https://a.example")), Ok(()));
        assert_eq!(check(Some(""), Some("https://a.example?x")), Ok(()));
        // The Origin header is the one that counts.
        assert_eq!(
            check(Some("https://c.example"), Some("https://a.example/")),
            Err(Refusal::Origin)
        );
        for referer in [
            "https://a.example.evil/",
            "https://a.example@evil/",
            "https://evil/https://a.example",
            "http://a.example/",
        ] {
            assert_eq!(check(None, Some(referer)), Err(Refusal::Origin), "{referer}");
        }
        assert_eq!(check(Some("null"), None), Err(Refusal::Origin));
        for referer in [None, Some(""), Some("nonsense"), Some("https:///x")] {
            assert_eq!(check(None, referer), Err(Refusal::NoOrigin));
        }
        let wild = Origins::List(vec!["https://*.example.com".into()]);
        assert!(wild.allow("https://a.b.example.com") && wild.allow("HTTPS://A.example.com"));
        for origin in [
            "https://example.com",
            "https://.example.com",
            "http://a.example.com",
            "https://evil/.example.com",
        ] {
            assert!(!wild.allow(origin), "{origin}");
        }
        assert_eq!(super::check(&Origins::Any, Some("null"), None), Ok(()));
        assert_eq!(super::check(&Origins::Any, None, None), Err(Refusal::NoOrigin));
    }
}

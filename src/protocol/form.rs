//! `application/x-www-form-urlencoded` as the URL Standard (5.1) parses it, of queries and bodies alike: a `;`, or a `%`
//! that encodes nothing, is data. Unlike there, a value that is not UTF-8 is told from one that holds U+FFFD.

use percent_encoding::percent_decode;
use std::borrow::Cow;
use thiserror::Error;

/// A value that is not UTF-8, after decoding.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("parameter \"{0}\" is not valid UTF-8")]
pub(crate) struct InvalidUtf8(&'static str);

/// Names and values in their order. A name that is not UTF-8 is none that anyone asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form<'a>(&'a [u8]);

impl<'a> Form<'a> {
    /// The form in a query (without `?`) or a body.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Every value of `name`.
    ///
    /// # Errors
    /// [`InvalidUtf8`] as an item.
    pub(crate) fn all(self, name: &'static str) -> impl Iterator<Item = Result<String, InvalidUtf8>> {
        self.0
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .filter_map(move |pair| {
                let mut halves = pair.splitn(2, |byte| *byte == b'=');
                let matches = *decode(halves.next()?) == *name.as_bytes();
                matches.then(|| decode(halves.next().unwrap_or_default()))
            })
            .map(move |value| String::from_utf8(value.into_owned()).map_err(|_| InvalidUtf8(name)))
    }

    /// The first value of `name`.
    ///
    /// # Errors
    /// [`InvalidUtf8`].
    pub(crate) fn first(self, name: &'static str) -> Result<Option<String>, InvalidUtf8> {
        self.all(name).next().transpose()
    }
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&b'+') {
        let text: Vec<u8> = text
            .iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect();
        return Cow::Owned(percent_decode(&text).collect());
    }
    percent_decode(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(form: &str, name: &'static str) -> Vec<String> {
        Form::new(form.as_bytes()).all(name).map(Result::unwrap).collect()
    }

    #[test]
    fn what_encodes_nothing_is_data() {
        assert_eq!(
            all("topic=a;b&topic=100%&topic=%4&topic=%zz", "topic"),
            ["a;b", "100%", "%4", "%zz"]
        );
        assert_eq!(all("topic=a=b&&topic&=x&topic=", "topic"), ["a=b", "", ""]);
        assert_eq!(all("t%6Fpic=a+b%2Bc%20%C3%A9", "topic"), ["a b+c é"]);
        assert_eq!(all("Topic=x&topics=y", "topic"), Vec::<String>::new());
    }

    #[test]
    fn invalid_utf8_is_told_only_of_what_is_asked_for() {
        let form = Form::new(b"other=%FF&topic=%EF%BF%BD&data=%C3&%FF=x");
        assert_eq!(form.first("topic").unwrap().unwrap(), "\u{FFFD}");
        assert_eq!(
            form.first("data").unwrap_err().to_string(),
            "parameter \"data\" is not valid UTF-8"
        );
        assert_eq!(form.first("id"), Ok(None));
    }
}

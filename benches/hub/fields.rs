//! `name=value` words: the arguments of every role and the lines that its process prints.

use crate::Result;
use std::collections::BTreeMap;
use std::str::FromStr;

/// Named values, as given on a command line or printed on one line.
#[derive(Debug, Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads words of the form `name=value`; a word without `=` is an error.
    pub fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self> {
        words
            .map(|word| {
                let (name, value) = word
                    .split_once('=')
                    .ok_or_else(|| format!("\"{word}\" is not of the form name=value"))?;
                Ok((name.to_owned(), value.to_owned()))
            })
            .collect::<Result<_>>()
            .map(Self)
    }

    /// The value of `name`, or `default` where it was not given.
    pub fn get_or<T: FromStr>(&self, name: &str, default: T) -> Result<T> {
        match self.0.get(name) {
            None => Ok(default),
            Some(value) => value
                .parse()
                .map_err(|_| format!("{name}={value} cannot be read").into()),
        }
    }

    /// The value of `name`, which has to be there.
    pub fn get<T: FromStr>(&self, name: &str) -> Result<T> {
        let value = self.0.get(name).ok_or_else(|| format!("{name}=... is missing"))?;
        value
            .parse()
            .map_err(|_| format!("{name}={value} cannot be read").into())
    }
}

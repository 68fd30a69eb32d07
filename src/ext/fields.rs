//! The fields of an update as PHP holds them, on their way to a checked [`Update`].

use super::args::Thrown;
use super::exceptions::INVALID_ARGUMENT;
use crate::update::{Draft, Update};
use ext_php_rs::types::{ZendLong, Zval};

/// Values of PHP's, not checked but for their types.
pub struct Fields<'a> {
    /// A string, or an array of nothing but strings.
    pub topics: &'a Zval,
    /// This, `id` and `event_type`: a string.
    pub data: Option<&'a Zval>,
    pub private: bool,
    pub id: Option<&'a Zval>,
    pub event_type: Option<&'a Zval>,
    pub retry: Option<ZendLong>,
}

impl Fields<'_> {
    /// The update, or an `InvalidArgumentException` that names the parameter.
    pub fn update(&self) -> Result<Update, Thrown> {
        let draft = Draft {
            topics: self.topics()?,
            data: self.data.map_or(Ok(String::new()), |data| text("data", data))?,
            private: self.private,
            id: self.id.map(|id| text("id", id)).transpose()?,
            event_type: self.event_type.map(|event_type| text("type", event_type)).transpose()?,
            retry: self.retry()?,
        };
        Update::new(draft).map_err(|error| INVALID_ARGUMENT.throw(&format!("Invalid update: {error}")))
    }

    fn topics(&self) -> Result<Vec<String>, Thrown> {
        if self.topics.is_string() {
            return Ok(vec![text("topics", self.topics)?]);
        }
        let Some(array) = self.topics.array() else {
            return Ok(Vec::new());
        };
        let mut topics = Vec::with_capacity(array.len());
        for (index, topic) in array.values().enumerate() {
            topics.push(utf8(topic, |at| {
                format!("$topics[{index}] is not valid UTF-8 at byte {at}")
            })?);
        }
        Ok(topics)
    }

    fn retry(&self) -> Result<Option<u64>, Thrown> {
        let Some(retry) = self.retry else {
            return Ok(None);
        };
        match u64::try_from(retry) {
            Ok(retry) => Ok(Some(retry)),
            Err(_) => Err(INVALID_ARGUMENT.throw(&format!(
                "Invalid update: $retry must be 0 or more milliseconds, {retry} given"
            ))),
        }
    }
}

fn text(parameter: &str, string: &Zval) -> Result<String, Thrown> {
    utf8(string, |at| format!("${parameter} is not valid UTF-8 at byte {at}"))
}

fn utf8(string: &Zval, message: impl FnOnce(usize) -> String) -> Result<String, Thrown> {
    match std::str::from_utf8(string.zend_str().map_or(&[], |string| string.as_bytes())) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(INVALID_ARGUMENT.throw(&format!(
            "Invalid update: {}; convert it first, for example with mb_convert_encoding()",
            message(error.valid_up_to())
        ))),
    }
}

//! [`Update`]: what is published. The constructor validates, so an `Update` that exists is one that may be dispatched.

use thiserror::Error;

/// The most topics (canonical and alternate together) one update may have.
pub const MAX_TOPICS: usize = 100;

/// The longest topic, id or event type, in bytes.
pub const MAX_FIELD_LENGTH: usize = 8 * 1024;

/// An update that has been checked against the rules every publisher must follow (Mercure, "Publication").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    topics: Vec<String>,
    data: String,
    private: bool,
    id: String,
    event_type: Option<String>,
    retry: Option<u64>,
}

/// The unchecked parts of an update, as a publisher gives them.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The canonical topic first, alternate topics after it.
    pub topics: Vec<String>,
    /// The content; any UTF-8 text, possibly empty.
    pub data: String,
    /// Whether only subscribers authorized for one of the topics receive it.
    pub private: bool,
    /// The update's id; `None` or an empty one lets the constructor make a `urn:uuid:`.
    pub id: Option<String>,
    /// The SSE event type; `None` or an empty one means `message`.
    pub event_type: Option<String>,
    /// The SSE reconnection time, in milliseconds.
    pub retry: Option<u64>,
}

/// Why a [`Draft`] is no [`Update`]. The message names the field and the rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidUpdate {
    /// No topic at all.
    #[error("an update needs at least one topic")]
    NoTopic,
    /// More than [`MAX_TOPICS`].
    #[error("an update has at most {MAX_TOPICS} topics, {0} given")]
    TooManyTopics(usize),
    /// A topic, id or type that breaks a rule of its field.
    #[error("{field} {reason}")]
    Field {
        /// `topic`, `id` or `type`.
        field: &'static str,
        /// What is wrong with it, as the rest of a sentence.
        reason: &'static str,
    },
}

impl Update {
    /// Checks a draft and gives it an id (`urn:uuid:`, version 4) if it has none.
    ///
    /// # Errors
    /// [`InvalidUpdate`] names the first field that breaks a rule.
    pub fn new(draft: Draft) -> Result<Self, InvalidUpdate> {
        let Draft {
            topics,
            data,
            private,
            id,
            event_type,
            retry,
        } = draft;
        if topics.is_empty() {
            return Err(InvalidUpdate::NoTopic);
        }
        if topics.len() > MAX_TOPICS {
            return Err(InvalidUpdate::TooManyTopics(topics.len()));
        }
        for topic in &topics {
            check("topic", topic)?;
            if topic.is_empty() {
                return Err(InvalidUpdate::Field {
                    field: "topic",
                    reason: "is empty",
                });
            }
            if topic == "*" {
                return Err(InvalidUpdate::Field {
                    field: "topic",
                    reason: "\"*\" is reserved for subscribers and cannot be published to",
                });
            }
        }
        let id = match id.filter(|id| !id.is_empty()) {
            Some(id) => {
                check("id", &id)?;
                if id.starts_with('#') {
                    return Err(InvalidUpdate::Field {
                        field: "id",
                        reason: "starts with \"#\", which is reserved",
                    });
                }
                if id == "earliest" {
                    return Err(InvalidUpdate::Field {
                        field: "id",
                        reason: "\"earliest\" is reserved: it asks for the whole history",
                    });
                }
                id
            }
            None => new_id(),
        };
        let event_type = event_type.filter(|event_type| !event_type.is_empty());
        if let Some(event_type) = &event_type {
            check("type", event_type)?;
            if event_type == "mercure" {
                return Err(InvalidUpdate::Field {
                    field: "type",
                    reason: "\"mercure\" is reserved for the hub's own events",
                });
            }
        }
        Ok(Self {
            topics,
            data,
            private,
            id,
            event_type,
            retry,
        })
    }

    /// The canonical topic first, then the alternate ones; never empty.
    #[must_use]
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    /// The content.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Whether only subscribers authorized for one of the topics receive it.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// The update's id, never empty.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The SSE event type, if it is not the default (`message`).
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }

    /// The SSE reconnection time in milliseconds, if the publisher set one.
    #[must_use]
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }
}

fn new_id() -> String {
    let mut bytes = [0u8; 16];
    fill_random(&mut bytes);
    let mut buffer = uuid::Uuid::encode_buffer();
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .urn()
        .encode_lower(&mut buffer)
        .to_owned()
}

/// Fills `bytes` from the kernel. Asked for afresh each time: a generator kept in memory would give the same ids on both
/// sides of a fork.
pub(crate) fn fill_random(bytes: &mut [u8]) {
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(n) => filled += n,
            // Interrupted; getrandom(2) has no other failure for so few bytes.
            Err(_) => continue,
        }
    }
}

/// A random number from the kernel.
pub(crate) fn random_u32() -> u32 {
    let mut bytes = [0; 4];
    fill_random(&mut bytes);
    u32::from_ne_bytes(bytes)
}

/// Length, and the control and format characters that Mercure forbids in what ends up on a line of its own.
fn check(field: &'static str, value: &str) -> Result<(), InvalidUpdate> {
    if value.len() > MAX_FIELD_LENGTH {
        return Err(InvalidUpdate::Field {
            field,
            reason: "is longer than 8192 bytes",
        });
    }
    if value.chars().any(is_control_or_format) {
        return Err(InvalidUpdate::Field {
            field,
            reason: "contains a control or format character (such as a line break or NUL)",
        });
    }
    Ok(())
}

/// Unicode general categories Cc and Cf.
fn is_control_or_format(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{0600}'..='\u{0605}' | '\u{061C}' | '\u{06DD}' | '\u{070F}' | '\u{0890}'..='\u{0891}'
            | '\u{08E2}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}'
            | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}'
            | '\u{E0020}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(topic: &str) -> Draft {
        Draft {
            topics: vec![topic.to_owned()],
            ..Draft::default()
        }
    }

    #[test]
    fn gives_an_id_when_there_is_none() {
        let update = Update::new(draft("/books/1")).unwrap();
        assert!(update.id().starts_with("urn:uuid:"));
        assert_eq!(update.id().len(), 45);
        let empty = Update::new(Draft {
            id: Some(String::new()),
            ..draft("/books/1")
        })
        .unwrap();
        assert_ne!(empty.id(), update.id());
    }

    #[test]
    fn refuses_what_would_break_a_line() {
        for bad in ["a\nb", "a\rb", "a\0b", "a\u{200B}b", "a\u{0085}b"] {
            assert!(Update::new(draft(bad)).is_err(), "{bad:?} as topic");
            assert!(
                Update::new(Draft {
                    id: Some(bad.into()),
                    ..draft("t")
                })
                .is_err(),
                "{bad:?} as id"
            );
            assert!(
                Update::new(Draft {
                    event_type: Some(bad.into()),
                    ..draft("t")
                })
                .is_err(),
                "{bad:?} as type"
            );
        }
        assert!(
            Update::new(Draft {
                data: "a\r\nb\0".into(),
                ..draft("t")
            })
            .is_ok()
        );
    }

    #[test]
    fn refuses_reserved_words() {
        assert!(Update::new(draft("*")).is_err());
        assert!(Update::new(draft("")).is_err());
        assert!(
            Update::new(Draft {
                id: Some("#1".into()),
                ..draft("t")
            })
            .is_err()
        );
        assert!(
            Update::new(Draft {
                id: Some("earliest".into()),
                ..draft("t")
            })
            .is_err()
        );
        assert!(
            Update::new(Draft {
                event_type: Some("mercure".into()),
                ..draft("t")
            })
            .is_err()
        );
        assert_eq!(Update::new(Draft::default()), Err(InvalidUpdate::NoTopic));
    }
}

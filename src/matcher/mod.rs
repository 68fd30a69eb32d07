//! Topic matchers: what a subscriber wants, and what a token grants. Compiled once per distinct text and shared.

mod expression;
mod positions;
mod shared;
mod uri_template;

pub use uri_template::UriTemplate;

use std::sync::Arc;

/// Decides whether a topic is meant. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicMatcher {
    /// `*`: every topic.
    All,
    /// Exactly this topic.
    Exact(Arc<str>),
    /// A URI template (RFC 6570): every topic that some expansion of it gives, and the template's own text.
    UriTemplate(Arc<UriTemplate>),
}

impl TopicMatcher {
    /// Whether `topic` is meant.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        match self {
            Self::All => true,
            Self::Exact(exact) => **exact == *topic,
            Self::UriTemplate(template) => template.matches(topic),
        }
    }

    /// How many variables a template has; none otherwise. Matching takes work in proportion to it.
    #[must_use]
    pub fn variable_count(&self) -> usize {
        match self {
            Self::All | Self::Exact(_) => 0,
            Self::UriTemplate(template) => template.variable_count(),
        }
    }

    /// A URI template, shared with everyone who uses the same one; `None` if `text` is not a valid template with at least
    /// one expression.
    #[must_use]
    pub fn uri_template(text: &str) -> Option<Self> {
        shared::uri_template(text).map(Self::UriTemplate)
    }
}

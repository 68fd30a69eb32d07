//! URI templates (RFC 6570, all four levels) as topic matchers of Mercure 0.x.
//!
//! A template is kept as its text alone, checked once, and read along while matching: fifteen thousand of them are as
//! large as what they say. Matching walks through the parts of the template with the set of positions they can reach in the
//! topic ([`super::positions`]); its work is bounded by the parts times the length of the topic.

use super::expression::{self, Expression};
use super::positions::Positions;

/// A valid template with at least one expression. Equal when their texts are.
#[derive(Debug, PartialEq, Eq)]
pub struct UriTemplate {
    text: Box<str>,
}

/// A stretch of a template.
enum Part<'a> {
    Literal(&'a str),
    Expression(Expression<'a>),
}

/// The parts of a template's text; `None` in place of one that is not valid.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = Option<Part<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some(rest) = self.0.strip_prefix('{') else {
            let (literal, rest) = self.0.split_at(self.0.find('{').unwrap_or(self.0.len()));
            self.0 = rest;
            return Some(is_literal(literal).then_some(Part::Literal(literal)));
        };
        let (inside, rest) = rest.split_once('}').unwrap_or(("", ""));
        self.0 = rest;
        Some(Expression::parse(inside).map(Part::Expression))
    }
}

impl UriTemplate {
    /// `None` if `text` is not a valid template, or one without any expression.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut expressions = 0;
        for part in Parts(text) {
            match part? {
                Part::Literal(_) => {}
                Part::Expression(_) => expressions += 1,
            }
        }
        (expressions > 0).then(|| Self { text: text.into() })
    }

    /// The template as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many variables its expressions have together, to which the work of matching is proportional.
    #[must_use]
    pub fn variable_count(&self) -> usize {
        let expressions = Parts(&self.text).flatten().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Expression(expression) => Some(expression.variable_count()),
        });
        expressions.sum()
    }

    /// The literal text that every match but the template's own text starts with; possibly empty.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        // What is not ASCII has two spellings: as it is, and percent-encoded.
        let end = self.text.find(|c: char| c == '{' || !c.is_ascii());
        &self.text[..end.unwrap_or(self.text.len())]
    }

    /// The literal text that every match but the template's own text ends with; possibly empty.
    fn literal_suffix(&self) -> &str {
        let start = self.text.rfind(|c: char| c == '}' || !c.is_ascii());
        let start = start.and_then(|start| Some(start + self.text[start..].chars().next()?.len_utf8()));
        &self.text[start.unwrap_or(0)..]
    }

    /// Whether some expansion of the template gives `topic`, or `topic` is the template's own text.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        if *self.text == *topic {
            return true;
        }
        let Some(topic) = topic.strip_prefix(self.literal_prefix()) else {
            return false;
        };
        // Most templates that are looked at are like another one but for their end.
        if !topic.ends_with(self.literal_suffix()) {
            return false;
        }
        let topic = topic.as_bytes();
        let mut reached = Positions::start(topic);
        // Every part was valid when the template was made.
        for part in Parts(&self.text[self.literal_prefix().len()..]).flatten() {
            reached = match part {
                Part::Literal(literal) => literal_ends(&reached, topic, literal),
                Part::Expression(expression) => expression.ends(&reached, topic),
            };
            if reached.is_empty() {
                return false;
            }
        }
        reached.contains(topic.len())
    }
}

/// A literal stands for itself; its characters outside ASCII also for their percent-encoded form, which is what RFC 6570
/// makes of them (topics are IRIs as often as URIs).
fn literal_ends(reached: &Positions, topic: &[u8], literal: &str) -> Positions {
    if literal.is_ascii() {
        return reached.literal(topic, literal.as_bytes());
    }
    let mut ends = Positions::none(topic);
    for position in reached.iter() {
        let mut rest = &topic[position..];
        let matched = literal.chars().all(|c| {
            let mut utf8 = [0; 4];
            let utf8 = c.encode_utf8(&mut utf8).as_bytes();
            let length = if rest.starts_with(utf8) {
                Some(utf8.len())
            } else {
                starts_with_encoded(rest, utf8)
            };
            rest = &rest[length.unwrap_or(0)..];
            length.is_some()
        });
        if matched {
            ends.insert(topic.len() - rest.len());
        }
    }
    ends
}

fn starts_with_encoded(topic: &[u8], utf8: &[u8]) -> Option<usize> {
    let triplets = topic.get(..3 * utf8.len())?;
    let same = |(triplet, byte): (&[u8], &u8)| expression::triplet(triplet) == Some(*byte);
    (!utf8[0].is_ascii() && triplets.chunks_exact(3).zip(utf8).all(same)).then_some(triplets.len())
}

/// RFC 6570, 2.1, with the apostrophe that erratum 6937 gives back, and `ucschar` and `iprivate` of RFC 3987.
fn is_literal(text: &str) -> bool {
    let mut rest = text.as_bytes();
    for c in text.chars() {
        let allowed = match c {
            '%' => expression::triplet(rest).is_some(),
            '\0'..=' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | '\x7F'..='\u{9F}' => false,
            '\u{FDD0}'..='\u{FDEF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}' => false,
            c => u32::from(c) & 0xFFFE != 0xFFFE,
        };
        if !allowed {
            return false;
        }
        rest = &rest[c.len_utf8()..];
    }
    true
}

#[cfg(test)]
#[path = "uri_template_tests.rs"]
mod tests;

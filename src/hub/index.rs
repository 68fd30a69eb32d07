//! Finds the streams of one shard that want a topic, at a cost of what matches and not of what is connected: exact topics by
//! hash, templates by their literal prefix, `*` apart.

use crate::matcher::{TopicMatcher, UriTemplate};
use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A stream's place in its shard.
pub(super) type Slot = u32;

#[derive(Debug, Default)]
pub(super) struct Index {
    all: Vec<Slot>,
    exact: HashMap<Arc<str>, Vec<Slot>>,
    /// Literal prefix -> the templates that have it.
    templates: HashMap<Box<str>, HashMap<ByText, Vec<Slot>>>,
    /// Length in bytes of the prefixes above -> how many prefixes have it.
    prefix_lengths: BTreeMap<usize, usize>,
}

impl Index {
    pub(super) fn insert(&mut self, matcher: &TopicMatcher, slot: Slot) {
        match matcher {
            TopicMatcher::All => self.all.push(slot),
            TopicMatcher::Exact(topic) => self.exact.entry(Arc::clone(topic)).or_default().push(slot),
            TopicMatcher::UriTemplate(template) => {
                let prefix = template.literal_prefix();
                if !self.templates.contains_key(prefix) {
                    *self.prefix_lengths.entry(prefix.len()).or_default() += 1;
                    self.templates.insert(prefix.into(), HashMap::new());
                }
                if let Some(templates) = self.templates.get_mut(prefix) {
                    templates.entry(ByText(Arc::clone(template))).or_default().push(slot);
                }
            }
        }
    }

    /// Undoes one `insert` with the same arguments.
    pub(super) fn remove(&mut self, matcher: &TopicMatcher, slot: Slot) {
        match matcher {
            TopicMatcher::All => take(&mut self.all, slot),
            TopicMatcher::Exact(topic) => {
                let Some(slots) = self.exact.get_mut(topic) else { return };
                take(slots, slot);
                if slots.is_empty() {
                    self.exact.remove(topic);
                }
            }
            TopicMatcher::UriTemplate(template) => {
                let prefix = template.literal_prefix();
                let Some(templates) = self.templates.get_mut(prefix) else {
                    return;
                };
                if let Some(slots) = templates.get_mut(template.text()) {
                    take(slots, slot);
                    if slots.is_empty() {
                        templates.remove(template.text());
                    }
                }
                if templates.is_empty() {
                    self.templates.remove(prefix);
                    if let Some(count) = self.prefix_lengths.get_mut(&prefix.len()) {
                        *count -= 1;
                        if *count == 0 {
                            self.prefix_lengths.remove(&prefix.len());
                        }
                    }
                }
            }
        }
    }

    /// Calls `found` for each stream that wants `topic`; more than once where several of its matchers match.
    pub(super) fn find(&self, topic: &str, mut found: impl FnMut(Slot)) {
        self.all.iter().copied().for_each(&mut found);
        if let Some(slots) = self.exact.get(topic) {
            slots.iter().copied().for_each(&mut found);
        }
        for &length in self.prefix_lengths.keys() {
            let Some(prefix) = topic.get(..length) else {
                if length > topic.len() {
                    break;
                }
                continue;
            };
            let Some(templates) = self.templates.get(prefix) else {
                continue;
            };
            for (template, slots) in templates {
                if template.0.matches(topic) {
                    slots.iter().copied().for_each(&mut found);
                }
            }
        }
    }
}

fn take(slots: &mut Vec<Slot>, slot: Slot) {
    if let Some(place) = slots.iter().position(|other| *other == slot) {
        slots.swap_remove(place);
    }
}

/// A template as a key: two with the same text are the same.
#[derive(Debug)]
struct ByText(Arc<UriTemplate>);

impl Borrow<str> for ByText {
    fn borrow(&self) -> &str {
        self.0.text()
    }
}

impl PartialEq for ByText {
    fn eq(&self, other: &Self) -> bool {
        self.0.text() == other.0.text()
    }
}

impl Eq for ByText {}

impl Hash for ByText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::v0;

    fn found(index: &Index, topic: &str) -> Vec<Slot> {
        let mut slots = Vec::new();
        index.find(topic, |slot| slots.push(slot));
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    #[test]
    fn finds_what_scanning_would_find_while_streams_come_and_go() {
        let texts = [
            "*",
            "/a",
            "/a/b",
            "/a/{id}",
            "/a/{id}/c",
            "{+any}",
            "/é/{id}",
            "/é",
            "{/x*}",
            "/a/{id}",
            "/{id}",
        ];
        let topics = ["/a", "/a/b", "/a/1", "/a/1/c", "/é/1", "/é", "/a/{id}", "x", "/", ""];
        let matchers: Vec<_> = texts.iter().map(|text| v0::matcher(text)).collect();
        let mut index = Index::default();
        let check = |index: &Index, present: std::ops::Range<usize>| {
            for topic in topics {
                let scanned = present.clone().filter(|slot| matchers[*slot].matches(topic));
                assert_eq!(
                    found(index, topic),
                    scanned.map(|slot| slot as Slot).collect::<Vec<_>>(),
                    "{topic}"
                );
            }
        };
        for (slot, matcher) in matchers.iter().enumerate() {
            index.insert(matcher, slot as Slot);
            check(&index, 0..slot + 1);
        }
        for (slot, matcher) in matchers.iter().enumerate() {
            index.remove(matcher, slot as Slot);
            check(&index, slot + 1..matchers.len());
        }
        assert!(index.exact.is_empty() && index.templates.is_empty() && index.prefix_lengths.is_empty());
    }
}

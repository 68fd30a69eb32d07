//! One compiled template per distinct text: ten thousand streams on one template hold one.

use super::UriTemplate;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

/// Below this many entries, dead ones are not looked for.
const SWEEP_FROM: usize = 1024;

static TEMPLATES: LazyLock<Mutex<Templates>> = LazyLock::new(Mutex::default);

/// Templates in use, by the hash of their text (keyed, so that nobody can choose texts that collide). Holds none alive.
struct Templates {
    by_hash: HashMap<u64, Weak<UriTemplate>>,
    hasher: RandomState,
    sweep_at: usize,
}

impl Default for Templates {
    fn default() -> Self {
        Self {
            by_hash: HashMap::new(),
            hasher: RandomState::new(),
            sweep_at: SWEEP_FROM,
        }
    }
}

impl Templates {
    fn get(&mut self, text: &str) -> Option<Arc<UriTemplate>> {
        let hash = self.hasher.hash_one(text);
        if let Some(template) = self.by_hash.get(&hash).and_then(Weak::upgrade) {
            // Another text with the same hash keeps the place; this one is then merely not shared.
            return if template.text() == text {
                Some(template)
            } else {
                UriTemplate::parse(text).map(Arc::new)
            };
        }
        let template = Arc::new(UriTemplate::parse(text)?);
        self.sweep();
        self.by_hash.insert(hash, Arc::downgrade(&template));
        Some(template)
    }

    /// Forgets templates nobody uses any more, each time as many entries were added as had survived the last time.
    fn sweep(&mut self) {
        if self.by_hash.len() < self.sweep_at {
            return;
        }
        self.by_hash.retain(|_, template| template.strong_count() > 0);
        self.by_hash.shrink_to(2 * self.by_hash.len());
        self.sweep_at = (2 * self.by_hash.len()).max(SWEEP_FROM);
    }
}

/// The template with this text, new or shared; `None` if the text is none.
pub(super) fn uri_template(text: &str) -> Option<Arc<UriTemplate>> {
    TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner).get(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_one_template() {
        let first = uri_template("/shared/{id}").unwrap();
        assert!(Arc::ptr_eq(&first, &uri_template("/shared/{id}").unwrap()));
        assert!(!Arc::ptr_eq(&first, &uri_template("/shared/{other}").unwrap()));
        assert!(uri_template("/shared").is_none());
    }

    #[test]
    fn unused_templates_are_forgotten() {
        let mut templates = Templates::default();
        let kept = templates.get("/kept/{id}").unwrap();
        for n in 0..10 * SWEEP_FROM {
            templates.get(&format!("/{n}/{{id}}")).unwrap();
        }
        assert!(templates.by_hash.len() <= SWEEP_FROM);
        assert!(Arc::ptr_eq(&kept, &templates.get("/kept/{id}").unwrap()));
    }
}

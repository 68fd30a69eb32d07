//! Mercure 0.x (the last revision before 1.0): names on the wire, topic selectors, the `mercure` claim.

use super::form::{Form, InvalidUtf8};
use crate::authorization::{Grants, Refusal};
use crate::matcher::TopicMatcher;
use serde_json::{Map, Value};
use thiserror::Error;

/// Cookie that carries a token, where the hub's configuration names no other ("Authorization", "Cookie").
pub(crate) const COOKIE_NAME: &str = "mercureAuthorization";

/// What the specification says with 403, and every 0.x hub with 401: a token without a grant for what was asked.
pub(crate) const MISSING_GRANT_STATUS: u16 = 401;

/// The most `topic` parameters one subscriber may have.
const MAX_SELECTORS: usize = 100;

/// The longest topic selector, in bytes.
const MAX_SELECTOR_LENGTH: usize = 4096;

/// The most variables that the templates of one subscriber may have together: each update costs work in proportion.
const MAX_VARIABLES: usize = 1000;

/// The most selectors one claim may have.
const MAX_CLAIM_SELECTORS: usize = 1000;

/// Why a query is no subscription. The messages are the answer's body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum InvalidSubscription {
    #[error(
        "Missing \"topic\" parameter: a subscription names at least one topic, as in ?topic=https://example.com/books/1"
    )]
    NoTopic,
    #[error("Too many \"topic\" parameters: at most {MAX_SELECTORS} are allowed")]
    TooManyTopics,
    #[error("A \"topic\" parameter is longer than {MAX_SELECTOR_LENGTH} bytes")]
    TopicTooLong,
    #[error(
        "Too many variables in the templates of the \"topic\" parameters: at most {MAX_VARIABLES} are allowed together"
    )]
    TooManyVariables,
    #[error(transparent)]
    Encoding(#[from] InvalidUtf8),
}

/// A topic selector ("Topic Selectors"): `*`, a URI template, or else the exact string.
pub(crate) fn matcher(selector: &str) -> TopicMatcher {
    if selector == "*" {
        return TopicMatcher::All;
    }
    TopicMatcher::uri_template(selector).unwrap_or_else(|| TopicMatcher::Exact(selector.into()))
}

/// What a subscriber's query asks for ("Subscription").
///
/// # Errors
/// [`InvalidSubscription`].
pub(crate) fn subscribed(query: Form<'_>) -> Result<Vec<TopicMatcher>, InvalidSubscription> {
    let mut matchers = Vec::new();
    let mut variables = 0;
    for selector in query.all("topic") {
        let selector = selector?;
        if matchers.len() == MAX_SELECTORS {
            return Err(InvalidSubscription::TooManyTopics);
        }
        if selector.len() > MAX_SELECTOR_LENGTH {
            return Err(InvalidSubscription::TopicTooLong);
        }
        let matcher = matcher(&selector);
        variables += matcher.variable_count();
        if variables > MAX_VARIABLES {
            return Err(InvalidSubscription::TooManyVariables);
        }
        matchers.push(matcher);
    }
    if matchers.is_empty() {
        return Err(InvalidSubscription::NoTopic);
    }
    Ok(matchers)
}

/// The id in a query, in each spelling that 0.x has had ("Reconnection, State Reconciliation and Event Sourcing"); an
/// empty one is none.
///
/// # Errors
/// [`InvalidUtf8`].
pub(crate) fn last_event_id(query: Form<'_>) -> Result<Option<String>, InvalidUtf8> {
    for name in ["last_event_id", "lastEventID", "Last-Event-ID"] {
        if let Some(id) = query.first(name)?.filter(|id| !id.is_empty()) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The tokens in a query ("URI Query Parameter").
pub(crate) fn token_parameters(query: Form<'_>) -> Vec<String> {
    // One that is not UTF-8 is no token either: it has to be refused, not overlooked.
    query.all("authorization").map(Result::unwrap_or_default).collect()
}

/// What verified claims grant ("Publishers", "Subscribers"): the namespaced claim, else `mercure`. A token without either
/// is valid and grants nothing.
///
/// # Errors
/// [`Refusal::Claims`] where a claim does not have the form that the specification gives it.
pub(crate) fn grants(claims: &Map<String, Value>) -> Result<Grants, Refusal> {
    let claim = ["https://mercure.rocks/", "mercure"]
        .into_iter()
        .filter_map(|name| claims.get(name))
        .find(|claim| !claim.is_null());
    let claim = match claim {
        None => return Ok(Grants::default()),
        Some(Value::Object(claim)) => claim,
        Some(_) => return Err(Refusal::Claims("\"mercure\" is no object")),
    };
    Ok(Grants {
        publish: selectors(claim.get("publish"))?,
        subscribe: selectors(claim.get("subscribe"))?,
        expires: None,
    })
}

fn selectors(claim: Option<&Value>) -> Result<Vec<TopicMatcher>, Refusal> {
    let refused = Refusal::Claims("\"mercure.publish\" or \"mercure.subscribe\" is no array of strings");
    match claim {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(selectors)) if selectors.len() > MAX_CLAIM_SELECTORS => {
            Err(Refusal::Claims("\"mercure\" has more than 1000 selectors"))
        }
        Some(Value::Array(selectors)) => selectors
            .iter()
            .map(|selector| selector.as_str().map(matcher).ok_or(refused.clone()))
            .collect(),
        Some(_) => Err(refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn subscription(query: &str) -> Result<Vec<TopicMatcher>, InvalidSubscription> {
        subscribed(Form::new(query.as_bytes()))
    }

    fn claims(claims: Value) -> Result<Grants, Refusal> {
        grants(claims.as_object().unwrap())
    }

    /// "Topic Selectors"
    #[test]
    fn a_selector_is_a_wildcard_a_template_or_itself() {
        assert_eq!(matcher("*"), TopicMatcher::All);
        assert!(matches!(matcher("/books/{id}"), TopicMatcher::UriTemplate(_)));
        for exact in ["/books/1", "", "{", "/books/{}", "**"] {
            assert_eq!(matcher(exact), TopicMatcher::Exact(exact.into()));
        }
    }

    /// "Subscription"
    #[test]
    fn a_subscription_needs_topics_within_limits() {
        assert_eq!(subscription("topic=a&topic=b;c&x=y").unwrap().len(), 2);
        assert_eq!(subscription("x=y"), Err(InvalidSubscription::NoTopic));
        assert_eq!(subscription(&"topic=a&".repeat(100)).unwrap().len(), 100);
        assert_eq!(
            subscription(&"topic=a&".repeat(101)),
            Err(InvalidSubscription::TooManyTopics)
        );
        let long = "x".repeat(MAX_SELECTOR_LENGTH);
        assert!(subscription(&format!("topic={long}")).is_ok());
        assert_eq!(
            subscription(&format!("topic={long}x")),
            Err(InvalidSubscription::TopicTooLong)
        );
        let templates = "topic=/{a}/{b,c,d,e,f,g,h}{?i}{%26j*,k}&".repeat(100);
        assert_eq!(subscription(&templates), Err(InvalidSubscription::TooManyVariables));
        let most = format!("topic={}&topic={{a,b}}", "{a}".repeat(998));
        assert_eq!(subscription(&most).unwrap().len(), 2);
        assert_eq!(
            subscription(&format!("{most}&topic=/{{c}}")),
            Err(InvalidSubscription::TooManyVariables)
        );
        assert!(matches!(
            subscription("topic=%FF"),
            Err(InvalidSubscription::Encoding(_))
        ));
    }

    /// "Reconnection, State Reconciliation and Event Sourcing"
    #[test]
    fn every_spelling_of_the_last_event_id() {
        let id = |query: &str| last_event_id(Form::new(query.as_bytes())).unwrap();
        for query in [
            "last_event_id=1",
            "lastEventID=1",
            "Last-Event-ID=1",
            "last_event_id=&lastEventID=1",
        ] {
            assert_eq!(id(query).as_deref(), Some("1"), "{query}");
        }
        assert_eq!(id("lastEventID="), None);
        assert_eq!(id("topic=a"), None);
    }

    /// "Publishers", "Subscribers"
    #[test]
    fn the_claim_grants_what_it_lists() {
        let grants =
            claims(json!({"mercure": {"publish": ["*"], "subscribe": ["/a", "/b/{id}"], "payload": 1}})).unwrap();
        assert_eq!(grants.publish, [TopicMatcher::All]);
        assert_eq!(grants.subscribe.len(), 2);
        assert_eq!(claims(json!({})).unwrap(), Grants::default());
        assert_eq!(claims(json!({"mercure": null})).unwrap(), Grants::default());
        assert_eq!(
            claims(json!({"mercure": {"publish": null}})).unwrap(),
            Grants::default()
        );
        let namespaced = claims(json!({"https://mercure.rocks/": {"publish": ["*"]}, "mercure": {"subscribe": ["*"]}}));
        assert_eq!(namespaced.unwrap().subscribe, []);
    }

    #[test]
    fn a_claim_of_another_form_is_refused() {
        for mercure in [
            json!([]),
            json!("*"),
            json!({"publish": "*"}),
            json!({"subscribe": [1]}),
            json!({"publish": {}}),
        ] {
            assert!(claims(json!({ "mercure": mercure })).is_err(), "{mercure}");
        }
        assert!(claims(json!({"mercure": {"publish": vec!["/a"; 1001]}})).is_err());
    }
}

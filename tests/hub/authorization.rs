//! 0.x, "Authorization". Where its text and the hubs that speak it differ (401 or 403 for a missing grant), the hubs count.

use crate::client::{Item, Request, Response};
use crate::harness::{
    HUB, PUBLISHER_KEY, SUBSCRIBER_KEY, TestHub, draft, hub, post, private_draft, publisher, sign, subscriber,
    subscription,
};
use mercure::update::Draft;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

const ORIGIN: &str = "https://app.example";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// RFC 6750, 3: every refusal carries a challenge.
fn assert_refused(response: &Response, challenge: &str) {
    assert_eq!(response.status, 401, "{response:?}");
    assert_eq!(response.header("www-authenticate").as_deref(), Some(challenge));
    assert_eq!(response.text(), "Unauthorized");
}

/// "Subscribers": without a token public updates only, and only where `anonymous` says so.
#[test]
fn who_has_no_token() {
    let closed = hub(&[]);
    assert_refused(&closed.get("topic=/a"), "Bearer");
    assert_refused(&closed.request(&Request::post(HUB, "topic=/a")), "Bearer");
    // Who may not subscribe is not told what a subscription needs.
    assert_refused(&closed.get(""), "Bearer");
    let open = hub(&[("anonymous", "1")]);
    let mut stream = open.subscribe("topic=/a");
    open.enqueue(private_draft("/a", "private"));
    open.send("/a", "public");
    assert_eq!(stream.data(), "public");
}

/// "Subscribers": a private update needs a selector in the query and one in the claim; each may match another of its topics.
#[test]
fn private_updates_reach_who_is_granted_them() {
    let hub = hub(&[]);
    // The specification's own example.
    let book = || Draft {
        topics: vec![
            "https://example.com/books/1".into(),
            "https://example.com/users/foo/?topic=https%3A%2F%2Fexample.com%2Fbooks%2F1".into(),
        ],
        ..private_draft("", "private")
    };
    for (grants, receives) in [
        (vec!["*"], true),
        (vec!["https://example.com/books/1"], true),
        (vec!["https://example.com/books/{id}"], true),
        (vec!["https://example.com/users/foo/{?topic}"], true),
        (vec!["https://example.com/users/bar/{?topic}", "/x"], false),
        (vec!["https://example.com/books/2"], false),
        (vec![], false),
    ] {
        let query = "topic=https://example.com/books/%7Bid%7D&topic=/end";
        let mut stream = hub.subscribe_with(&subscription(query, &subscriber(&grants)));
        hub.enqueue(book());
        hub.send("/end", "end");
        let expected = if receives { "private" } else { "end" };
        assert_eq!(stream.data(), expected, "{grants:?}");
    }
    // What is granted but was not asked for does not come.
    let mut stream = hub.subscribe_with(&subscription("topic=/end", &subscriber(&["*"])));
    hub.enqueue(book());
    hub.send("/end", "end");
    assert_eq!(stream.data(), "end");
}

/// "Reconnection": what is replayed is judged like what is live.
#[test]
fn replayed_updates_are_private_too() {
    let hub = hub(&[("anonymous", "1")]);
    hub.enqueue(private_draft("/a", "private"));
    hub.send("/a", "public");
    let query = "topic=/a&lastEventID=earliest";
    assert_eq!(hub.subscribe(query).data(), "public");
    assert_eq!(
        hub.subscribe_with(&subscription(query, &subscriber(&["/b"]))).data(),
        "public"
    );
    assert_eq!(
        hub.subscribe_with(&subscription(query, &subscriber(&["/a"]))).data(),
        "private"
    );
}

/// A token without the claim is a valid token: it opens the stream and grants nothing private.
#[test]
fn a_token_without_a_subscribe_claim() {
    let hub = hub(&[]);
    for claims in [
        json!({}),
        json!({"mercure": {}}),
        json!({"mercure": {"publish": ["*"]}}),
        json!({"sub": "me"}),
    ] {
        let mut stream = hub.subscribe_with(&subscription("topic=/a", &sign(&claims, SUBSCRIBER_KEY)));
        hub.enqueue(private_draft("/a", "private"));
        hub.send("/a", "public");
        assert_eq!(stream.data(), "public", "{claims}");
    }
}

/// The namespaced form of the claim.
#[test]
fn the_namespaced_claim() {
    let hub = hub(&[]);
    let claim = json!({"https://mercure.rocks/": {"publish": ["/a"], "subscribe": ["/a"]}});
    let mut stream = hub.subscribe_with(&subscription("topic=/a", &sign(&claim, SUBSCRIBER_KEY)));
    assert_eq!(
        hub.request(&post("topic=/a&private=&data=x", &sign(&claim, PUBLISHER_KEY)))
            .status,
        200
    );
    assert_eq!(stream.data(), "x");
}

/// "Authorization": the header counts before the query parameter, and that before the cookie; only the first is judged.
#[test]
fn where_tokens_are_found() {
    let hub = hub(&[("cookie_name", "own"), ("publish_origins", ORIGIN)]);
    let (good, bad) = (subscriber(&["/a"]), subscriber(&["/a"]) + "x");
    let bearer = |token: &str| format!("Bearer {token}");
    let get = |query: &str| Request::get(&format!("{HUB}?topic=/a{query}"));
    for accepted in [
        get("").header("Authorization", &bearer(&good)),
        get("").header("Authorization", &format!("bearer {good}")),
        get(&format!("&authorization={good}")),
        get("").header("Cookie", &format!("x=y; own={good}; z")),
        get("")
            .header("Cookie", "x=y")
            .and_header("Cookie", &format!("mercureAuthorization={good}")),
        get(&format!("&authorization={bad}"))
            .header("Authorization", &bearer(&good))
            .header("Cookie", &format!("own={bad}")),
        get(&format!("&authorization={good}")).header("Cookie", &format!("own={bad}")),
        get("").header("Cookie", &format!("mercureAuthorization={bad}; own={good}")),
    ] {
        hub.subscribe_with(&accepted);
    }
    for refused in [
        get("").header("Authorization", &bearer(&bad)),
        get("").header("Authorization", &good),
        get("")
            .header("Authorization", "Basic YTpi")
            .header("Cookie", &format!("own={good}")),
        get("")
            .header("Authorization", "")
            .header("Cookie", &format!("own={good}")),
        get("")
            .header("Authorization", &bearer(&good))
            .and_header("Authorization", &bearer(&good)),
        get(&format!("&authorization={good}")).header("Authorization", &bearer(&bad)),
        get(&format!("&authorization={bad}")).header("Cookie", &format!("own={good}")),
        get(&format!("&authorization={good}&authorization={good}")),
        get("&authorization=").header("Cookie", &format!("own={good}")),
        get("").header("Cookie", &format!("own={bad}; mercureAuthorization={good}")),
    ] {
        assert_refused(&hub.request(&refused), "Bearer error=\"invalid_token\"");
    }
    // The same places for publishers.
    let form = "topic=/a";
    let token = publisher(&["*"]);
    assert_eq!(
        hub.request(&Request::post(&format!("{HUB}?authorization={token}"), form))
            .status,
        200
    );
    let cookie = Request::post(HUB, form)
        .header("Cookie", &format!("own={token}"))
        .header("Origin", ORIGIN);
    assert_eq!(hub.request(&cookie).status, 200);
}

/// A damaged, foreign or outdated token is refused even where none would be needed.
#[test]
fn a_token_that_does_not_count() {
    let hub = hub(&[("anonymous", "1")]);
    let grants = json!({"subscribe": ["*"], "publish": ["*"]});
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS512);
    let key = jsonwebtoken::EncodingKey::from_secret(SUBSCRIBER_KEY.as_bytes());
    let other_algorithm = jsonwebtoken::encode(&header, &json!({"mercure": grants}), &key).unwrap();
    let unsigned = "eyJhbGciOiJub25lIn0.eyJtZXJjdXJlIjp7InN1YnNjcmliZSI6WyIqIl19fQ.";
    for token in [
        sign(&json!({"mercure": grants}), PUBLISHER_KEY),
        sign(&json!({"mercure": grants, "exp": now() - 1}), SUBSCRIBER_KEY),
        sign(&json!({"mercure": grants, "exp": "2999"}), SUBSCRIBER_KEY),
        sign(&json!({"mercure": grants, "nbf": now() + 1000}), SUBSCRIBER_KEY),
        sign(&json!({"mercure": {"subscribe": "*"}}), SUBSCRIBER_KEY),
        sign(&json!({"mercure": []}), SUBSCRIBER_KEY),
        other_algorithm,
        unsigned.to_owned(),
        "nonsense".to_owned(),
    ] {
        let response = hub.request(&subscription("topic=/a", &token));
        assert_refused(&response, "Bearer error=\"invalid_token\"");
    }
    let fresh = sign(
        &json!({"mercure": grants, "exp": now() + 1000, "nbf": now()}),
        SUBSCRIBER_KEY,
    );
    hub.subscribe_with(&subscription("topic=/a", &fresh));
}

/// "Publishers": every topic of the update must be granted.
#[test]
fn publishing_needs_a_grant_for_each_topic() {
    let hub = hub(&[("anonymous", "1")]);
    let mut stream = hub.subscribe("topic=*");
    for (grants, form, granted) in [
        (vec!["*"], "topic=/a&topic=/b", true),
        (vec!["/a", "/{x}"], "topic=/a&topic=/b", true),
        (vec!["/a"], "topic=/a", true),
        (vec!["/a"], "topic=/a&topic=/b", false),
        (vec!["/a"], "topic=/b", false),
        (vec!["/s{?q}"], "topic=/s?r=1", false),
        (vec![], "topic=/a", false),
    ] {
        let response = hub.request(&post(form, &publisher(&grants)));
        if granted {
            assert_eq!(response.status, 200, "{grants:?} {form}");
            assert_eq!(stream.event().id, response.text());
        } else {
            assert_refused(&response, "Bearer error=\"insufficient_scope\"");
            let private = hub.request(&post(&format!("{form}&private=on"), &publisher(&grants)));
            assert_refused(&private, "Bearer error=\"insufficient_scope\"");
        }
    }
    let response = hub.request(&post(
        "topic=/a",
        &sign(&json!({"mercure": {"subscribe": ["*"]}}), PUBLISHER_KEY),
    ));
    assert_refused(&response, "Bearer error=\"insufficient_scope\"");
    assert_refused(
        &hub.request(&post("topic=/a", &subscriber(&["*"]))),
        "Bearer error=\"invalid_token\"",
    );
    hub.send("/end", "end");
    assert_eq!(stream.data(), "end");
}

/// "Publication": `private` by presence, whatever its value.
#[test]
fn private_is_private_by_presence() {
    let hub = hub(&[("anonymous", "1")]);
    let mut public = hub.subscribe("topic=/a");
    let mut granted = hub.subscribe_with(&subscription("topic=/a", &subscriber(&["/a"])));
    for value in [
        "private",
        "private=",
        "private=on",
        "private=0",
        "private=false",
        "private=%FF",
    ] {
        assert_eq!(hub.post(&format!("topic=/a&data=x&{value}")).status, 200);
        assert_eq!(granted.data(), "x", "{value}");
    }
    hub.post("topic=/a&data=public");
    assert_eq!((public.data(), granted.data()), ("public".into(), "public".into()));
}

/// "Security Considerations": a cookie on a POST needs an origin that may publish.
#[test]
fn another_page_cannot_publish_with_a_cookie() {
    let hub = hub(&[("publish_origins", ORIGIN)]);
    let with = |headers: &[(&str, &str)]| {
        let cookie = format!("mercureAuthorization={}", publisher(&["*"]));
        let request = Request::post(HUB, "topic=/a").header("Cookie", &cookie);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value));
        hub.request(&request).status
    };
    assert_eq!(with(&[("Origin", ORIGIN)]), 200);
    assert_eq!(with(&[("Referer", "https://app.example/page?x")]), 200);
    assert_eq!(with(&[]), 401);
    assert_eq!(with(&[("Origin", "https://evil.example")]), 401);
    assert_eq!(with(&[("Origin", "null")]), 401);
    assert_eq!(with(&[("Referer", "https://app.example.evil.example/")]), 401);
    assert_eq!(
        with(&[("Origin", "https://evil.example"), ("Referer", "https://app.example/")]),
        401
    );
    // A token in the header was not added by the browser.
    let header = post("topic=/a", &publisher(&["*"])).header("Origin", "https://evil.example");
    assert_eq!(hub.request(&header).status, 200);
}

/// "Subscribers": "the connection MUST be closed by the hub at that time", and not before.
#[test]
fn a_stream_ends_with_its_token() {
    let hub = hub(&[("heartbeat", "0"), ("write_timeout", "0")]);
    let exp = now() + 3;
    let token = sign(&json!({"mercure": {"subscribe": ["*"]}, "exp": exp}), SUBSCRIBER_KEY);
    let mut stream = hub.subscribe_with(&subscription("topic=/a", &token));
    hub.enqueue(draft("/a", "in time"));
    assert_eq!(stream.data(), "in time");
    assert_eq!(stream.item(), Item::End);
    assert!(now() >= exp, "the stream ended before its token");
    assert_refused(
        &hub.request(&subscription("topic=/a", &token)),
        "Bearer error=\"invalid_token\"",
    );
}

/// Secure by default: where no key is configured, nobody publishes, and a token cannot be judged.
#[test]
fn without_keys() {
    let keyless = |anonymous| -> TestHub {
        hub(&[
            ("publisher_jwt_key", ""),
            ("subscriber_jwt_key", ""),
            ("anonymous", anonymous),
        ])
    };
    let closed = keyless("0");
    assert_refused(&closed.request(&post("topic=/a", &publisher(&["*"]))), "Bearer");
    assert_refused(
        &closed.request(&subscription("topic=/a", &subscriber(&["*"]))),
        "Bearer",
    );
    let open = keyless("1");
    let mut stream = open.subscribe_with(&subscription("topic=/a", &subscriber(&["*"])));
    open.enqueue(private_draft("/a", "private"));
    open.send("/a", "public");
    assert_eq!(stream.data(), "public");
    assert_refused(&open.request(&post("topic=/a", &publisher(&["*"]))), "Bearer");
}

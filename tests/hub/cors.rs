//! Fetch Standard, "CORS protocol".

use crate::client::{Request, Response};
use crate::harness::{HUB, hub};

const ORIGIN: &str = "https://app.example";

fn preflight(origin: &str, method: &str) -> Request {
    Request::new("OPTIONS", HUB)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
}

fn allowed(response: &Response) -> (Option<String>, Option<String>) {
    let credentials = response.header("access-control-allow-credentials");
    (response.header("access-control-allow-origin"), credentials)
}

fn yes() -> (Option<String>, Option<String>) {
    (Some(ORIGIN.into()), Some("true".into()))
}

/// A listed origin may read every answer, with credentials: errors too, or a page could not tell why it was refused.
#[test]
fn a_listed_origin_may_read_everything() {
    let hub = hub(&[
        ("cors_origins", "https://app.example, https://other.example:8443"),
        ("anonymous", "1"),
    ]);
    let from = |request: Request| request.header("Origin", ORIGIN);
    let stream = hub.subscribe_with(&from(Request::get(&format!("{HUB}?topic=/a"))));
    assert_eq!(allowed(&stream.head), yes());
    assert_eq!(stream.head.header("vary").as_deref(), Some("origin"));
    let exposed = stream.head.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("Last-Event-ID") && exposed.contains("Mercure-Last-Event-ID") && exposed.contains("Link"));
    for (request, status) in [
        (Request::get(HUB), 400),
        (Request::post(HUB, ""), 401),
        (Request::get("/nothing"), 404),
        (Request::new("PUT", HUB), 405),
    ] {
        let response = hub.request(&from(request));
        assert_eq!((response.status, allowed(&response)), (status, yes()));
    }
}

/// Others get the same answer without the permission to read it, and caches are told that it depends on who asks.
#[test]
fn other_origins_get_no_permission() {
    let hub = hub(&[
        ("cors_origins", "https://app.example https://*.wild.example"),
        ("anonymous", "1"),
    ]);
    for origin in [
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil",
        "null",
        "https://wild.example",
    ] {
        let response = hub.request(&Request::get(HUB).header("Origin", origin));
        assert_eq!(allowed(&response), (None, None), "{origin}");
        assert_eq!(response.header("vary").as_deref(), Some("origin"));
        let response = hub.request(&preflight(origin, "GET"));
        assert_eq!((response.status, allowed(&response)), (204, (None, None)));
        assert_eq!(response.header("access-control-allow-methods"), None);
    }
    assert_eq!(
        hub.request(&Request::get(HUB)).header("vary").as_deref(),
        Some("origin")
    );
    let wild = hub.request(&Request::get(HUB).header("Origin", "https://a.wild.example"));
    assert_eq!(allowed(&wild).0.as_deref(), Some("https://a.wild.example"));
}

/// `*` never comes with credentials.
#[test]
fn the_wildcard_never_comes_with_credentials() {
    let hub = hub(&[("cors_origins", "*")]);
    let cookie = Request::get(HUB)
        .header("Origin", ORIGIN)
        .header("Cookie", "mercureAuthorization=x");
    for request in [
        Request::get(HUB).header("Origin", ORIGIN),
        cookie,
        preflight(ORIGIN, "POST"),
    ] {
        assert_eq!(allowed(&hub.request(&request)), (Some("*".into()), None));
    }
}

/// A preflight of an allowed origin succeeds whatever ordinary headers it announces.
#[test]
fn a_preflight_succeeds() {
    let hub = hub(&[("cors_origins", ORIGIN)]);
    for method in ["GET", "POST", "HEAD"] {
        let asked = "authorization,cache-control,content-type,last-event-id,x-requested-with,traceparent";
        let response = hub.request(&preflight(ORIGIN, method).header("Access-Control-Request-Headers", asked));
        assert_eq!((response.status, allowed(&response)), (204, yes()));
        assert!(
            response
                .header("access-control-allow-methods")
                .unwrap()
                .contains(method)
        );
        assert_eq!(response.header("access-control-allow-headers").as_deref(), Some(asked));
        assert!(response.header("vary").unwrap().contains("origin"));
    }
}

#[test]
fn without_a_list_nobody_is_allowed() {
    let hub = hub(&[]);
    assert_eq!(allowed(&hub.request(&preflight(ORIGIN, "GET"))), (None, None));
    let response = hub.request(&Request::get(HUB).header("Origin", ORIGIN));
    assert_eq!((allowed(&response), response.header("vary")), ((None, None), None));
    let options = hub.request(&Request::new("OPTIONS", HUB));
    assert_eq!(
        (options.status, options.header("allow").as_deref()),
        (204, Some("GET, HEAD, POST, OPTIONS"))
    );
}

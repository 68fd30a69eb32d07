//! Tests of URI template matching, against a small expander that follows RFC 6570, 3.2 to the letter.

use super::*;
use crate::matcher::positions::STEPS;
use proptest::prelude::*;

fn matches(template: &str, topic: &str) -> bool {
    UriTemplate::parse(template)
        .unwrap_or_else(|| panic!("{template} is valid"))
        .matches(topic)
}

/// RFC 6570, 3.2.2 to 3.2.9: the examples that differ in kind.
#[test]
fn what_the_rfc_expands_matches() {
    for (template, topics) in [
        ("{var}", vec!["value", "", "a,b,c", "50%25"]),
        ("{hello}", vec!["Hello%20World%21", "%C3%A9"]),
        ("{x,y}", vec!["1024,768", "1024", ""]),
        ("{var:3}", vec!["val", "va", ""]),
        ("{keys*}", vec!["semi=%3B,dot=.,comma=%2C", "red,green,blue"]),
        ("{+path}/here", vec!["/foo/bar/here", "/here"]),
        ("here?ref={+path}", vec!["here?ref=/foo/bar"]),
        ("{+path:6}/here", vec!["/foo/b/here"]),
        ("{#path,x}/here", vec!["#/foo/bar,1024/here", "/here"]),
        ("X{.var}", vec!["X.value", "X", "X."]),
        ("www{.dom*}", vec!["www.example.com"]),
        ("X{.keys*}", vec!["X.semi=%3B.dot=..comma=%2C"]),
        ("{/var,x}/here", vec!["/value/1024/here", "/value/here", "/here"]),
        ("{/list*,path:4}", vec!["/red/green/blue/%2Ffoo"]),
        ("{/keys*}", vec!["/semi=%3B/dot=./comma=%2C"]),
        ("{;x,y,empty}", vec![";x=1024;y=768;empty", ";y=768", ""]),
        ("{;hello:5}", vec![";hello=Hello"]),
        ("{;list*}", vec![";list=red;list=green;list=blue"]),
        ("{;keys*}", vec![";semi=%3B;dot=.;comma=%2C", ";lone;a=b"]),
        ("{?x,y,empty}", vec!["?x=1024&y=768&empty=", "?y=768"]),
        ("{?var:3}", vec!["?var=val"]),
        ("{?keys}", vec!["?keys=semi,%3B,dot,.,comma,%2C"]),
        ("{?keys*}", vec!["?semi=%3B&dot=.&comma=%2C"]),
        ("?fixed=yes{&x,y}", vec!["?fixed=yes&x=1024&y=768", "?fixed=yes"]),
        ("{&var:3}", vec!["&var=val"]),
        (
            "/users/{user.name}/é",
            vec!["/users/kevin/é", "/users/kevin/%C3%A9", "/users/kevin/%c3%a9"],
        ),
    ] {
        for topic in topics {
            assert!(matches(template, topic), "{template} expands to {topic:?}");
        }
        assert!(matches(template, template), "{template}: its own text");
    }
}

#[test]
fn what_no_expansion_gives_does_not_match() {
    for (template, topics) in [
        // Variable names and prefix lengths are honoured.
        (
            "/search{?q}",
            vec![
                "/search?r=a",
                "/search?q",
                "/search?q=a&q=b",
                "/search?q=a&r=b",
                "/searchq=a",
            ],
        ),
        ("/{id:3}", vec!["/abcd", "/a,b", "/%C3%A9%C3%A9%C3%A9%C3%A9"]),
        ("{;x,y}", vec![";y;x", ";x=1;x=2", ";z"]),
        // Reserved characters appear only where + or # lets them.
        (
            "/books/{id}",
            vec![
                "/books/1/2",
                "/books/1?a",
                "/books/é",
                "/books/ ",
                "/books/%",
                "/books/%4",
                "/books/%GG",
            ],
        ),
        (
            "https://example.com/{id}",
            vec!["https://example.org/1", "https://example.com", "xhttps://example.com/1"],
        ),
        ("{/a,b}", vec!["/1/2/3", "1/2", "/1//2/"]),
        ("{?a}", vec!["a=1", "?a=1#x"]),
        ("{?list*}", vec!["?list", "?=a&", "?a"]),
        ("{#x}", vec!["x", "##%"]),
        ("X{.a}", vec!["Y.a", "X-a"]),
    ] {
        for topic in topics {
            assert!(!matches(template, topic), "{template} does not expand to {topic:?}");
        }
    }
}

/// RFC 6570, 2.1 to 2.4.
#[test]
fn an_invalid_template_is_none() {
    for text in [
        "",
        "/plain",
        "{",
        "}",
        "{}",
        "{a",
        "a}",
        "{{a}}",
        "{a}}",
        "{=a}",
        "{,a}",
        "{!a}",
        "{@a}",
        "{|a}",
        "{a,}",
        "{a b}",
        "{a-b}",
        "{.}",
        "{a..b}",
        "{a.}",
        "{.a.}",
        "{%4}",
        "{a:0}",
        "{a:}",
        "{a:10000}",
        "{a:01}",
        "{a:+1}",
        "{a:3*}",
        "{a*:3}",
        "{a**}",
        "{é}",
        "a b{c}",
        "a\"{c}",
        "a<{c}",
        "a%{c}",
        "a%4{c}",
        "a\\{c}",
        "a^{c}",
        "a`{c}",
        "a|{c}",
        "a\0{c}",
        "a\u{85}{c}",
        "a\u{FFFF}{c}",
    ] {
        assert!(UriTemplate::parse(text).is_none(), "{text:?}");
    }
}

#[test]
fn the_literal_prefix_is_what_every_expansion_starts_with() {
    for (template, prefix) in [
        ("/books/{id}", "/books/"),
        ("{id}", ""),
        ("/a/é/{id}", "/a/"),
        ("%2F{id}", "%2F"),
    ] {
        assert_eq!(UriTemplate::parse(template).unwrap().literal_prefix(), prefix);
    }
}

/// Every kind of expression many times over, on topics made to be read in as many ways as possible.
#[test]
fn work_is_bounded_by_parts_times_length() {
    let topic_length = 2000;
    for (unit, parts_per_unit) in [
        ("{a}", 1),
        ("{+a}", 1),
        ("{a:7}", 1),
        ("{a*}", 1),
        ("{?a*}", 1),
        ("{;a*}", 1),
        ("{/a,b,c}", 3),
        ("{+a}a", 2),
        ("{;a,a,a}", 3),
    ] {
        for filler in ["a", "a=a&", ";a", "/a", ",", "%C3%A9"] {
            let template = UriTemplate::parse(&unit.repeat(50)).unwrap();
            // Cannot match in the end, so everything is tried.
            let topic = format!("{} ", filler.repeat(topic_length / filler.len()));
            STEPS.set(0);
            assert!(!template.matches(&topic));
            let bound = 8 * 50 * parts_per_unit * topic.len();
            assert!(STEPS.get() <= bound, "{unit} on {filler}: {} > {bound}", STEPS.get());
        }
    }
}

#[derive(Debug, Clone)]
enum Value {
    Undefined,
    String(String),
    List(Vec<String>),
    Pairs(Vec<(String, String)>),
}

#[derive(Debug, Clone)]
struct Piece {
    literal: &'static str,
    operator: &'static str,
    variables: Vec<(&'static str, &'static str, Value)>,
}

impl Piece {
    fn template(&self) -> String {
        let variables = self
            .variables
            .iter()
            .map(|(name, modifier, _)| format!("{name}{modifier}"));
        format!(
            "{}{{{}{}}}",
            self.literal,
            self.operator,
            variables.collect::<Vec<_>>().join(",")
        )
    }

    /// RFC 6570, 3.2.1 and appendix A.
    fn expand(&self) -> String {
        let (first, separator, named, if_empty, reserved) = match self.operator {
            "" => ("", ",", false, "", false),
            "+" => ("", ",", false, "", true),
            "#" => ("#", ",", false, "", true),
            "." => (".", ".", false, "", false),
            "/" => ("/", "/", false, "", false),
            ";" => (";", ";", true, "", false),
            "?" => ("?", "&", true, "=", false),
            _ => ("&", "&", true, "=", false),
        };
        let encode = |text: &str| encode(text, reserved);
        let pair = |key: String, value: String| match (value.is_empty(), named) {
            (true, true) => key + if_empty,
            _ => format!("{key}={value}"),
        };
        let mut defined = Vec::new();
        for (name, modifier, value) in &self.variables {
            let explode = *modifier == "*";
            let text = match value {
                Value::Undefined => continue,
                Value::String(text) => {
                    let most = modifier.strip_prefix(':').map_or(usize::MAX, |n| n.parse().unwrap());
                    let text = encode(&text.chars().take(most).collect::<String>());
                    if named { pair((*name).to_owned(), text) } else { text }
                }
                Value::List(list) if explode && named => {
                    let members = list.iter().map(|member| pair((*name).to_owned(), encode(member)));
                    members.collect::<Vec<_>>().join(separator)
                }
                Value::List(list) => {
                    let list: Vec<_> = list.iter().map(|member| encode(member)).collect();
                    let text = list.join(if explode { separator } else { "," });
                    if named { format!("{name}={text}") } else { text }
                }
                Value::Pairs(pairs) if explode => {
                    let pairs = pairs.iter().map(|(key, value)| pair(encode(key), encode(value)));
                    pairs.collect::<Vec<_>>().join(separator)
                }
                Value::Pairs(pairs) => {
                    let pairs = pairs
                        .iter()
                        .map(|(key, value)| format!("{},{}", encode(key), encode(value)));
                    let text = pairs.collect::<Vec<_>>().join(",");
                    if named { format!("{name}={text}") } else { text }
                }
            };
            defined.push(text);
        }
        let expanded = if defined.is_empty() {
            String::new()
        } else {
            first.to_owned() + &defined.join(separator)
        };
        self.literal.to_owned() + &expanded
    }
}

fn encode(text: &str, reserved: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let keep = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || (reserved && b":/?#[]@!$&'()*+,;=".contains(&byte));
        if keep {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,3}", "[ -~éß\u{1F600}]{0,4}", Just(String::new())]
}

fn variable() -> impl Strategy<Value = (&'static str, &'static str, Value)> {
    let name = prop_oneof![Just("a"), Just("b.c"), Just("%41_"), Just("list")];
    let string = prop_oneof![Just(Value::Undefined), text().prop_map(Value::String)];
    let any = prop_oneof![
        2 => string.clone(),
        1 => prop::collection::vec(text(), 1..4).prop_map(Value::List),
        1 => prop::collection::vec((text(), text()), 1..4).prop_map(Value::Pairs),
    ];
    let modified = prop_oneof![
        (Just(""), any.clone()),
        (Just("*"), any),
        (prop_oneof![Just(":1"), Just(":3"), Just(":20")], string),
    ];
    (name, modified).prop_map(|(name, (modifier, value))| (name, modifier, value))
}

fn piece() -> impl Strategy<Value = Piece> {
    let literal = prop_oneof![Just(""), Just("/"), Just("x"), Just("é'"), Just("%20"), Just("a=")];
    let operator = prop::sample::select(vec!["", "+", "#", ".", "/", ";", "?", "&"]);
    (literal, operator, prop::collection::vec(variable(), 1..4)).prop_map(|(literal, operator, variables)| Piece {
        literal,
        operator,
        variables,
    })
}

proptest! {
    /// Mercure 0.x, "Topic Selectors", rule 3.
    #[test]
    fn every_expansion_matches(pieces in prop::collection::vec(piece(), 1..4)) {
        let template: String = pieces.iter().map(Piece::template).collect();
        let topic: String = pieces.iter().map(Piece::expand).collect();
        let compiled = UriTemplate::parse(&template).unwrap();
        prop_assert!(compiled.matches(&topic), "{} -> {}", template, topic);
        let encoded = topic.replace('é', "%C3%A9");
        prop_assert!(compiled.matches(&encoded), "{} -> {}", template, encoded);
        prop_assert!(topic.starts_with(compiled.literal_prefix()));
        prop_assert!(compiled.matches(&template));
    }

    /// What no operator ever writes: a character that must be encoded, or a reserved one where only unreserved ones may
    /// stand.
    #[test]
    fn a_forbidden_character_anywhere_does_not_match(
        pieces in prop::collection::vec(piece(), 1..4),
        at in any::<prop::sample::Index>(),
        bad in prop::sample::select(vec![" ", "\"", "<", "{", "|", "ü", "\0", "%z", "%4z"]),
    ) {
        let template: String = pieces.iter().map(Piece::template).collect();
        let mut topic: String = pieces.iter().map(Piece::expand).collect();
        let boundaries: Vec<_> = (0..=topic.len()).filter(|at| topic.is_char_boundary(*at)).collect();
        topic.insert_str(boundaries[at.index(boundaries.len())], bad);
        prop_assert!(!UriTemplate::parse(&template).unwrap().matches(&topic), "{} -> {}", template, topic);
    }

    /// A variable's value keeps to its own segment, name and length.
    #[test]
    fn a_value_cannot_leave_its_place(value in "[a-z]{4,8}", other in "[a-z]{1,5}") {
        prop_assume!(other != "q");
        let path = format!("/u/{value}/{other}");
        let matched = matches("/u/{id}", &path);
        prop_assert!(!matched);
        let query = format!("/s?{other}={value}");
        let matched = matches("/s{?q}", &query);
        prop_assert!(!matched);
        let long = format!("/p/{value}");
        let matched = matches("/p/{id:3}", &long);
        prop_assert!(!matched);
    }

    /// Nothing a client can send makes parsing or matching fail in another way than by a plain "no".
    #[test]
    fn any_text_is_safe(template in "[{}a*:,.%?&;#+/é0-9 ]{0,30}", topic in "\\PC{0,30}") {
        if let Some(template) = UriTemplate::parse(&template) {
            let _ = template.matches(&topic);
        }
    }
}

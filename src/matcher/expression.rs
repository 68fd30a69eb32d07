//! One expression of a URI template, such as `{?page,sort*}`, and what it can expand to (RFC 6570, 3.2).

use super::positions::{self, Positions};

/// An expression whose syntax is right; read from the template's text each time it is needed.
pub(super) struct Expression<'a> {
    operator: &'static Operator,
    variables: &'a str,
}

/// RFC 6570, appendix A. `{x}` is the operator without a character.
struct Operator {
    /// Written before the first variable that is defined.
    first: &'static [u8],
    /// Written between variables.
    separator: u8,
    /// Whether variables are written with their names.
    named: bool,
    /// Written after the name of an empty value.
    if_empty: &'static [u8],
    /// Whether reserved characters appear as they are.
    reserved: bool,
}

const fn operator(
    first: &'static [u8],
    separator: u8,
    named: bool,
    if_empty: &'static [u8],
    reserved: bool,
) -> Operator {
    Operator {
        first,
        separator,
        named,
        if_empty,
        reserved,
    }
}

static SIMPLE: Operator = operator(b"", b',', false, b"", false);
static RESERVED: Operator = operator(b"", b',', false, b"", true);
static FRAGMENT: Operator = operator(b"#", b',', false, b"", true);
static LABEL: Operator = operator(b".", b'.', false, b"", false);
static PATH: Operator = operator(b"/", b'/', false, b"", false);
static PARAMETERS: Operator = operator(b";", b';', true, b"", false);
static QUERY: Operator = operator(b"?", b'&', true, b"=", false);
static CONTINUATION: Operator = operator(b"&", b'&', true, b"=", false);

/// RFC 6570, 2.4.
enum Modifier {
    None,
    /// `:n`: the first n characters of a string.
    Prefix(usize),
    /// `*`: each member of a list, or each pair of an associative array, on its own.
    Explode,
}

struct Variable<'a> {
    name: &'a str,
    modifier: Modifier,
}

impl<'a> Variable<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (name, modifier) = if let Some(name) = text.strip_suffix('*') {
            (name, Modifier::Explode)
        } else if let Some((name, length)) = text.split_once(':') {
            let digits = (1..=4).contains(&length.len()) && length.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || length.starts_with('0') {
                return None;
            }
            (name, Modifier::Prefix(length.parse().ok()?))
        } else {
            (text, Modifier::None)
        };
        is_name(name).then_some(Self { name, modifier })
    }
}

/// `varname`: word characters and percent-encoded octets, with single dots between them.
fn is_name(name: &str) -> bool {
    let mut rest = name.as_bytes();
    let mut after_dot = true;
    while let Some(byte) = rest.first() {
        let length = match byte {
            b'.' if !after_dot => 1,
            b'_' => 1,
            b'%' if triplet(rest).is_some() => 3,
            byte if byte.is_ascii_alphanumeric() => 1,
            _ => return false,
        };
        after_dot = *byte == b'.';
        rest = &rest[length..];
    }
    !after_dot
}

impl<'a> Expression<'a> {
    /// Checks what stands between the braces; `None` if it is no valid expression.
    pub(super) fn parse(inside: &'a str) -> Option<Self> {
        let (operator, variables) = match inside.bytes().next()? {
            b'+' => (&RESERVED, &inside[1..]),
            b'#' => (&FRAGMENT, &inside[1..]),
            b'.' => (&LABEL, &inside[1..]),
            b'/' => (&PATH, &inside[1..]),
            b';' => (&PARAMETERS, &inside[1..]),
            b'?' => (&QUERY, &inside[1..]),
            b'&' => (&CONTINUATION, &inside[1..]),
            _ => (&SIMPLE, inside),
        };
        // An operator reserved for extensions fails here, as it cannot begin a name.
        variables
            .split(',')
            .all(|variable| Variable::parse(variable).is_some())
            .then_some(Self { operator, variables })
    }

    /// How many variables there are.
    pub(super) fn variable_count(&self) -> usize {
        self.variables.split(',').count()
    }

    /// Where expansions that start at one of `starts` can end.
    pub(super) fn ends(&self, starts: &Positions, topic: &[u8]) -> Positions {
        // Any of the variables may be undefined, and all of them.
        let mut ends = starts.clone();
        let first = starts.literal(topic, self.operator.first);
        let mut written = Positions::none(topic);
        for variable in self.variables.split(',').filter_map(Variable::parse) {
            let mut variable_starts = written.literal(topic, &[self.operator.separator]);
            variable_starts.add(&first);
            written.add(&self.variable_ends(&variable, &variable_starts, topic));
        }
        ends.add(&written);
        ends
    }

    /// Where a defined variable, of whatever kind (string, list, associative array), can end.
    fn variable_ends(&self, variable: &Variable<'_>, starts: &Positions, topic: &[u8]) -> Positions {
        let Operator {
            named,
            if_empty,
            separator,
            ..
        } = *self.operator;
        match variable.modifier {
            Modifier::Explode => self.pairs(starts, topic, !named, if_empty.is_empty() && named, separator),
            _ if named => {
                let name = starts.literal(topic, variable.name.as_bytes());
                let value = self.value_ends(&variable.modifier, &name.literal(topic, b"="), topic);
                if if_empty.is_empty() {
                    let mut ends = name;
                    ends.add(&value);
                    ends
                } else {
                    value
                }
            }
            _ => self.value_ends(&variable.modifier, starts, topic),
        }
    }

    /// A string, or the members of a list (or the keys and values of an associative array) with commas between them.
    fn value_ends(&self, modifier: &Modifier, starts: &Positions, topic: &[u8]) -> Positions {
        let reserved = self.operator.reserved;
        match modifier {
            Modifier::Prefix(most) => starts.run_at_most(topic, *most, |rest| character(rest, reserved)),
            _ => starts.run(topic, |rest| match rest.first() {
                Some(b',') => 1,
                _ => unit(rest, reserved),
            }),
        }
    }

    /// Exploded members: `key=value` pairs, or, where `bare` says so, values alone, with the operator's separator between
    /// them. A list under a named operator is pairs whose keys happen to be the variable's name. `lone_keys`: a pair with an
    /// empty value is its key alone (`;`).
    fn pairs(&self, starts: &Positions, topic: &[u8], bare: bool, lone_keys: bool, separator: u8) -> Positions {
        let reserved = self.operator.reserved;
        let mut ends = if bare {
            starts.run(topic, |rest| match rest.first() {
                Some(byte) if *byte == separator => 1,
                _ => unit(rest, reserved),
            })
        } else {
            Positions::none(topic)
        };
        let mut keys = starts.clone();
        let mut equals = Positions::none(topic);
        let mut values = Positions::none(topic);
        for position in 0..=topic.len() {
            let (key, equal, value) = (
                keys.contains(position),
                equals.contains(position),
                values.contains(position),
            );
            if !(key || equal || value) {
                continue;
            }
            positions::step();
            let whole = value || (key && lone_keys) || (equal && !lone_keys);
            if whole {
                ends.insert(position);
            }
            let rest = &topic[position..];
            let length = unit(rest, reserved);
            if length > 0 && key {
                keys.insert(position + length);
            }
            if length > 0 && (equal || value) {
                values.insert(position + length);
            }
            if key && rest.first() == Some(&b'=') {
                equals.insert(position + 1);
            }
            if whole && rest.first() == Some(&separator) {
                keys.insert(position + 1);
            }
        }
        ends
    }
}

/// Length of the character or percent-encoded octet at the start of `rest`; 0 if an expansion cannot hold it.
fn unit(rest: &[u8], reserved: bool) -> usize {
    match rest.first() {
        Some(b'-' | b'.' | b'_' | b'~') => 1,
        Some(byte) if byte.is_ascii_alphanumeric() => 1,
        Some(
            b':' | b'/' | b'?' | b'#' | b'[' | b']' | b'@' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+'
            | b',' | b';' | b'=',
        ) if reserved => 1,
        Some(b'%') if triplet(rest).is_some() => 3,
        _ => 0,
    }
}

/// Length of the character at the start of `rest` as a prefix length counts them: the octets of one UTF-8 sequence are one.
fn character(rest: &[u8], reserved: bool) -> usize {
    let Some(first) = triplet(rest) else {
        return unit(rest, reserved);
    };
    let octets = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    let mut utf8 = [first; 4];
    for (octet, decoded) in utf8.iter_mut().enumerate().take(octets).skip(1) {
        match rest.get(3 * octet..).and_then(triplet) {
            Some(byte) => *decoded = byte,
            None => return 3,
        }
    }
    if std::str::from_utf8(&utf8[..octets]).is_ok() {
        3 * octets
    } else {
        3
    }
}

/// The octet that `%XX` at the start of `rest` stands for.
pub(super) fn triplet(rest: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = rest else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

//! The gate: decides from how PHP was called whether this process serves requests. MINIT also runs for `php-fpm -t` and its like, where nothing may be started and no running hub disturbed.

/// What the command line says about this PHP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invocation {
    /// Whether it will serve requests, and so may start or share a hub.
    pub serves: bool,
    /// Whether it stays in the foreground as far as its command line tells, so that its standard error is a log somebody reads.
    pub foreground: bool,
}

/// Judges a PHP by its SAPI's name and its command line (the first argument is the program).
pub fn invocation<T: AsRef<[u8]>>(sapi: &str, arguments: &[T]) -> Invocation {
    match sapi {
        // `php -S` with -i, -m or -v has the SAPI name "cli".
        "cli-server" => Invocation {
            serves: true,
            foreground: true,
        },
        // Apache checks its configuration (apachectl configtest) without getting as far as MINIT.
        "apache2handler" => Invocation {
            serves: true,
            foreground: false,
        },
        "fpm-fcgi" => fpm(arguments.get(1..).unwrap_or_default()),
        _ => Invocation {
            serves: false,
            foreground: false,
        },
    }
}

/// This process's command line.
pub fn arguments() -> Vec<Vec<u8>> {
    let line = std::fs::read("/proc/self/cmdline").unwrap_or_default();
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    line.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
}

/// php-fpm's own rules: short options may be joined (`-nt`), those with a value take the rest of the word or the next
/// one, long ones take `=value` or the next word, and the first word that is no option ends them.
fn fpm<T: AsRef<[u8]>>(arguments: &[T]) -> Invocation {
    let mut found = Invocation {
        serves: true,
        foreground: false,
    };
    let mut words = arguments.iter().map(AsRef::as_ref);
    while let Some(word) = words.next() {
        let Some(options) = word.strip_prefix(b"-").filter(|options| !options.is_empty()) else {
            break;
        };
        if options == b"-" {
            break;
        }
        if let Some(long) = options.strip_prefix(b"-") {
            let name = long.split(|byte| *byte == b'=').next().unwrap_or_default();
            let short = LONG
                .iter()
                .find(|(spelling, _)| spelling.as_bytes() == name)
                .map_or(b'?', |(_, short)| *short);
            found.see(short);
            if takes_value(short) && name.len() == long.len() {
                words.next();
            }
            continue;
        }
        for (at, option) in options.iter().enumerate() {
            found.see(*option);
            if takes_value(*option) {
                if at + 1 == options.len() {
                    words.next();
                }
                break;
            }
        }
    }
    found
}

const LONG: &[(&str, u8)] = &[
    ("php-ini", b'c'),
    ("define", b'd'),
    ("profile-info", b'e'),
    ("help", b'h'),
    ("info", b'i'),
    ("modules", b'm'),
    ("no-php-ini", b'n'),
    ("version", b'v'),
    ("fpm-config", b'y'),
    ("test", b't'),
    ("prefix", b'p'),
    ("pid", b'g'),
    ("allow-to-run-as-root", b'R'),
    ("daemonize", b'D'),
    ("nodaemonize", b'F'),
    ("force-stderr", b'O'),
];

fn takes_value(option: u8) -> bool {
    b"cdypg".contains(&option)
}

impl Invocation {
    fn see(&mut self, option: u8) {
        match option {
            b'F' => self.foreground = true,
            b'D' => self.foreground = false,
            b'c' | b'd' | b'e' | b'n' | b'y' | b'p' | b'g' | b'R' | b'O' => {}
            // -t, -v, -m, -i, -h, and whatever makes php-fpm print its usage.
            _ => self.serves = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fpm_serves(line: &str) -> bool {
        invocation("fpm-fcgi", &line.split(' ').collect::<Vec<_>>()).serves
    }

    #[test]
    fn fpm_that_only_answers_a_question_starts_nothing() {
        for line in [
            "php-fpm -t",
            "php-fpm -tt",
            "php-fpm -nt",
            "php-fpm -v",
            "php-fpm -m",
            "php-fpm -i",
            "php-fpm -h",
            "php-fpm -?",
            "php-fpm -F -t",
            "php-fpm -y /etc/fpm.conf -t",
            "php-fpm -y/etc/fpm.conf -t",
            "php-fpm --fpm-config=/etc/fpm.conf --test",
            "php-fpm --fpm-config /etc/fpm.conf --test",
            "php-fpm -d extension=mercure -RFt",
            "php-fpm --version",
            "php-fpm --modules",
            "php-fpm --info",
            "php-fpm --help",
            "php-fpm --no-such-option",
        ] {
            assert!(!fpm_serves(line), "{line}");
        }
    }

    #[test]
    fn values_of_options_are_no_options() {
        for line in [
            "php-fpm",
            "php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf",
            "php-fpm -F -d -t",
            "php-fpm -c -i -F",
            "php-fpm -p-t",
            "php-fpm -dtest=1 -Fy t.conf",
            "php-fpm --prefix -t",
            "php-fpm --pid=-v -D",
            "php-fpm -- -t",
            "php-fpm word -t",
        ] {
            assert!(fpm_serves(line), "{line}");
        }
    }

    #[test]
    fn the_last_word_on_daemonizing_counts() {
        let foreground = |line: &str| invocation("fpm-fcgi", &line.split(' ').collect::<Vec<_>>()).foreground;
        assert!(foreground("php-fpm --nodaemonize"));
        assert!(foreground("php-fpm -nF -y x"));
        assert!(!foreground("php-fpm -F -D"));
        assert!(!foreground("php-fpm"));
    }

    #[test]
    fn only_servers_serve() {
        for (sapi, serves) in [
            ("cli-server", true),
            ("apache2handler", true),
            ("cli", false),
            ("cgi-fcgi", false),
            ("phpdbg", false),
            ("embed", false),
        ] {
            assert_eq!(invocation(sapi, &["php", "-t", "public"]).serves, serves, "{sapi}");
        }
    }
}

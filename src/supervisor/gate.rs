//! Decides from how PHP was called whether this process serves requests: only then it starts a hub, or joins one.

/// Whether `sapi`, called with `arguments` (without the program's name), is about to serve requests. PHP loads its extensions
/// for `php-fpm -t`, `-v`, `-m` and `-i` as well.
#[must_use]
pub fn serves_requests(sapi: &str, arguments: &[String]) -> bool {
    match sapi {
        "cli-server" | "apache2handler" => true,
        "fpm-fcgi" => !options(arguments).any(|option| {
            matches!(
                option,
                "t" | "v" | "m" | "i" | "h" | "?" | "test" | "version" | "modules" | "info" | "help" | "usage"
            )
        }),
        _ => false,
    }
}

/// Whether the server stays in the foreground, so that its standard error is a log somebody reads.
#[must_use]
pub fn stays_in_foreground(sapi: &str, arguments: &[String]) -> bool {
    match sapi {
        "cli-server" => true,
        // PID 1 is a container's.
        "fpm-fcgi" => {
            std::process::id() == 1
                || options(arguments).any(|option| matches!(option, "F" | "nodaemonize" | "O" | "force-stderr"))
        }
        _ => false,
    }
}

/// The options of php-fpm in `arguments`, without their values: single letters and long names.
fn options(arguments: &[String]) -> impl Iterator<Item = &str> {
    let mut options = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if let Some(long) = argument.strip_prefix("--") {
            let name = long.split('=').next().unwrap_or_default();
            options.push(name);
            if matches!(name, "php-ini" | "define" | "prefix" | "pid" | "fpm-config") && !long.contains('=') {
                arguments.next();
            }
        } else if let Some(letters) = argument.strip_prefix('-') {
            for (place, letter) in letters.char_indices() {
                let rest = &letters[place + letter.len_utf8()..];
                options.push(&letters[place..place + letter.len_utf8()]);
                if matches!(letter, 'c' | 'd' | 'p' | 'g' | 'y' | 'T') {
                    if rest.is_empty() {
                        arguments.next();
                    }
                    break;
                }
            }
        }
    }
    options.into_iter()
}

/// The arguments this process was started with, as the kernel knows them.
#[must_use]
pub fn arguments() -> Vec<String> {
    let cmdline = std::fs::read("/proc/self/cmdline").unwrap_or_default();
    cmdline
        .split(|byte| *byte == 0)
        .skip(1)
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fpm(line: &str) -> bool {
        serves_requests(
            "fpm-fcgi",
            &line.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn php_fpm_that_only_tells_or_tests_starts_nothing() {
        for line in [
            "-t",
            "-tt",
            "-v",
            "-m",
            "-i",
            "-h",
            "--test",
            "--version",
            "-y /etc/fpm.conf -t",
            "-nt",
            "-d a=b --info",
        ] {
            assert!(!fpm(line), "{line}");
        }
    }

    #[test]
    fn php_fpm_that_serves_starts_a_hub() {
        for line in [
            "",
            "-F",
            "--nodaemonize -y t",
            "-d t=1",
            "-dv",
            "-c /etc/php.ini -R",
            "--fpm-config v",
            "-y -t",
        ] {
            assert!(fpm(line), "{line}");
        }
        assert!(serves_requests(
            "cli-server",
            &["-S".into(), "localhost:0".into(), "-t".into(), "public".into()]
        ));
        assert!(!serves_requests("cli", &[]));
    }
}

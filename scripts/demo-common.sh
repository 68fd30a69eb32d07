# What scripts/demo.sh and scripts/demo-fpm.sh share; sourced by both. Needs bash.

set -euo pipefail
# Every background job gets a process group of its own, so that it can be stopped together with its workers.
set -m

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs_started=()
runtime=

fail() {
    echo "demo: $*" >&2
    exit 1
}

need() { # command, Debian package
    command -v "$1" >/dev/null || fail "\"$1\" is missing; run scripts/install-deps.sh demo (or: apt-get install $2)"
}

# Whether PHP has an extension.
has() { # php binary, extension
    # Not grep -q: it would not read to the end, and PHP would die of the closed pipe.
    "$1" -m | grep -x "$2" >/dev/null
}

need_sqlite() { # php binary
    has "$1" pdo_sqlite || fail "PHP's SQLite is missing; run scripts/install-deps.sh demo (or: apt-get install php8.2-sqlite3)"
}

# Sets extension_options: how to load the extension into a PHP binary. Builds it where it is not installed.
load_extension() { # php binary
    extension_options=()
    if has "$1" mercure; then
        echo "Using the mercure extension that is enabled in php.ini."
        return
    fi
    local library=${CARGO_TARGET_DIR:-$root/target}/release/libmercure.so
    if command -v cargo >/dev/null; then
        [[ -f $library ]] || echo "Building the extension; the first time takes some minutes."
        cargo build --release --manifest-path "$root/Cargo.toml"
    fi
    [[ -f $library ]] || fail "there is no $library and no cargo to build it; install Rust from https://rustup.rs"
    extension_options=(-d "extension=$library")
}

# Prints a port of $host that is free: the given one, or where none is given the first from the default on.
choose_port() { # name of the environment variable, default
    local wanted=${!1:-} port
    for port in ${wanted:-$(seq "$2" "$(($2 + 50))")}; do
        if php -n -r '
            exit(@stream_socket_server("tcp://$argv[1]:$argv[2]") ? 0 : 1);
        ' "$host" "$port"; then
            echo "$port"
            return
        fi
    done
    fail "$host port ${wanted:-$2} cannot be used; set $1 to a free one"
}

# A directory of its own for sockets and generated files, gone at the end.
make_runtime() {
    local parent=${XDG_RUNTIME_DIR:-/tmp}
    [[ $(id -u) -ne 0 ]] || parent=/run
    [[ -w $parent ]] || parent=/tmp
    runtime=$(mktemp -d "$parent/mercure-demo.XXXXXX")
    # The web server's user goes in, and nobody else finds anything to read.
    chmod 711 "$runtime"
}

# The database and the sessions: kept from one start to the next.
make_var() {
    export CHAT_VAR=${CHAT_VAR:-$root/examples/chat/var}
    mkdir -p "$CHAT_VAR" 2>/dev/null && [[ -w $CHAT_VAR ]] \
        || fail "$CHAT_VAR is not writable; set CHAT_VAR to a directory that is"
}

# The key that the hub and the page share: both read it from the environment, the hub because its directive is empty.
# A new one each time is fine: pages that are open renew their cookie.
make_key() {
    MERCURE_SUBSCRIBER_JWT_KEY=$(head -c 32 /dev/urandom | base64)
    export MERCURE_SUBSCRIBER_JWT_KEY
}

start() { # signal that stops it, command ...
    local signal=$1
    shift
    "$@" </dev/null &
    jobs_started+=("$signal $!")
}

# Waits until the command succeeds.
wait_for() { # what for, command ...
    local what=$1 attempt
    shift
    for attempt in {1..100}; do
        kill -0 "${jobs_started[0]#* }" 2>/dev/null || fail "the server has ended; see above"
        ! "$@" || return 0
        sleep 0.1
    done
    fail "there is still no $what; see above"
}

answers() { # url
    php -n -r 'exit(@file_get_contents($argv[1]) === false ? 1 : 0);' "$1"
}

stop() {
    trap '' INT TERM HUP
    trap - EXIT
    local job
    for job in "${jobs_started[@]}"; do
        kill -s "${job%% *}" -- "-${job#* }" 2>/dev/null || true
    done
    wait
    [[ -n $runtime ]] || return 0
    # With its PHP gone, the hub stops by itself after a moment. While it lives, its supervisor holds the lock.
    for _ in {1..100}; do
        ! flock --nonblock "$runtime/publish.sock.lock" true || break
        sleep 0.1
    done
    rm -rf "$runtime"
}

trap stop EXIT
trap 'echo; exit 0' INT TERM HUP
host=${DEMO_HOST:-127.0.0.1}

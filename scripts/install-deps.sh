#!/bin/bash
# Installs what Debian 12 has to offer for building, showing and testing this project. Run as root; safe to run again.
#
#   scripts/install-deps.sh            everything
#   scripts/install-deps.sh build      what `cargo build` needs
#   scripts/install-deps.sh demo       ... and what `make demo` and `make demo-fpm` need
#   scripts/install-deps.sh test       ... and what `make test` needs

set -euo pipefail

readonly MINIMUM_RUST=1.88

build=(clang gcc libc6-dev libclang-dev make php8.2-cli php8.2-dev)
demo=(nginx php8.2-fpm php8.2-sqlite3 procps util-linux)
test=(
    chromium chromium-driver curl fonts-dejavu-core iproute2 php-symfony-http-client php-symfony-mercure php8.2-curl php8.2-mbstring
    php8.2-xml phpunit python3 python3-pytest python3-selenium
)

fail() {
    echo "install-deps: $*" >&2
    exit 1
}

case ${1:-test} in
    build) wanted=("${build[@]}") ;;
    demo) wanted=("${build[@]}" "${demo[@]}") ;;
    test | all) wanted=("${build[@]}" "${demo[@]}" "${test[@]}") ;;
    *) fail "unknown group \"$1\"; write build, demo or test" ;;
esac

rust=$(rustc --version 2>/dev/null | cut -d ' ' -f 2 || true)
[[ -n $rust ]] || fail "Rust is missing; install $MINIMUM_RUST or newer from https://rustup.rs"
[[ $(printf '%s\n' "$MINIMUM_RUST" "$rust" | sort -V | head -n 1) == "$MINIMUM_RUST" ]] \
    || fail "Rust $rust is too old; install $MINIMUM_RUST or newer (rustup update)"
command -v apt-get >/dev/null || fail "there is no apt-get; install the equivalents of: ${wanted[*]}"

missing=()
for package in "${wanted[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
    echo "All ${#wanted[@]} packages are installed."
    exit 0
fi
[[ $(id -u) -eq 0 ]] || fail "run as root to install: ${missing[*]}"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
    "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "\"$*\" failed; see above"; }
}
export DEBIAN_FRONTEND=noninteractive
echo "Updating the list of packages."
quietly apt-get update
echo "Installing ${missing[*]}."
quietly apt-get install -y --no-install-recommends "${missing[@]}"
echo "Done."

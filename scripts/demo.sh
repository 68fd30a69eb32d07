#!/bin/bash
# The chat of examples/chat under `php -S`, with the hub on a port of its own. Ctrl-C stops everything.
#
# DEMO_HOST       address to listen on (127.0.0.1)
# DEMO_PORT       port of the page (8000, or the next free one)
# DEMO_HUB_PORT   port of the hub (3000, or the next free one)
# CHAT_VAR        directory of the database and the sessions (examples/chat/var)

source "$(dirname "${BASH_SOURCE[0]}")/demo-common.sh"

need php php8.2-cli
need_sqlite php
load_extension php
port=$(choose_port DEMO_PORT 8000)
hub_port=$(choose_port DEMO_HUB_PORT 3000)
make_runtime
make_var
make_key

names=("$host")
[[ $host != 127.0.0.1 ]] || names+=(localhost)

export PHP_CLI_SERVER_WORKERS=4
# Requests are not shown; errors are.
readonly requests='Development Server|\] ('$'\e''\[[0-9]+m)?[0-9.]+:[0-9]+ (Accepted|Closing|\[[1-4][0-9]{2}\])'
start INT php "${extension_options[@]}" \
    -d log_errors=1 \
    -d mercure.listen="$host:$hub_port" \
    -d mercure.public_url="http://$host:$hub_port/.well-known/mercure" \
    -d mercure.cors_origins="$(printf "http://%s:$port " "${names[@]}")" \
    -d mercure.publish_socket="$runtime/publish.sock" \
    -d mercure.subscriber_jwt_key= \
    -d mercure.log=stderr \
    -S "$host:$port" -t "$root/examples/chat/public" "$root/examples/chat/public/index.php" \
    2> >(grep --line-buffered -Ev "$requests" >&2)
wait_for "answer at http://$host:$port/" answers "http://$host:$port/"

cat <<TEXT

  The chat runs:   http://$host:$port/
  and the hub:     http://$host:$hub_port/.well-known/mercure

  Log in as Alice. Then log in as Bob in a private window, in another browser${names[1]:+,
  or at http://localhost:$port/ (to a browser, that is another site)}, and write to each other.

  Kill the hub and watch the page:  pkill -9 mercure-hub
  Stop everything:                  Ctrl-C

TEXT
wait -n || true
fail "the server has ended"

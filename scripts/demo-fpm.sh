#!/bin/bash
# The chat of examples/chat as in production: php-fpm behind nginx, page and hub on one origin. Ctrl-C stops everything.
#
# DEMO_HOST   address to listen on (127.0.0.1)
# DEMO_PORT   port of nginx (8080, or the next free one)
# CHAT_VAR    directory of the database and the sessions (examples/chat/var)

source "$(dirname "${BASH_SOURCE[0]}")/demo-common.sh"

find_server() { # its possible names
    # An ordinary user's PATH does not have the servers. (For the build it stays as it is: another PATH builds everything anew.)
    (PATH=$PATH:/usr/sbin && type -P "$@" | head -n 1 || true)
}

need php php8.2-cli
# The same version as the PHP that the extension is built for.
fpm=$(find_server "php-fpm$(php -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')" php-fpm)
[[ -n $fpm ]] || fail "php-fpm is missing; run scripts/install-deps.sh demo (or: apt-get install php8.2-fpm)"
nginx=$(find_server nginx)
[[ -n $nginx ]] || fail "nginx is missing; run scripts/install-deps.sh demo (or: apt-get install nginx)"
need_sqlite "$fpm"
load_extension "$fpm"
port=$(choose_port DEMO_PORT 8080)
make_runtime
make_key
app=$root/examples/chat

as_www_data() {
    setpriv --reuid www-data --regid www-data --clear-groups "$@"
}

nginx_user=
fpm_user=
if [[ $(id -u) -eq 0 ]]; then
    nginx_user="user www-data;"
    fpm_user="user = www-data"
    if ! as_www_data test -r "$app/public/index.php"; then
        echo "www-data cannot read this checkout: serving a copy of the chat, and messages are not kept."
        cp -r "$app" "$runtime/chat"
        app=$runtime/chat
        CHAT_VAR=${CHAT_VAR:-$runtime/var}
    fi
fi
make_var
if [[ -n $fpm_user ]]; then
    chown -R www-data: "$CHAT_VAR"
    as_www_data test -w "$CHAT_VAR" || fail "www-data cannot get at $CHAT_VAR; set CHAT_VAR to a directory that it can"
fi

fill_in() { # file
    sed -e "s|@RUNTIME@|$runtime|g" -e "s|@APP@|$app|g" -e "s|@VAR@|$CHAT_VAR|g" -e "s|@LISTEN@|$host:$port|g" \
        -e "s|@SNIPPET@|$root/docs/nginx/mercure.conf|g" -e "s|@NGINX_USER@|$nginx_user|g" -e "s|@FPM_USER@|$fpm_user|g" \
        "$app/deploy/$1" >"$runtime/$1"
}
fill_in nginx.conf
fill_in php-fpm.conf

start QUIT "$fpm" --nodaemonize --force-stderr --fpm-config "$runtime/php-fpm.conf" "${extension_options[@]}" \
    -d mercure.listen="unix:$runtime/hub.sock" \
    -d mercure.publish_socket="$runtime/publish.sock" \
    -d mercure.subscriber_jwt_key= \
    -d mercure.log=stderr
wait_for "php-fpm at $runtime/fpm.sock" test -S "$runtime/fpm.sock"
start TERM "$nginx" -e stderr -c "$runtime/nginx.conf"
wait_for "answer at http://$host:$port/" answers "http://$host:$port/"

cat <<TEXT

  The chat runs:   http://$host:$port/
  and the hub:     http://$host:$port/.well-known/mercure

  Log in as Alice. Then log in as Bob in a private window or in another browser, and write to each other.

  Kill the hub and watch the page:  pkill -9 mercure-hub
  Reload php-fpm:                   kill -USR2 \$(cat $runtime/fpm.pid)
  Stop everything:                  Ctrl-C

TEXT
wait -n || true
fail "a server has ended"

<?php

/**
 * Answers every request on a Unix stream socket with an id: what publishing costs where it is a request and an answer.
 * One connection after the other. Argument: the socket's path.
 */

declare(strict_types=1);

$listener = socket_create(AF_UNIX, SOCK_STREAM, 0);
if ($listener === false || !socket_bind($listener, $argv[1]) || !socket_listen($listener)) {
    throw new RuntimeException("cannot listen on {$argv[1]}");
}
echo "ready\n";
while (($connection = socket_accept($listener)) !== false) {
    $request = '';
    while (socket_recv($connection, $request, 65536, 0)) {
        socket_send($connection, 'urn:uuid:00000000-0000-4000-8000-000000000000', 45, 0);
    }
}

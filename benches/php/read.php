<?php

/** Waits for datagrams on a Unix socket and drops them. Argument: the socket's path. */

declare(strict_types=1);

$socket = socket_create(AF_UNIX, SOCK_DGRAM, 0);
if ($socket === false || !socket_bind($socket, $argv[1])) {
    throw new RuntimeException("cannot bind {$argv[1]}");
}
echo "ready\n";
$update = '';
while (socket_recv($socket, $update, 65536, 0) !== false) {
}

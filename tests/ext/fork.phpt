--TEST--
A forked process publishes as its parent does, with ids of its own
--INI--
mercure.publish_socket={TMP}/mercure-phpt-fork.sock
--FILE--
<?php
require __DIR__ . '/peer.inc';
$peer = new Peer();
mercure_publish('/before');
$pid = pcntl_fork();
if ($pid === 0) {
    mercure_publish('/child');
    pcntl_exec('/bin/true'); // without the destructor, which unlinks the socket
}
pcntl_waitpid($pid, $status);
mercure_publish('/parent');
$ids = [];
while ($update = $peer->receive()) {
    echo $update['topics'][0], "\n";
    $ids[] = $update['id'];
}
var_dump(count(array_unique($ids)));
?>
--EXPECT--
/before
/child
/parent
int(3)

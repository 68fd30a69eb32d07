--TEST--
exit() in a topic's __toString() publishes nothing
--INI--
mercure.publish_socket={TMP}/mercure-phpt-exit.sock
--FILE--
<?php
require __DIR__ . '/peer.inc';
$peer = new Peer();
register_shutdown_function(function () use ($peer) {
    var_dump($peer->receive());
});
mercure_publish(['/a', new class () {
    public function __toString(): string
    {
        exit("leaving\n");
    }
}]);
echo "not reached\n";
?>
--EXPECT--
leaving
NULL

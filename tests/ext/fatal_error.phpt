--TEST--
A fatal error in the middle of a call leaves the extension usable
--INI--
mercure.publish_socket={TMP}/mercure-phpt-fatal.sock
memory_limit=8M
--FILE--
<?php
require __DIR__ . '/peer.inc';
$peer = new Peer();

register_shutdown_function(function () use ($peer) {
    echo mercure_publish(['/a', '/b'], id: 'after'), "\n";
    $peer->show();
    var_dump($peer->receive());
});

mercure_publish(['/a', 1, new class () {
    public function __toString(): string
    {
        return str_repeat('x', 1 << 30);
    }
}]);
?>
--CLEAN--
<?php
unlink(sys_get_temp_dir() . '/mercure-phpt-fatal.sock');
?>
--EXPECTF--
Fatal error: Allowed memory size of %d bytes exhausted %s
after
{"id":"after","type":"","topics":["/a","/b"],"data":"","private":false,"retry":null}
NULL

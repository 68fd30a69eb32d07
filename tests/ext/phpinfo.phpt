--TEST--
php -i has a mercure section that says whether the hub can be reached
--INI--
mercure.publish_socket={TMP}/mercure-phpt-info.sock
mercure.listen=127.0.0.1:3000, unix:/tmp/mercure-phpt-http.sock
--FILE--
<?php
require __DIR__ . '/peer.inc';

function section(): void
{
    ob_start();
    phpinfo(INFO_MODULES);
    preg_match('/\nmercure\n\n(.*?)\n\n/s', ob_get_clean(), $match);
    echo $match[1], "\n";
}

section();
echo "-- with a peer\n";
$peer = new Peer();
section();
var_dump(phpversion('mercure'));
?>
--EXPECTF--
Mercure hub => enabled
Version => %d.%d.%d
Dialects => 0.x
Hub reachable => no: %s
Public URL => http://127.0.0.1:3000/.well-known/mercure
Listening addresses => 127.0.0.1:3000, unix:/tmp/mercure-phpt-http.sock
Transport => memory
Publish socket => %s/mercure-phpt-info.sock
-- with a peer
Mercure hub => enabled
Version => %d.%d.%d
Dialects => 0.x
Hub reachable => yes
Public URL => http://127.0.0.1:3000/.well-known/mercure
Listening addresses => 127.0.0.1:3000, unix:/tmp/mercure-phpt-http.sock
Transport => memory
Publish socket => %s/mercure-phpt-info.sock
string(%d) "%d.%d.%d"

--TEST--
mercure_publish() sends what it was given and returns the id
--INI--
mercure.publish_socket={TMP}/mercure-phpt-publish.sock
--FILE--
<?php
require __DIR__ . '/peer.inc';
$peer = new Peer();

$id = mercure_publish('https://example.com/books/1');
var_dump(preg_match('/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/', $id));
$update = $peer->receive();
var_dump($update['id'] === $id, $update);

echo mercure_publish(['/a', '/b'], "line 1\nline 2", true, 'id-1', 'note', 1500), "\n";
$peer->show();

echo mercure_publish(data: 'named', topics: '/c', retry: 0, id: 'id-2'), "\n";
$peer->show();

// Empty means none given.
var_dump(str_starts_with(mercure_publish('/d', 'é', id: '', type: ''), 'urn:uuid:'));
echo $peer->receive()['data'], "\n";

// Two updates never share an id.
var_dump(mercure_publish('/e') !== mercure_publish('/e'));

// Bytes that would end a C string are data like any other.
$peer->receive();
$peer->receive();
mercure_publish('/f', "a\0b");
var_dump($peer->receive()['data'] === "a\0b");
var_dump($peer->receive());
?>
--EXPECTF--
int(1)
bool(true)
array(6) {
  ["id"]=>
  string(45) "%s"
  ["type"]=>
  string(0) ""
  ["topics"]=>
  array(1) {
    [0]=>
    string(27) "https://example.com/books/1"
  }
  ["data"]=>
  string(0) ""
  ["private"]=>
  bool(false)
  ["retry"]=>
  NULL
}
id-1
{"id":"id-1","type":"note","topics":["/a","/b"],"data":"line 1\nline 2","private":true,"retry":1500}
id-2
{"id":"id-2","type":"","topics":["/c"],"data":"named","private":false,"retry":0}
bool(true)
é
bool(true)
bool(true)
NULL

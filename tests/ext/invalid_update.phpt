--TEST--
Values that no update may have throw an InvalidArgumentException that names them
--INI--
mercure.publish_socket={TMP}/mercure-phpt-invalid.sock
--FILE--
<?php
require __DIR__ . '/peer.inc';
require __DIR__ . '/throws.inc';
$peer = new Peer();

throws(fn () => mercure_publish([]));
throws(fn () => mercure_publish(''));
throws(fn () => mercure_publish('*'));
throws(fn () => mercure_publish("/a\nb"));
throws(fn () => mercure_publish("\xff"));
throws(fn () => mercure_publish(['/a', "/b\xc3"]));
throws(fn () => mercure_publish('/a', "caf\xe9"));
throws(fn () => mercure_publish('/a', id: "\x80"));
throws(fn () => mercure_publish('/a', type: "\x80"));
throws(fn () => mercure_publish('/a', id: '#1'));
throws(fn () => mercure_publish('/a', id: "a\0b"));
throws(fn () => mercure_publish('/a', retry: -1));
throws(fn () => mercure_publish(array_fill(0, 101, '/a')));

echo "-- an Update is checked when it is published\n";
$update = new Mercure\Update([], "\xff", retry: PHP_INT_MIN);
throws(fn () => (new Mercure\Hub())->publish($update));
throws(fn () => (new Mercure\Publisher())(new Mercure\Update('/a', retry: -5)));

var_dump($peer->receive());
?>
--EXPECT--
Mercure\Exception\InvalidArgumentException: Invalid update: an update needs at least one topic
Mercure\Exception\InvalidArgumentException: Invalid update: topic is empty
Mercure\Exception\InvalidArgumentException: Invalid update: topic "*" is reserved for subscribers and cannot be published to
Mercure\Exception\InvalidArgumentException: Invalid update: topic contains a control or format character (such as a line break or NUL)
Mercure\Exception\InvalidArgumentException: Invalid update: $topics is not valid UTF-8 at byte 0; convert it first, for example with mb_convert_encoding()
Mercure\Exception\InvalidArgumentException: Invalid update: $topics[1] is not valid UTF-8 at byte 2; convert it first, for example with mb_convert_encoding()
Mercure\Exception\InvalidArgumentException: Invalid update: $data is not valid UTF-8 at byte 3; convert it first, for example with mb_convert_encoding()
Mercure\Exception\InvalidArgumentException: Invalid update: $id is not valid UTF-8 at byte 0; convert it first, for example with mb_convert_encoding()
Mercure\Exception\InvalidArgumentException: Invalid update: $type is not valid UTF-8 at byte 0; convert it first, for example with mb_convert_encoding()
Mercure\Exception\InvalidArgumentException: Invalid update: id starts with "#", which is reserved
Mercure\Exception\InvalidArgumentException: Invalid update: id contains a control or format character (such as a line break or NUL)
Mercure\Exception\InvalidArgumentException: Invalid update: $retry must be 0 or more milliseconds, -1 given
Mercure\Exception\InvalidArgumentException: Invalid update: an update has at most 100 topics, 101 given
-- an Update is checked when it is published
Mercure\Exception\InvalidArgumentException: Invalid update: $data is not valid UTF-8 at byte 0; convert it first, for example with mb_convert_encoding()
Mercure\Exception\InvalidArgumentException: Invalid update: $retry must be 0 or more milliseconds, -5 given
NULL

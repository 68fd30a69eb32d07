--TEST--
Strict mode: nothing is coerced
--INI--
mercure.publish_socket={TMP}/mercure-phpt-strict.sock
--FILE--
<?php
declare(strict_types=1);

require __DIR__ . '/peer.inc';
require __DIR__ . '/throws.inc';
$peer = new Peer();

class Text
{
    public function __toString(): string
    {
        return '/t';
    }
}

throws(fn () => mercure_publish(12));
throws(fn () => mercure_publish(null));
throws(fn () => mercure_publish(new Text()));
throws(fn () => mercure_publish('/a', 1));
throws(fn () => mercure_publish('/a', null));
throws(fn () => mercure_publish('/a', private: 1));
throws(fn () => mercure_publish('/a', id: 1));
throws(fn () => mercure_publish('/a', retry: '1'));
throws(fn () => mercure_publish(['/a', 1]));
throws(fn () => mercure_publish([new Text()]));
throws(fn () => new Mercure\Update(['/a', 1]));
throws(fn () => new Mercure\Update('/a', data: 1));
var_dump($peer->receive());

echo mercure_publish(['/a'], 'd', true, 'i', 't', 1), "\n";
$peer->show();
?>
--EXPECT--
TypeError: mercure_publish(): Argument #1 ($topics) must be of type array|string, int given
TypeError: mercure_publish(): Argument #1 ($topics) must be of type array|string, null given
TypeError: mercure_publish(): Argument #1 ($topics) must be of type array|string, Text given
TypeError: mercure_publish(): Argument #2 ($data) must be of type string, int given
TypeError: mercure_publish(): Argument #2 ($data) must be of type string, null given
TypeError: mercure_publish(): Argument #3 ($private) must be of type bool, int given
TypeError: mercure_publish(): Argument #4 ($id) must be of type ?string, int given
TypeError: mercure_publish(): Argument #6 ($retry) must be of type ?int, string given
TypeError: mercure_publish(): Argument #1 ($topics) must contain only strings, int given at index 1
TypeError: mercure_publish(): Argument #1 ($topics) must contain only strings, Text given at index 0
TypeError: Mercure\Update::__construct(): Argument #1 ($topics) must contain only strings, int given at index 1
TypeError: Mercure\Update::__construct(): Argument #2 ($data) must be of type string, int given
NULL
i
{"id":"i","type":"t","topics":["/a"],"data":"d","private":true,"retry":1}

--TEST--
Weak mode: arguments are coerced as for any function of PHP's
--INI--
mercure.publish_socket={TMP}/mercure-phpt-weak.sock
error_reporting=E_ALL
--FILE--
<?php
require __DIR__ . '/peer.inc';
require __DIR__ . '/throws.inc';
$peer = new Peer();

class Text
{
    public function __construct(private string $text)
    {
    }

    public function __toString(): string
    {
        return $this->text;
    }
}

class Throwing
{
    public function __toString(): string
    {
        throw new LogicException('from __toString');
    }
}

echo mercure_publish(12, 3.5, 1, 7, true, '250'), "\n";
$peer->show();
echo mercure_publish(new Text('/t'), new Text('d'), '', new Text('i'), new Text('e'), 10.0), "\n";
$peer->show();
mercure_publish(['x' => '/a', 1, new Text('/o'), true], id: 'list');
$peer->show();

echo "-- what PHP refuses\n";
throws(fn () => mercure_publish(new stdClass()));
throws(fn () => mercure_publish('/a', []));
throws(fn () => mercure_publish('/a', private: []));
throws(fn () => mercure_publish('/a', id: []));
throws(fn () => mercure_publish('/a', type: new stdClass()));
throws(fn () => mercure_publish('/a', retry: 'soon'));
throws(fn () => mercure_publish('/a', retry: NAN));
throws(fn () => mercure_publish());
throws(fn () => mercure_publish(data: 'd'));
throws(fn () => mercure_publish('/a', topic: '/b'));
throws(fn () => mercure_publish(1, 2, 3, 4, 5, 6, 7));
throws(fn () => mercure_publish(new Throwing()));
throws(fn () => mercure_publish('/a', new Throwing()));

echo "-- what an array of topics may not hold\n";
throws(fn () => mercure_publish(['/a', null]));
throws(fn () => mercure_publish(['k' => ['/b']]));
throws(fn () => mercure_publish([new stdClass()]));
throws(fn () => mercure_publish(['/a', new Throwing()]));

echo "-- what PHP deprecates\n";
throws(fn () => mercure_publish('/a', null, id: 'n'));
throws(fn () => mercure_publish('/a', retry: 1.5, id: 'r'));
$peer->show();
$peer->show();
var_dump($peer->receive());

echo "-- the caller's values stay as they are\n";
$topics = ['k' => 1, 'r' => '/r'];
$reference = &$topics['r'];
mercure_publish($topics, id: 'kept');
$peer->show();
var_dump($topics['k'], $reference);
?>
--EXPECTF--
7
{"id":"7","type":"1","topics":["12"],"data":"3.5","private":true,"retry":250}
i
{"id":"i","type":"e","topics":["/t"],"data":"d","private":false,"retry":10}
{"id":"list","type":"","topics":["/a","1","/o","1"],"data":"","private":false,"retry":null}
-- what PHP refuses
TypeError: mercure_publish(): Argument #1 ($topics) must be of type array|string, stdClass given
TypeError: mercure_publish(): Argument #2 ($data) must be of type string, array given
TypeError: mercure_publish(): Argument #3 ($private) must be of type bool, array given
TypeError: mercure_publish(): Argument #4 ($id) must be of type ?string, array given
TypeError: mercure_publish(): Argument #5 ($type) must be of type ?string, stdClass given
TypeError: mercure_publish(): Argument #6 ($retry) must be of type ?int, string given
TypeError: mercure_publish(): Argument #6 ($retry) must be of type ?int, float given
ArgumentCountError: mercure_publish() expects at least 1 argument, 0 given
ArgumentCountError: mercure_publish(): Argument #1 ($topics) not passed
Error: Unknown named parameter $topic
ArgumentCountError: mercure_publish() expects at most 6 arguments, 7 given
LogicException: from __toString
LogicException: from __toString
-- what an array of topics may not hold
TypeError: mercure_publish(): Argument #1 ($topics) must contain only strings, null given at index 1
TypeError: mercure_publish(): Argument #1 ($topics) must contain only strings, array given at index k
TypeError: mercure_publish(): Argument #1 ($topics) must contain only strings, stdClass given at index 0
LogicException: from __toString
-- what PHP deprecates

Deprecated: mercure_publish(): Passing null to parameter #2 ($data) of type string is deprecated in %s on line %d
string(1) "n"

Deprecated: Implicit conversion from float 1.5 to int loses precision in %s on line %d
string(1) "r"
{"id":"n","type":"","topics":["/a"],"data":"","private":false,"retry":null}
{"id":"r","type":"","topics":["/a"],"data":"","private":false,"retry":1}
NULL
-- the caller's values stay as they are
{"id":"kept","type":"","topics":["1","/r"],"data":"","private":false,"retry":null}
int(1)
string(2) "/r"

--TEST--
Mercure\Update survives serialize and unserialize; garbage does not become one
--FILE--
<?php
require __DIR__ . '/throws.inc';
use Mercure\Update;

$update = new Update(['/a', 'é'], "data\n", true, 'id', 'type', 5);
echo $text = serialize($update), "\n";
var_dump(unserialize($text) == $update, unserialize($text)->getTopics());
$plain = new Update('/a');
var_dump(unserialize(serialize($plain)) == $plain, unserialize(serialize([$plain, $plain]))[1]->getId());

echo "-- garbage\n";
$good = $update->__serialize();
foreach ([
    [],
    ['topics' => '/a'] + $good,
    ['topics' => ['/a', 1]] + $good,
    ['topics' => ['k' => '/a']] + $good,
    ['data' => null] + $good,
    ['data' => 1] + $good,
    ['private' => 1] + $good,
    ['id' => 1] + $good,
    ['type' => []] + $good,
    ['retry' => '5'] + $good,
    array_diff_key($good, ['retry' => 1]),
] as $bad) {
    $text = 'O:14:"Mercure\Update":' . substr(serialize($bad), 2);
    throws(fn () => unserialize($text));
}
throws(fn () => unserialize('O:14:"Mercure\Update":1:{i:0;i:1;}'));
throws(fn () => @unserialize('C:14:"Mercure\Update":0:{}')->getData());
throws(fn () => @unserialize('O:14:"Mercure\Update":1:{'));
throws(fn () => Update::__set_state([]));

// A reference inside the text must not stay one inside the value.
$text = serialize(['topics' => ['/a'], 'data' => 'd', 'private' => false, 'id' => null, 'type' => null, 'retry' => null]);
$both = unserialize('a:2:{i:0;O:14:"Mercure\Update":' . substr(str_replace('s:1:"d"', 's:1:"d"', $text), 2) . 'i:1;R:5;}');
$both[1] = 'changed';
var_dump($both[0]->getData());
?>
--EXPECTF--
O:14:"Mercure\Update":6:{s:6:"topics";a:2:{i:0;s:2:"/a";i:1;s:2:"é";}s:4:"data";s:5:"data
";s:7:"private";b:1;s:2:"id";s:2:"id";s:4:"type";s:4:"type";s:5:"retry";i:5;}
bool(true)
array(2) {
  [0]=>
  string(2) "/a"
  [1]=>
  string(2) "é"
}
bool(true)
NULL
-- garbage
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "topics" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "topics" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "topics" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "topics" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "data" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "data" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "private" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "id" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "type" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "retry" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "retry" is missing or of the wrong type
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "topics" is missing or of the wrong type
Error: Typed property Mercure\Update::$data must not be accessed before initialization
bool(false)
Mercure\Exception\InvalidArgumentException: Invalid serialization data for Mercure\Update: "topics" is missing or of the wrong type
string(1) "d"

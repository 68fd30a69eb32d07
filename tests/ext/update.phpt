--TEST--
Mercure\Update is a value: read, cloned, compared, shown, never changed
--FILE--
<?php
require __DIR__ . '/throws.inc';
use Mercure\Update;

$update = new Update(['/a', '/b'], 'data', true, 'id', 'type', 5);
var_dump($update->getTopics(), $update->getData(), $update->isPrivate(), $update->getId(), $update->getType(), $update->getRetry());
$plain = new Update(topics: '/a');
var_dump($plain->getTopics(), $plain->getData(), $plain->isPrivate(), $plain->getId(), $plain->getType(), $plain->getRetry());

echo "-- what it shows\n";
var_dump($update);
var_export($plain);
echo "\n", json_encode($plain), "\n";

echo "-- what it equals\n";
var_dump(clone $update == $update, clone $update === $update, $update == $plain);
var_dump(eval('return ' . var_export($update, true) . ';') == $update);

echo "-- what an array of topics becomes\n";
$topics = [3 => '/x', 'k' => '/y'];
var_dump((new Update($topics))->getTopics());
$topics = ['/x'];
$reference = &$topics[0];
$update = new Update($topics);
$reference = '/changed';
var_dump($update->getTopics());
$got = $update->getTopics();
$got[] = '/z';
var_dump(count($update->getTopics()));

echo "-- how it refuses to change\n";
throws(function () use ($plain) { $plain->data = 'x'; });
throws(function () use ($plain) { $plain->other = 'x'; });
throws(fn () => $plain->data);
throws(fn () => $plain->__construct('/other'));
throws(fn () => $plain->__unserialize($plain->__serialize()));
throws(fn () => (new ReflectionProperty(Update::class, 'data'))->setValue($plain, 'x'));
var_dump($plain == new Update('/a'));

echo "-- without its constructor\n";
$empty = (new ReflectionClass(Update::class))->newInstanceWithoutConstructor();
throws(fn () => $empty->getTopics());
throws(fn () => $empty->getRetry());
throws(fn () => (new Mercure\Hub())->publish($empty));
throws(fn () => serialize($empty));
var_dump($empty);

throws(fn () => $plain->getData(1));
?>
--EXPECTF--
array(2) {
  [0]=>
  string(2) "/a"
  [1]=>
  string(2) "/b"
}
string(4) "data"
bool(true)
string(2) "id"
string(4) "type"
int(5)
array(1) {
  [0]=>
  string(2) "/a"
}
string(0) ""
bool(false)
NULL
NULL
NULL
-- what it shows
object(Mercure\Update)#%d (6) {
  ["topics":"Mercure\Update":private]=>
  array(2) {
    [0]=>
    string(2) "/a"
    [1]=>
    string(2) "/b"
  }
  ["data":"Mercure\Update":private]=>
  string(4) "data"
  ["private":"Mercure\Update":private]=>
  bool(true)
  ["id":"Mercure\Update":private]=>
  string(2) "id"
  ["type":"Mercure\Update":private]=>
  string(4) "type"
  ["retry":"Mercure\Update":private]=>
  int(5)
}
\Mercure\Update::__set_state(array(
   'topics' => 
  array (
    0 => '/a',
  ),
   'data' => '',
   'private' => false,
   'id' => NULL,
   'type' => NULL,
   'retry' => NULL,
))
{}
-- what it equals
bool(true)
bool(false)
bool(false)
bool(true)
-- what an array of topics becomes
array(2) {
  [0]=>
  string(2) "/x"
  [1]=>
  string(2) "/y"
}
array(1) {
  [0]=>
  string(2) "/x"
}
int(1)
-- how it refuses to change
Error: Cannot access private property Mercure\Update::$data
Error: Cannot create dynamic property Mercure\Update::$other
Error: Cannot access private property Mercure\Update::$data
Error: Cannot modify readonly property Mercure\Update::$topics
Error: Cannot modify readonly property Mercure\Update::$topics
Error: Cannot modify readonly property Mercure\Update::$data
bool(true)
-- without its constructor
Error: Typed property Mercure\Update::$topics must not be accessed before initialization
Error: Typed property Mercure\Update::$retry must not be accessed before initialization
Error: Typed property Mercure\Update::$topics must not be accessed before initialization
Error: Typed property Mercure\Update::$topics must not be accessed before initialization
object(Mercure\Update)#%d (0) {
  ["topics":"Mercure\Update":private]=>
  uninitialized(array)
  ["data":"Mercure\Update":private]=>
  uninitialized(string)
  ["private":"Mercure\Update":private]=>
  uninitialized(bool)
  ["id":"Mercure\Update":private]=>
  uninitialized(?string)
  ["type":"Mercure\Update":private]=>
  uninitialized(?string)
  ["retry":"Mercure\Update":private]=>
  uninitialized(?int)
}
ArgumentCountError: Mercure\Update::getData() expects exactly 0 arguments, 1 given

--TEST--
Exceptions know where they were thrown, and who may catch them
--INI--
mercure.publish_socket={TMP}/mercure-phpt-nobody.sock
zend.exception_ignore_args=1
--FILE--
<?php

function publish(): void
{
    mercure_publish('/a'); // line 5
}

try {
    publish();
} catch (Mercure\Exception\HubUnavailableException $e) {
    var_dump(str_contains($e->getMessage(), ini_get('mercure.publish_socket')));
    var_dump(basename($e->getFile()), $e->getLine(), $e->getCode(), $e->getPrevious());
    echo preg_replace('~/\S+/~', '', $e->getTraceAsString()), "\n";
}

try {
    (new Mercure\Hub())->publish(new Mercure\Update('/a')); // line 17
} catch (RuntimeException $e) {
    var_dump($e::class, $e->getLine(), $e->getTrace()[0]['class'], $e->getTrace()[0]['function']);
}

try {
    mercure_publish('');
} catch (Mercure\Exception\ExceptionInterface $e) {
    var_dump($e::class, $e->getLine());
}

foreach (['InvalidArgumentException', 'PublishException', 'HubUnavailableException'] as $name) {
    $class = 'Mercure\Exception\\' . $name;
    $parents = array_values(class_parents($class));
    sort($parents);
    echo $name, ': ', implode(' ', $parents), "\n";
    var_dump(is_a($class, Mercure\Exception\ExceptionInterface::class, true));
    $made = new $class('made by a user', 3, new LogicException('before'));
    var_dump($made->getMessage(), $made->getCode(), $made->getPrevious()->getMessage(), $made->getLine());
}
var_dump(is_a(Mercure\Exception\ExceptionInterface::class, Throwable::class, true));

final class OfAUser extends RuntimeException implements Mercure\Exception\ExceptionInterface
{
}
try {
    throw new OfAUser('a user\'s own');
} catch (Mercure\Exception\ExceptionInterface $e) {
    echo $e->getMessage(), "\n";
}
?>
--EXPECT--
bool(true)
string(14) "exceptions.php"
int(5)
int(0)
NULL
#0 exceptions.php(5): mercure_publish()
#1 exceptions.php(9): publish()
#2 {main}
string(41) "Mercure\Exception\HubUnavailableException"
int(17)
string(11) "Mercure\Hub"
string(7) "publish"
string(42) "Mercure\Exception\InvalidArgumentException"
int(23)
InvalidArgumentException: Exception InvalidArgumentException LogicException
bool(true)
string(14) "made by a user"
int(3)
string(6) "before"
int(34)
PublishException: Exception RuntimeException
bool(true)
string(14) "made by a user"
int(3)
string(6) "before"
int(34)
HubUnavailableException: Exception Mercure\Exception\PublishException RuntimeException
bool(true)
string(14) "made by a user"
int(3)
string(6) "before"
int(34)
bool(true)
a user's own

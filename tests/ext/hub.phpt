--TEST--
Mercure\Hub and Mercure\Publisher publish to the local hub
--INI--
mercure.publish_socket={TMP}/mercure-phpt-hub.sock
mercure.public_url=https://example.com/.well-known/mercure
--FILE--
<?php
require __DIR__ . '/peer.inc';
require __DIR__ . '/throws.inc';
use Mercure\Hub;
use Mercure\HubInterface;
use Mercure\Jwt\TokenFactoryInterface;
use Mercure\Jwt\TokenProviderInterface;
use Mercure\Publisher;
use Mercure\PublisherInterface;
use Mercure\Update;

$peer = new Peer();
$hub = new Hub();
var_dump($hub instanceof HubInterface, $hub->getUrl(), $hub->getPublicUrl(), $hub->getProvider(), $hub->getFactory());
echo $hub->publish(new Update('/a', 'd', true, 'by-hub', 'e', 7)), "\n";
$peer->show();
var_dump(str_starts_with($hub->publish(new Update('/a')), 'urn:uuid:'));
$peer->receive();

$provider = new class () implements TokenProviderInterface {
    public function getJwt(): string
    {
        return 'token';
    }
};
$factory = new class () implements TokenFactoryInterface {
    public function create(?array $subscribe = [], ?array $publish = [], array $additionalClaims = []): string
    {
        return 'token';
    }
};
$hub = new Hub('http://127.0.0.1:3000/.well-known/mercure', $provider, $factory, 'https://cdn.example.com/hub');
var_dump($hub->getUrl(), $hub->getPublicUrl(), $hub->getProvider() === $provider, $hub->getFactory() === $factory);
var_dump((new Hub(jwtFactory: $factory))->getFactory()->create());

echo "-- publishers\n";
$publisher = new Publisher();
var_dump($publisher instanceof PublisherInterface, is_callable($publisher));
echo $publisher(new Update('/a', id: 'by-publisher')), "\n";
$peer->show();
echo (new Publisher($hub))(new Update('/a', id: 'by-hub-of-publisher')), "\n";
$peer->show();
echo implode(array_map(new Publisher(), [new Update('/a', id: 'mapped')])), "\n";
$peer->show();

final class Recording implements HubInterface
{
    public function getPublicUrl(): string
    {
        return 'https://recording.example.com';
    }

    public function getFactory(): ?TokenFactoryInterface
    {
        return null;
    }

    public function publish(Update $update): string
    {
        if ($update->getData() === 'throw') {
            throw new DomainException('refused by a user\'s hub');
        }

        return 'recorded ' . $update->getId();
    }
}
$publisher = new Publisher(new Recording());
echo $publisher(new Update('/a', id: '1')), "\n";
throws(fn () => $publisher(new Update('/a', 'throw')));
var_dump($peer->receive());

echo "-- what they refuse\n";
throws(fn () => $hub->publish('/a'));
throws(fn () => $hub->publish());
throws(fn () => $publisher(new stdClass()));
throws(fn () => new Hub(jwtProvider: $factory));
throws(fn () => new Hub(jwtFactory: $provider));
throws(fn () => new Hub([]));
throws(fn () => new Publisher($publisher));
throws(fn () => serialize($hub));
throws(fn () => serialize($publisher));
throws(fn () => $hub->__construct());
throws(fn () => $publisher->__construct());
throws(function () use ($hub) { $hub->other = 1; });
$empty = (new ReflectionClass(Hub::class))->newInstanceWithoutConstructor();
var_dump($empty->getPublicUrl(), $empty->getFactory());
?>
--EXPECTF--
bool(true)
string(41) "http://127.0.0.1:3000/.well-known/mercure"
string(39) "https://example.com/.well-known/mercure"
NULL
NULL
by-hub
{"id":"by-hub","type":"e","topics":["/a"],"data":"d","private":true,"retry":7}
bool(true)
string(41) "http://127.0.0.1:3000/.well-known/mercure"
string(27) "https://cdn.example.com/hub"
bool(true)
bool(true)
string(5) "token"
-- publishers
bool(true)
bool(true)
by-publisher
{"id":"by-publisher","type":"","topics":["/a"],"data":"","private":false,"retry":null}
by-hub-of-publisher
{"id":"by-hub-of-publisher","type":"","topics":["/a"],"data":"","private":false,"retry":null}
mapped
{"id":"mapped","type":"","topics":["/a"],"data":"","private":false,"retry":null}
recorded 1
DomainException: refused by a user's hub
NULL
-- what they refuse
TypeError: Mercure\Hub::publish(): Argument #%d ($update) must be of type Mercure\Update, string given
ArgumentCountError: Mercure\Hub::publish() expects exactly 1 argument, 0 given
TypeError: Mercure\Publisher::__invoke(): Argument #%d ($update) must be of type Mercure\Update, stdClass given
TypeError: Mercure\Hub::__construct(): Argument #%d ($jwtProvider) must be of type ?Mercure\Jwt\TokenProviderInterface, Mercure\Jwt\TokenFactoryInterface@anonymous given
TypeError: Mercure\Hub::__construct(): Argument #%d ($jwtFactory) must be of type ?Mercure\Jwt\TokenFactoryInterface, Mercure\Jwt\TokenProviderInterface@anonymous given
TypeError: Mercure\Hub::__construct(): Argument #%d ($url) must be of type ?string, array given
TypeError: Mercure\Publisher::__construct(): Argument #%d ($hub) must be of type ?Mercure\HubInterface, Mercure\Publisher given
Exception: Serialization of 'Mercure\Hub' is not allowed
Exception: Serialization of 'Mercure\Publisher' is not allowed
Error: Cannot modify readonly property Mercure\Hub::$url
Error: Cannot modify readonly property Mercure\Publisher::$hub
Error: Cannot create dynamic property Mercure\Hub::$other
string(39) "https://example.com/.well-known/mercure"
NULL

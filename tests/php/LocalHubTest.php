<?php

declare(strict_types=1);

namespace Mercure\Tests;

use Mercure\Symfony\LocalHub;
use PHPUnit\Framework\TestCase;
use Symfony\Component\Mercure\HubInterface;
use Symfony\Component\Mercure\HubRegistry;
use Symfony\Component\Mercure\Jwt\StaticTokenProvider;
use Symfony\Component\Mercure\Messenger\UpdateHandler;
use Symfony\Component\Mercure\Update;

/**
 * Symfony's component publishes through the extension, and a subscriber of the real hub receives it.
 */
final class LocalHubTest extends TestCase
{
    private static Server $server;

    public static function setUpBeforeClass(): void
    {
        self::$server = Server::start();
    }

    public static function tearDownAfterClass(): void
    {
        self::$server->stop();
    }

    public function testWhatSymfonyPublishesReachesASubscriber(): void
    {
        $stream = self::$server->subscribe('/books/{id}');
        $answer = self::$server->post(['topic' => '/books/1', 'data' => "two\nlines", 'type' => 'sold']);

        self::assertSame('urn:uuid:', substr($answer, 0, 9), $answer);
        $event = $stream->next();
        self::assertSame($answer, $event['id']);
        self::assertSame('sold', $event['event']);
        self::assertSame("two\nlines", $event['data']);
    }

    public function testItIsAHubLikeAnyOther(): void
    {
        $provider = new StaticTokenProvider('token');
        $hub = new LocalHub('https://example.com/.well-known/mercure', $provider);

        self::assertInstanceOf(HubInterface::class, $hub);
        self::assertSame($hub, (new HubRegistry($hub, ['default' => $hub]))->getHub('default'));
        self::assertSame('https://example.com/.well-known/mercure', $hub->getPublicUrl());
        self::assertSame($provider, $hub->getProvider());
        self::assertNull($hub->getFactory());
        self::assertTrue(is_callable(new UpdateHandler(new HubRegistry($hub))));
    }

    public function testItHasNoTokenUnlessItIsGivenOne(): void
    {
        $this->expectException(\LogicException::class);
        (new LocalHub())->getProvider();
    }

    public function testTheExceptionSaysWhatIsWrongWithAnUpdate(): void
    {
        self::assertStringContainsString('topic', self::$server->post(['topic' => "a\nb", 'data' => '']));
    }
}

<?php

declare(strict_types=1);

namespace Mercure\Tests;

use Mercure\Exception\ExceptionInterface;
use Mercure\Exception\HubUnavailableException;
use Mercure\HubInterface;
use Mercure\Publisher;
use Mercure\Testing\MockHub;
use Mercure\Update;
use PHPUnit\Framework\TestCase;

final class MockHubTest extends TestCase
{
    private const URL = 'https://example.com/.well-known/mercure';

    public function testItHandsUpdatesToTheCallableAndRemembersThem(): void
    {
        $hub = new MockHub(self::URL, static fn (Update $update): string => 'id of ' . $update->getData());

        self::assertInstanceOf(HubInterface::class, $hub);
        self::assertSame('id of a', $hub->publish(new Update('/books/1', 'a')));
        self::assertSame('id of b', (new Publisher($hub))(new Update(['/books/2', '/books'], 'b', true)));

        [$first, $second] = $hub->updates();
        self::assertSame(['/books/1'], $first->getTopics());
        self::assertSame(['/books/2', '/books'], $second->getTopics());
        self::assertTrue($second->isPrivate());
        self::assertSame(self::URL, $hub->getPublicUrl());
        self::assertNull($hub->getFactory());
    }

    public function testAHubThatIsDownIsPlayedByThrowing(): void
    {
        $hub = new MockHub(self::URL, static fn (): string => throw new HubUnavailableException('down'));

        try {
            $hub->publish(new Update('/books/1'));
            self::fail('The exception was swallowed.');
        } catch (ExceptionInterface $exception) {
            self::assertSame('down', $exception->getMessage());
        }
        self::assertSame([], $hub->updates());
    }
}

<?php

declare(strict_types=1);

namespace Mercure\Testing;

use Mercure\HubInterface;
use Mercure\Jwt\TokenFactoryInterface;
use Mercure\Update;

/**
 * A hub for unit tests: what is published goes to a callable, which gives the id, and is remembered.
 */
final class MockHub implements HubInterface
{
    /** @var \Closure(Update): string */
    private readonly \Closure $publisher;

    /** @var list<Update> */
    private array $updates = [];

    /**
     * @param callable(Update): string $publisher may throw, as a hub that is down would
     */
    public function __construct(
        private readonly string $publicUrl,
        callable $publisher,
        private readonly ?TokenFactoryInterface $jwtFactory = null,
    ) {
        $this->publisher = $publisher(...);
    }

    public function getPublicUrl(): string
    {
        return $this->publicUrl;
    }

    public function getFactory(): ?TokenFactoryInterface
    {
        return $this->jwtFactory;
    }

    public function publish(Update $update): string
    {
        $id = ($this->publisher)($update);
        $this->updates[] = $update;

        return $id;
    }

    /**
     * Everything that was published without an exception, in order.
     *
     * @return list<Update>
     */
    public function updates(): array
    {
        return $this->updates;
    }
}

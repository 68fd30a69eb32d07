<?php

declare(strict_types=1);

namespace Mercure\Symfony;

use Symfony\Component\Mercure\HubInterface;
use Symfony\Component\Mercure\Jwt\TokenFactoryInterface;
use Symfony\Component\Mercure\Jwt\TokenProviderInterface;
use Symfony\Component\Mercure\Update;

/**
 * The local hub as a hub of symfony/mercure 0.5 and later. Publishing needs neither a URL nor a token; the token provider and
 * factory are for what else an application asks its hub for, such as subscribers' cookies.
 */
final class LocalHub implements HubInterface
{
    public function __construct(
        private readonly string $publicUrl = '/.well-known/mercure',
        private readonly ?TokenProviderInterface $jwtProvider = null,
        private readonly ?TokenFactoryInterface $jwtFactory = null,
    ) {
    }

    public function getUrl(): string
    {
        return $this->publicUrl;
    }

    public function getPublicUrl(): string
    {
        return $this->publicUrl;
    }

    /**
     * @throws \LogicException when none was given: publishing does without
     */
    public function getProvider(): TokenProviderInterface
    {
        return $this->jwtProvider
            ?? throw new \LogicException('This hub publishes without a token; give it a token provider if you need one.');
    }

    public function getFactory(): ?TokenFactoryInterface
    {
        return $this->jwtFactory;
    }

    /**
     * @throws \Mercure\Exception\ExceptionInterface
     */
    public function publish(Update $update): string
    {
        return mercure_publish(
            $update->getTopics(),
            $update->getData(),
            $update->isPrivate(),
            $update->getId(),
            $update->getType(),
            $update->getRetry(),
        );
    }
}

<?php

/**
 * The API of the mercure extension, for IDEs and static analysers. Never load it: the extension brings the real thing.
 *
 * Generated from the extension itself; `make stubs` renews it.
 */

namespace {
    /**
     * Publishes an update to the local hub and returns its id.
     *
     * Returns as soon as the update cannot be lost any more, before any subscriber has received it.
     *
     * @param string|string[] $topics  the canonical topic first, alternate ones after it; at least one, at most 100
     * @param string          $data    the content; any UTF-8 text
     * @param bool            $private whether only subscribers authorized for one of the topics receive it
     * @param string|null     $id      the update's id; null or empty: one is made
     * @param string|null     $type    the event type that browsers see; null or empty: "message"
     * @param int|null        $retry   the time browsers wait before they reconnect, in milliseconds
     *
     * @throws \Mercure\Exception\InvalidArgumentException where a value breaks a rule (UTF-8, reserved words, length)
     * @throws \Mercure\Exception\HubUnavailableException  where no hub can be reached; the message says why
     * @throws \Mercure\Exception\PublishException         where the hub did not take the update in time
     */
    function mercure_publish(array|string $topics, string $data = '', bool $private = false, ?string $id = null, ?string $type = null, ?int $retry = null): string {}
}

namespace Mercure\Exception {
    /**
     * Implemented by every exception of the extension: catch this to catch them all.
     */
    interface ExceptionInterface extends \Throwable
    {
    }

    /**
     * A value that no update and no hub may have.
     */
    class InvalidArgumentException extends \InvalidArgumentException implements \Mercure\Exception\ExceptionInterface
    {
    }

    /**
     * The update was not published.
     */
    class PublishException extends \RuntimeException implements \Mercure\Exception\ExceptionInterface
    {
    }

    /**
     * The update was not published, because no hub can be reached.
     */
    class HubUnavailableException extends \Mercure\Exception\PublishException
    {
    }
}

namespace Mercure\Jwt {
    /**
     * Makes tokens, for subscribers or publishers.
     */
    interface TokenFactoryInterface
    {
        /**
         * Makes a token for the given topics.
         *
         * @param string[]|null $subscribe        topics that the token allows to subscribe to; null: no such claim
         * @param string[]|null $publish          topics that the token allows to publish to; null: no such claim
         * @param mixed[]       $additionalClaims further claims
         */
        public function create(?array $subscribe = [], ?array $publish = [], array $additionalClaims = []): string;
    }

    /**
     * Provides the token to publish with.
     */
    interface TokenProviderInterface
    {
        /**
         * The token, in compact form.
         */
        public function getJwt(): string;
    }
}

namespace Mercure {
    /**
     * What is published: an immutable value. What it holds is checked when it is published.
     */
    final class Update
    {
        /**
         * @param string|string[] $topics  the canonical topic first, alternate ones after it; at least one, at most 100
         * @param string          $data    the content; any UTF-8 text
         * @param bool            $private whether only subscribers authorized for one of the topics receive it
         * @param string|null     $id      the update's id; null or empty: one is made
         * @param string|null     $type    the event type that browsers see; null or empty: "message"
         * @param int|null        $retry   the time browsers wait before they reconnect, in milliseconds
         */
        public function __construct(array|string $topics, string $data = '', bool $private = false, ?string $id = null, ?string $type = null, ?int $retry = null) {}

        /**
         * The canonical topic first, alternate ones after it.
         *
         * @return list<string>
         */
        public function getTopics(): array {}

        /**
         * The content.
         */
        public function getData(): string {}

        /**
         * Whether only subscribers authorized for one of the topics receive it.
         */
        public function isPrivate(): bool {}

        /**
         * The id that was given, or null. The one that is made otherwise is what publishing returns.
         */
        public function getId(): ?string {}

        /**
         * The event type that was given, or null.
         */
        public function getType(): ?string {}

        /**
         * The reconnection time that was given, in milliseconds, or null.
         */
        public function getRetry(): ?int {}

        /**
         * @return array{topics: list<string>, data: string, private: bool, id: ?string, type: ?string, retry: ?int}
         */
        public function __serialize(): array {}

        /**
         * @param array{topics: list<string>, data: string, private: bool, id: ?string, type: ?string, retry: ?int} $properties
         *
         * @throws \Mercure\Exception\InvalidArgumentException where a value is missing or of the wrong type
         */
        public function __unserialize(array $properties): void {}

        /**
         * Makes what var_export() writes work.
         *
         * @param array{topics: list<string>, data: string, private: bool, id: ?string, type: ?string, retry: ?int} $properties
         *
         * @throws \Mercure\Exception\InvalidArgumentException where a value is missing or of the wrong type
         */
        public static function __set_state(array $properties): \Mercure\Update {}
    }

    /**
     * A hub to publish to.
     */
    interface HubInterface
    {
        /**
         * The hub's URL as browsers see it.
         */
        public function getPublicUrl(): string;

        /**
         * What makes tokens for this hub, if anything does.
         */
        public function getFactory(): ?\Mercure\Jwt\TokenFactoryInterface;

        /**
         * Publishes an update and returns its id.
         */
        public function publish(\Mercure\Update $update): string;
    }

    /**
     * The hub that runs beside this PHP, behind the constructor and the methods of Symfony's Hub.
     */
    final class Hub implements \Mercure\HubInterface
    {
        /**
         * @param string|null                              $url         null or a URL of the local hub; another one is refused
         * @param \Mercure\Jwt\TokenProviderInterface|null $jwtProvider not needed to publish here; getProvider() returns it
         * @param \Mercure\Jwt\TokenFactoryInterface|null  $jwtFactory  getFactory() returns it
         * @param string|null                              $publicUrl   the hub's URL as browsers see it; null: mercure.public_url
         *
         * @throws \Mercure\Exception\InvalidArgumentException where $url is not the local hub's
         */
        public function __construct(?string $url = null, ?\Mercure\Jwt\TokenProviderInterface $jwtProvider = null, ?\Mercure\Jwt\TokenFactoryInterface $jwtFactory = null, ?string $publicUrl = null) {}

        /**
         * The URL that was given, or the one at which this machine reaches the hub.
         */
        public function getUrl(): string {}

        /**
         * The hub's URL as browsers see it.
         */
        public function getPublicUrl(): string {}

        /**
         * What was given as $jwtProvider.
         */
        public function getProvider(): ?\Mercure\Jwt\TokenProviderInterface {}

        /**
         * What was given as $jwtFactory.
         */
        public function getFactory(): ?\Mercure\Jwt\TokenFactoryInterface {}

        /**
         * Publishes an update to the local hub and returns its id.
         *
         * @throws \Mercure\Exception\InvalidArgumentException where a value breaks a rule (UTF-8, reserved words, length)
         * @throws \Mercure\Exception\HubUnavailableException  where no hub can be reached; the message says why
         * @throws \Mercure\Exception\PublishException         where the hub did not take the update in time
         */
        public function publish(\Mercure\Update $update): string {}
    }

    /**
     * Publishes when it is called.
     */
    interface PublisherInterface
    {
        /**
         * Publishes an update and returns its id.
         */
        public function __invoke(\Mercure\Update $update): string;
    }

    /**
     * A hub as a callable.
     */
    final class Publisher implements \Mercure\PublisherInterface
    {
        /**
         * @param \Mercure\HubInterface|null $hub the hub to publish to; null: the local one
         */
        public function __construct(?\Mercure\HubInterface $hub = null) {}

        /**
         * Publishes an update and returns its id.
         *
         * @throws \Mercure\Exception\InvalidArgumentException where a value breaks a rule (UTF-8, reserved words, length)
         * @throws \Mercure\Exception\HubUnavailableException  where no hub can be reached; the message says why
         * @throws \Mercure\Exception\PublishException         where the hub did not take the update in time
         */
        public function __invoke(\Mercure\Update $update): string {}
    }
}

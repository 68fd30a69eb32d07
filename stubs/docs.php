<?php

/**
 * What the stubs say about each symbol of the extension. generate.php takes the signatures from Reflection and the words
 * from here, and fails where one has no counterpart in the other.
 */

declare(strict_types=1);

$update = <<<'TEXT'
    @param string|string[] $topics  the canonical topic first, alternate ones after it; at least one, at most 100
    @param string          $data    the content; any UTF-8 text
    @param bool            $private whether only subscribers authorized for one of the topics receive it
    @param string|null     $id      the update's id; null or empty: one is made
    @param string|null     $type    the event type that browsers see; null or empty: "message"
    @param int|null        $retry   the time browsers wait before they reconnect, in milliseconds
    TEXT;

$throws = <<<'TEXT'
    @throws \Mercure\Exception\InvalidArgumentException where a value breaks a rule (UTF-8, reserved words, length)
    @throws \Mercure\Exception\HubUnavailableException  where no hub can be reached; the message says why
    @throws \Mercure\Exception\PublishException         where the hub did not take the update in time
    TEXT;

return [
    'mercure_publish' => <<<TEXT
        Publishes an update to the local hub and returns its id.

        Returns as soon as the update cannot be lost any more, before any subscriber has received it.

        $update

        $throws
        TEXT,

    'Mercure\Exception\ExceptionInterface' => 'Implemented by every exception of the extension: catch this to catch them all.',
    'Mercure\Exception\InvalidArgumentException' => 'A value that no update and no hub may have.',
    'Mercure\Exception\PublishException' => 'The update was not published.',
    'Mercure\Exception\HubUnavailableException' => 'The update was not published, because no hub can be reached.',

    'Mercure\Jwt\TokenFactoryInterface' => 'Makes tokens, for subscribers or publishers.',
    'Mercure\Jwt\TokenFactoryInterface::create' => <<<'TEXT'
        Makes a token for the given topics.

        @param string[]|null $subscribe        topics that the token allows to subscribe to; null: no such claim
        @param string[]|null $publish          topics that the token allows to publish to; null: no such claim
        @param mixed[]       $additionalClaims further claims
        TEXT,
    'Mercure\Jwt\TokenProviderInterface' => 'Provides the token to publish with.',
    'Mercure\Jwt\TokenProviderInterface::getJwt' => 'The token, in compact form.',

    'Mercure\Update' => 'What is published: an immutable value. What it holds is checked when it is published.',
    'Mercure\Update::__construct' => $update,
    'Mercure\Update::getTopics' => <<<'TEXT'
        The canonical topic first, alternate ones after it.

        @return list<string>
        TEXT,
    'Mercure\Update::getData' => 'The content.',
    'Mercure\Update::isPrivate' => 'Whether only subscribers authorized for one of the topics receive it.',
    'Mercure\Update::getId' => 'The id that was given, or null. The one that is made otherwise is what publishing returns.',
    'Mercure\Update::getType' => 'The event type that was given, or null.',
    'Mercure\Update::getRetry' => 'The reconnection time that was given, in milliseconds, or null.',
    'Mercure\Update::__serialize' => <<<'TEXT'
        @return array{topics: list<string>, data: string, private: bool, id: ?string, type: ?string, retry: ?int}
        TEXT,
    'Mercure\Update::__unserialize' => <<<'TEXT'
        @param array{topics: list<string>, data: string, private: bool, id: ?string, type: ?string, retry: ?int} $properties

        @throws \Mercure\Exception\InvalidArgumentException where a value is missing or of the wrong type
        TEXT,
    'Mercure\Update::__set_state' => <<<'TEXT'
        Makes what var_export() writes work.

        @param array{topics: list<string>, data: string, private: bool, id: ?string, type: ?string, retry: ?int} $properties

        @throws \Mercure\Exception\InvalidArgumentException where a value is missing or of the wrong type
        TEXT,

    'Mercure\HubInterface' => 'A hub to publish to.',
    'Mercure\HubInterface::getPublicUrl' => "The hub's URL as browsers see it.",
    'Mercure\HubInterface::getFactory' => 'What makes tokens for this hub, if anything does.',
    'Mercure\HubInterface::publish' => 'Publishes an update and returns its id.',

    'Mercure\Hub' => "The hub that runs beside this PHP, behind the constructor and the methods of Symfony's Hub.",
    'Mercure\Hub::__construct' => <<<'TEXT'
        @param string|null                              $url         null or a URL of the local hub; another one is refused
        @param \Mercure\Jwt\TokenProviderInterface|null $jwtProvider not needed to publish here; getProvider() returns it
        @param \Mercure\Jwt\TokenFactoryInterface|null  $jwtFactory  getFactory() returns it
        @param string|null                              $publicUrl   the hub's URL as browsers see it; null: mercure.public_url

        @throws \Mercure\Exception\InvalidArgumentException where $url is not the local hub's
        TEXT,
    'Mercure\Hub::getUrl' => 'The URL that was given, or the one at which this machine reaches the hub.',
    'Mercure\Hub::getPublicUrl' => "The hub's URL as browsers see it.",
    'Mercure\Hub::getProvider' => 'What was given as $jwtProvider.',
    'Mercure\Hub::getFactory' => 'What was given as $jwtFactory.',
    'Mercure\Hub::publish' => <<<TEXT
        Publishes an update to the local hub and returns its id.

        $throws
        TEXT,

    'Mercure\PublisherInterface' => 'Publishes when it is called.',
    'Mercure\PublisherInterface::__invoke' => 'Publishes an update and returns its id.',

    'Mercure\Publisher' => 'A hub as a callable.',
    'Mercure\Publisher::__construct' => '@param \Mercure\HubInterface|null $hub the hub to publish to; null: the local one',
    'Mercure\Publisher::__invoke' => <<<TEXT
        Publishes an update and returns its id.

        $throws
        TEXT,
];

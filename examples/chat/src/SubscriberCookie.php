<?php

// The cookie by which the hub knows a subscriber. Only the hub reads it: scripts cannot, and the path keeps it from the
// chat's own pages.

declare(strict_types=1);

namespace Chat;

final class SubscriberCookie
{
    private const NAME = 'mercureAuthorization';

    /** In seconds; the page asks for a new one after two thirds of it. */
    public const LIFETIME = 900;

    public function __construct(#[\SensitiveParameter] private readonly string $key)
    {
        if ($key === '') {
            throw new \LogicException('Set the environment variable MERCURE_SUBSCRIBER_JWT_KEY to the hub\'s subscriber key.');
        }
    }

    /** The header that lets someone subscribe to what is theirs, for a while. */
    public function header(int $personId, bool $secure): string
    {
        $token = Jwt::sign(
            ['mercure' => ['subscribe' => [Feed::topicOf($personId)]], 'exp' => time() + self::LIFETIME],
            $this->key,
        );

        return self::format($token, self::LIFETIME, $secure);
    }

    /** The header that takes it away again. */
    public static function removal(bool $secure): string
    {
        return self::format('', 0, $secure);
    }

    private static function format(string $value, int $maxAge, bool $secure): string
    {
        return sprintf(
            'Set-Cookie: %s=%s; Path=/.well-known/mercure; Max-Age=%d; HttpOnly; SameSite=Strict%s',
            self::NAME,
            $value,
            $maxAge,
            $secure ? '; Secure' : '',
        );
    }
}

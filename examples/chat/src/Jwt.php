<?php

// A JSON Web Token signed with a shared secret (RFC 7519, HS256).

declare(strict_types=1);

namespace Chat;

final class Jwt
{
    /** @param array<string, mixed> $claims */
    public static function sign(array $claims, #[\SensitiveParameter] string $key): string
    {
        $content = self::part(['alg' => 'HS256', 'typ' => 'JWT']) . '.' . self::part($claims);

        return $content . '.' . self::base64Url(hash_hmac('sha256', $content, $key, binary: true));
    }

    /** @param array<string, mixed> $data */
    private static function part(array $data): string
    {
        return self::base64Url(json_encode($data, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES));
    }

    private static function base64Url(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }
}

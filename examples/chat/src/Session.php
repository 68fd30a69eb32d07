<?php

// Who is logged in, and the token that proves that a form is ours.

declare(strict_types=1);

namespace Chat;

final class Session
{
    private const LIFETIME = 7 * 24 * 3600;

    public function __construct(private readonly string $directory)
    {
        $this->open();
        $_SESSION['csrf'] ??= bin2hex(random_bytes(16));
        // Only a login writes later on: released at once, the session's lock holds up no other request.
        session_write_close();
    }

    public function userId(): ?int
    {
        return $_SESSION['user'] ?? null;
    }

    public function csrfToken(): string
    {
        return $_SESSION['csrf'];
    }

    public function logIn(int $userId): void
    {
        $this->replace(['user' => $userId]);
    }

    public function logOut(): void
    {
        $this->replace([]);
    }

    /** @param array<string, mixed> $content */
    private function replace(array $content): void
    {
        $this->open();
        session_regenerate_id(true);
        $_SESSION = $content;
        session_write_close();
    }

    private function open(): void
    {
        session_start([
            'name' => 'chat_session',
            'save_path' => $this->directory,
            'gc_maxlifetime' => self::LIFETIME,
            'gc_probability' => 1,
            'use_strict_mode' => true,
            'cookie_httponly' => true,
            'cookie_samesite' => 'Lax',
            'cookie_secure' => ($_SERVER['HTTPS'] ?? '') === 'on',
        ]);
    }
}

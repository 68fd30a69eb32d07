<?php

// What the browser asked for.

declare(strict_types=1);

namespace Chat;

final class Request
{
    /**
     * @param array<mixed> $query
     * @param array<mixed> $form
     */
    public function __construct(
        public readonly string $method,
        public readonly string $path,
        private readonly array $query,
        private readonly array $form,
        public readonly string $csrfToken,
        public readonly string $host,
        public readonly bool $secure,
        public readonly bool $wantsPage,
    ) {
    }

    public static function fromGlobals(): self
    {
        $token = $_SERVER['HTTP_X_CSRF_TOKEN'] ?? $_POST['csrf'] ?? '';

        return new self(
            $_SERVER['REQUEST_METHOD'] === 'HEAD' ? 'GET' : $_SERVER['REQUEST_METHOD'],
            (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH),
            $_GET,
            $_POST,
            is_string($token) ? $token : '',
            $_SERVER['HTTP_HOST'] ?? '',
            ($_SERVER['HTTPS'] ?? '') === 'on',
            str_contains($_SERVER['HTTP_ACCEPT'] ?? '', 'text/html'),
        );
    }

    /** A number of the query string; 0 where it is missing or none. */
    public function queryNumber(string $name): int
    {
        return self::number($this->query[$name] ?? null);
    }

    /** A number of the form; 0 where it is missing or none. */
    public function formNumber(string $name): int
    {
        return self::number($this->form[$name] ?? null);
    }

    /** A text of the form; empty where it is missing or none. */
    public function formText(string $name): string
    {
        $value = $this->form[$name] ?? '';

        return is_string($value) ? $value : '';
    }

    private static function number(mixed $value): int
    {
        return max(0, (int) filter_var($value, FILTER_VALIDATE_INT));
    }
}

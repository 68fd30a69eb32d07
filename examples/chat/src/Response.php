<?php

// What the browser gets back.

declare(strict_types=1);

namespace Chat;

final class Response
{
    /** @param list<string> $headers */
    private function __construct(
        private readonly int $status,
        private readonly array $headers,
        private readonly string $body,
    ) {
    }

    /** A page may load and connect to what is on its own origin, and connect to one other. */
    public static function page(string $html, int $status = 200, string $connectTo = ''): self
    {
        $policy = "default-src 'self'; connect-src 'self' $connectTo; "
            . "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

        return new self($status, ['Content-Type: text/html; charset=UTF-8', "Content-Security-Policy: $policy"], $html);
    }

    public static function json(mixed $data, int $status = 200): self
    {
        return new self($status, ['Content-Type: application/json'], json_encode($data, JSON_THROW_ON_ERROR));
    }

    public static function redirect(string $path): self
    {
        return new self(303, ['Location: ' . $path], '');
    }

    public static function nothing(): self
    {
        return new self(204, [], '');
    }

    public function with(string ...$headers): self
    {
        return new self($this->status, [...$this->headers, ...array_values($headers)], $this->body);
    }

    public function send(): void
    {
        http_response_code($this->status);
        // What is private to a user stays out of every cache.
        header('Cache-Control: no-store');
        header('X-Content-Type-Options: nosniff');
        header('Referrer-Policy: same-origin');
        foreach ($this->headers as $header) {
            header($header, false);
        }
        echo $this->body;
    }
}

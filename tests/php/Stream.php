<?php

declare(strict_types=1);

namespace Mercure\Tests;

/**
 * A subscriber.
 */
final class Stream
{
    /** @var resource */
    private $body;

    public function __construct(int $port, string $topic)
    {
        $context = stream_context_create(['http' => ['timeout' => 10]]);
        $url = "http://127.0.0.1:$port/.well-known/mercure?topic=" . rawurlencode($topic);
        $this->body = fopen($url, 'r', false, $context) ?: throw new \RuntimeException("$url cannot be opened.");
    }

    /**
     * The next event's fields; comments are passed over.
     *
     * @return array<string, string>
     */
    public function next(): array
    {
        $event = [];
        while (($line = fgets($this->body)) !== false) {
            $line = rtrim($line, "\n");
            if ($line === '' && $event !== []) {
                return $event;
            }
            [$field, $value] = explode(': ', $line, 2) + [1 => ''];
            if ($field !== '' && $field[0] !== ':') {
                $event[$field] = isset($event[$field]) ? $event[$field] . "\n" . $value : $value;
            }
        }
        throw new \RuntimeException('The stream has ended, or nothing came in time.');
    }
}

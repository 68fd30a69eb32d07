<?php

declare(strict_types=1);

namespace Mercure\Tests;

/**
 * A `php -S` with the extension: its page publishes with Symfony's classes, its hub serves streams.
 */
final class Server
{
    /** @param resource $process */
    private function __construct(
        private $process,
        private readonly string $folder,
        private readonly int $page,
        private readonly int $hub,
    ) {
    }

    public static function start(): self
    {
        $folder = sys_get_temp_dir() . '/mercure-phpunit-' . bin2hex(random_bytes(6));
        mkdir($folder, 0700);
        [$page, $hub] = [self::freePort(), self::freePort()];
        $extension = getenv('MERCURE_EXTENSION') ?: throw new \RuntimeException('MERCURE_EXTENSION names the extension to test.');
        $command = [
            PHP_BINARY, '-n', '-d', "extension=$extension", '-d', "mercure.listen=127.0.0.1:$hub", '-d', 'mercure.anonymous=1',
            '-d', "mercure.publish_socket=$folder/publish.sock", '-S', "127.0.0.1:$page", __DIR__ . '/page.inc',
        ];
        $log = ['file', "$folder/log", 'a'];
        $process = proc_open($command, [['file', '/dev/null', 'r'], $log, $log], $pipes, $folder);
        if ($process === false) {
            throw new \RuntimeException('php -S cannot be started.');
        }
        $server = new self($process, $folder, $page, $hub);
        self::wait(static fn (): bool => self::accepts($page) && self::accepts($hub), 'php -S and its hub');

        return $server;
    }

    public function stop(): void
    {
        proc_terminate($this->process);
        proc_close($this->process);
        // The hub goes when the server's lease does.
        self::wait(fn (): bool => !file_exists("$this->folder/publish.sock.lock"), 'the end of the hub');
        array_map(unlink(...), glob("$this->folder/*") ?: []);
        rmdir($this->folder);
    }

    /**
     * Lets the page publish, and returns what it says: the id, or the exception's message.
     *
     * @param array<string, string> $fields
     */
    public function post(array $fields): string
    {
        $context = stream_context_create(['http' => [
            'method' => 'POST',
            'header' => 'Content-Type: application/x-www-form-urlencoded',
            'content' => http_build_query($fields),
            'timeout' => 10,
        ]]);

        return (string) file_get_contents("http://127.0.0.1:$this->page/", false, $context);
    }

    public function subscribe(string $topic): Stream
    {
        return new Stream($this->hub, $topic);
    }

    private static function accepts(int $port): bool
    {
        $socket = @fsockopen('127.0.0.1', $port, timeout: 1);

        return $socket !== false && fclose($socket);
    }

    private static function freePort(): int
    {
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        if ($socket === false) {
            throw new \RuntimeException('There is no free port.');
        }

        return (int) substr(strrchr((string) stream_socket_get_name($socket, false), ':') ?: '', 1);
    }

    /** @param callable(): bool $condition */
    private static function wait(callable $condition, string $what): void
    {
        for ($i = 0; $i < 500; ++$i) {
            if ($condition()) {
                return;
            }
            usleep(20_000);
        }
        throw new \RuntimeException("In vain waited 10 s for $what.");
    }
}

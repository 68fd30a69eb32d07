<?php

/**
 * Publishes updates one way and prints how long each call took: "result count=... p50=... p99=..." in nanoseconds.
 *
 * Arguments: via=extension|datagram|request|symfony, socket=path (datagram, request), url=... and key=... (symfony),
 * topic=... (%d is the update's number), count=..., warm_up=... (not measured), pause_us=... (after each call) or
 * every_us=... (from start to start).
 */

declare(strict_types=1);

use Symfony\Component\HttpClient\HttpClient;
use Symfony\Component\Mercure\Hub;
use Symfony\Component\Mercure\Jwt\StaticTokenProvider;
use Symfony\Component\Mercure\Update;

/** Size of every update's data: the time it was sent at, and filler. */
const DATA_SIZE = 256;

/** @return Closure(string, string): mixed */
function throughDatagram(string $path): Closure
{
    $socket = socket_create(AF_UNIX, SOCK_DGRAM, 0);
    if ($socket === false || !socket_connect($socket, $path)) {
        throw new RuntimeException("cannot connect to $path");
    }

    return static fn (string $topic, string $data) => socket_send($socket, $data, strlen($data), 0)
        ?: throw new RuntimeException("cannot send to $path");
}

/** @return Closure(string, string): mixed */
function throughRequest(string $path): Closure
{
    $socket = socket_create(AF_UNIX, SOCK_STREAM, 0);
    if ($socket === false || !socket_connect($socket, $path)) {
        throw new RuntimeException("cannot connect to $path");
    }

    return static function (string $topic, string $data) use ($socket, $path): string {
        $answer = '';
        if (socket_send($socket, $data, strlen($data), 0) === false || !socket_recv($socket, $answer, 256, 0)) {
            throw new RuntimeException("no answer from $path");
        }

        return $answer;
    };
}

/**
 * As in each request under FPM: the code is loaded (opcache), the client is new.
 *
 * @return Closure(string, string): mixed
 */
function throughSymfony(string $url, string $key): Closure
{
    require_once 'Symfony/Component/Mercure/autoload.php';
    require_once 'Symfony/Component/HttpClient/autoload.php';

    $base64 = static fn (string $bytes) => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    $unsigned = $base64('{"alg":"HS256","typ":"JWT"}') . '.' . $base64('{"mercure":{"publish":["*"]}}');
    $token = $unsigned . '.' . $base64(hash_hmac('sha256', $unsigned, $key, true));

    return static fn (string $topic, string $data) => (new Hub(
        $url,
        new StaticTokenProvider($token),
        null,
        null,
        HttpClient::create()
    ))->publish(new Update($topic, $data));
}

/** @param array<string, string> $options */
function run(array $options): void
{
    $publish = match ($options['via']) {
        'extension' => mercure_publish(...),
        'datagram' => throughDatagram($options['socket']),
        'request' => throughRequest($options['socket']),
        'symfony' => throughSymfony($options['url'], $options['key']),
    };
    $count = (int) $options['count'];
    $warmUp = (int) $options['warm_up'];
    $pause = (int) $options['pause_us'];
    $every = (int) $options['every_us'] * 1000;
    $filler = str_repeat('x', DATA_SIZE - 23);
    $took = [];
    $due = hrtime(true);
    for ($number = -$warmUp; $number < $count; ++$number) {
        $topic = str_replace('%d', (string) ($number + $warmUp), $options['topic']);
        $data = sprintf('t=%020d %s', hrtime(true), $filler);

        $begin = hrtime(true);
        $publish($topic, $data);
        $end = hrtime(true);

        if ($number >= 0) {
            $took[] = $end - $begin;
        }
        if ($pause > 0) {
            usleep($pause);
        } elseif ($every > 0) {
            $due += $every;
            usleep(max(0, intdiv($due - hrtime(true), 1000)));
        }
    }
    sort($took);
    printf(
        "result count=%d p50=%d p99=%d\n",
        $count,
        $took[intdiv($count, 2)],
        $took[intdiv($count * 99, 100)]
    );
}

$options = [];
foreach (array_slice($argv, 1) as $argument) {
    [$name, $value] = explode('=', $argument, 2);
    $options[$name] = $value;
}
run($options);

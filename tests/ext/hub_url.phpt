--TEST--
Mercure\Hub takes the URLs of the local hub and no other
--INI--
mercure.listen="127.0.0.1:3000, :8080, [::1]:9090, unix:/tmp/mercure-phpt-http.sock, 192.0.2.1:80"
mercure.public_url=https://example.com/.well-known/mercure
--FILE--
<?php
foreach ([
    null,
    'https://example.com/.well-known/mercure',
    'http://127.0.0.1:3000/.well-known/mercure',
    'http://localhost:3000/.well-known/mercure',
    'http://127.0.0.1:8080/.well-known/mercure',
    'http://localhost:8080/.well-known/mercure',
    'http://[::1]:9090/.well-known/mercure',
    'http://192.0.2.1/.well-known/mercure',
    '',
    'http://127.0.0.1:3001/.well-known/mercure',
    'http://127.0.0.2:3000/.well-known/mercure',
    'http://192.0.2.7:8080/.well-known/mercure',
    'http://127.0.0.1:3000/',
    'https://127.0.0.1:3000/.well-known/mercure',
    'http://mercure:3000/.well-known/mercure',
    'http://user:secret@127.0.0.1:3000/.well-known/mercure',
    "http://127.0.0.1:3000\0/.well-known/mercure",
    "\xff",
] as $url) {
    try {
        echo json_encode($url, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE), ' ';
        echo '-> ', (new Mercure\Hub($url))->getUrl(), "\n";
    } catch (Mercure\Exception\InvalidArgumentException $e) {
        echo "refused\n";
        $message = $e->getMessage();
    }
}
echo $message, "\n";
?>
--EXPECT--
null -> http://127.0.0.1:3000/.well-known/mercure
"https://example.com/.well-known/mercure" -> https://example.com/.well-known/mercure
"http://127.0.0.1:3000/.well-known/mercure" -> http://127.0.0.1:3000/.well-known/mercure
"http://localhost:3000/.well-known/mercure" -> http://localhost:3000/.well-known/mercure
"http://127.0.0.1:8080/.well-known/mercure" -> http://127.0.0.1:8080/.well-known/mercure
"http://localhost:8080/.well-known/mercure" -> http://localhost:8080/.well-known/mercure
"http://[::1]:9090/.well-known/mercure" -> http://[::1]:9090/.well-known/mercure
"http://192.0.2.1/.well-known/mercure" -> http://192.0.2.1/.well-known/mercure
"" -> refused
"http://127.0.0.1:3001/.well-known/mercure" -> refused
"http://127.0.0.2:3000/.well-known/mercure" -> refused
"http://192.0.2.7:8080/.well-known/mercure" -> refused
"http://127.0.0.1:3000/" -> refused
"https://127.0.0.1:3000/.well-known/mercure" -> refused
"http://mercure:3000/.well-known/mercure" -> refused
"http://user:secret@127.0.0.1:3000/.well-known/mercure" -> refused
"http://127.0.0.1:3000\u0000/.well-known/mercure" -> refused
"\ufffd" -> refused
Mercure\Hub publishes to the local hub only: $url must be null or "http://127.0.0.1:3000/.well-known/mercure"; for a remote hub use Symfony\Component\Mercure\Hub (composer require symfony/mercure)

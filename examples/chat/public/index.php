<?php

// Front controller: every request that is not for a static file comes through here.

declare(strict_types=1);

use Chat\App;
use Chat\Conversations;
use Chat\Database;
use Chat\Feed;
use Chat\People;
use Chat\Request;
use Chat\Session;
use Chat\SubscriberCookie;
use Mercure\Hub;

$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (PHP_SAPI === 'cli-server' && is_file(__DIR__ . $path) && !str_ends_with($path, '.php')) {
    return false; // `php -S` serves the file itself.
}

require __DIR__ . '/../src/autoload.php';

if (!extension_loaded('mercure')) {
    http_response_code(500);
    exit('This example needs the mercure extension: start it with "make demo" or "make demo-fpm".');
}

$var = getenv('CHAT_VAR') ?: dirname(__DIR__) . '/var';
$database = Database::open($var);
$hub = new Hub();

$app = new App(
    new Session($var . '/sessions'),
    new People($database),
    new Conversations($database),
    new Feed($hub),
    // The hub reads the same variable where its directive is empty. The directive itself is hidden from PHP.
    new SubscriberCookie((string) getenv('MERCURE_SUBSCRIBER_JWT_KEY')),
    $hub->getPublicUrl(),
);
$app->handle(Request::fromGlobals())->send();

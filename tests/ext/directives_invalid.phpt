--TEST--
An invalid directive stops the start with one line that says what to write
--FILE--
<?php
require __DIR__ . '/child.inc';

foreach ([
    'mercure.heartbeat=soon',
    'mercure.listen=127.0.0.1:http',
    'mercure.history_size=1K',
    'mercure.publisher_jwt_alg="none"',
    'mercure.cors_origins=example.com',
    'mercure.publish_socket=relative.sock',
    'mercure.log_level=loud',
    'mercure.listen[]=127.0.0.1:3000',
    "mercure.user=\xff",
] as $directive) {
    child(['-d', $directive, '-r', 'echo "started";']);
}

echo "-- whatever PHP shall do\n";
child(['-d', 'mercure.heartbeat=soon', '-v']);
child(['-d', 'mercure.heartbeat=soon', '-m']);
child(['-d', 'mercure.heartbeat=soon', '-d', 'display_errors=1', '-d', 'log_errors=1', '-i']);

echo "-- the environment\n";
child(['-r', 'echo "started";'], ['MERCURE_PUBLISHER_JWT_ALG' => 'none']);
child(['-r', 'echo "started";'], ['MERCURE_PUBLISHER_JWT_KEY' => "\xff"]);

echo "-- and what is right starts\n";
child(['-d', 'mercure.heartbeat=15s', '-d', 'mercure.listen=off', '-r', 'echo ini_get("mercure.heartbeat"), "\n";']);
?>
--EXPECT--
PHP Fatal error:  mercure.heartbeat: "soon" is no duration; write for example 500ms, 40s, 10m or 0
=> 254
PHP Fatal error:  mercure.listen: "127.0.0.1:http" is no address; write host:port (127.0.0.1:3000), :port or unix:/absolute/path
=> 254
PHP Fatal error:  mercure.history_size: must be 0 (no history) or at least 4M
=> 254
PHP Fatal error:  mercure.publisher_jwt_alg: "none" is not supported; write HS256
=> 254
PHP Fatal error:  mercure.cors_origins: "example.com" is no origin; write https://host or https://host:port, without a path, or *
=> 254
PHP Fatal error:  mercure.publish_socket: "relative.sock" is no absolute path of at most 96 bytes
=> 254
PHP Fatal error:  mercure.log_level: "loud" is no level; write error, warn, info or debug
=> 254
PHP Fatal error:  mercure.listen: is an array; write one value, without []
=> 254
PHP Fatal error:  mercure.user: is not valid UTF-8; write it in UTF-8
=> 254
-- whatever PHP shall do
PHP Fatal error:  mercure.heartbeat: "soon" is no duration; write for example 500ms, 40s, 10m or 0
=> 254
PHP Fatal error:  mercure.heartbeat: "soon" is no duration; write for example 500ms, 40s, 10m or 0
=> 254
PHP Fatal error:  mercure.heartbeat: "soon" is no duration; write for example 500ms, 40s, 10m or 0
=> 254
-- the environment
PHP Fatal error:  mercure.publisher_jwt_alg: "none" is not supported; write HS256
=> 254
PHP Fatal error:  the environment variable MERCURE_PUBLISHER_JWT_KEY is not valid UTF-8; write it in UTF-8
=> 254
-- and what is right starts
15s
=> 0

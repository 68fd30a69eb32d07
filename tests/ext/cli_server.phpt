--TEST--
The extension works under php -S
--FILE--
<?php
$socket = sys_get_temp_dir() . '/mercure-phpt-server-' . getmypid() . '.sock';
$router = tempnam(sys_get_temp_dir(), 'mercure-phpt');
file_put_contents($router, '<?php echo PHP_SAPI, " ", mercure_publish("/a", id: "served");');
$peer = stream_socket_server('udg://' . $socket, flags: STREAM_SERVER_BIND);
$command = [
    getenv('TEST_PHP_EXECUTABLE'), '-n', '-d', 'extension=' . getenv('MERCURE_EXTENSION'),
    '-d', "mercure.publish_socket=$socket", '-d', 'mercure.listen=off', '-S', '127.0.0.1:0', $router,
];
$server = proc_open($command, [1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes);
while (!preg_match('~\((http://\S+)\) started~', $line = fgets($pipes[1]), $match)) {
    echo $line;
}
for ($try = 0; $try < 100 && ($answer = @file_get_contents($match[1])) === false; ++$try) {
    usleep(50000);
}
echo $answer, "\n";
echo str_contains(stream_socket_recvfrom($peer, 65536), 'served') ? "received\n" : "lost\n";
proc_terminate($server);
proc_close($server);
unlink($router);
unlink($socket);
?>
--EXPECT--
cli-server served
received

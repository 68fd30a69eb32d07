--TEST--
A directive in an FPM pool warns and changes nothing
--FILE--
<?php
$dir = sys_get_temp_dir() . '/mercure-phpt-fpm-' . getmypid();
mkdir($dir);
chmod($dir, 0755);
file_put_contents("$dir/page.php", '<?php echo PHP_SAPI, " ", ini_get("mercure.heartbeat"), " ", function_exists("mercure_publish");');
file_put_contents("$dir/php.log", '');
chmod("$dir/php.log", 0666);
file_put_contents("$dir/fpm.conf", <<<CONF
    [global]
    error_log = $dir/fpm.log
    [pool]
    user = nobody
    listen = $dir/fpm.sock
    pm = static
    pm.max_children = 1
    php_admin_value[mercure.heartbeat] = 5s
    php_admin_value[error_log] = $dir/php.log
    CONF);

/** One FastCGI request and its whole answer. */
function request(string $socket, string $script): string
{
    $record = static fn (int $type, string $body) => pack('CCnnCC', 1, $type, 1, strlen($body), 0, 0) . $body;
    $parameters = '';
    foreach (['SCRIPT_FILENAME' => $script, 'REQUEST_METHOD' => 'GET'] as $name => $value) {
        $parameters .= chr(strlen($name)) . chr(strlen($value)) . $name . $value;
    }
    for ($try = 0; $try < 200 && !($stream = @stream_socket_client("unix://$socket")); ++$try) {
        usleep(50000);
    }
    fwrite($stream, $record(1, pack('nCx5', 1, 0)) . $record(4, $parameters) . $record(4, '') . $record(5, ''));

    return stream_get_contents($stream);
}

$load = ['-d', 'extension=' . getenv('MERCURE_EXTENSION'), '-d', 'mercure.listen=off', '-d', 'mercure.heartbeat=15s'];
$fpm = proc_open(
    [getenv('MERCURE_PHP_FPM'), '-n', ...$load, '-y', "$dir/fpm.conf", '-F'],
    [1 => ['file', "$dir/out.log", 'w'], 2 => ['redirect', 1]],
    $pipes,
);
preg_match('/fpm-fcgi[^\0]*/', request("$dir/fpm.sock", "$dir/page.php"), $match);
echo $match[0], "\n";
echo preg_replace('/^\[.*?\] /m', '', file_get_contents("$dir/php.log"));
proc_terminate($fpm, SIGQUIT);
proc_close($fpm);
array_map('unlink', glob("$dir/*"));
rmdir($dir);
?>
--EXPECT--
fpm-fcgi 15s 1
PHP Warning:  mercure.heartbeat cannot be set here and stays as it is: all pools and virtual hosts share one hub, which is configured when PHP starts; set it in php.ini

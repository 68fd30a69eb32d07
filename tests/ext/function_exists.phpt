--TEST--
mercure_publish() of another extension (as FrankenPHP's) is left alone
--FILE--
<?php
require __DIR__ . '/child.inc';

$so = sys_get_temp_dir() . '/mercure-phpt-other-' . getmypid() . '.so';
$command = 'cc -shared -fPIC -o ' . escapeshellarg($so) . ' ' . shell_exec('php-config --includes');
passthru(str_replace("\n", ' ', $command) . escapeshellarg(__DIR__ . '/other_hub.c') . ' 2>&1');

$code = <<<'PHP'
    echo mercure_publish('/a'), "\n";
    echo (new ReflectionFunction('mercure_publish'))->getExtensionName(), "\n";
    echo count((new ReflectionExtension('mercure'))->getFunctions()), "\n";
    var_dump(class_exists(Mercure\Hub::class));
    PHP;
child(['-r', 'echo (new ReflectionFunction("mercure_publish"))->getExtensionName(), "\n";']);
// The one that starts first wins: PHP starts extensions in the order in which it is told of them.
$load = ['-d', "extension=$so", '-d', 'extension=' . getenv('MERCURE_EXTENSION')];
run([getenv('TEST_PHP_EXECUTABLE'), '-n', ...$load, '-r', $code]);
unlink($so);
?>
--EXPECT--
mercure
=> 0
published by another hub
other_hub
0
bool(true)
=> 0

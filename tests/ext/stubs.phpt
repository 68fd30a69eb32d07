--TEST--
The stubs are those of this extension, and valid PHP
--FILE--
<?php
ob_start();
require __DIR__ . '/../../stubs/generate.php';
$generated = ob_get_clean();
$file = __DIR__ . '/../../stubs/mercure.stub.php';
var_dump($generated === file_get_contents($file));
passthru(escapeshellarg(getenv('TEST_PHP_EXECUTABLE')) . ' -n -l ' . escapeshellarg($file) . ' | head -1');
?>
--EXPECTF--
bool(true)
No syntax errors detected in %smercure.stub.php

--TEST--
An unknown mercure directive stops the start and names the one that was meant
--FILE--
<?php
require __DIR__ . '/child.inc';

foreach (['mercure.anonymuos=1', 'mercure.publisher_jwt=x', 'Mercure.listen=:80', 'mercure.MERCURE_JWT=x', 'mercure.=1', 'mercure.publisher_jwt_kye=SECRET'] as $directive) {
    child(['-d', $directive, '-r', 'echo "started";']);
}

// In a php.ini too; other extensions' directives are none of our business.
$ini = tempnam(sys_get_temp_dir(), 'mercure-phpt');
file_put_contents($ini, "mercury.listen = 1\nmercure.listenn = 1\n");
$load = 'extension=' . getenv('MERCURE_EXTENSION');
run([getenv('TEST_PHP_EXECUTABLE'), '-c', $ini, '-d', $load, '-r', 'echo "started";'], ['PHP_INI_SCAN_DIR' => '']);
unlink($ini);
?>
--EXPECT--
PHP Fatal error:  mercure.anonymuos: no such directive; did you mean mercure.anonymous?
=> 254
PHP Fatal error:  mercure.publisher_jwt: no such directive; did you mean mercure.publisher_jwt_key?
=> 254
PHP Fatal error:  Mercure.listen: no such directive; did you mean mercure.listen?
=> 254
PHP Fatal error:  mercure.MERCURE_JWT: no such directive; remove it, or update the extension if it is newer than version 0.1.0
=> 254
PHP Fatal error:  mercure.: no such directive; remove it, or update the extension if it is newer than version 0.1.0
=> 254
PHP Fatal error:  mercure.publisher_jwt_kye: no such directive; did you mean mercure.publisher_jwt_key?
=> 254
PHP Fatal error:  mercure.listenn: no such directive; did you mean mercure.listen?
=> 254

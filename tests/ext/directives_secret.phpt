--TEST--
Secrets can be read back from nowhere
--FILE--
<?php
require __DIR__ . '/child.inc';

$code = <<<'PHP'
    ob_start();
    phpinfo(INFO_MODULES);
    var_dump(ini_get('mercure.publisher_jwt_key'), get_cfg_var('mercure.publisher_jwt_key'), get_cfg_var('mercure.subscriber_jwt_key'));
    print_r(ini_get_all('mercure'));
    print_r(get_cfg_var('mercure'));
    echo new ReflectionExtension('mercure');
    print_r((new ReflectionExtension('mercure'))->getINIEntries());
    $page = ob_get_clean();
    var_dump(str_contains($page, 'TOPSECRET'), substr_count($page, 'redacted'));
    preg_match_all('/^mercure\.\w+_key.*$/m', $page, $lines);
    echo implode("\n", array_unique($lines[0])), "\n";
    PHP;
child(['-d', 'mercure.publisher_jwt_key=TOPSECRET', '-d', 'mercure.subscriber_jwt_key=TOPSECRET', '-r', $code]);

echo "-- set by the environment, or not at all\n";
ob_start();
child(['--ri', 'mercure'], ['MERCURE_SUBSCRIBER_JWT_KEY' => 'TOPSECRET']);
preg_match_all('/^mercure\.\w+_key.*$/m', ob_get_clean(), $lines);
echo implode("\n", $lines[0]), "\n";

echo "-- nor from an error\n";
child(['-d', 'mercure.publisher_jwt_key=TOPSECRET', '-d', 'mercure.publisher_jwt_alg=RS256', '-r', '']);
?>
--EXPECTF--
bool(false)
int(4)
mercure.publisher_jwt_key => redacted => redacted
mercure.subscriber_jwt_key => redacted => redacted
=> 0
-- set by the environment, or not at all
mercure.publisher_jwt_key => no value => no value
mercure.subscriber_jwt_key => redacted => redacted
-- nor from an error
PHP Fatal error:  mercure.publisher_jwt_alg: "RS256" is not supported; write HS256
=> 254

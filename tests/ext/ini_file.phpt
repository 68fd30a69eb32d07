--TEST--
mercure.ini shows every directive with its default
--FILE--
<?php
$text = file_get_contents(__DIR__ . '/../../mercure.ini');
$shown = parse_ini_string(preg_replace('/^;(?=mercure\.)/m', '', $text), false, INI_SCANNER_RAW);
var_dump($shown['extension']);
unset($shown['extension']);
ksort($shown);
var_dump($shown === array_map('strval', ini_get_all('mercure', false)));
var_dump(substr_count($text, ';mercure.') === count($shown));
?>
--EXPECT--
string(10) "mercure.so"
bool(true)
bool(true)

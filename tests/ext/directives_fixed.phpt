--TEST--
No script changes a directive
--INI--
mercure.heartbeat=15s
--FILE--
<?php
var_dump(ini_set('mercure.heartbeat', '1s'), ini_get('mercure.heartbeat'));
$all = ini_get_all('mercure');
var_dump(count($all), array_unique(array_column($all, 'access')));
?>
--EXPECT--
bool(false)
string(3) "15s"
int(25)
array(1) {
  [0]=>
  int(4)
}

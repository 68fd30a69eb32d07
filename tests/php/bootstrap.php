<?php

declare(strict_types=1);

// What Composer would do: the library's classes by PSR-4, and Debian's symfony/mercure.
require '/usr/share/php/Symfony/Component/Mercure/autoload.php';

spl_autoload_register(static function (string $class): void {
    foreach (['Mercure\\Tests\\' => __DIR__, 'Mercure\\' => __DIR__ . '/../../php/src'] as $prefix => $folder) {
        if (str_starts_with($class, $prefix)) {
            $file = $folder . '/' . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
            if (is_file($file)) {
                require $file;
            }

            return;
        }
    }
});

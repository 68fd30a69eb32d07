<?php

// Loads the classes of this folder, one per file.

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Chat\\')) {
        require __DIR__ . '/' . substr($class, strlen('Chat\\')) . '.php';
    }
});

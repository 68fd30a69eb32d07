<?php

// Fills templates. In a template, everything that is printed goes through $e().

declare(strict_types=1);

namespace Chat;

final class View
{
    /** @param array<string, mixed> $values */
    public static function render(string $template, array $values): string
    {
        $e = static fn (string $text): string => htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5);

        return (static function () use ($template, $values, $e): string {
            extract($values);
            ob_start();
            require dirname(__DIR__) . "/templates/$template.php";

            return (string) ob_get_clean();
        })();
    }
}

<?php

// Where a page finds the hub.

declare(strict_types=1);

namespace Chat;

final class HubUrl
{
    private const LOOPBACK = ['127.0.0.1', 'localhost'];

    /**
     * Cookies belong to a host name, whatever the port: a page that was opened as "localhost" finds a hub on 127.0.0.1
     * under the name "localhost" too.
     */
    public static function asSeenFrom(string $host, string $publicUrl): string
    {
        $name = (string) parse_url('http://' . $host, PHP_URL_HOST);
        $hubName = parse_url($publicUrl, PHP_URL_HOST);
        if (!in_array($name, self::LOOPBACK, true) || !in_array($hubName, self::LOOPBACK, true)) {
            return $publicUrl;
        }

        return substr_replace($publicUrl, $name, (int) strpos($publicUrl, $hubName), strlen($hubName));
    }

    /** The hub's origin; empty where it is the page's own. */
    public static function origin(string $url): string
    {
        return preg_match('~^https?://[\w.:\[\]-]+~', $url, $match) === 1 ? $match[0] : '';
    }
}

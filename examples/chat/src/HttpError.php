<?php

// Ends a request with an error that the browser may know about.

declare(strict_types=1);

namespace Chat;

final class HttpError extends \RuntimeException
{
    public function __construct(public readonly int $status, string $message)
    {
        parent::__construct($message);
    }
}

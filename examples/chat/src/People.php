<?php

// Everyone who can log in.

declare(strict_types=1);

namespace Chat;

use PDO;

final class People
{
    public function __construct(private readonly PDO $pdo)
    {
    }

    /** @return list<array{id: int, name: string}> */
    public function all(): array
    {
        return $this->pdo->query('SELECT id, name FROM people ORDER BY name')->fetchAll();
    }

    /** @return array{id: int, name: string}|null */
    public function find(int $id): ?array
    {
        $statement = $this->pdo->prepare('SELECT id, name FROM people WHERE id = ?');
        $statement->execute([$id]);

        return $statement->fetch() ?: null;
    }
}

<?php

// The SQLite file: made, with its tables and its people, the first time it is opened.

declare(strict_types=1);

namespace Chat;

use PDO;

final class Database
{
    private const PEOPLE = ['Alice', 'Bob', 'Carol', 'Dan'];

    private const SCHEMA = <<<'SQL'
        CREATE TABLE people (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        );
        CREATE TABLE conversations (
            id INTEGER PRIMARY KEY
        );
        CREATE TABLE members (
            conversation_id INTEGER NOT NULL REFERENCES conversations (id),
            person_id INTEGER NOT NULL REFERENCES people (id),
            read_up_to INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (conversation_id, person_id)
        ) WITHOUT ROWID;
        CREATE INDEX members_by_person ON members (person_id);
        -- AUTOINCREMENT: ids only ever grow, and SQLite has one writer at a time, so "all after id n" misses nothing.
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation_id INTEGER NOT NULL REFERENCES conversations (id),
            sender_id INTEGER NOT NULL REFERENCES people (id),
            -- Made by the browser for each message, so that one sent twice is stored once.
            send_key TEXT NOT NULL,
            text TEXT NOT NULL,
            sent_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            UNIQUE (conversation_id, sender_id, send_key)
        );
        CREATE INDEX messages_by_conversation ON messages (conversation_id, id);
        SQL;

    public static function open(string $directory): PDO
    {
        if (!is_dir($directory . '/sessions')) {
            // Two first requests may both try; whoever comes second finds it done.
            @mkdir($directory . '/sessions', 0o700, true);
        }
        $pdo = new PDO('sqlite:' . $directory . '/chat.sqlite', options: [
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
            PDO::ATTR_TIMEOUT => 5,
        ]);
        $pdo->exec('PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
        if (self::isEmpty($pdo)) {
            $pdo->exec('BEGIN IMMEDIATE');
            if (self::isEmpty($pdo)) {
                self::fill($pdo);
            }
            $pdo->exec('COMMIT');
        }

        return $pdo;
    }

    private static function isEmpty(PDO $pdo): bool
    {
        return $pdo->query("SELECT 1 FROM sqlite_master WHERE name = 'messages'")->fetchColumn() === false;
    }

    private static function fill(PDO $pdo): void
    {
        $pdo->exec(self::SCHEMA);
        $insert = $pdo->prepare('INSERT INTO people (name) VALUES (?)');
        foreach (self::PEOPLE as $name) {
            $insert->execute([$name]);
        }
    }
}

<?php

// Conversations and their messages, as stored. What leaves here is what the browser gets, over HTTP and from the hub.

declare(strict_types=1);

namespace Chat;

use PDO;
use PDOStatement;

final class Conversations
{
    private const PAGE = 50;
    private const MESSAGE = 'm.id, m.conversation_id AS conversation, m.sender_id AS sender, m.send_key AS "key",
        m.text, m.sent_at AS sent';

    public function __construct(private readonly PDO $pdo)
    {
    }

    /** The conversation of two people, which is started when there is none. */
    public function between(int $personId, int $otherId): int
    {
        // The write lock comes first: two who start the same conversation at once get one.
        $this->pdo->exec('BEGIN IMMEDIATE');
        $id = $this->run(
            'SELECT a.conversation_id FROM members a JOIN members b USING (conversation_id)
             WHERE a.person_id = ? AND b.person_id = ?',
            $personId,
            $otherId,
        )->fetchColumn();
        if ($id === false) {
            $this->pdo->exec('INSERT INTO conversations DEFAULT VALUES');
            $id = (int) $this->pdo->lastInsertId();
            $insert = 'INSERT INTO members (conversation_id, person_id) VALUES (?, ?), (?, ?)';
            $this->run($insert, $id, $personId, $id, $otherId);
        }
        $this->pdo->exec('COMMIT');

        return $id;
    }

    /** @return list<array{id: int, name: string}> */
    public function members(int $conversationId): array
    {
        return $this->run(
            'SELECT p.id, p.name FROM members JOIN people p ON p.id = person_id WHERE conversation_id = ? ORDER BY p.id',
            $conversationId,
        )->fetchAll();
    }

    /**
     * Stores a message, once: the same key of the same sender gives back what is there.
     *
     * @return array{id: int, conversation: int, sender: int, key: string, text: string, sent: string}
     */
    public function add(int $conversationId, int $senderId, string $text, string $key): array
    {
        $this->run(
            'INSERT INTO messages (conversation_id, sender_id, text, send_key) VALUES (?, ?, ?, ?)
             ON CONFLICT DO NOTHING',
            $conversationId,
            $senderId,
            $text,
            $key,
        );

        return $this->run(
            'SELECT ' . self::MESSAGE . ' FROM messages m WHERE conversation_id = ? AND sender_id = ? AND send_key = ?',
            $conversationId,
            $senderId,
            $key,
        )->fetch();
    }

    /**
     * The newest messages of a conversation, oldest first; those before a message where one is given.
     *
     * @return array{messages: list<array<string, int|string>>, more: bool}
     */
    public function page(int $conversationId, int $before): array
    {
        $messages = $this->run(
            'SELECT ' . self::MESSAGE . ' FROM messages m WHERE conversation_id = ? AND id < ? ORDER BY id DESC LIMIT ?',
            $conversationId,
            $before ?: PHP_INT_MAX,
            self::PAGE + 1,
        )->fetchAll();

        return [
            'messages' => array_reverse(array_slice($messages, 0, self::PAGE)),
            'more' => count($messages) > self::PAGE,
        ];
    }

    /**
     * What someone has not seen after a message, and how their conversations stand: all that a page needs to catch up.
     *
     * @return array{last: int, more: bool, messages: list<array<string, int|string>>, conversations: list<array<string, mixed>>}
     */
    public function since(int $personId, int $after): array
    {
        // One transaction is one moment: the list, the messages and the last id agree with each other.
        $this->pdo->beginTransaction();
        $messages = $this->run(
            'SELECT ' . self::MESSAGE . ' FROM messages m JOIN members USING (conversation_id)
             WHERE person_id = ? AND m.id > ? ORDER BY m.id LIMIT ?',
            $personId,
            $after,
            self::PAGE + 1,
        )->fetchAll();
        $more = count($messages) > self::PAGE;
        $messages = array_slice($messages, 0, self::PAGE);
        $conversations = $this->list($personId);
        $last = $more ? $messages[self::PAGE - 1]['id'] : $this->last();
        $this->pdo->commit();

        return ['last' => $last, 'more' => $more, 'messages' => $messages, 'conversations' => $conversations];
    }

    /** The id of the newest message of all. */
    public function last(): int
    {
        return (int) $this->pdo->query('SELECT max(id) FROM messages')->fetchColumn();
    }

    public function markRead(int $conversationId, int $personId, int $messageId): void
    {
        $this->run(
            'UPDATE members SET read_up_to = max(read_up_to, ?) WHERE conversation_id = ? AND person_id = ?',
            $messageId,
            $conversationId,
            $personId,
        );
    }

    /** @return list<array{id: int, members: list<array{id: int, name: string}>, read: int, unread: int, last: ?array<string, int|string>}> */
    private function list(int $personId): array
    {
        $conversations = $this->run(
            'SELECT conversation_id AS id, read_up_to AS "read",
                 (SELECT count(*) FROM messages m WHERE m.conversation_id = members.conversation_id
                  AND m.id > read_up_to AND m.sender_id <> person_id) AS unread
             FROM members WHERE person_id = ?',
            $personId,
        )->fetchAll();

        return array_map(fn (array $conversation): array => $conversation + [
            'members' => $this->members($conversation['id']),
            'last' => $this->run(
                'SELECT ' . self::MESSAGE . ' FROM messages m WHERE conversation_id = ? ORDER BY id DESC LIMIT 1',
                $conversation['id'],
            )->fetch() ?: null,
        ], $conversations);
    }

    private function run(string $sql, int|string ...$values): PDOStatement
    {
        $statement = $this->pdo->prepare($sql);
        $statement->execute(array_values($values));

        return $statement;
    }
}

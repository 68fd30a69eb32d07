<?php

// Tells the browsers what has happened. What is told here has been stored before, so a hub that is down costs nothing but
// time: the pages poll until it is back, and catch up.

declare(strict_types=1);

namespace Chat;

use Mercure\Exception\ExceptionInterface;
use Mercure\HubInterface;
use Mercure\Update;

final class Feed
{
    public function __construct(private readonly HubInterface $hub)
    {
    }

    /**
     * @param array<string, int|string>          $message
     * @param list<array{id: int, name: string}> $members
     */
    public function messageSent(array $message, array $members): void
    {
        $topics = ['/conversations/' . $message['conversation'], ...self::topics($members)];
        $this->publish($topics, $message, 'message');
    }

    /** @param list<array{id: int, name: string}> $members */
    public function conversationStarted(int $id, array $members): void
    {
        $this->publish(self::topics($members), ['id' => $id, 'members' => $members], 'conversation');
    }

    /** The one topic that a user's page subscribes to, and that their token is good for. */
    public static function topicOf(int $personId): string
    {
        return '/conversations/user/' . $personId;
    }

    /**
     * @param list<array{id: int, name: string}> $members
     *
     * @return list<string>
     */
    private static function topics(array $members): array
    {
        return array_map(self::topicOf(...), array_column($members, 'id'));
    }

    /**
     * @param list<string>         $topics
     * @param array<string, mixed> $data
     */
    private function publish(array $topics, array $data, string $type): void
    {
        try {
            $this->hub->publish(new Update($topics, json_encode($data, JSON_THROW_ON_ERROR), private: true, type: $type));
        } catch (ExceptionInterface $e) {
            error_log('chat: saved, but not published: ' . $e->getMessage());
        }
    }
}

<?php

// The routes, and what each of them does.

declare(strict_types=1);

namespace Chat;

final class App
{
    public function __construct(
        private readonly Session $session,
        private readonly People $people,
        private readonly Conversations $conversations,
        private readonly Feed $feed,
        private readonly SubscriberCookie $cookie,
        private readonly string $hubUrl,
    ) {
    }

    public function handle(Request $request): Response
    {
        try {
            if ($request->method !== 'GET' && !hash_equals($this->session->csrfToken(), $request->csrfToken)) {
                // Somebody else's form, or a page from before a new login: either way it does not say who is asking.
                throw new HttpError(401, 'This page is out of date. Please reload it.');
            }

            return $this->route($request);
        } catch (HttpError $error) {
            return $request->wantsPage
                ? Response::page(View::render('error', ['message' => $error->getMessage()]), $error->status)
                : Response::json(['error' => $error->getMessage()], $error->status);
        }
    }

    private function route(Request $request): Response
    {
        $route = $request->method . ' ' . $request->path;
        $id = 0;
        if (preg_match('~^(GET|POST) /conversations/([1-9]\d{0,17})(/\w+)?$~', $route, $match) === 1) {
            $id = (int) $match[2];
            $route = $match[1] . ' /conversations/{id}' . ($match[3] ?? '');
        }

        return match ($route) {
            'GET /' => $this->chat($request),
            'POST /login' => $this->logIn($request),
            'POST /logout' => $this->logOut($request),
            'POST /subscription' => $this->subscription($request),
            'GET /updates' => $this->updates($request),
            'POST /conversations' => $this->start($request),
            'GET /conversations/{id}' => $this->open($request, $id),
            'GET /conversations/{id}/messages' => $this->messages($request, $id),
            'POST /conversations/{id}/messages' => $this->send($request, $id),
            'POST /conversations/{id}/read' => $this->read($request, $id),
            default => throw new HttpError(404, 'There is no such page.'),
        };
    }

    private function chat(Request $request): Response
    {
        $me = $this->people->find($this->session->userId() ?? 0);
        if ($me === null) {
            return Response::page(View::render('login', [
                'people' => $this->people->all(),
                'csrf' => $this->session->csrfToken(),
            ]));
        }
        $hubUrl = HubUrl::asSeenFrom($request->host, $this->hubUrl);
        $page = View::render('chat', [
            'csrf' => $this->session->csrfToken(),
            'me' => $me,
            'settings' => [
                'me' => $me['id'],
                'people' => $this->people->all(),
                'hubUrl' => $hubUrl,
                'topic' => Feed::topicOf($me['id']),
                'renewEvery' => intdiv(SubscriberCookie::LIFETIME * 2, 3),
                'lastMessage' => $this->conversations->last(),
            ],
        ]);

        return Response::page($page, connectTo: HubUrl::origin($hubUrl));
    }

    private function open(Request $request, int $id): Response
    {
        if ($this->session->userId() === null) {
            return Response::redirect('/');
        }
        $this->membersFor($id);

        return $this->chat($request);
    }

    private function logIn(Request $request): Response
    {
        $person = $this->people->find($request->formNumber('person'))
            ?? throw new HttpError(422, 'There is no such person.');
        $this->session->logIn($person['id']);

        return Response::redirect('/');
    }

    private function logOut(Request $request): Response
    {
        $this->session->logOut();

        return Response::redirect('/')->with(SubscriberCookie::removal($request->secure));
    }

    /** Lets the page subscribe; it asks again before the cookie expires and whenever it has to open a new stream. */
    private function subscription(Request $request): Response
    {
        return Response::nothing()->with($this->cookie->header($this->me(), $request->secure));
    }

    private function updates(Request $request): Response
    {
        $me = $this->me();

        return Response::json(['me' => $me] + $this->conversations->since($me, $request->queryNumber('after')));
    }

    private function start(Request $request): Response
    {
        $me = $this->me();
        $other = $this->people->find($request->formNumber('person'));
        if ($other === null || $other['id'] === $me) {
            throw new HttpError(422, 'There is no such person.');
        }
        $id = $this->conversations->between($me, $other['id']);
        $members = $this->conversations->members($id);
        $this->feed->conversationStarted($id, $members);

        return Response::json(['id' => $id, 'members' => $members], 201);
    }

    private function messages(Request $request, int $id): Response
    {
        $this->membersFor($id);

        return Response::json($this->conversations->page($id, $request->queryNumber('before')));
    }

    private function send(Request $request, int $id): Response
    {
        $members = $this->membersFor($id);
        $text = trim($request->formText('text'));
        if (preg_match('/^.{1,4000}$/su', $text) !== 1) {
            throw new HttpError(422, 'A message has 1 to 4000 characters.');
        }
        $key = $request->formText('key');
        if (preg_match('/^[\w-]{8,64}$/', $key) !== 1) {
            throw new HttpError(422, 'A message needs a key of 8 to 64 letters and digits.');
        }
        $message = $this->conversations->add($id, $this->me(), $text, $key);
        $this->feed->messageSent($message, $members);

        return Response::json($message, 201);
    }

    private function read(Request $request, int $id): Response
    {
        $this->membersFor($id);
        $this->conversations->markRead($id, $this->me(), $request->formNumber('message'));

        return Response::nothing();
    }

    private function me(): int
    {
        return $this->session->userId() ?? throw new HttpError(401, 'Please log in.');
    }

    /**
     * The members of a conversation, for one of them.
     *
     * @return list<array{id: int, name: string}>
     */
    private function membersFor(int $id): array
    {
        $me = $this->me();
        $members = $this->conversations->members($id);
        if (!in_array($me, array_column($members, 'id'), true)) {
            // The same answer for a conversation of others and for none: which ones exist is nobody else's business.
            throw new HttpError(403, 'This conversation is not yours.');
        }

        return $members;
    }
}

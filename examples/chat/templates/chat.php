<?php require __DIR__ . '/head.php'; ?>
    <meta name="csrf-token" content="<?= $e($csrf) ?>">
    <script type="module" src="/app.js"></script>
</head>
<body data-settings="<?= $e(json_encode($settings, JSON_THROW_ON_ERROR)) ?>">
<aside class="sidebar">
    <header class="bar">
        <span class="avatar" data-hue="<?= $e((string) ($me['id'] % 6)) ?>" aria-hidden="true"><?= $e($me['name'][0]) ?></span>
        <h1><?= $e($me['name']) ?></h1>
        <form method="post" action="/logout">
            <input type="hidden" name="csrf" value="<?= $e($csrf) ?>">
            <button class="quiet">Log out</button>
        </form>
    </header>
    <nav aria-label="Conversations">
        <ul id="conversations" class="rows"></ul>
        <section id="strangers" hidden>
            <h2>Start a conversation</h2>
            <ul class="rows"></ul>
        </section>
    </nav>
    <footer class="bar"><p class="state" role="status" data-state="connecting">Connecting</p></footer>
</aside>
<main id="thread" class="thread">
    <div class="nothing">
        <img class="mark" src="/icon.svg" alt="" width="56" height="56">
        <p>Choose a conversation, or start one.</p>
    </div>
    <header class="bar">
        <a id="back" class="back" href="/" aria-label="Back to the conversations">
            <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="M15 5l-7 7 7 7" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>
        </a>
        <span id="thread-avatar" class="avatar" aria-hidden="true"></span>
        <h2 id="thread-name"></h2>
        <p class="state" role="status" data-state="connecting">Connecting</p>
    </header>
    <div class="scroll" id="scroll" tabindex="0" role="region" aria-labelledby="thread-name">
        <button id="earlier" class="quiet" hidden>Show earlier messages</button>
        <ol id="messages" class="messages" role="log" aria-live="polite"></ol>
    </div>
    <button id="newest" class="newest" hidden>New messages</button>
    <form id="composer" class="composer">
        <label class="hidden" for="text">Message</label>
        <textarea id="text" rows="1" maxlength="4000" placeholder="Write a message" autocomplete="off" enterkeyhint="send" required></textarea>
        <button class="send" aria-label="Send">
            <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M5 12h13M12 5.5l6.5 6.5-6.5 6.5" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>
        </button>
    </form>
</main>
<template id="conversation-row">
    <li>
        <a class="row">
            <span class="avatar" aria-hidden="true"></span>
            <strong></strong>
            <time></time>
            <span class="excerpt"></span>
            <span class="unread"></span>
        </a>
    </li>
</template>
<template id="stranger-row">
    <li>
        <button class="row"><span class="avatar" aria-hidden="true"></span><strong></strong></button>
    </li>
</template>
</body>
</html>

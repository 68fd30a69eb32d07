<?php require __DIR__ . '/head.php'; ?>
</head>
<body class="gate">
<main class="card">
    <img class="mark" src="/icon.svg" alt="" width="56" height="56">
    <h1>Who are you today?</h1>
    <p>Pick someone, then open this page as someone else in a private window or in another browser, and write to each other.</p>
    <form method="post" action="/login">
        <input type="hidden" name="csrf" value="<?= $e($csrf) ?>">
        <ul class="people">
            <?php foreach ($people as $person) : ?>
                <li>
                    <button class="person" name="person" value="<?= $e((string) $person['id']) ?>">
                        <span class="avatar" data-hue="<?= $e((string) ($person['id'] % 6)) ?>" aria-hidden="true"><?= $e($person['name'][0]) ?></span>
                        <?= $e($person['name']) ?>
                    </button>
                </li>
            <?php endforeach ?>
        </ul>
    </form>
</main>
</body>
</html>

<?php require __DIR__ . '/head.php'; ?>
</head>
<body class="gate">
<main class="card">
    <img class="mark" src="/icon.svg" alt="" width="56" height="56">
    <h1><?= $e($message) ?></h1>
    <p><a href="/">Back to the conversations</a></p>
</main>
</body>
</html>

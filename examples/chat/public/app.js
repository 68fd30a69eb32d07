// The page: which conversation is open, and who is told when something happens.

import { get, post } from './js/api.js';
import { Inbox } from './js/inbox.js';
import { fillAvatar, showConversations } from './js/list-view.js';
import { Live } from './js/live.js';
import { Outbox } from './js/outbox.js';
import * as threadView from './js/thread-view.js';

const STATES = {
    connecting: 'Connecting',
    live: 'Live',
    polling: 'Reconnecting, polling',
    offline: 'Offline, retrying',
};

const settings = JSON.parse(document.body.dataset.settings);
const text = document.getElementById('text');
const inbox = new Inbox(settings.me, settings.lastMessage);
const outbox = new Outbox({ onSent: receive, onChange: render });
const live = new Live({
    url: settings.hubUrl,
    topic: settings.topic,
    renewEvery: settings.renewEvery,
    renew: () => post('/subscription'),
    catchUp,
    onUpdate: (type, data) => (type === 'message' ? receive(data) : meet(data)),
    onState: showState,
});
const drafts = new Map();
let openId = null;

async function catchUp() {
    let snapshot;
    do {
        snapshot = await get(`/updates?after=${inbox.after}`);
        if (snapshot.me !== settings.me) {
            // Someone else has logged in, in another tab of this browser.
            location.assign('/');
        }
        inbox.applySnapshot(snapshot);
        snapshot.messages.forEach(({ key }) => outbox.forget(key));
    } while (snapshot.more);
    if (openId !== null && inbox.thread(openId).more === null) {
        inbox.addPage(openId, await get(`/conversations/${openId}/messages`));
    }
    render();
}

function receive(message) {
    outbox.forget(message.key);
    if (!inbox.addMessage(message)) {
        live.refresh();
    }
    render();
}

function meet(conversation) {
    if (inbox.get(conversation.id) === undefined) {
        inbox.addConversation(conversation);
    }
    render();
}

function render() {
    const conversation = inbox.get(openId);
    document.body.classList.toggle('reading', openId !== null);
    if (conversation !== undefined) {
        document.getElementById('thread-name').textContent = conversation.other.name;
        fillAvatar(document.getElementById('thread-avatar'), conversation.other);
        const { messages, more } = inbox.thread(openId);
        threadView.show(messages.values(), outbox.of(openId), settings.me, more);
        if (!document.hidden && inbox.markRead(conversation)) {
            // Should it fail, the next message that is read says it again.
            post(`/conversations/${openId}/read`, { message: conversation.read }).catch(() => {});
        }
    }
    showConversations(inbox, settings.people, settings.me, openId);
    const unread = inbox.list().reduce((sum, each) => sum + inbox.unread(each), 0);
    document.title = unread > 0 ? `(${unread}) Chat` : 'Chat';
}

function showState(state) {
    for (const pill of document.querySelectorAll('.state')) {
        pill.dataset.state = state;
        if (pill.textContent !== STATES[state]) {
            pill.textContent = STATES[state];
        }
    }
}

// Shows the conversation that the address names.
function openFromAddress() {
    const match = /^\/conversations\/(\d+)$/.exec(location.pathname);
    drafts.set(openId, text.value);
    openId = match === null ? null : Number(match[1]);
    text.value = drafts.get(openId) ?? '';
    threadView.clear();
    render();
    if (openId !== null && inbox.get(openId) !== undefined && inbox.thread(openId).more === null) {
        loadPage(openId, 0);
    }
}

async function loadPage(id, before) {
    try {
        inbox.addPage(id, await get(`/conversations/${id}/messages?before=${before}`));
        render();
    } catch {
        // A conversation's first page comes with the next catching up; for an earlier one the button is still there.
        live.refresh();
    }
}

function go(path) {
    history.pushState(null, '', path);
    openFromAddress();
    if (openId !== null && matchMedia('(hover: hover)').matches) {
        text.focus();
    }
}

document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href="/"], a[href^="/conversations/"]');
    if (link !== null && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        go(link.pathname);
    }
});

document.getElementById('strangers').addEventListener('click', async (event) => {
    const button = event.target.closest('button');
    if (button === null) {
        return;
    }
    try {
        const conversation = await post('/conversations', { person: button.dataset.person });
        meet(conversation);
        go(`/conversations/${conversation.id}`);
    } catch {
        // The state says why nothing has opened.
        live.refresh();
    }
});

document.getElementById('earlier').addEventListener('click', () => {
    loadPage(openId, Math.min(...inbox.thread(openId).messages.keys()));
});

document.getElementById('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const written = text.value.trim();
    if (written !== '') {
        text.value = '';
        outbox.add(openId, written);
    }
    text.focus();
});

text.addEventListener('keydown', (event) => {
    // Enter sends, Shift+Enter is a new line, and an Enter that ends the composition of a character does neither.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        text.form.requestSubmit();
    }
});

addEventListener('popstate', openFromAddress);
addEventListener('visibilitychange', render);

openFromAddress();
live.start();

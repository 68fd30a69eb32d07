// The open conversation: its messages as bubbles, in the order of their ids, and after them those still on their way.

const scroll = document.getElementById('scroll');
const list = document.getElementById('messages');
const newest = document.getElementById('newest');
const earlier = document.getElementById('earlier');

const STRETCH = 5 * 60 * 1000;

// id or key -> list item; all of the open conversation.
let items = new Map();
let newestId = 0;

newest.addEventListener('click', toEnd);
scroll.addEventListener('scroll', () => {
    if (atEnd()) {
        newest.hidden = true;
    }
});

export function clear() {
    items = new Map();
    newestId = 0;
    list.replaceChildren();
    newest.hidden = true;
    earlier.hidden = true;
}

// Shows what is not shown yet. Items stay where they are: a screen reader announces the new ones only.
export function show(messages, outgoing, me, more) {
    const sorted = [...messages].sort((a, b) => a.id - b.id);
    const wasAtEnd = atEnd();
    const fromEnd = scroll.scrollHeight - scroll.scrollTop;
    const wrote = outgoing.some(({ key }) => !items.has(key));

    removeAllBut(new Set([...sorted.map(({ id }) => id), ...outgoing.map(({ key }) => key)]));
    let next = null;
    for (const entry of outgoing.toReversed()) {
        next = place(items.get(entry.key) ?? make(entry.key, entry.text, true), next);
        next.classList.add('outgoing', 'first');
        next.classList.toggle('failed', entry.error !== '');
        next.querySelector('time').textContent = entry.error || 'Sending';
    }
    for (let index = sorted.length - 1; index >= 0; index--) {
        const message = sorted[index];
        next = place(items.get(message.id) ?? makeMessage(message, message.sender === me), next);
        arrange(next, message, sorted[index - 1]);
    }
    earlier.hidden = !more;

    const arrived = sorted.length > 0 && sorted.at(-1).id > newestId;
    newestId = sorted.at(-1)?.id ?? 0;
    if (wasAtEnd || wrote) {
        toEnd();
    } else if (arrived) {
        newest.hidden = false;
    } else {
        // Earlier ones came in above: what was in view stays in view.
        scroll.scrollTop = scroll.scrollHeight - fromEnd;
    }
}

function removeAllBut(keys) {
    for (const [key, item] of items) {
        if (!keys.has(key)) {
            item.remove();
            items.delete(key);
        }
    }
}

function place(item, before) {
    if (item.nextElementSibling !== before || item.parentElement !== list) {
        list.insertBefore(item, before);
    }
    return item;
}

function makeMessage(message, mine) {
    const item = make(message.id, message.text, mine);
    const sent = new Date(message.sent);
    const time = item.querySelector('time');
    time.dateTime = message.sent;
    time.textContent = sent.toLocaleTimeString([], { timeStyle: 'short' });
    item.dataset.id = message.id;
    return item;
}

function make(key, text, mine) {
    const item = document.createElement('li');
    item.className = mine ? 'message mine' : 'message';
    const bubble = document.createElement('p');
    bubble.className = 'bubble';
    // Never as HTML: what someone else wrote stays text.
    bubble.textContent = text;
    item.append(bubble, document.createElement('time'));
    items.set(key, item);
    return item;
}

// What one person writes at a stretch moves together. The first message of a day says which day it is.
function arrange(item, message, previous) {
    const date = new Date(message.sent);
    const before = previous && new Date(previous.sent);
    const sameDay = before?.toDateString() === date.toDateString();
    item.classList.toggle('first', !sameDay || previous.sender !== message.sender || date - before > STRETCH);
    if (sameDay) {
        delete item.dataset.day;
        return;
    }
    const today = new Date();
    const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
    item.dataset.day = {
        [yesterday.toDateString()]: 'Yesterday',
        [today.toDateString()]: 'Today',
    }[date.toDateString()] ?? date.toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' });
}

function atEnd() {
    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
}

function toEnd() {
    scroll.scrollTop = scroll.scrollHeight;
    newest.hidden = true;
}

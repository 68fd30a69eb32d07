// The list of conversations, and of the people there is none with yet.

const list = document.getElementById('conversations');
const strangers = document.getElementById('strangers');
const template = document.getElementById('conversation-row');
const strangerTemplate = document.getElementById('stranger-row');
const rows = new Map();

export function showConversations(inbox, people, me, openId) {
    const conversations = inbox.list();
    for (const conversation of conversations) {
        if (!rows.has(conversation.id)) {
            rows.set(conversation.id, makeRow(conversation));
        }
        fillRow(rows.get(conversation.id), conversation, inbox.unread(conversation), me, conversation.id === openId);
    }
    const wanted = conversations.map(({ id }) => rows.get(id));
    if (wanted.some((row, index) => list.children[index] !== row)) {
        list.replaceChildren(...wanted);
    }

    const known = new Set([me, ...conversations.map(({ other }) => other.id)]);
    const left = people.filter(({ id }) => !known.has(id));
    strangers.hidden = left.length === 0;
    strangers.querySelector('ul').replaceChildren(...left.map(makeStranger));
}

export function fillAvatar(avatar, person) {
    avatar.dataset.hue = person.id % 6;
    avatar.textContent = person.name[0];
}

function makeRow({ id, other }) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector('a').href = `/conversations/${id}`;
    row.querySelector('strong').textContent = other.name;
    fillAvatar(row.querySelector('.avatar'), other);
    return row;
}

function fillRow(row, { last }, unread, me, open) {
    const link = row.querySelector('a');
    if (open) {
        link.setAttribute('aria-current', 'page');
    } else {
        link.removeAttribute('aria-current');
    }
    link.classList.toggle('new', unread > 0);
    const mine = last !== null && last.sender === me;
    link.querySelector('.excerpt').textContent = last === null ? 'No messages yet' : (mine ? 'You: ' : '') + last.text;
    const time = link.querySelector('time');
    time.textContent = last === null ? '' : shortTime(new Date(last.sent));
    const badge = link.querySelector('.unread');
    badge.textContent = unread > 0 ? unread : '';
    badge.setAttribute('aria-label', `${unread} unread`);
    badge.hidden = unread === 0;
}

function makeStranger(person) {
    const item = strangerTemplate.content.firstElementChild.cloneNode(true);
    item.querySelector('button').dataset.person = person.id;
    item.querySelector('strong').textContent = person.name;
    fillAvatar(item.querySelector('.avatar'), person);
    return item;
}

function shortTime(date) {
    const today = date.toDateString() === new Date().toDateString();
    return today
        ? date.toLocaleTimeString([], { timeStyle: 'short' })
        : date.toLocaleDateString([], { day: 'numeric', month: 'short' });
}

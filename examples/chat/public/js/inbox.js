// What this page knows of the conversations. The same message may come from the hub, from catching up and as the answer to
// sending it, in any order: its id tells that it is the same.

export class Inbox {
    #me;
    #conversations = new Map();
    // Of conversations that have been opened: id -> { messages: Map of id -> message, more: whether there are earlier ones }.
    #threads = new Map();
    // Messages from the hub that the last snapshot does not count yet.
    #fresh = new Map();
    // Everything up to here has come by a snapshot. What comes from the hub does not move it: two messages may be published
    // in another order than they were stored.
    #after;

    constructor(me, lastMessage) {
        this.#me = me;
        this.#after = lastMessage;
    }

    get after() {
        return this.#after;
    }

    get(id) {
        return this.#conversations.get(id);
    }

    // The ones with the newest message first.
    list() {
        const newest = (conversation) => conversation.last?.id ?? Infinity;
        return [...this.#conversations.values()].sort((a, b) => newest(b) - newest(a) || b.id - a.id);
    }

    // What the server says that has happened after `after`, and how the conversations stand.
    applySnapshot({ conversations, messages, last, more }) {
        for (const row of conversations) {
            const known = this.get(row.id);
            if (known !== undefined && known.read > row.read) {
                // Read here while the snapshot was on its way.
                Object.assign(row, { read: known.read, unread: 0 });
            }
            if (known?.last && known.last.id > (row.last?.id ?? 0)) {
                row.last = known.last;
            }
            this.addConversation(row);
        }
        for (const message of messages) {
            this.#threads.get(message.conversation)?.messages.set(message.id, message);
        }
        this.#after = more ? messages.at(-1).id : last;
        for (const id of this.#fresh.keys()) {
            if (id <= last) {
                this.#fresh.delete(id);
            }
        }
    }

    addConversation({ id, members, read = 0, unread = 0, last = null }) {
        const other = members.find((member) => member.id !== this.#me);
        this.#conversations.set(id, { id, other, read, unread, last });
    }

    // Says whether the message belongs to a conversation that is known here.
    addMessage(message) {
        const conversation = this.get(message.conversation);
        if (conversation === undefined) {
            return false;
        }
        if (message.id > this.#after) {
            this.#fresh.set(message.id, message);
        }
        if (message.id > (conversation.last?.id ?? 0)) {
            conversation.last = message;
        }
        this.#threads.get(message.conversation)?.messages.set(message.id, message);
        return true;
    }

    unread(conversation) {
        if (conversation.read >= (conversation.last?.id ?? 0)) {
            return 0;
        }
        const fresh = [...this.#fresh.values()].filter((message) => message.conversation === conversation.id
            && message.sender !== this.#me
            && message.id > conversation.read);
        return conversation.unread + fresh.length;
    }

    // Says whether there was something that had not been read.
    markRead(conversation) {
        const unread = this.unread(conversation) > 0;
        conversation.read = conversation.last?.id ?? 0;
        conversation.unread = 0;
        return unread;
    }

    // The opened conversation's messages so far; from here on it is kept complete.
    thread(id) {
        if (!this.#threads.has(id)) {
            this.#threads.set(id, { messages: new Map(), more: null });
        }
        return this.#threads.get(id);
    }

    addPage(id, { messages, more }) {
        const thread = this.thread(id);
        for (const message of messages) {
            thread.messages.set(message.id, message);
        }
        thread.more = more;
    }
}

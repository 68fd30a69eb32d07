// Messages on their way to the server, in the order in which they were written. They are tried until the server has them;
// each has a key, so that trying twice does not store it twice.

import { Refused, post } from './api.js';

const RETRY_AFTER = 3_000;

export class Outbox {
    #entries = [];
    #busy = false;
    #onSent;
    #onChange;

    // onSent(message): the server has stored it. onChange(): entries came, went or failed.
    constructor({ onSent, onChange }) {
        this.#onSent = onSent;
        this.#onChange = onChange;
    }

    of(conversation) {
        return this.#entries.filter((entry) => entry.conversation === conversation);
    }

    add(conversation, text) {
        const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
        this.#entries.push({ conversation, key, text, error: '' });
        this.#onChange();
        this.flush();
    }

    // The message has come by another way: from the hub, or by catching up.
    forget(key) {
        this.#entries = this.#entries.filter((entry) => entry.key !== key);
    }

    async flush() {
        if (this.#busy) {
            return;
        }
        this.#busy = true;
        for (let entry; (entry = this.#entries.find(({ error }) => error === ''));) {
            const { conversation, key, text } = entry;
            try {
                this.#onSent(await post(`/conversations/${conversation}/messages`, { text, key }));
                this.forget(key);
            } catch (error) {
                if (!(error instanceof Refused)) {
                    setTimeout(() => this.flush(), RETRY_AFTER);
                    break;
                }
                entry.error = error.message;
            }
            this.#onChange();
        }
        this.#busy = false;
    }
}

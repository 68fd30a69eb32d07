// Keeps the page up to date, one way or the other: a stream from the hub while there is one, polling while there is none.
//
// The stream only saves time. Each time it opens, and every few seconds while it does not, the page catches up over HTTP
// with whatever it may have missed. So nothing depends on when the stream broke, or on how much the hub remembers.

const POLL_EVERY = 5_000;
const REOPEN_AFTER = [1_000, 2_000, 4_000, 8_000];

export class Live {
    #options;
    #lastEventId = '';
    #open = false;
    #behind = true;
    #polling = false;
    #reachable = true;
    #failures = 0;
    #running = false;

    // url, topic: of the hub. renewEvery: seconds after which the subscriber's cookie needs to be renewed.
    // renew(), catchUp(): ask the server; they reject while it cannot be reached.
    // onUpdate(type, data): something was published. onState(state): "connecting", "live", "polling" or "offline".
    constructor(options) {
        this.#options = options;
    }

    start() {
        this.#subscribe();
        this.refresh();
        setInterval(() => this.#poll(), POLL_EVERY);
        setInterval(() => this.#options.renew().catch(() => {}), this.#options.renewEvery * 1000);
        addEventListener('online', () => this.refresh());
        addEventListener('visibilitychange', () => document.hidden || this.refresh());
    }

    // Catches up now, even though the stream may be fine.
    refresh() {
        this.#behind = true;
        this.#catchUp();
    }

    async #subscribe() {
        try {
            await this.#options.renew();
        } catch {
            this.#subscribeLater();
            return;
        }
        const url = new URL(this.#options.url, location.href);
        url.searchParams.append('topic', this.#options.topic);
        if (this.#lastEventId !== '') {
            url.searchParams.append('lastEventID', this.#lastEventId);
        }
        const source = new EventSource(url, { withCredentials: true });
        source.onopen = () => {
            this.#open = true;
            this.#polling = false;
            this.#failures = 0;
            this.refresh();
        };
        source.onerror = () => {
            // The browser reconnects by itself after a network error. It gives up when the answer was none of a hub's (a
            // proxy's error page, or a token that has expired): then it is up to us.
            if (source.readyState === EventSource.CLOSED) {
                this.#subscribeLater();
            }
            this.#polling = true;
            if (this.#open) {
                this.#open = false;
                this.refresh();
            }
        };
        for (const type of ['message', 'conversation']) {
            source.addEventListener(type, (event) => {
                this.#lastEventId = event.lastEventId;
                this.#options.onUpdate(type, JSON.parse(event.data));
            });
        }
    }

    #subscribeLater() {
        const delay = REOPEN_AFTER[Math.min(this.#failures++, REOPEN_AFTER.length - 1)];
        // Spread out, so that the pages of many users do not come back all at once.
        setTimeout(() => this.#subscribe(), delay * (0.75 + Math.random() / 2));
    }

    #poll() {
        if (!this.#open) {
            this.#polling = true;
            this.#behind = true;
        }
        if (this.#behind) {
            this.#catchUp();
        }
    }

    // One at a time: whoever asks while it runs gets another run after it.
    async #catchUp() {
        if (this.#running) {
            return;
        }
        this.#running = true;
        do {
            this.#behind = false;
            this.#showState();
            try {
                await this.#options.catchUp();
                this.#reachable = true;
            } catch {
                this.#reachable = false;
                this.#behind = true;
                break;
            }
        } while (this.#behind);
        this.#running = false;
        this.#showState();
    }

    #showState() {
        let state = 'connecting';
        if (!this.#reachable) {
            state = 'offline';
        } else if (this.#open) {
            state = 'live';
        } else if (this.#polling) {
            state = 'polling';
        }
        this.#options.onState(state);
    }
}

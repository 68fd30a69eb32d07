// Talks to the chat's own PHP.

const csrfToken = document.querySelector('meta[name="csrf-token"]').content;

// An answer that says no, and that asking again would not change.
export class Refused extends Error {}

export const get = (path) => request(path, {});

export const post = (path, fields = {}) => request(path, {
    method: 'POST',
    headers: { 'X-CSRF-Token': csrfToken },
    body: new URLSearchParams(fields),
});

// Rejects with a Refused, or with another error when the server cannot be reached or is in trouble.
async function request(path, options) {
    const response = await fetch(path, {
        ...options,
        headers: { Accept: 'application/json', ...options.headers },
        signal: AbortSignal.timeout(10_000),
    });
    if (response.status === 401) {
        location.assign('/');
    }
    if (response.status >= 500) {
        throw new Error(`${path}: ${response.status}`);
    }
    const answer = response.status === 204 ? null : await response.json();
    if (!response.ok) {
        throw new Refused(answer.error);
    }
    return answer;
}

/** A client of the API, for browsers and Node: one method per operation, by the names of the OpenAPI document. */
import { OPERATIONS } from './api.js';

const PAUSES = [400, 1500]; // milliseconds before a request is sent again, where nobody says how long
const LONGEST = 30_000; // milliseconds; who is told to wait longer hears of it instead
const UNSURE = [0, 502, 503]; // perhaps it was done; a key does it once, but a PUT has none
const NOWHERE = /^\.{0,2}$/; // what would lead to another path

/** @typedef {import('./client.d.ts').ClientOptions} Options */
/** @typedef {Record<string, any> & import('./client.d.ts').CallOptions} Asked */
/** @typedef {import('./client.d.ts').Operation} Operation */

export class TallyProblem extends Error {
  name = 'TallyProblem';

  /** @param {number} status @param {Record<string, any>} facts @param {number | null} retryAfter @param {unknown} [cause] */
  constructor(status, facts, retryAfter, cause) {
    super(facts.detail ?? facts.title ?? (status ? `HTTP ${status}` : 'There was no answer.'), { cause });
    this.status = status;
    this.code = facts.code;
    this.facts = facts;
    this.retryAfter = retryAfter;
  }
}

export class TallyClient {
  /** @type {Options} */
  #options = { baseUrl: '', getToken: async () => null, fetch: (url, init) => fetch(url, init) };
  /** @type {Promise<string | null> | undefined} */
  #token;
  /** @type {Record<string, (asked?: Asked) => Promise<import('./client.d.ts').Full<any>>>} */
  raw = {};

  /** @param {Partial<Options>} [options] */
  constructor(options) {
    Object.assign(this.#options, filled({ ...options }));
    /** @type {Record<string, (asked?: Asked) => Promise<any>>} */
    const methods = {};
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      this.raw[name] = (asked = {}) => this.#call(name, operation, asked);
      methods[name] = async (asked) => (await this.raw[name](asked)).body;
    }
    Object.assign(this, methods);
  }

  /** @type {(name: string, asked?: Asked) => AsyncGenerator<any, void>} */
  async *pages(name, asked) {
    let cursor = asked?.cursor;
    do {
      const { body, nextCursor } = await this.raw[name]({ ...asked, cursor });
      yield body;
      cursor = nextCursor;
    } while (cursor);
  }

  /** @type {(name: string, operation: Operation, asked: Asked) => Promise<any>} */
  async #call(name, operation, asked) {
    if (!asked || typeof asked !== 'object') throw new TypeError(`${name} takes an object with names, not ${asked}`);
    const { body, accept, idempotencyKey, ifNoneMatch, signal, ...named } = asked;
    const { method, keyed } = operation;
    const url = this.#options.baseUrl + address(name, operation, named);
    const headers = {
      Accept: accept,
      'Content-Type': body && 'application/json',
      'Idempotency-Key': keyed && (idempotencyKey ?? crypto.randomUUID()),
      'If-None-Match': ifNoneMatch,
    };
    const init = { method, headers, body: body && JSON.stringify(body), signal };
    for (let turn = 0; ; turn++) {
      try {
        return await this.#send(url, init);
      } catch (error) {
        const wait = error instanceof TallyProblem && pause_before(turn, error, method);
        if (wait === false) throw error;
        await pause(wait, signal);
      }
    }
  }

  /** Send a request; a token that is refused is asked for once more. @type {(url: string, init: any) => Promise<any>} */
  async #send(url, init) {
    for (let first = true; ; first = false) {
      const used = (this.#token ??= Promise.resolve(this.#options.getToken()));
      const forget = () => (this.#token = this.#token === used ? undefined : this.#token);
      const bearer = await used.catch((error) => {
        forget();
        throw error;
      });
      const headers = filled({ ...init.headers, Authorization: bearer && `Bearer ${bearer}` });
      const { fetch } = this.#options; // a browser's own wants no `this`
      try {
        const answer = await fetch(url, { ...init, headers });
        if (!bearer || answer.status === 401) forget();
        if (answer.status === 401 && bearer && first) continue;
        if (!answer.ok && answer.status !== 304) throw await problem(answer);
        return await full(answer);
      } catch (error) {
        if (error instanceof TallyProblem || init.signal?.aborted) throw error;
        throw new TallyProblem(0, {}, null, error);
      }
    }
  }
}

/** Put what is named into the path, and the rest behind it. @type {(name: string, _: Operation, named: Asked) => string} */
function address(name, { path, query = [] }, named) {
  const known = [...(path.match(/\w+(?=\})/g) ?? []), ...query];
  const unknown = Object.keys(named).find((each) => !known.includes(each));
  if (unknown !== undefined)
    throw new TypeError(`${name} has no parameter ${unknown}; its parameters: ${known.join(', ') || 'none'}`);
  const rest = filled(named);
  const place = path.replace(/\{(\w+)\}/g, (_, part) => {
    const value = rest[part] ?? '';
    if (NOWHERE.test(value)) throw new TypeError(`${name} wants a ${part}, not '${value}'`);
    delete rest[part];
    return encodeURIComponent(value);
  });
  const asked = String(new URLSearchParams(rest));
  return asked ? `${place}?${asked}` : place;
}

/** @type {(pairs: Record<string, any>) => Record<string, any>} */
const filled = (pairs) =>
  Object.fromEntries(Object.entries(pairs).filter(([, value]) => value !== undefined && value !== null));

/** @type {(answer: Response) => Promise<import('./client.d.ts').Full<any>>} */
async function full(answer) {
  const header = (/** @type {string} */ name) => answer.headers.get(name);
  const text = await answer.text();
  const body = text && header('Content-Type')?.startsWith('application/json') ? JSON.parse(text) : text;
  return {
    status: answer.status,
    body: answer.status === 304 ? undefined : body,
    etag: header('ETag'),
    location: header('Location'),
    replayed: header('Idempotency-Replayed') === 'true',
    nextCursor: header('Next-Cursor') ?? body?.next_cursor ?? null,
  };
}

/** @type {(answer: Response) => Promise<TallyProblem>} */
async function problem(answer) {
  const facts = await answer.json().catch(() => null);
  const said = answer.headers.get('Retry-After');
  const seconds = Number(said ?? NaN);
  const wait = Number.isNaN(seconds) ? (Date.parse(said ?? '') - Date.now()) / 1000 : seconds;
  return new TallyProblem(answer.status, facts ?? {}, Number.isNaN(wait) ? null : Math.max(0, wait));
}

/** @type {(turn: number, problem: TallyProblem, method: string) => number | false} milliseconds, or that it's the end */
function pause_before(turn, { status, retryAfter }, method) {
  const again = status === 429 || (method !== 'PUT' && UNSURE.includes(status));
  if (!again || turn >= PAUSES.length) return false;
  const wait = retryAfter === null ? PAUSES[turn] * (1 + Math.random() / 2) : retryAfter * 1000;
  return wait <= LONGEST && wait;
}

/** @type {(wait: number, signal?: AbortSignal) => Promise<void>} */
const pause = (wait, signal) =>
  new Promise((done, fail) => {
    const stop = () => (clearTimeout(timer), fail(signal?.reason));
    const timer = setTimeout(() => (signal?.removeEventListener('abort', stop), done()), wait);
    signal?.addEventListener('abort', stop, { once: true });
  });

/** The one store of a page: one configuration, one token, one cache, one request in flight per path. */

/** @type {T.Options} */
export const options = {
  baseUrl: '',
  getToken: async () => null,
  fetch: (url, init) => fetch(url, init),
  buyUrl: '/buy',
  plansUrl: '/pricing',
  refreshSeconds: 60,
};
const PAUSES = [400, 1500]; // milliseconds before a command is sent again
const UNSURE = [0, 502, 503]; // perhaps it was done: only the same key tells

/** @type {Map<string, T.Resource>} */
const resources = new Map();
/** @type {Map<string, string>} */
const keys = new Map();
/** @type {Set<T.Host>} */
export const elements = new Set();
/** @type {ReturnType<T.Options['getToken']> | undefined} */
let token;
/** @type {unknown} */
let timer;

/** @type {typeof import('../index.d.ts').configure} */
export function configure(changed) {
  Object.assign(options, changed);
  token = undefined;
  resources.clear();
  for (const each of elements) each.requestUpdate();
}

/** @type {(status: number, facts?: {}, wait?: number) => T.Problem} */
const problem = (status, facts = {}, wait = 0) => ({ status, facts, wait });

/** @type {T.Ask} */
export async function ask(path, { method = 'GET', body, headers } = {}) {
  for (let first = true; ; first = false) {
    const used = (token ??= options.getToken());
    const bearer = await used.catch(() => null);
    const answer = await options
      .fetch(options.baseUrl + path, {
        method,
        headers: Object.entries({
          ...headers,
          Authorization: bearer && `Bearer ${bearer}`,
          'Content-Type': body ? 'application/json' : '',
        }).filter(/** @type {(pair: any) => pair is [string, string]} */ (pair) => pair[1]),
        body: body ? JSON.stringify(body) : undefined,
      })
      .catch(() => null);
    if (!bearer || answer?.status === 401) token = token === used ? undefined : token;
    if (!answer) throw problem(0);
    if (answer.ok || answer.status === 304) return answer;
    if (answer.status === 401 && bearer && first) continue;
    throw problem(answer.status, await answer.json().catch(() => {}), +(answer.headers.get('Retry-After') ?? 0));
  }
}

/** @type {T.Command} */
export async function command(path, body, method = 'POST') {
  const name = path + JSON.stringify(body);
  const key = keys.get(name) ?? String(crypto.getRandomValues(new BigUint64Array(2)));
  keys.set(name, key);
  for (let turn = 0; ; turn++) {
    try {
      const answer = await ask(path, { method, body, headers: { 'Idempotency-Key': method === 'POST' ? key : null } });
      keys.delete(name);
      refresh();
      return await answer.json();
    } catch (error) {
      const unsure = UNSURE.includes(/** @type {T.Problem} */ (error).status);
      if (!unsure) keys.delete(name);
      if (!unsure || turn === PAUSES.length) throw error;
      await new Promise((done) => setTimeout(done, PAUSES[turn]));
    }
  }
}

/** @type {(path: string) => T.Resource} */
export function resource(path) {
  /** @type {string | null} */
  let etag;
  /** @type {Promise<void> | undefined} */
  let busy;
  let [due, again] = [0, false];

  async function read() {
    let wait;
    try {
      const answer = await ask(path, { headers: { 'If-None-Match': etag } });
      if (answer.status !== 304) {
        found.value = await answer.json();
        etag = answer.headers.get('ETag');
      }
      found.problem = undefined;
    } catch (error) {
      found.problem = /** @type {T.Problem} */ (error).facts ? /** @type {T.Problem} */ (error) : problem(0);
      wait = found.problem.wait;
    }
    due = Date.now() + 1000 * (wait || options.refreshSeconds);
    busy = undefined;
    for (const each of found.hosts) each.requestUpdate();
    if (again) await found.load();
  }

  /** @type {T.Resource} */
  const found = resources.get(path) ?? {
    value: undefined,
    problem: undefined,
    hosts: new Set(),
    load(force) {
      again = !!busy && (again || !!force);
      return (busy ??= read());
    },
    renew() {
      if (Date.now() >= due) this.load();
    },
  };
  resources.set(path, found);
  if (!timer) document.addEventListener('visibilitychange', renew);
  timer ??= setInterval(renew, 1000);
  return found;
}

/** Ask again for all that is shown, for example after something happened elsewhere. */
export function refresh() {
  for (const each of resources.values()) if (each.hosts.size) each.load(true);
}

/** Ask again for what is shown and has become old, unless nobody can see it. */
function renew() {
  if (!document.hidden) for (const each of resources.values()) if (each.hosts.size) each.renew();
}

/** What all elements share: what they read, how they wait and fail, and their smallest parts. */
import { html, nothing, render, svg } from '../vendor/lit-html.js';
import { command, elements, options, resource } from './store.js';
import { styles } from './styles.js';
import { ready, speak, t } from './words.js';

// Where there is no document, as on a server, elements are only names: nothing is drawn.
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});
const sheet = globalThis.CSSStyleSheet && new CSSStyleSheet();
sheet?.replaceSync(styles);

/**
 * An element that draws itself with Lit's templates, whenever a field or an answer that it used has changed.
 *
 * Lit's own base class does that, too, and takes as much room as all of what follows twice.
 */
export class Tally extends Base {
  static observedAttributes = ['wallet'];

  constructor() {
    super();
    /** @type {Record<string, any>} what was set before the element was defined */
    this.given = { ...this };
    this.wallet = '';
    this.busy = '';
    this.pending = false;
    /** @type {T.Outcome | undefined} */
    this.outcome = undefined;
    /** @type {Set<T.Resource>} */
    this.used = new Set();
    this.live('wallet');
  }

  /** @param {string[]} names of fields of which a change draws the element again */
  live(...names) {
    for (const name of names) {
      let value = this.given[name] ?? /** @type {any} */ (this)[name];
      const set = (/** @type {any} */ next) => {
        value = next;
        this.requestUpdate();
      };
      Object.defineProperty(this, name, { get: () => value, set });
    }
  }

  /** @param {string} name @param {unknown} _ @param {string | null} text */
  attributeChangedCallback(name, _, text) {
    const self = /** @type {any} */ (this);
    self[name] = typeof self[name] === 'number' ? Number(text) : (text ?? '');
  }

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [sheet];
    speak(options.locale || document.documentElement.lang || 'en');
    elements.add(this);
    this.requestUpdate();
  }

  disconnectedCallback() {
    elements.delete(this);
    for (const each of this.used) each.hosts.delete(this);
  }

  /** Draw, once the words are there and all that happens now has happened. */
  async requestUpdate() {
    if (this.pending) return;
    this.pending = true;
    await ready;
    this.pending = false;
    if (!this.isConnected) return;
    const before = this.used;
    this.used = new Set();
    render(this.render(), /** @type {ShadowRoot} */ (this.shadowRoot));
    for (const each of before) if (!this.used.has(each)) each.hosts.delete(this);
  }

  /** @returns {unknown} */
  render() {
    return nothing;
  }

  /** @param {string} path of the API, for the wallet that is shown */
  of(path) {
    return this.wallet ? `${path}${path.includes('?') ? '&' : '?'}wallet=${encodeURIComponent(this.wallet)}` : path;
  }

  /** @template {string} Path @param {Path} path to read while drawing @returns {T.Resource<T.Answer<Path>>} */
  use(path) {
    const found = resource(this.of(path));
    this.used.add(found);
    found.hosts.add(this);
    found.renew();
    return found;
  }

  /**
   * Draw what depends on answers: its place while they are waited for, and why they don't come.
   *
   * @template {T.Resource[]} Needed
   * @param {[...Needed]} needed @param {(...values: T.Values<Needed>) => unknown} draw @param {number} rows
   * @param {T.Resource[]} [also] what is waited for, so that nothing moves when it comes, and done without if it fails
   */
  show(needed, draw, rows, also = []) {
    const failed = needed.find((each) => each.problem)?.problem;
    const there = needed.every((each) => each.value) && also.every((each) => each.value || each.problem);
    const again = () => needed.forEach((each) => each.problem && each.load(true));
    const drawn = there
      ? draw(.../** @type {any} */ (needed.map((each) => each.value)))
      : failed
        ? nothing
        : html`<div aria-busy="true">
            <span class="quiet">${t('loading')}</span>${Array(rows).fill(html`<div class="bone"></div>`)}
          </div>`;
    // What was drawn stays as it is, with what somebody is typing into it: only a line comes below.
    return html`${drawn}${
      failed
        ? html`<p class=${there ? 'row soft tone warning' : 'row note warning'} role=${there ? 'status' : 'alert'}>
            ${why(failed)} ${there ? t('stale') : nothing}
            ${failed.status === 401 ? nothing : button(t('retry'), again, there ? 'link' : '')}
          </p>`
        : nothing
    }`;
  }

  /** @type {T.Attempt} */
  async attempt(at, work, told) {
    if (this.busy) return;
    this.busy = at;
    this.outcome = undefined;
    this.requestUpdate();
    try {
      this.outcome = { at, good: told(await work()) };
    } catch (error) {
      this.outcome = { at, bad: why(/** @type {T.Problem} */ (error)), again: () => this.attempt(at, work, told) };
    }
    this.busy = '';
    this.requestUpdate();
  }

  /** @type {T.Run} */
  run(at, path, body, told, method) {
    const work = () => command(this.of(path), body, method);
    return this.attempt(at, work, (answer) => {
      this.dispatchEvent(new CustomEvent('tally-change', { bubbles: true, composed: true, detail: { path, answer } }));
      return told(answer);
    });
  }

  /** @param {string} at the place at which the outcome is said; it is there before, for those who listen */
  said(at) {
    const { good, bad, again } = this.outcome?.at === at ? this.outcome : /** @type {Partial<T.Outcome>} */ ({});
    const said = good
      ? note('good', good)
      : bad
        ? note('exceeded row', html`<span>${bad}</span>${button(t('again'), again)}`)
        : nothing;
    return html`<div role="status">${said}</div>`;
  }

  /** @type {(label: string, at: string, act: () => void, kind?: string, name?: string) => unknown} */
  act(label, at, act, kind, name) {
    return button(this.busy === at ? t('working') : label, act, kind, name, !!this.busy);
  }
}

/** @type {(name: string, made: CustomElementConstructor) => void} */
export function define(name, made) {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, made);
}

/** @param {T.Problem} problem */
const why = ({ status, facts }) => t(`problem_${status}`) || (status < 500 && facts?.detail) || t('problem');

/** @type {T.Button} */
export const button = (label, act, kind = '', name, busy) =>
  html`<button
    type="button"
    part="button"
    class=${kind}
    aria-label=${name ?? nothing}
    aria-disabled=${busy || nothing}
    @click=${act}
  >
    ${label}
  </button>`;

/** @type {(label: string, url: string, kind?: string) => unknown} */
export const link = (label, url, kind = 'button') => html`<a part="button" class=${kind} href=${url}>${label}</a>`;

/** @type {(url: unknown) => string | undefined} what is no web address leads nowhere */
export const away = (url) => (/^https?:\/\//.test(`${url}`) ? `${url}` : undefined);

/** @param {unknown} url to go to, if it is one */
export const leave = (url) => {
  if (away(url)) location.assign(`${url}`);
};

/** @type {(level: string, content: unknown) => unknown} */
export const note = (level, content) => html`<div part="note" class="note ${level}">${content}</div>`;

/** @type {(level: string, content: unknown) => unknown} */
export const badge = (level, content) => html`<span part="badge" class="badge ${level}">${content}</span>`;

/** @type {(facts: [string, unknown][]) => unknown} */
export const terms = (facts) =>
  html`<dl class="grid">
    ${facts.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;

/** @type {(meter: T.Meter, said: string) => unknown} */
export const bar = ({ name, used, quota, level }, said) =>
  html`<svg
    part="meter"
    class="bar ${level}"
    role="meter"
    aria-label=${name}
    aria-valuemin="0"
    aria-valuemax=${quota}
    aria-valuenow=${Math.min(used, quota ?? 0)}
    aria-valuetext=${said}
  >
    <rect height="8" width="${Math.min(100, (100 * used) / (quota || 1))}%"></rect>
  </svg>`;

/** @type {(label: string, choices: [any, string][], chosen: any, choose: (choice: any) => void) => unknown} */
export const pick = (label, choices, chosen, choose) =>
  html`<div class="pick" role="group" aria-label=${label}>
    ${choices.map(
      ([value, name]) =>
        html`<button type="button" aria-pressed=${value === chosen} @click=${() => choose(value)}>${name}</button>`,
    )}
  </div>`;

/** @type {(days: number[][]) => number} */
export const most = (days) => Math.max(...days.map((parts) => parts.reduce((before, each) => before + each, 0)));

/** @type {(label: string, days: number[][]) => unknown} stacked bars */
export function chart(label, days) {
  const top = most(days) || 1;
  return html`<svg
    class="chart"
    role="img"
    aria-label=${label}
    viewBox="0 0 ${days.length * 10} 100"
    preserveAspectRatio="none"
  >
    ${days.map((parts, x) => {
      let y = 100;
      return parts.map((part, nth) => {
        const height = (96 * part) / top;
        y -= height;
        return svg`<rect class="s${nth}" x=${x * 10 + 1.5} y=${y} width="7" height=${height}></rect>`;
      });
    })}
  </svg>`;
}

export { html, nothing, options };
export * from './words.js';

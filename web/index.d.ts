/** Elements of Tally: credits, use and plans, on any page. */

export interface Options {
  /** Where the API is, without a slash at the end, for example `https://api.example.com/v1`. */
  baseUrl: string;
  /** Supplies the short-lived bearer of the user who is signed in; null where nobody is. Asked again once it is refused. */
  getToken: () => Promise<string | null>;
  /** Sends requests; `fetch`, unless something is to stand before it. */
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Where *Buy credits* leads to: a page with `<tally-packages>`. */
  buyUrl: string;
  /** Where *Change plan* and *Upgrade* lead to: a page with `<tally-plans>`. */
  plansUrl: string;
  /** After so many seconds what is shown is asked for again, while somebody can see it. */
  refreshSeconds: number;
  /** A BCP 47 tag; without one, the page's `lang` counts. */
  locale?: string;
}

/** Say where the API is, and who is there. What was read before is forgotten. */
export function configure(options: Partial<Options>): void;

/** Ask again for all that is shown, for example after something happened elsewhere. */
export function refresh(): void;

/** What a `tally-change` event tells: the command that was done, and its answer. */
export interface Change {
  path: string;
  answer: unknown;
}

interface Shown extends HTMLElement {
  /** A team's wallet; without one, the caller's own. */
  wallet: string;
}

interface Dated extends Shown {
  /** 7, 30 or 90 */
  days: number;
}

declare global {
  interface HTMLElementTagNameMap {
    'tally-balance': Shown;
    'tally-usage': Dated;
    'tally-predictions': Dated;
    'tally-packages': Shown;
    'tally-history': Shown & { kind: string };
    'tally-billing': Shown;
    'tally-plans': Shown & { interval: 'month' | 'year' };
    'tally-transfer': Shown & { to: string };
  }
  interface HTMLElementEventMap {
    'tally-change': CustomEvent<Change>;
  }
}

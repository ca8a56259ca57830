/** A client of the API, for browsers and Node. What can be called, and with what, is in `api.d.ts`. */
import type { Calls, Problem } from './api.js';

export type * from './api.js';

export interface ClientOptions {
  /** Where the API is, without a slash at the end, for example `https://api.example.com/v1`. */
  baseUrl: string;
  /** Supplies the short-lived bearer; null where nobody is signed in. Asked again once it is refused. */
  getToken: () => Promise<string | null> | string | null;
  /** Sends requests; `fetch`, unless something is to stand before it. */
  fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** What every call takes beside its parameters. */
export interface CallOptions {
  /** Ends the call, its waiting included. */
  signal?: AbortSignal;
}

/** The `etag` of an answer that is known already: where nothing has changed, there is no body. */
export interface Known {
  ifNoneMatch: string | null | undefined;
}

/** An answer with what stands in its headers. */
export interface Full<Body> {
  status: number;
  body: Body;
  etag: string | null;
  location: string | null;
  /** The command was done before, and this is its answer again. */
  replayed: boolean;
  /** Send it as `cursor` to read on; null where there is no more. */
  nextCursor: string | null;
}

/** What a method gives: what the answer says, or the whole answer. */
export type Given<Kind extends 'body' | 'full', Body> = Promise<Kind extends 'full' ? Full<Body> : Body>;

export interface Operation {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  /** What may stand behind the path. */
  query?: readonly string[];
  /** It wants an `Idempotency-Key`. */
  keyed?: boolean;
}

type Asked<Name extends keyof Calls<'body'>> = Parameters<Calls<'body'>[Name]>[0];

/** The operations that are read page by page. */
export type Paged = {
  [Name in keyof Calls<'body'>]: 'cursor' extends keyof NonNullable<Asked<Name>> ? Name : never;
}[keyof Calls<'body'>];

/**
 * Sends requests. Where there is no answer, or 429, 502 or 503, it sends the request up to three times, with the same
 * key and after the time that the API says, unless that is more than half a minute. A PUT has no key: it is sent again
 * after 429 only, when nothing was done.
 *
 * A parameter that is missing or that there is not is a `TypeError`, and nothing is sent.
 */
export class TallyClient {
  constructor(options?: Partial<ClientOptions>);
  /** The same methods; they give the whole answer. */
  readonly raw: Calls<'full'>;
  /** Read a list to its end, page by page. */
  pages<Name extends Paged>(
    name: Name,
    request?: Asked<Name>,
  ): AsyncGenerator<Awaited<ReturnType<Calls<'body'>[Name]>>>;
}
export interface TallyClient extends Calls<'body'> {}

/** A request that was refused, or not answered. */
export class TallyProblem extends Error {
  /** The HTTP status; 0: there was no answer, and `cause` says why. */
  readonly status: number;
  /** Which refusal it is; undefined where the answer is not the API's. */
  readonly code: Problem['code'] | undefined;
  /** All that the refusal says, for example `shortfall` and `offers`. */
  readonly facts: Partial<Problem>;
  /** Seconds to wait before the next try; null: nobody said. */
  readonly retryAfter: number | null;
}

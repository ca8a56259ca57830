/** How things are said and written: one table of messages per language, and `Intl` for the rest. */
import en from './en.js';

/** @type {Record<string, string | string[]>} */
let table = en;
let locale = 'en';
export let ready = Promise.resolve();

/** @type {(wanted: string) => void} */
export function speak(wanted) {
  if (wanted === locale) return;
  [locale, table] = [wanted, en];
  if (/^de/.test(wanted)) ready = import('./de.js').then((there) => void (table = there.default));
}

/** @type {T.Say} */
export function t(name, facts = {}) {
  const found = table[name] ?? '';
  const form = Array.isArray(found) ? found[+(new Intl.PluralRules(locale).select(facts.n) !== 'one')] : found;
  return form.replace(/{(\w+)}/g, (_, key) => (typeof facts[key] === 'number' ? number(facts[key]) : facts[key]));
}

/** @type {T.WriteNumber} */
export const number = (value, how) => new Intl.NumberFormat(locale, how).format(value).replace('-', '−');

/** @type {T.WriteNumber} */
export const signed = (value) => number(value, { signDisplay: 'exceptZero' });

/** @type {T.WriteMoney} */
export const price = ({ amount_minor, currency, exponent: digits }, short) =>
  number(amount_minor / 10 ** digits, {
    style: 'currency',
    currency,
    minimumFractionDigits: short && amount_minor % 10 ** digits === 0 ? 0 : digits,
    maximumFractionDigits: digits,
  });

/** @type {(how: Intl.DateTimeFormatOptions) => T.Write} */
const write = (how) => (at) => new Intl.DateTimeFormat(locale, how).format(new Date(at));
export const day = write({ dateStyle: 'medium', timeZone: 'UTC' }); // the books' days are UTC's
export const shortDay = write({ day: 'numeric', month: 'short', timeZone: 'UTC' });
export const moment = write({ dateStyle: 'medium', timeStyle: 'short' });

/** The gallery: lists the states by name, or shows one. Fixtures answer in the place of a server. */
import { configure, refresh } from '/web/tally.js';
import { states, Unusual, usual } from './fixtures.js';

const query = new URLSearchParams(location.search);
const name = query.get('state') ?? '';
const lang = query.get('lang');
if (lang) document.documentElement.lang = lang;
const main = document.querySelector('main');

/** @param {string} tag @param {object} fields @param {...(Node | string)} children */
function make(tag, fields, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
}

/** @param {string} shown */
async function show(shown) {
  const { tag, answers, query: address, set, click, then } = states[shown];
  let said = { ...usual, ...answers };
  const answer = async (url) => {
    const found = said[url.split('?')[0]];
    if (!(found instanceof Unusual)) return Response.json(found);
    if (found.status < 0) return new Promise(() => {});
    if (!found.status) throw new TypeError('offline');
    return Response.json(found.body, { status: found.status, headers: { 'Retry-After': String(found.wait ?? '') } });
  };
  configure({ getToken: async () => 'a token', fetch: answer, refreshSeconds: 3600 });
  if (address) history.replaceState(null, '', `?state=${shown}&${address}`);
  const element = Object.assign(document.createElement(tag), set);
  main.append(
    make('h1', {}, shown),
    tag === 'tally-balance' ? make('section', { className: 'panel', ariaLabel: shown }, element) : element,
  );
  if (!then && !click) return;
  while (!element.shadowRoot.querySelector(click ?? '[part]')) await new Promise(requestAnimationFrame);
  if (click) element.shadowRoot.querySelector(click).click();
  if (then) {
    said = { ...said, ...then };
    refresh();
  }
}

if (name in states) {
  document.title = name;
  show(name);
} else {
  const links = Object.keys(states).map((each) => make('li', {}, make('a', { href: `?state=${each}` }, each)));
  main.append(make('h1', {}, 'Every state'), make('ul', { className: 'states' }, ...links));
}

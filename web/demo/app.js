/** The demo's dashboard: who is signed in, which view is shown, and the switch that makes things happen. */
import { configure, refresh } from '/web/tally.js';

const wanted = new URLSearchParams(location.search).get('wallet') ?? 'acct_demo';
const isTeam = wanted.startsWith('team_');
const me = isTeam ? 'acct_demo' : wanted;
const team = isTeam ? wanted : 'team_demo';

async function getToken() {
  const query = new URLSearchParams({ wallet_id: me, teams: `${team}:owner`, email: 'ada@example.com' });
  return (await (await fetch(`/local/token?${query}`)).json()).token;
}

/** @param {string} path */
const here = (path) => (wanted === 'acct_demo' ? path : `${path}?${new URLSearchParams({ wallet: wanted })}`);

configure({ getToken, buyUrl: here('/buy'), plansUrl: here('/pricing') });

/** @type {HTMLElement} */
const main = document.querySelector('main');
/** @param {string} id */
const at = (id) => document.getElementById(id);

/** Show the view that the address names. */
function show() {
  const view =
    document.querySelector(`template[data-path="${location.pathname}"]`) ?? document.querySelector('template');
  const content = view.content.cloneNode(true);
  for (const each of content.querySelectorAll('*'))
    if (isTeam && /^tally-/.test(each.localName)) each.setAttribute('wallet', wanted);
  main.replaceChildren(content);
  document.title = `${view.dataset.title} – Tally`;
  for (const each of document.querySelectorAll('nav a')) {
    if (new URL(each.href).pathname === location.pathname) {
      each.setAttribute('aria-current', 'page');
      each.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    } else each.removeAttribute('aria-current');
  }
}

/** Follow links between views without loading the page again. */
document.addEventListener('click', (event) => {
  const link = event.composedPath().find((each) => each instanceof HTMLAnchorElement);
  const plain = !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!link || !plain || link.origin !== location.origin || link.hash) return;
  if (!document.querySelector(`template[data-path="${link.pathname}"]`)) return;
  event.preventDefault();
  history.pushState(null, '', here(link.pathname));
  show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
addEventListener('popstate', show);

/** @param {string} path @param {object} [body] */
async function local(path, body) {
  const init = body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`/local/${path}`, init);
  return { ok: answer.ok, ...(await answer.json()) };
}

async function tellTime() {
  const { now } = await local('clock');
  at('now').textContent =
    `Here it is ${new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' }).format(new Date(now))}.`;
}

const TOLD = {
  use: ({ credits }) =>
    credits ? `25 predictions used: ${credits} credits.` : '25 predictions used, all from the quota.',
  time: () => 'Time has passed: what ended was booked, messages were sent.',
  refund: () => 'The money went back, and its credits with it. Look at the history.',
  dispute: () => 'The bank has been heard. Look at the history.',
};

at('play').addEventListener('click', async ({ target }) => {
  const button = target.closest('button');
  if (!button) return;
  const { play, days, status } = button.dataset;
  at('told').textContent = 'One moment…';
  const answer = await local(`play/${play}`, {
    wallet_id: wanted,
    ...(days && { days: Number(days) }),
    ...(status && { status }),
  });
  at('told').textContent = answer.ok ? TOLD[play](answer) : answer.detail;
  refresh();
  tellTime();
});

at('who').textContent = isTeam ? `${wanted}, as its owner ${me}` : `${me}, owner of ${team}`;
document.querySelector('header tally-balance').setAttribute('wallet', isTeam ? wanted : '');
for (const each of document.querySelectorAll('nav a, h1 a')) each.href = here(each.getAttribute('href'));
show();
tellTime();

/** `<tally-history>`: what came in and went out, line by line, each with its arithmetic; and all of it as a file. */
import { away, button, define, html, link, moment, nothing, number, signed, t, Tally } from './element.js';
import { ask } from './store.js';

const KINDS = 'purchase usage grant expiry transfer_out transfer_in revocation restoration'.split(' ');
const COLUMNS =
  'seq at kind credits available_after meter quantity from_quota purchase_id labels note reason actor hash'.split(' ');

define(
  'tally-history',
  class extends Tally {
    static observedAttributes = ['wallet', 'kind'];

    constructor() {
      super();
      this.kind = '';
      this.open = 0;
      /** the cursors of the pages so far */
      this.pages = [''];
      this.live('kind', 'open', 'pages');
    }

    /** @type {(cursor: string, limit: number) => string} */
    path(cursor, limit) {
      return `/api/credits/history?limit=${limit}${this.kind && `&type=${this.kind}`}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    }

    render() {
      return html`<section class="card" part="card">
        <div class="row apart">
          <h2 part="title">${t('history')}</h2>
          <div class="row">
            <select aria-label=${t('show')} @change=${(/** @type {any} */ event) => this.choose(event.target.value)}>
              ${['', ...KINDS].map((kind) => html`<option value=${kind} ?selected=${kind === this.kind}>${t(`kind_${kind}`)}</option>`)}
            </select>
            ${this.act(t('csv'), 'csv', () => this.save())}
          </div>
        </div>
        ${this.said('csv')}
        ${this.show([this.use(this.path(this.pages[this.pages.length - 1], 10))], (page) => this.page(page), 16)}
      </section>`;
    }

    /** @param {string} kind */
    choose(kind) {
      this.pages = [''];
      this.kind = kind;
    }

    /** @param {T.Answers['GET']['/api/credits/history']} page */
    page({ entries, next_cursor: next }) {
      return html`${
        entries.length
          ? html`<ul class="lines">
              ${entries.map((each) => this.line(each))}
            </ul>`
          : html`<p class="soft">${t('no_entries')}</p>`
      }
      ${
        this.pages[1] || next
          ? html`<div class="row">
              ${this.pages[1] ? button(t('newer'), () => (this.pages = this.pages.slice(0, -1))) : nothing}
              ${next ? button(t('older'), () => (this.pages = [...this.pages, next])) : nothing}
            </div>`
          : nothing
      }`;
    }

    /** @param {T.Entry} entry */
    line(entry) {
      const { seq, kind, at, credits, available_after: n, uses } = entry;
      const { meter, quantity, set } = uses?.length === 1 ? uses[0] : entry;
      const what = meter
        ? `${number(quantity ?? set ?? 0)} × ${meter.replace(/_/g, ' ')}`
        : uses
          ? t('uses', { n: uses.length })
          : '';
      const toggle = () => (this.open = this.open === seq ? 0 : seq);
      return html`<li class="stack">
        <div class="line">
          <p><b>${t(`kind_${kind}`)}</b> ${what}<br /><small>${moment(at)}</small></p>
          <p class="num">
            <b class="tone ${credits > 0 ? 'good' : ''}">${signed(credits)}</b><br /><small>${t('left', { n })}</small>
          </p>
          <button type="button" class="link" aria-expanded=${this.open === seq} @click=${toggle}>
            ${t('why')}<span class="quiet"> ${signed(credits)}, ${moment(at)}</span>
          </button>
        </div>
        ${this.open === seq ? this.why(entry) : nothing}
      </li>`;
    }

    /** @param {T.Entry} entry */
    why({ seq, purchase_id, labels, note, reason, hash }) {
      const bought = purchase_id ? this.use(`/api/credits/purchases/${purchase_id}`).value : null;
      const receipt = away(bought?.receipt_url);
      const named = [labels ?? {}].flat().flatMap((each) => Object.entries(each));
      const notes = [...named.map((pair) => pair.join(': ')), note, reason].filter(Boolean);
      return html`<div class="note">
        ${this.show([this.use(`/api/credits/entries/${seq}/explanation`)], (explained) => this.sums(explained), 3)}
        ${notes.map((each) => html`<p>${each}</p>`)}
        <p class="row soft"><code>${hash.slice(0, 16)}</code>${receipt ? link(t('receipt'), receipt, '') : nothing}</p>
      </div>`;
    }

    /** @param {T.Explanation} explained */
    sums({ steps, draws }) {
      return html`<table lang="en">
        ${steps.map(
          ({ text, expression, value }) =>
            html`<tr>
              <td>${text}<br /><code>${expression}</code></td>
              <td class="num">${number(value)}</td>
            </tr>`,
        )}
        ${draws.map(
          ({ lot_id, because, credits }) =>
            html`<tr>
              <td>${lot_id}: ${because}</td>
              <td class="num">${signed(credits)}</td>
            </tr>`,
        )}
      </table>`;
    }

    /** Fetch all pages, and hand them over as a file. */
    save() {
      const lines = [COLUMNS.join()];
      const work = async () => {
        for (let cursor = ''; ;) {
          const { entries, next_cursor } = await (await ask(this.of(this.path(cursor, 100)))).json();
          for (const each of entries) lines.push(COLUMNS.map((name) => cell(each[name])).join());
          if (!next_cursor) break;
          cursor = next_cursor;
        }
        const href = URL.createObjectURL(new Blob([lines.join('\r\n') + '\r\n'], { type: 'text/csv' }));
        Object.assign(document.createElement('a'), { href, download: 'credits.csv' }).click();
        URL.revokeObjectURL(href);
      };
      return this.attempt('csv', work, () => t('saved', { n: lines.length - 1 }));
    }
  },
);

/** @param {unknown} value a text that a spreadsheet would take for a formula is marked as text */
function cell(value) {
  const text = typeof value === 'string' ? value.replace(/^[=+@\t\r-]/, "'$&") : JSON.stringify(value ?? '');
  return /["\n\r,]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/** `<tally-transfer>`: credits from one wallet to another; says beforehand which lots go, and when they end. */
import { day, define, html, nothing, t, Tally } from './element.js';

define(
  'tally-transfer',
  class extends Tally {
    static observedAttributes = ['wallet', 'to'];

    constructor() {
      super();
      this.to = '';
      this.credits = 0;
      this.live('to', 'credits');
    }

    render() {
      return html`<section class="card" part="card">
        <h2 part="title">${t('transfer')}</h2>
        ${this.show([this.use('/api/credits/balance')], (balance) => this.form(balance), 6)} ${this.said('transfer')}
      </section>`;
    }

    /** @param {T.Balance} balance */
    form({ available, lots }) {
      const known = this.to.split(',');
      const going = lots_for(lots, Math.min(this.credits, available));
      return html`<form class="stack" @submit=${(/** @type {SubmitEvent} */ event) => this.send(event)}>
        <p class="soft">${t('can_transfer', { n: available })}</p>
        <div class="grid">
          <label
            >${t('to')}<input name="to" required maxlength="64" list="known" value=${known[0]} autocomplete="off"
          /></label>
          <datalist id="known">${known.map((each) => html`<option value=${each}></option>`)}</datalist>
          <label>
            ${t('how_many')}
            <input
              name="credits"
              type="number"
              required
              min="1"
              max=${available}
              .value=${this.credits || ''}
              @input=${(/** @type {any} */ event) => (this.credits = +event.target.value)}
            />
          </label>
          <label>${t('note')}<input name="note" maxlength="200" autocomplete="off" /></label>
        </div>
        <div role="status">${going.length ? this.going(going) : nothing}</div>
        <div><button part="button" class="primary" aria-disabled=${!!this.busy}>${t('move')}</button></div>
      </form>`;
    }

    /** @param {[number, string | null][]} lots with how much goes of each, and its end */
    going(lots) {
      return html`<h3>${t('going')}</h3>
        <ul class="lines">
          ${lots.map(
            ([n, end]) =>
              html`<li class="row apart">
                <span>${t('credits', { n })}</span>
                <span class="soft">${end ? t('until', { date: day(end) }) : t('forever')}</span>
              </li>`,
          )}
        </ul>`;
    }

    /** @param {SubmitEvent} event */
    send(event) {
      event.preventDefault();
      const { to, credits, note } = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)));
      const body = { to_wallet_id: to, credits: +credits, note: note || undefined };
      this.run('transfer', '/api/credits/transfer', body, ({ credits: n, available }) => {
        this.credits = 0;
        return t('moved', { n, to, available });
      });
    }
  },
);

/** @type {(lots: T.Lot[], credits: number) => [number, string | null][]} lots stand in the order in which they pay */
const lots_for = (lots, credits) =>
  lots.flatMap(({ remaining, held, set_aside, expires_at }) => {
    const taken = Math.min(credits, remaining - held - set_aside);
    credits -= taken;
    return taken ? [/** @type {[number, string | null]} */ ([taken, expires_at])] : [];
  });

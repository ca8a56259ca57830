/** `<tally-packages>`: what can be bought, the way to the pay page, and what became of it when the buyer is back. */
import { away, badge, define, html, leave, link, nothing, note, price, t, Tally } from './element.js';
import { refresh } from './store.js';

const [FIRST_WAIT, LONGEST_WAIT] = [500, 8000]; // milliseconds; each wait is twice the one before
const PATIENCE = 20_000; // milliseconds after which it is said that it takes longer than usual

define(
  'tally-packages',
  class extends Tally {
    constructor() {
      super();
      this.bought = '';
      this.canceled = false;
      this.waited = 0;
      this.wait = FIRST_WAIT;
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      this.timer = undefined;
    }

    connectedCallback() {
      const query = new URLSearchParams(location.search);
      this.bought = query.get('purchase') ?? '';
      this.canceled = query.has('canceled');
      super.connectedCallback();
    }

    disconnectedCallback() {
      super.disconnectedCallback();
      clearTimeout(this.timer);
      this.timer = undefined;
    }

    render() {
      return html`<section class="stack grids">
        <h2 part="title">${t('buy')}</h2>
        ${this.bought ? html`<div role="status">${this.back()}</div>` : nothing}
        ${this.show([this.use('/api/credits/packages')], ({ packages }) => this.offers(packages), 20)}
      </section>`;
    }

    /** Say what became of the purchase from which the buyer is back, and look again while it is open. */
    back() {
      const found = this.use(`/api/credits/purchases/${encodeURIComponent(this.bought)}`);
      if (found.problem && !found.value) return this.show([found], () => nothing, 1);
      /** @type {Partial<T.Purchase>} */
      const { status = 'pending', credits = 0, bonus_credits: bonus = 0, receipt_url } = found.value ?? {};
      if (/^(pending|awaiting)/.test(status) && !this.canceled)
        this.timer ??= setTimeout(() => this.look(found), this.wait);
      const state =
        status === 'pending' && this.canceled
          ? 'canceled'
          : status === 'pending' && this.waited > PATIENCE
            ? 'delayed'
            : status;
      const receipt = away(receipt_url);
      return note(
        `row ${state === 'paid' ? 'good' : state === 'failed' ? 'exceeded' : 'pending'}`,
        html`<span><b>${t(`back_${state}`)}</b> ${t(`after_${state}`, { n: credits + bonus })}</span>
          ${receipt ? link(t('receipt'), receipt, 'end') : nothing}`,
      );
    }

    /** @param {T.Resource} found */
    async look(found) {
      this.waited += this.wait;
      this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
      if (!document.hidden) await found.load(true);
      this.timer = undefined;
      if (found.value?.status === 'paid') refresh();
      this.requestUpdate();
    }

    /** @param {T.Package[]} packages */
    offers(packages) {
      return html`<ul class="grid">
          ${packages.map((each) => this.offer(each))}
        </ul>
        <label class="row"><input type="checkbox" id="save" />${t('save_card')}</label>
        <p class="soft">${t('buying')}</p>`;
    }

    /** @param {T.Package} offered */
    offer({
      package_id,
      name,
      credits,
      bonus_credits: bonus,
      price: cost,
      expires_after_days: n,
      saves_percent: saves,
    }) {
      const unit = { ...cost, amount_minor: Math.round((1000 * cost.amount_minor) / (credits + bonus)) };
      return html`<li class="card tight" part="package">
        <div class="row apart">
          <h3>${name}</h3>
          ${saves ? badge('good', t('saves', { n: saves })) : nothing}
        </div>
        <p class="figure">${price(cost)}</p>
        <p class="soft">${t('per_thousand', { price: price(unit) })}</p>
        ${bonus ? html`<p>${t('bonus', { n: bonus, total: credits + bonus })}</p>` : nothing}
        <p class="soft">${n ? t('lasts', { n }) : t('lasts_forever')}</p>
        <p class="foot">
          ${this.act(t('buy'), package_id, () => this.buy(package_id), 'primary', `${t('buy')}: ${name}`)}
        </p>
        ${this.said(package_id)}
      </li>`;
    }

    /** @param {string} package_id */
    buy(package_id) {
      const { checked: save_card } = /** @type {HTMLInputElement} */ (this.shadowRoot?.getElementById('save'));
      const here = new URL(location.href);
      for (const name of ['purchase', 'session_id', 'canceled']) here.searchParams.delete(name);
      const path = here.pathname + here.search;
      const return_path = /^[\w/?&=.~-]*$/.test(path) ? path : here.pathname;
      return this.run(
        package_id,
        '/api/credits/purchase',
        { package_id, save_card, return_path },
        ({ checkout_url }) => {
          leave(checkout_url);
          return t('leaving');
        },
      );
    }
  },
);

/** `<tally-billing>`: the plan and how it goes on, what was paid, and credits that are bought by themselves. */
import {
  away,
  badge,
  button,
  day,
  define,
  html,
  leave,
  link,
  nothing,
  note,
  options,
  price,
  t,
  Tally,
  terms,
} from './element.js';

const PATH = '/api/user/subscription/';

define(
  'tally-billing',
  class extends Tally {
    constructor() {
      super();
      this.limit = 5;
      this.live('limit');
    }

    render() {
      /** @type {[string, unknown][]} */
      const parts = [
        ['plan', this.show([this.use('/api/user/subscription')], (mine) => this.plan(mine), 8)],
        ['payments', this.show([this.use(`/api/user/payments?limit=${this.limit}`)], (paid) => this.payments(paid), 6)],
        [
          'topup',
          this.show(
            [this.use('/api/credits/auto-topup'), this.use('/api/credits/packages')],
            (set, { packages }) => this.topup(set, packages),
            6,
          ),
        ],
      ];
      const [plan, payments, topup] = parts.map(
        ([name, part]) =>
          html`<section class="card" part="card">
            <h2 part="title">${t(name)}</h2>
            ${part}${this.said(name)}
          </section>`,
      );
      return html`<div class="stack cols">
        <div class="stack">${plan}${topup}</div>
        ${payments}
      </div>`;
    }

    /** @param {T.Subscription} mine */
    plan({
      name,
      status,
      interval,
      price: cost,
      current_period_end: end,
      next_billing_at: next,
      ends_at: ends,
      pending_plan_id: pending,
      keeps,
    }) {
      const late = status !== 'active' && status !== 'trialing';
      const keep = t('keeps', { n: keeps.credits });
      return html`<div class="row">
          <span class="figure">${name}</span>
          ${badge(late ? 'exceeded' : ends ? 'warning' : 'good', (ends ? t('ending') : t(`status_${status}`)) || status)}
        </div>
        ${late ? note('exceeded', t('late')) : ends ? note('warning', `${t('ends_on', { name, date: day(ends) })} ${keep}`) : pending ? note('', t('pending', { name: pending, date: day(end) })) : nothing}
        ${terms([
          [t('price'), cost?.amount_minor ? `${price(cost)} ${t(`per_${interval}`)}` : t('free')],
          [t('next_payment'), next ? day(next) : '–'],
        ])}
        <div class="row">
          ${link(t('change_plan'), options.plansUrl)} ${link(t('buy'), options.buyUrl)}
          ${cost?.amount_minor ? this.act(t('portal'), 'portal', () => this.run('plan', '/api/user/portal', {}, ({ url }) => (leave(url), t('leaving')))) : nothing}
          ${
            ends || pending
              ? this.act(
                  t('resume'),
                  'plan',
                  () => this.run('plan', `${PATH}resume`, {}, () => t('resumed')),
                  'primary',
                )
              : next
                ? button(t('cancel'), () => this.shadowRoot?.querySelector('dialog')?.showModal(), 'cancel')
                : nothing
          }
        </div>
        <dialog aria-labelledby="cancel">
          <form
            method="dialog"
            class="stack"
            @submit=${(/** @type {any} */ event) => this.cancel(event.submitter.value, event.target.at.value)}
          >
            <h3 id="cancel">${t('cancel_plan', { name })}</h3>
            ${['period_end', 'now'].map(
              (at, nth) =>
                html`<label class="row"
                  ><input
                    type="radio"
                    name="at"
                    value=${at}
                    ?checked=${!nth}
                  />${t(`cancel_${at}`, { date: day(end) })}</label
                >`,
            )}
            <p>${keep}</p>
            <div class="row">
              <button class="primary" value="">${t('keep_plan')}</button><button value="yes">${t('cancel')}</button>
            </div>
          </form>
        </dialog>`;
    }

    /** @type {(answer: string, at: string) => void} */
    cancel(answer, at) {
      if (answer) this.run('plan', `${PATH}cancel`, { at }, () => t(`canceled_${at}`));
    }

    /** @param {T.Answers['GET']['/api/user/payments']} paid */
    payments({ payments, next_cursor: more }) {
      return html`<ul class="lines">
          ${payments.map(
            ({ kind, number, credits, created_at, disputed, status, amount, refunded_minor: back, receipt_url }) => {
              const receipt = away(receipt_url);
              return html`<li class="row apart">
                <p>
                  ${kind === 'invoice' ? `${t('invoice')} ${number ?? ''}` : t('credits', { n: credits })}<br /><small
                    >${day(created_at)}</small
                  >
                </p>
                <p class="num">
                  ${price(amount)}
                  ${disputed ? badge('warning', t('disputed')) : badge(status === 'paid' ? 'good' : '', t(`paid_${status}`) || status)}
                  <br /><small
                    >${back ? t('refunded', { price: price({ ...amount, amount_minor: back }) }) : nothing}
                    ${receipt ? link(t('receipt'), receipt, '') : nothing}</small
                  >
                </p>
              </li>`;
            },
          )}
        </ul>
        ${payments.length ? nothing : html`<p class="soft">${t('no_payments')}</p>`}
        ${more ? html`<div>${button(t('more'), () => (this.limit = Math.min(100, this.limit * 4)))}</div>` : nothing}`;
    }

    /** @type {(set: T.TopUp, packages: T.Package[]) => unknown} */
    topup(
      { enabled, below, target, package_id: chosen, monthly_cap_minor: cap, status, charged_this_month: charged },
      packages,
    ) {
      const unit = 10 ** charged.exponent;
      /** @type {(name: string, value: number | null, required?: boolean) => unknown} */
      const field = (name, value, required = true) =>
        html`<label
          >${t(`topup_${name}`)}<input
            type="number"
            name=${name}
            min="1"
            max="1000000000"
            ?required=${required}
            value=${value ?? ''}
        /></label>`;
      return html`<form class="stack" @submit=${(/** @type {SubmitEvent} */ event) => this.set(event, unit)}>
        <p class="soft">${t(`topup_is_${status}`)}</p>
        <label class="row"><input type="checkbox" name="enabled" ?checked=${enabled} />${t('topup_enabled')}</label>
        <div class="grid">
          ${field('below', below ?? 500)} ${field('target', target ?? 1000)}
          <label>
            ${t('topup_package')}
            <select name="package_id">
              ${packages.map(({ package_id, name, price: cost }) => html`<option value=${package_id} ?selected=${package_id === chosen}>${name}, ${price(cost)}</option>`)}
            </select>
          </label>
          ${field('cap', cap && cap / unit, false)}
        </div>
        <div class="row">
          <button part="button" aria-disabled=${!!this.busy}>${t('save')}</button
          ><small>${t('charged', { price: price(charged) })}</small>
        </div>
      </form>`;
    }

    /** @type {(event: SubmitEvent, unit: number) => void} *unit*: minor units in one of the currency */
    set(event, unit) {
      event.preventDefault();
      const { enabled, cap, below, target, package_id } = Object.fromEntries(
        new FormData(/** @type {HTMLFormElement} */ (event.target)),
      );
      const body = {
        enabled: !!enabled,
        below: +below,
        target: +target,
        package_id,
        monthly_cap_minor: cap ? Math.round(+cap * unit) : null,
      };
      this.run('topup', '/api/credits/auto-topup', body, () => t('topup_saved'), 'PUT');
    }
  },
);

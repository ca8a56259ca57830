/** `<tally-plans>`: what each plan costs and includes, beside the own use; two of them compared; and honest advice. */
import { badge, button, define, html, leave, nothing, note, number, pick, price, t, Tally } from './element.js';

define(
  'tally-plans',
  class extends Tally {
    static observedAttributes = ['wallet', 'interval'];

    constructor() {
      super();
      /** @type {T.Interval} */
      this.interval = 'month';
      this.to = '';
      this.live('interval', 'to');
    }

    render() {
      const mine = this.use('/api/user/subscription');
      const usage = this.use('/api/user/usage?days=30');
      const advised = this.use('/api/user/recommendation');
      const intervals = ['month', 'year'].map((each) => /** @type {[string, string]} */ ([each, t(`by_${each}`)]));
      return html`<section class="stack grids">
        <div class="row apart">
          <h2 part="title">${t('plans')}</h2>
          ${pick(t('paid'), intervals, this.interval, (chosen) => (this.interval = chosen))}
        </div>
        ${this.show([this.use('/api/plans')], (plans) => [advised.value ? this.advice(advised.value) : nothing, this.cards(plans, mine.value, usage.value)], 20, [mine, usage, advised])}
        ${
          this.to
            ? html`<div class="card" part="card">
                ${this.show([this.use(`/api/plans/compare?to=${this.to}`)], (compared) => this.compared(compared), 8)}
              </div>`
            : nothing
        }
      </section>`;
    }

    /** @type {(plans: T.Plans, mine: T.Subscription | undefined, usage: T.Usage | undefined) => unknown} */
    cards({ plans, meters, incentive }, mine, usage) {
      return html`${incentive && mine?.plan_id === 'free' ? note('good', incentive.name) : nothing}
        <ul class="grid plans">
          ${plans.map((plan) => {
            const { plan_id, name, prices, self_service, quotas, rates, included_credits: n } = plan;
            const cost = prices[this.interval];
            const current = mine?.plan_id === plan_id && (mine.interval === this.interval || !cost?.amount_minor);
            const saves = this.interval === 'year' && plan.year_saves_percent;
            return html`<li class="card" part="plan">
              <div class="row apart">
                <h3>${name}</h3>
                ${current ? badge('good', t('current')) : saves ? badge('good', t('saves', { n: saves })) : nothing}
              </div>
              <p>
                <span class="figure">${cost ? price(cost, true) : '–'}</span>
                <small>${t(`per_${this.interval}`)}</small>
              </p>
              <dl class="lines facts">
                ${meters.map(({ meter, name }) => {
                  const used = usage?.meters.find((each) => each.meter === meter)?.used;
                  return this.fact(
                    name,
                    amount(quotas[meter]),
                    rates[meter] && rate(rates[meter]),
                    used,
                    quotas[meter],
                  );
                })}
                ${this.fact(t('included'), number(n))}
              </dl>
              <p class="foot row">
                ${
                  current || plan_id === 'free'
                    ? nothing
                    : self_service
                      ? this.act(
                          t('choose'),
                          plan_id,
                          () => this.choose(plan_id, plan_id, this.interval),
                          'primary',
                          `${t('choose')}: ${name}`,
                        )
                      : html`<small>${t('ask_us')}</small>`
                }
                ${mine && !current ? button(t('compare'), () => (this.to = plan_id), 'link', `${t('compare')}: ${name}`) : nothing}
              </p>
              ${this.said(plan_id)}
            </li>`;
          })}
        </ul>`;
    }

    /** @type {(name: string, said: string, rate?: string, used?: number, quota?: number | null) => unknown} */
    fact(name, said, rate, used, quota = 0) {
      const over = used && quota !== null && used > quota;
      return html`<div>
        <dt>${name}</dt>
        <dd>
          ${said}
          ${used ? html`<br /><small class="tone ${over ? 'warning' : ''}">${t(over ? 'you_use_over' : 'you_use', { used })}</small>` : nothing}
          ${rate ? html`<br /><small>${rate}</small>` : nothing}
        </dd>
      </div>`;
    }

    /** @type {(at: string, plan_id: string, interval: T.Interval) => Promise<void>} */
    choose(at, plan_id, interval) {
      return this.run(at, '/api/user/subscription/checkout', { plan_id, interval }, (answer) => {
        if (!('checkout_url' in answer)) return answer.message;
        leave(answer.checkout_url);
        return t('leaving');
      });
    }

    /** @param {T.Comparison} compared */
    compared({ from, to, rows, price_difference: more, incentive }) {
      const label = t('compared', { from: from.name, to: to.name });
      return html`<h3>${label}</h3>
        <div class="scroll" tabindex="0" role="region" aria-label=${label}>
          <table>
            <tr>
              <td></td>
              ${[from.name, to.name, t('your_use')].map((name) => html`<th scope="col">${name}</th>`)}
            </tr>
            ${rows.map(
              ({ kind, name, from: here, to: there, used }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  ${[here, there].map((cell) => html`<td>${value(kind, cell)}</td>`)}
                  <td>${used === undefined ? nothing : number(used)}</td>
                </tr>`,
            )}
          </table>
        </div>
        ${more ? html`<p>${t('difference', { price: price(more) })}</p>` : nothing}
        ${incentive ? note('good', incentive.name) : nothing}`;
    }

    /** @param {T.Recommendation} advised */
    advice({ current, options, recommended: best, based_on, not_counted, message }) {
      const other = best && (best.plan_id !== current.plan_id || best.interval !== current.interval);
      return html`<div class="note stack ${other ? 'good' : ''}" part="advice">
        <div class="row apart">
          <p class="grow"><b>${t('advice')}</b> <span lang="en">${message}</span></p>
          ${
            other && best.self_service
              ? this.act(t('follow', { name: best.name, interval: t(`by_${best.interval}`) }), 'advice', () =>
                  this.choose('advice', best.plan_id, best.interval),
                )
              : nothing
          }
        </div>
        ${this.said('advice')}
        ${
          options.length
            ? html`<details>
                <summary class="soft">${t('sums', { n: based_on.periods })}</summary>
                <table>
                  ${options.map(
                    ({ name, interval, packages, cost, saves }) =>
                      html`<tr>
                        <td>
                          ${name}, ${t(`by_${interval}`)}
                          ${packages.map((each) => html`<br /><small>+ ${t('credits', { n: each.credits })}</small>`)}
                        </td>
                        <td class="num">
                          ${price(cost)}${saves ? html`<br /><small class="tone good">−${price(saves)}</small>` : nothing}
                        </td>
                      </tr>`,
                  )}
                </table>
                <p class="soft" lang="en">${not_counted.join(' ')}</p>
              </details>`
            : nothing
        }
      </div>`;
    }
  },
);

/** @param {number | null | undefined} quota */
const amount = (quota) => (quota === null ? t('unlimited') : quota ? number(quota) : '–');

/** @param {T.Rate} rate */
const rate = ({ credits: n, per }) => t(per === 1 ? 'rate_each' : 'rate', { n, per });

/** @type {(kind: T.Row['kind'], cell: any) => string} */
const value = (kind, cell) =>
  kind === 'quota'
    ? amount(cell)
    : cell === null
      ? '–'
      : kind === 'rate'
        ? rate(cell)
        : kind === 'price'
          ? price(cell)
          : number(cell);

/** `<tally-usage>`: each meter against its quota, and the days. `<tally-predictions>`: the product's own numbers. */
import {
  bar,
  chart,
  day,
  define,
  html,
  link,
  most,
  nothing,
  note,
  number,
  options,
  pick,
  shortDay,
  t,
  Tally,
  terms,
} from './element.js';

class Days extends Tally {
  static observedAttributes = ['wallet', 'days'];

  constructor() {
    super();
    this.days = 30;
    /** @type {T.Resource | undefined} what was shown last, until another span is there */
    this.last = undefined;
    this.live('days');
  }

  /** @type {<Path extends string>(path: Path, draw: (answer: T.Answer<Path>) => unknown, rows: number) => unknown} */
  card(path, draw, rows) {
    const wanted = this.use(`${path}?days=${this.days}`);
    if (wanted.value || wanted.problem) this.last = wanted;
    const spans = [7, 30, 90].map((n) => /** @type {[number, string]} */ ([n, t('days', { n })]));
    return html`<section class="card" part="card">
      <div class="row apart">
        <h2 part="title">${t(this.localName)}</h2>
        ${pick(t('span'), spans, this.days, (chosen) => (this.days = chosen))}
      </div>
      ${this.show([this.last ?? wanted], draw, rows)}
    </section>`;
  }

  /** @type {(label: string, days: { date: string }[], parts: number[][], names: string[], cells: number[][], heads: string[]) => unknown} */
  chart(label, days, parts, names, cells, heads) {
    const top = most(parts);
    const peak = t('peak', { n: number(top, top < 1 ? { style: 'percent', maximumFractionDigits: 1 } : {}) });
    return html`<figure class="stack tight">
      <small>${peak}</small>
      ${chart(`${label}. ${peak}`, parts)}
      <p class="row apart soft">
        <span>${shortDay(days[0].date)}</span><span>${shortDay(days[days.length - 1].date)}</span>
      </p>
      <figcaption class="row soft">
        ${names.map((name, nth) => html`<span class="key s${nth}">${name}</span>`)}
      </figcaption>
      <details>
        <summary class="soft">${t('as_table')}</summary>
        <div class="scroll" tabindex="0" role="region" aria-label=${label}>
          <table>
            <tr>
              ${[t('day'), ...heads].map((name) => html`<th scope="col">${name}</th>`)}
            </tr>
            ${days.map(
              ({ date }, nth) =>
                html`<tr>
                  <th scope="row">${shortDay(date)}</th>
                  ${cells[nth].map((cell) => html`<td class="num">${number(cell)}</td>`)}
                </tr>`,
            )}
          </table>
        </div>
      </details>
    </figure>`;
  }
}

define(
  'tally-usage',
  class extends Days {
    constructor() {
      super();
      this.shown = '';
      this.live('shown');
    }

    render() {
      return this.card('/api/user/usage', (usage) => this.draw(usage), 14);
    }

    /** @param {T.Usage} usage */
    draw({ plan, period, meters, warnings, actions, daily, credits }) {
      const told = warnings.filter((each) => each.meter);
      const facts = { plan: plan.name, from: day(period.start), to: day(period.end), n: credits.spent_in_period };
      return html`<p class="soft">${t('period', facts)}</p>
        ${told.map((each) => note(each.code.slice(6), this.warning(each, meters, period.end)))}
        <ul class="lines">
          ${meters.map((each) => this.meter(each))}
        </ul>
        ${
          actions.length
            ? html`<div class="row">
                ${actions.map(({ action, message }) =>
                  action === 'upgrade'
                    ? html`${link(t('upgrade'), options.plansUrl)}<small lang="en">${message}</small>`
                    : link(t('buy'), options.buyUrl, 'button primary'),
                )}
              </div>`
            : nothing
        }
        ${this.days_of(meters, daily)}`;
    }

    /** @param {T.Meter} meter */
    meter(meter) {
      const { name, used, quota, remaining, percent, level, overage_credits: n } = meter;
      const said = quota ? t('used_of', { used, quota }) : number(used);
      return html`<li class="stack tight">
        <div class="row apart"><b>${name}</b><span>${said}</span></div>
        ${quota ? bar(meter, `${said}, ${t(level, { n: remaining, percent })}`) : nothing}
        <div class="row apart soft">
          <span class="tone ${level}">
            ${t(quota ? level : quota === null ? 'unlimited' : 'not_in_plan', { n: remaining, percent })}
          </span>
          ${n ? html`<span>${t('over', { n })}</span>` : nothing}
        </div>
      </li>`;
    }

    /** @type {(told: T.Told, meters: T.Meter[], end: string) => string} */
    warning({ code, meter: name, message }, meters, end) {
      const meter = meters.find((each) => each.meter === name);
      const facts = { ...meter, n: meter?.remaining, date: day(meter?.runs_out?.likely ?? end), end: day(end) };
      return t(code, facts) || message;
    }

    /** @type {(meters: T.Meter[], daily: T.Day[]) => unknown} one meter's days, or all as shares of their quotas */
    days_of(meters, daily) {
      const limited = meters.filter((each) => each.quota && each.kind === 'counter');
      const one = meters.find((each) => each.meter === this.shown);
      const names = one ? [one.name] : this.shown ? [t('spent')] : limited.map((each) => each.name);
      const parts = daily.map(({ meters: used, credits }) =>
        one
          ? [used[one.meter]]
          : this.shown
            ? [credits]
            : limited.map(({ meter, quota }) => used[meter] / (quota || 1)),
      );
      const cells = daily.map((each) => [...meters.map(({ meter }) => each.meters[meter]), each.credits]);
      return html`<label class="row">
          <span class="soft">${t('chart')}</span>
          <select @change=${(/** @type {any} */ event) => (this.shown = event.target.value)}>
            <option value="">${t('all_meters')}</option>
            ${meters.map(({ meter, name }) => html`<option value=${meter}>${name}</option>`)}
            <option value="credits">${t('spent')}</option>
          </select>
        </label>
        ${this.chart(t('chart'), daily, parts, names, cells, [...meters.map((each) => each.name), t('spent')])}`;
    }
  },
);

define(
  'tally-predictions',
  class extends Days {
    render() {
      return this.card('/api/customer/usage', (usage) => this.draw(usage), 12);
    }

    /** @param {T.Predictions} usage */
    draw({ predictions: { total, with_feedback }, feedback_rate: rate, api_calls, daily }) {
      /** @type {[string, string][]} */
      const facts = [
        ['predictions', number(total)],
        ['with_feedback', number(with_feedback)],
        ['feedback_rate', rate === null ? '–' : number(rate, { style: 'percent', maximumFractionDigits: 1 })],
        ['api_calls', number(api_calls)],
      ];
      const parts = daily.map((each) => [each.with_feedback, each.predictions - each.with_feedback]);
      const names = [t('with_feedback'), t('without_feedback')];
      return html`${terms(facts.map(([name, said]) => [t(name), html`<span class="figure">${said}</span>`]))}
      ${this.chart(t('predictions'), daily, parts, names, parts, names)}`;
    }
  },
);

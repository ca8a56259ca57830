/** `<tally-balance>`: what there is, what becomes of it, and the way to more; made for a page's header. */
import { bar, day, define, html, link, nothing, options, t, Tally } from './element.js';

define(
  'tally-balance',
  class extends Tally {
    render() {
      const usage = this.use('/api/user/usage?days=30');
      const drawn = this.show([this.use('/api/credits/balance')], (balance) => this.draw(balance, usage.value), 2, [
        usage,
      ]);
      return html`<div class="place">${drawn}</div>`;
    }

    /** @type {(balance: T.Balance, usage: T.Usage | undefined) => unknown} */
    draw({ available: n, held, set_aside, debt, low, frozen, lots, expiring_next: next, runs_out, warnings }, usage) {
      const full = usage?.meters.filter((each) => each.quota).sort((a, b) => (b.percent ?? 0) - (a.percent ?? 0))[0];
      const level = debt || (low && !n) ? 'exceeded' : low ? 'warning' : '';
      const soon = warnings.some((each) => each.code === 'expiring');
      const used = full && t('used_percent', { name: full.name, n: full.percent });
      /** @type {[unknown, string, string?][]} */
      const facts = [
        [frozen, t('frozen'), 'exceeded'],
        [debt, t('debt', { n: debt }), 'exceeded'],
        [held, t('held', { n: held })],
        [set_aside, t('set_aside', { n: set_aside }), 'warning'],
        [next, next ? t('ends', { n: next.credits, date: day(next.at) }) : '', soon ? 'warning' : ''],
        [runs_out?.likely, runs_out?.likely ? t('runs_out', { date: day(runs_out.likely) }) : ''],
        [!lots.length && !debt, t('no_credits')],
      ];
      return html`<div class="balance">
        <p role="status" class=${level}>
          <span part="amount" class="figure tone">${t('credits', { n })}</span>
          <small class="tone">${t(low ? (n ? 'low' : 'used_up') : 'available')}</small>
        </p>
        <ul>
          ${facts.map(([there, said, kind]) => (there ? html`<li class="soft tone ${kind}">${said}</li>` : nothing))}
        </ul>
        ${
          full && used
            ? html`<div class="stack tight mini">
                <small class="tone ${full.level}">${used}</small>${bar(full, used)}
              </div>`
            : nothing
        }
        ${link(t('buy'), options.buyUrl, 'button primary')}
      </div>`;
    }
  },
);

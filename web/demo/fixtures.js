/** The states that the gallery shows: what the API would answer, by name. Nothing here asks a server. */

/** @param {number} amount_minor */
const usd = (amount_minor) => ({ amount_minor, currency: 'usd', exponent: 2 });

const MONTH = { start: '2026-11-03T00:00:00.000Z', end: '2026-12-03T00:00:00.000Z' };
const NOW = '2026-11-26T09:30:00.000Z';

/** @param {object} [more] */
const lot = (more) => ({
  lot_id: 'lot_4',
  source: 'purchase',
  granted: 5000,
  remaining: 3240,
  held: 0,
  set_aside: 0,
  priority: 100,
  granted_at: '2026-09-14T08:00:00.000Z',
  expires_at: '2027-09-14T08:00:00.000Z',
  purchase_id: 'pur_01m8zq4v6f5bxr0k2n3d',
  ...more,
});

/** @param {object} [more] */
const balance = (more) => ({
  wallet_id: 'acct_demo',
  available: 3240,
  held: 0,
  set_aside: 0,
  debt: 0,
  seq: 212,
  as_of: NOW,
  frozen: false,
  holds: [],
  lots: [lot()],
  expiring_next: { credits: 3240, at: '2027-09-14T08:00:00.000Z' },
  runs_out: {
    earliest: '2027-02-01T00:00:00.000Z',
    likely: '2027-03-19T00:00:00.000Z',
    latest: '2027-06-02T00:00:00.000Z',
  },
  low: false,
  low_below: 500,
  warnings: [],
  actions: [],
  ...more,
});

const NEW = { available: 0, seq: 0, lots: [], expiring_next: null, runs_out: null };

/** @param {string} meter @param {string} name @param {number} used @param {number | null} quota @param {object} [more] */
function reading(meter, name, used, quota, more) {
  const percent = quota ? Math.floor((100 * used) / quota) : null;
  const level =
    percent === null
      ? 'ok'
      : percent >= 100
        ? 'exceeded'
        : percent >= 90
          ? 'critical'
          : percent >= 80
            ? 'warning'
            : 'ok';
  const remaining = quota === null ? null : Math.max(0, quota - used);
  return {
    meter,
    name,
    kind: 'counter',
    used,
    quota,
    remaining,
    percent,
    level,
    overage_credits: 0,
    runs_out: null,
    ...more,
  };
}

const NAMES = ['pull_requests', 'repositories', 'api_calls', 'predictions', 'feedback'];

/** @param {number} days @param {number} scale */
const daily = (days, scale) =>
  Array.from({ length: days }, (_, nth) => {
    const date = new Date(Date.UTC(2026, 10, 26 - days + 1 + nth)).toISOString().slice(0, 10);
    const busy = (nth % 7 < 2 ? 0.3 : 1) * scale;
    const some = (/** @type {number} */ usual) => Math.round(usual * busy * (0.8 + ((nth * 37) % 11) / 25));
    const amounts = [some(15), scale ? 12 : 0, some(620), some(33), some(12)];
    return { date, meters: Object.fromEntries(NAMES.map((name, at) => [name, amounts[at]])), credits: some(14) };
  });

/** @param {object} [more] @param {number[]} [used] @param {number} [scale] */
const usage = (more, used = [210, 12, 12400, 640, 231], scale = 1) => ({
  wallet_id: 'acct_demo',
  plan: { plan_id: 'pro', name: 'Pro' },
  period: MONTH,
  meters: [
    reading('pull_requests', 'Pull requests', used[0], 500),
    reading('repositories', 'Repositories', used[1], 20, { kind: 'gauge' }),
    reading('api_calls', 'API calls', used[2], 20000),
    reading('predictions', 'Predictions', used[3], 1000, { overage_credits: Math.max(0, used[3] - 1000) }),
    reading('feedback', 'Feedback', used[4], null),
  ],
  credits: { available: 3240, spent_in_period: Math.max(0, used[3] - 1000) },
  warnings: [],
  actions: [],
  daily: daily(30, scale),
  as_of: NOW,
  ...more,
});

/** @param {string} code @param {string} [meter] */
const told = (code, meter) => ({ code, ...(meter && { meter }), message: 'In the words of the server.' });
const BUY = {
  action: 'buy_credits',
  package_id: 'starter',
  message: 'Buy credits, and go on over the limit without changing your plan.',
};
const UPGRADE = { action: 'upgrade', plan_id: 'team', message: 'Team includes 10,000 predictions a month.' };

const predictions = {
  days: 30,
  predictions: { total: 1494, with_feedback: 539 },
  feedback_rate: 0.3608,
  api_calls: 25590,
  daily: daily(30, 1).map(({ date, meters }) => ({
    date,
    predictions: meters.predictions,
    with_feedback: meters.feedback,
    api_calls: meters.api_calls,
  })),
};

const packages = {
  packages: [
    {
      package_id: 'starter',
      name: '1,000 credits',
      credits: 1000,
      bonus_credits: 0,
      price: usd(1000),
      expires_after_days: 365,
      saves_percent: 0,
    },
    {
      package_id: 'growth',
      name: '5,000 credits',
      credits: 5000,
      bonus_credits: 0,
      price: usd(4000),
      expires_after_days: 365,
      saves_percent: 20,
    },
    {
      package_id: 'scale',
      name: '20,000 credits',
      credits: 20000,
      bonus_credits: 1000,
      price: usd(15000),
      expires_after_days: null,
      saves_percent: 28,
    },
  ],
};

const ID = 'pur_01m8zq4v6f5bxr0k2n3d';

/** @param {object} [more] */
const purchase = (more) => ({
  purchase_id: ID,
  wallet_id: 'acct_demo',
  status: 'pending',
  package_id: 'growth',
  quantity: 1,
  credits: 5000,
  bonus_credits: 0,
  price: usd(4000),
  created_at: NOW,
  checkout_session_id: 'cs_test_1',
  expires_at: NOW,
  paid_at: null,
  lot_id: null,
  refunded_minor: 0,
  disputed: false,
  revoked_credits: 0,
  receipt_url: null,
  invoice_url: null,
  ...more,
});

/** @param {number} seq @param {string} kind @param {number} credits @param {number} after @param {object} [more] */
const entry = (seq, kind, credits, after, more) => ({
  seq,
  entry_id: `acct_demo:${seq}`,
  kind,
  at: new Date(Date.UTC(2026, 10, 26, 9, 30) - (212 - seq) * 5_400_000).toISOString(),
  credits,
  available_after: after,
  draws: [],
  actor: 'svc_analyser',
  hash: '9f2c61ab04d7e8853b1f6c2d9e7a40b1c8d5f6a7b8c9d0e1f2a3b4c5d6e7f809',
  ...more,
});

const history = {
  entries: [
    entry(212, 'usage', -58, 3240, {
      meter: 'predictions',
      quantity: 58,
      from_quota: 0,
      labels: { repository: 'web' },
    }),
    entry(211, 'usage', 0, 3298, { meter: 'pull_requests', quantity: 14, from_quota: 14 }),
    entry(210, 'hold', -120, 3298),
    entry(209, 'purchase', 5000, 3418, { purchase_id: ID, actor: 'stripe' }),
    entry(208, 'transfer_out', -1500, -1582, { note: 'For the release in autumn' }),
    entry(207, 'revocation', -1000, 0, { purchase_id: ID, reason: 'not wanted' }),
    entry(206, 'expiry', -200, 1000),
    entry(205, 'usage', -30, 1200, {
      uses: [
        { meter: 'predictions', quantity: 20 },
        { meter: 'api_calls', quantity: 200 },
      ],
    }),
  ],
  next_cursor: 'next',
};

const explanation = {
  seq: 212,
  kind: 'usage',
  steps: [
    { text: 'Used of predictions, before and after', expression: '1197 + 58', value: 1255 },
    { text: 'From the quota of 1,000', expression: 'max(0, min(1255, 1000) - 1197)', value: 0 },
    { text: 'Credits: 1 for each over the quota', expression: '-(58 * 1)', value: -58 },
  ],
  draws: [{ lot_id: 'lot_4', credits: -58, because: 'the first of your lots to end' }],
  credits: -58,
};

/** @param {object} [more] */
const subscription = (more) => ({
  plan_id: 'pro',
  name: 'Pro',
  status: 'active',
  interval: 'month',
  price: usd(2900),
  next_billing_at: MONTH.end,
  cancel_at_period_end: false,
  ends_at: null,
  pending_plan_id: null,
  pending_interval: null,
  current_period_start: MONTH.start,
  current_period_end: MONTH.end,
  quota_plan_id: 'pro',
  quota_period: MONTH,
  message: 'Pro, 29.00 USD a month.',
  keeps: { credits: 3240, lots: [], message: 'Your 3,240 credits stay yours.' },
  ...more,
});

const FREE = { plan_id: 'free', name: 'Free', price: usd(0), next_billing_at: null };

/** @param {object} more */
const payment = (more) => ({
  kind: 'purchase',
  purchase_id: ID,
  status: 'paid',
  amount: usd(4000),
  refunded_minor: 0,
  disputed: false,
  credits: 5000,
  created_at: '2026-11-14T11:05:00.000Z',
  paid_at: '2026-11-14T11:06:00.000Z',
  receipt_url: 'https://pay.example.com/receipts/1',
  invoice_url: null,
  ...more,
});

const payments = {
  payments: [
    payment({ status: 'awaiting_payment', receipt_url: null, paid_at: null }),
    payment({ kind: 'invoice', number: 'TLY-0006', amount: usd(2900), credits: undefined }),
    payment({ amount: usd(1000), credits: 1000, refunded_minor: 1000 }),
    payment({ disputed: true }),
    payment({ status: 'failed', receipt_url: null, paid_at: null }),
  ],
  next_cursor: 'next',
};

/** @param {object} [more] */
const topup = (more) => ({
  wallet_id: 'acct_demo',
  enabled: false,
  below: null,
  target: null,
  package_id: null,
  monthly_cap_minor: null,
  status: 'off',
  message: 'Automatic top-up is off.',
  charged_this_month: usd(0),
  next_try_at: null,
  ...more,
});

const SET = { enabled: true, below: 500, target: 5000, package_id: 'growth', monthly_cap_minor: 20000 };

const meters = [
  ['pull_requests', 'Pull requests', 'counter'],
  ['repositories', 'Repositories', 'gauge'],
  ['api_calls', 'API calls', 'counter'],
  ['predictions', 'Predictions', 'counter'],
  ['feedback', 'Feedback', 'counter'],
].map(([meter, name, kind]) => ({ meter, name, kind }));

/** @param {string} plan_id @param {string} name @param {number} month @param {(number | null)[]} quotas @param {number} included @param {object} [more] */
const plan = (plan_id, name, month, quotas, included, more) => ({
  plan_id,
  name,
  self_service: true,
  prices: { month: usd(month), year: usd(month * 10) },
  quotas: Object.fromEntries(
    NAMES.map((meter, nth) => [meter, quotas[nth]]).filter(([, quota]) => quota !== undefined),
  ),
  rates: { pull_requests: { credits: 4, per: 1 }, api_calls: { credits: 1, per: 20 } },
  included_credits: included,
  rollover_cap: 0,
  year_saves_percent: month ? 16 : null,
  ...more,
});

const PLANS = [
  plan('free', 'Free', 0, [50, 3, 1000, undefined, null], 0),
  plan('pro', 'Pro', 2900, [500, 20, 20000, 1000, null], 200),
  plan('team', 'Team', 9900, [2500, 100, 100000, 10000, null], 1000),
  plan('enterprise', 'Enterprise', 49900, [null, null, 1000000, 100000, null], 5000, { self_service: false }),
];
const plans = {
  meters,
  plans: PLANS,
  incentive: { name: '20% off the first month', percent_off: 20, first_payments: 1 },
  thresholds: [80, 90, 100],
};

const compare = {
  from: PLANS[1],
  to: PLANS[2],
  rows: [
    { row: 'quotas.pull_requests', kind: 'quota', name: 'Pull requests', from: 500, to: 2500, used: 210 },
    {
      row: 'rates.pull_requests',
      kind: 'rate',
      name: 'Pull requests over the quota',
      from: { credits: 4, per: 1 },
      to: { credits: 3, per: 1 },
    },
    { row: 'quotas.feedback', kind: 'quota', name: 'Feedback', from: null, to: null, used: 231 },
    { row: 'included_credits', kind: 'included_credits', name: 'Included credits', from: 200, to: 1000 },
    { row: 'prices.month', kind: 'price', name: 'Price a month', from: usd(2900), to: usd(9900) },
  ],
  price_difference: usd(7000),
  incentive: null,
};

/** @param {string} plan_id @param {string} name @param {string} interval @param {number} cost @param {number} saves */
const option = (plan_id, name, interval, cost, saves) => ({
  plan_id,
  name,
  interval,
  self_service: true,
  price: usd(cost),
  packages: [{ package_id: 'starter', quantity: 1, credits: 1000, price: usd(1000) }],
  cost: usd(cost),
  saves: saves ? usd(saves) : null,
  incentive: null,
});

const recommendation = {
  wallet_id: 'acct_demo',
  current: { plan_id: 'pro', interval: 'month', cost: usd(3400) },
  options: [
    option('pro', 'Pro', 'year', 2917, 483),
    option('pro', 'Pro', 'month', 3400, 0),
    option('team', 'Team', 'month', 9900, 0),
  ],
  recommended: option('pro', 'Pro', 'year', 2917, 483),
  break_even: null,
  based_on: { periods: 2, from: '2026-09-03T00:00:00.000Z', to: MONTH.start },
  not_counted: ['Only what you used from 3 September 2026 to 2 November 2026 is counted.', 'Taxes are not counted.'],
  message:
    'Pro with credits, paid yearly, would have cost 29.17 USD a month for what you used; Pro with credits, paid monthly, would have cost 34.00 USD.',
};

/** What every state has, unless it says otherwise. */
export const usual = {
  '/api/credits/balance': balance(),
  '/api/user/usage': usage(),
  '/api/customer/usage': predictions,
  '/api/credits/packages': packages,
  [`/api/credits/purchases/${ID}`]: purchase({ status: 'paid', receipt_url: 'https://pay.example.com/receipts/1' }),
  '/api/credits/history': history,
  '/api/credits/entries/212/explanation': explanation,
  '/api/user/subscription': subscription(),
  '/api/user/payments': payments,
  '/api/credits/auto-topup': topup(),
  '/api/plans': plans,
  '/api/plans/compare': compare,
  '/api/user/recommendation': recommendation,
};

/** An answer that isn't plain JSON with a 200: a refusal, none at all (`status` 0), or one that never comes (-1). */
export class Unusual {
  /** @param {number} status @param {object} [body] @param {number} [wait] seconds */
  constructor(status, body, wait) {
    Object.assign(this, { status, body, wait });
  }
}

const NEVER = new Unusual(-1);
const OFFLINE = new Unusual(0);
/** @param {number} status @param {string} code @param {string} detail @param {number} [wait] */
const refused = (status, code, detail, wait) =>
  new Unusual(status, { type: `urn:tally:problem:${code}`, title: code, status, detail, code }, wait);
const BROKEN = refused(500, 'internal', 'Something went wrong on our side.');
const SIGNED_OUT = refused(401, 'unauthenticated', 'Send a valid token.');
const TOO_MANY = refused(429, 'too_many_requests', 'Come back later.', 30);

/** @param {unknown} answer */
const everything = (answer) => Object.fromEntries(Object.keys(usual).map((path) => [path, answer]));
/** @param {object} more */
const of_balance = (more) => ({ '/api/credits/balance': balance(more) });
/** @param {object} more */
const bought = (more) => ({ [`/api/credits/purchases/${ID}`]: purchase(more) });
/** @param {number} percent */
const full = (percent) => {
  const code = percent >= 100 ? 'quota_exceeded' : percent >= 90 ? 'quota_critical' : 'quota_warning';
  return {
    '/api/user/usage': usage({ warnings: [told(code, 'predictions')], actions: [BUY, UPGRADE] }, [
      210,
      12,
      12400,
      10 * percent,
      231,
    ]),
  };
};

/**
 * Each state: its element, what the API answers instead of the usual, what stands in the address, what is done to
 * the element once it is there, and what is answered from the second time on.
 *
 * @type {Record<string, { tag: string, set?: object, answers?: object, query?: string, click?: string, then?: object }>}
 */
export const states = {
  'balance-loading': { tag: 'tally-balance', answers: everything(NEVER) },
  'balance-new': { tag: 'tally-balance', answers: of_balance(NEW) },
  'balance-ok': { tag: 'tally-balance' },
  'balance-low': {
    tag: 'tally-balance',
    answers: of_balance({ available: 84, low: true, lots: [lot({ remaining: 84 })], warnings: [told('low_balance')] }),
  },
  'balance-depleted': { tag: 'tally-balance', answers: of_balance({ ...NEW, seq: 40, low: true }) },
  'balance-expiring': {
    tag: 'tally-balance',
    answers: of_balance({
      expiring_next: { credits: 400, at: '2026-12-08T08:00:00.000Z' },
      warnings: [told('expiring')],
    }),
  },
  'balance-held': {
    tag: 'tally-balance',
    answers: of_balance({ available: 2740, held: 500, lots: [lot({ held: 500 })] }),
  },
  'balance-disputed': {
    tag: 'tally-balance',
    answers: of_balance({ available: 0, set_aside: 3240, lots: [lot({ set_aside: 3240 })], low: true }),
  },
  'balance-debt': {
    tag: 'tally-balance',
    answers: of_balance({ ...NEW, seq: 40, debt: 600, low: true, warnings: [told('debt')] }),
  },
  'balance-frozen': { tag: 'tally-balance', answers: of_balance({ frozen: true }) },
  'balance-80': { tag: 'tally-balance', answers: full(80) },
  'balance-stale': { tag: 'tally-balance', then: everything(OFFLINE) },
  'balance-offline': { tag: 'tally-balance', answers: everything(OFFLINE) },
  'balance-busy': { tag: 'tally-balance', answers: everything(TOO_MANY) },
  'balance-error': { tag: 'tally-balance', answers: everything(BROKEN) },
  'balance-signed-out': { tag: 'tally-balance', answers: everything(SIGNED_OUT) },
  'usage-loading': { tag: 'tally-usage', answers: everything(NEVER) },
  'usage-new': { tag: 'tally-usage', answers: { '/api/user/usage': usage({}, [0, 0, 0, 0, 0], 0) } },
  'usage-ok': { tag: 'tally-usage' },
  'usage-80': { tag: 'tally-usage', answers: full(80) },
  'usage-90': { tag: 'tally-usage', answers: full(90) },
  'usage-100': { tag: 'tally-usage', answers: full(100) },
  'usage-over': { tag: 'tally-usage', answers: full(125) },
  'usage-ahead': {
    tag: 'tally-usage',
    answers: { '/api/user/usage': usage({ warnings: [told('quota_ahead', 'predictions')], actions: [UPGRADE] }) },
  },
  'usage-unlimited': {
    tag: 'tally-usage',
    answers: {
      '/api/user/usage': usage({
        plan: { plan_id: 'enterprise', name: 'Enterprise' },
        meters: [
          reading('pull_requests', 'Pull requests', 3120, null),
          reading('predictions', 'Predictions', 12, 0, { overage_credits: 24 }),
        ],
      }),
    },
  },
  'usage-table': { tag: 'tally-usage', click: 'summary' },
  'usage-stale': { tag: 'tally-usage', then: everything(BROKEN) },
  'usage-error': { tag: 'tally-usage', answers: everything(BROKEN) },
  'predictions-loading': { tag: 'tally-predictions', answers: everything(NEVER) },
  'predictions-new': {
    tag: 'tally-predictions',
    answers: {
      '/api/customer/usage': {
        ...predictions,
        predictions: { total: 0, with_feedback: 0 },
        feedback_rate: null,
        api_calls: 0,
        daily: predictions.daily.map(({ date }) => ({ date, predictions: 0, with_feedback: 0, api_calls: 0 })),
      },
    },
  },
  'predictions-ok': { tag: 'tally-predictions' },
  'packages-loading': { tag: 'tally-packages', answers: everything(NEVER) },
  'packages-ok': { tag: 'tally-packages' },
  'packages-error': { tag: 'tally-packages', answers: everything(BROKEN) },
  'packages-refused': { tag: 'tally-packages', answers: { '/api/credits/purchase': TOO_MANY }, click: '.primary' },
  'purchase-pending': { tag: 'tally-packages', query: `purchase=${ID}`, answers: bought({}) },
  'purchase-delayed': { tag: 'tally-packages', query: `purchase=${ID}`, answers: bought({}), set: { waited: 60_000 } },
  'purchase-awaiting': {
    tag: 'tally-packages',
    query: `purchase=${ID}`,
    answers: bought({ status: 'awaiting_payment' }),
  },
  'purchase-paid': { tag: 'tally-packages', query: `purchase=${ID}` },
  'purchase-failed': { tag: 'tally-packages', query: `purchase=${ID}`, answers: bought({ status: 'failed' }) },
  'purchase-expired': { tag: 'tally-packages', query: `purchase=${ID}`, answers: bought({ status: 'expired' }) },
  'purchase-review': { tag: 'tally-packages', query: `purchase=${ID}`, answers: bought({ status: 'review' }) },
  'purchase-cancelled': { tag: 'tally-packages', query: `purchase=${ID}&canceled=1`, answers: bought({}) },
  'purchase-unknown': {
    tag: 'tally-packages',
    query: `purchase=${ID}`,
    answers: { [`/api/credits/purchases/${ID}`]: refused(404, 'not_found', 'No such resource.') },
  },
  'history-loading': { tag: 'tally-history', answers: everything(NEVER) },
  'history-new': { tag: 'tally-history', answers: { '/api/credits/history': { entries: [], next_cursor: null } } },
  'history-ok': { tag: 'tally-history' },
  'history-why': { tag: 'tally-history', click: 'li .link' },
  'history-offline': { tag: 'tally-history', answers: everything(OFFLINE) },
  'plans-loading': { tag: 'tally-plans', answers: everything(NEVER) },
  'plans-ok': { tag: 'tally-plans' },
  'plans-free': { tag: 'tally-plans', answers: { '/api/user/subscription': subscription(FREE) } },
  'plans-compare': { tag: 'tally-plans', click: '[aria-label="Compare: Team"]' },
  'plans-yearly': { tag: 'tally-plans', set: { interval: 'year' } },
  'plans-signed-out': { tag: 'tally-plans', answers: { ...everything(SIGNED_OUT), '/api/plans': plans } },
  'billing-loading': { tag: 'tally-billing', answers: everything(NEVER) },
  'billing-new': {
    tag: 'tally-billing',
    answers: {
      '/api/user/subscription': subscription(FREE),
      '/api/user/payments': { payments: [], next_cursor: null },
    },
  },
  'billing-ok': { tag: 'tally-billing', answers: { '/api/credits/auto-topup': topup({ ...SET, status: 'armed' }) } },
  'billing-cancel': { tag: 'tally-billing', click: '.cancel' },
  'billing-ending': {
    tag: 'tally-billing',
    answers: {
      '/api/user/subscription': subscription({ cancel_at_period_end: true, ends_at: MONTH.end, next_billing_at: null }),
    },
  },
  'billing-changing': {
    tag: 'tally-billing',
    answers: { '/api/user/subscription': subscription({ pending_plan_id: 'pro', pending_interval: 'year' }) },
  },
  'billing-past-due': {
    tag: 'tally-billing',
    answers: { '/api/user/subscription': subscription({ status: 'past_due', next_billing_at: null }) },
  },
  'billing-topup-suspended': {
    tag: 'tally-billing',
    answers: { '/api/credits/auto-topup': topup({ ...SET, status: 'suspended' }) },
  },
  'billing-error': { tag: 'tally-billing', answers: { '/api/user/payments': BROKEN } },
  'transfer-loading': { tag: 'tally-transfer', answers: everything(NEVER) },
  'transfer-ok': {
    tag: 'tally-transfer',
    set: { credits: 600, to: 'team_demo' },
    answers: of_balance({
      lots: [
        lot({ lot_id: 'lot_9', remaining: 400, expires_at: '2026-12-08T08:00:00.000Z' }),
        lot({ remaining: 2840, expires_at: null }),
      ],
    }),
  },
  'transfer-new': { tag: 'tally-transfer', answers: of_balance(NEW) },
};

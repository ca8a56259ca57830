/**
 * The types of the elements' own code: what the API answers, and what the shared functions take and give. They stand
 * here and not beside the code, because pages load that as it is.
 */
declare namespace T {
  type Options = import('../index.d.ts').Options;

  interface Money {
    amount_minor: number;
    currency: string;
    exponent: number;
  }
  interface Lot {
    lot_id: string;
    remaining: number;
    held: number;
    set_aside: number;
    expires_at: string | null;
  }
  interface Told {
    code: string;
    meter?: string;
    message: string;
  }
  interface Deed {
    action: 'upgrade' | 'buy_credits';
    plan_id?: string;
    message: string;
  }
  interface Balance {
    available: number;
    held: number;
    set_aside: number;
    debt: number;
    seq: number;
    frozen: boolean;
    low: boolean;
    lots: Lot[];
    expiring_next: { credits: number; at: string } | null;
    runs_out: { likely: string | null } | null;
    warnings: Told[];
  }
  interface Meter {
    meter: string;
    name: string;
    kind: 'counter' | 'gauge';
    used: number;
    quota: number | null;
    remaining: number | null;
    percent: number | null;
    level: 'ok' | 'warning' | 'critical' | 'exceeded';
    overage_credits: number;
    runs_out?: { likely: string | null } | null;
  }
  interface Day {
    date: string;
    meters: Record<string, number>;
    credits: number;
  }
  interface Usage {
    plan: { plan_id: string; name: string };
    period: { start: string; end: string };
    meters: Meter[];
    credits: { available: number; spent_in_period: number };
    warnings: Told[];
    actions: Deed[];
    daily: Day[];
  }
  interface Predictions {
    predictions: { total: number; with_feedback: number };
    feedback_rate: number | null;
    api_calls: number;
    daily: { date: string; predictions: number; with_feedback: number }[];
  }
  interface Package {
    package_id: string;
    name: string;
    credits: number;
    bonus_credits: number;
    price: Money;
    expires_after_days: number | null;
    saves_percent: number;
  }
  interface Purchase {
    purchase_id: string;
    status: 'pending' | 'awaiting_payment' | 'paid' | 'failed' | 'expired' | 'review';
    credits: number;
    bonus_credits: number;
    price: Money;
    receipt_url: string | null;
    invoice_url: string | null;
  }
  interface Entry {
    seq: number;
    kind: string;
    at: string;
    credits: number;
    available_after: number;
    meter?: string;
    quantity?: number;
    from_quota?: number;
    set?: number;
    uses?: { meter: string; quantity?: number; set?: number }[];
    purchase_id?: string;
    labels?: Record<string, string>;
    note?: string;
    reason?: string;
    actor: string | null;
    hash: string;
  }
  interface Explanation {
    steps: { text: string; expression: string; value: number }[];
    draws: { lot_id: string; credits: number; because: string }[];
    credits: number;
  }
  interface Subscription {
    plan_id: string;
    name: string;
    status: string;
    interval: Interval;
    price: Money | null;
    current_period_end: string;
    next_billing_at: string | null;
    cancel_at_period_end: boolean;
    ends_at: string | null;
    pending_plan_id: string | null;
    pending_interval: Interval | null;
    keeps: { credits: number };
  }
  interface Payment {
    kind: 'purchase' | 'invoice';
    purchase_id?: string;
    number?: string | null;
    status: string;
    amount: Money;
    credits?: number;
    refunded_minor?: number;
    disputed?: boolean;
    created_at: string;
    receipt_url: string | null;
  }
  interface TopUp {
    enabled: boolean;
    below: number | null;
    target: number | null;
    package_id: string | null;
    monthly_cap_minor: number | null;
    status: string;
    message: string;
    charged_this_month: Money;
  }
  type Interval = 'month' | 'year';
  interface Rate {
    credits: number;
    per: number;
  }
  interface Plan {
    plan_id: string;
    name: string;
    self_service: boolean;
    prices: Record<Interval, Money | null>;
    quotas: Record<string, number | null>;
    rates: Record<string, Rate>;
    included_credits: number;
    year_saves_percent: number | null;
  }
  interface Plans {
    meters: { meter: string; name: string }[];
    plans: Plan[];
    incentive: { name: string } | null;
  }
  interface Choice {
    plan_id: string;
    name: string;
    interval: Interval;
    self_service: boolean;
    packages: { package_id: string; quantity: number; credits: number }[];
    cost: Money;
    saves: Money | null;
  }
  interface Recommendation {
    current: { plan_id: string; interval: Interval; cost: Money | null };
    options: Choice[];
    recommended: Choice | null;
    break_even: { meter: string; quantity: number } | null;
    based_on: { periods: number };
    not_counted: string[];
    message: string;
  }
  interface Row {
    row: string;
    kind: 'quota' | 'rate' | 'included_credits' | 'rollover_cap' | 'price';
    name: string;
    from: any;
    to: any;
    used?: number;
  }
  interface Comparison {
    from: Plan;
    to: Plan;
    rows: Row[];
    price_difference: Money | null;
    incentive: { name: string } | null;
  }

  /** What is drawn again when an answer changes. */
  interface Host {
    requestUpdate(): void;
  }
  /** Why a request was not answered as hoped; `status` 0: there was no answer at all. */
  interface Problem {
    status: number;
    facts: Record<string, any>;
    /** seconds to wait before the next try; 0: nobody said */
    wait: number;
  }
  /** Send a request; a token that is refused is asked for once more. It rejects with a `Problem`. */
  type Ask = (
    path: string,
    how?: { method?: string; body?: unknown; headers?: Record<string, string | undefined | null> },
  ) => Promise<Response>;
  /** Send a command. Its key is kept until it is answered, so that trying again does it once. */
  type Command = (path: string, body: unknown, method?: string) => Promise<any>;
  /** What is known of a path: its last good answer, and why there is no newer one. */
  interface Resource {
    value: any;
    problem: Problem | undefined;
    hosts: Set<Host>;
    /** Ask now; `force`: what is under way may be older than what is wanted. */
    load(force?: boolean): Promise<void>;
    /** Ask if what is known is old. */
    renew(): void;
  }

  /** Say a message; of two forms, the number `n` picks one. */
  type Say = (name: string, facts?: Record<string, any>) => string;
  type WriteNumber = (value: number, how?: Intl.NumberFormatOptions) => string;
  type WriteMoney = (money: Money, short?: boolean) => string;
  type Write = (at: string) => string;

  type Button = (label: unknown, act: unknown, kind?: string, name?: string, busy?: boolean) => unknown;
  /** Do some work on behalf of a button, and say at its place what came of it; one at a time. */
  type Attempt = (at: string, work: () => Promise<any>, told: (answer: any) => string) => Promise<void>;
  /** Send a command on behalf of a button. */
  type Run = (
    at: string,
    path: string,
    body: unknown,
    told: (answer: any) => string,
    method?: string,
  ) => Promise<void>;
  /** What came of the last command, and at which place it is said. */
  interface Outcome {
    at: string;
    good?: string;
    bad?: string;
    again?: () => void;
  }
}

/** Types of the API, as its OpenAPI document has them: written by `make openapi`. */
import type { CallOptions, Given, Known, Operation } from './client.js';

/** What a grant or an adjustment made; the lot is missing where none was, or where debt took all of it. */
export interface Adjustment {
  /** Whole credits. */
  available: number;
  entry_id: string;
  lot_id?: string;
  /** Whole credits. */
  paid_to_debt?: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
}

/** `POST /api/admin/wallets/{wallet_id}/adjustments`; less than nothing takes. */
export interface AdjustmentBody {
  credits: number;
  reason: string;
}

/** What a plan and the packages it needs would have cost a month, and what that saves; below 0: it costs more. */
export interface AdvisedOption {
  cost: Money;
  incentive: Incentive | null;
  interval: 'month' | 'year';
  name: string;
  packages: PackageOffer[];
  plan_id: string;
  price: Money;
  saves: Money | null;
  self_service: boolean;
}

/** A change that was asked for and that may not be made yet. */
export interface AskedChange {
  ask_id: string;
  /** RFC 3339 in UTC, with milliseconds. */
  at: string;
  change: 'cancel' | 'checkout' | 'end' | 'resume' | 'schedule' | 'switch';
  interval: 'month' | 'year' | null;
  plan_id: string | null;
}

/** A refund that was asked for and isn't made yet. */
export interface AskedRefund {
  actor: string;
  /** Money in the minor units of the purchase's currency. */
  amount_minor: number;
  reason: string;
  refund_key: string;
}

/** What a wallet holds at `as_of`; its lots are in the order in which they pay. */
export interface Balance {
  actions: SuggestedAction[];
  /** RFC 3339 in UTC, with milliseconds. */
  as_of: string;
  /** Whole credits. */
  available: number;
  /** Whole credits. */
  debt: number;
  expiring_next: ExpiringCredits | null;
  frozen: boolean;
  /** Whole credits. */
  held: number;
  holds: OpenHold[];
  lots: Lot[];
  low: boolean;
  /** Whole credits. */
  low_below: number;
  runs_out: RunsOut | null;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  /** Whole credits. */
  set_aside: number;
  wallet_id: string;
  warnings: UsageWarning[];
}

/** The finished months that were looked at. */
export interface BasedOn {
  /** RFC 3339 in UTC, with milliseconds. */
  from: string | null;
  periods: number;
  /** RFC 3339 in UTC, with milliseconds. */
  to: string | null;
}

/** The payment provider's own pages: cards, invoices, addresses. */
export interface BillingPortal {
  url: string;
}

/** From which use of a meter on, up to which, or between which the recommended option is no dearer. */
export interface BreakEven {
  holds: 'from' | 'up_to' | 'within';
  /** Units of a meter. */
  least: number;
  meter: string;
  /** Units of a meter. */
  most: number | null;
  /** Units of a meter. */
  quantity: number;
}

/** `POST /api/user/subscription/cancel`. */
export interface CancelBody {
  at: 'now' | 'period_end';
}

/** What was taken, of the hold and beyond it, and what went back. */
export interface Capture {
  /** Whole credits. */
  available: number;
  /** Whole credits. */
  credits: number;
  draws: Draw[];
  entry_id: string;
  /** Whole credits. */
  expired: number;
  /** Units of a meter. */
  from_quota?: number;
  hold_id: string;
  meter?: string;
  /** Units of a meter. */
  quantity?: number;
  /** Whole credits. */
  released: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  uses?: CapturedUse[];
}

/** `POST …/capture`: one of `credits`, `quantity` of a held use, and the `uses` that a lease was spent on. */
export interface CaptureBody {
  wallet_id: string;
  credits?: number | null;
  quantity?: number | null;
  uses?: SpentBody[] | null;
}

/** One of the uses that a lease was spent on. */
export interface CapturedUse {
  /** Whole credits. */
  credits: number;
  /** Units of a meter. */
  from_quota: number;
  meter: string;
  /** Units of a meter. */
  quantity: number;
}

/** The page on which a subscription is paid first. */
export interface CheckoutBegun {
  checkout_session_id: string;
  checkout_url: string;
  /** RFC 3339 in UTC, with milliseconds. */
  expires_at: string;
}

/** The wallet's plan beside another; the difference is null where the other isn't sold at the present interval. */
export interface Comparison {
  from: Plan;
  incentive: Incentive | null;
  price_difference: Money | null;
  rows: ComparisonRow[];
  to: Plan;
}

/**
 * What two plans say of one thing. Null is unlimited for a quota, and not to be had for a rate or a price.
 *
 * `used` stands beside a quota: what the wallet used of it in this period.
 */
export interface ComparisonRow {
  from: number | MoneyOrRate | null;
  kind: 'included_credits' | 'price' | 'quota' | 'rate' | 'rollover_cap';
  name: string;
  row: string;
  to: number | MoneyOrRate | null;
  /** Units of a meter. */
  used?: number;
}

/** Where messages go, and where each address is from. */
export interface ContactSources {
  customer_email: string | null;
  email: string | null;
  email_in_use: string | null;
  has_webhook_secret: boolean;
  locale: string;
  payment_email: string | null;
  token_email: string | null;
  webhook_url: string | null;
}

/** What a closed hold corrected in its meter; below 0 it counts less. */
export interface Counted {
  meter: string;
  quantity: number;
}

/** What the wallet is on, and what that cost a month; null: nothing could be compared. */
export interface CurrentOption {
  cost: Money | null;
  interval: 'month' | 'year';
  plan_id: string;
}

/** Whom the payment provider knows the wallet as. */
export interface CustomerIds {
  customer_id: string | null;
  former_customer_id: string | null;
}

/** Credits that were already used were taken back: so many are owed. */
export interface DebtData {
  /** Whole credits. */
  debt: number;
  kind: string;
  message_id: string;
  subject: string;
  text: string;
  wallet_id: string;
}

/** What is known of a dispute. */
export interface DisputeFact {
  /** Money in the minor units of the purchase's currency. */
  amount_minor: number;
  state: 'inquiry' | 'lost' | 'open' | 'won';
}

/** Credits taken from one lot. */
export interface Draw {
  /** Whole credits. */
  credits: number;
  lot_id: string;
}

/** A body that says nothing: `{}`. */
export type EmptyBody = Record<string, never>;

/**
 * A line of a wallet's ledger. Later versions may say more than is listed here.
 *
 * `actor`, `labels`, `note` and `reason` can be erased: then `actor` is null, and `erased` says so.
 */
export interface Entry {
  actor: string | null;
  also?: EntryStep[];
  /** RFC 3339 in UTC, with milliseconds. */
  anchor?: string;
  aside?: SignedDraw[];
  /** RFC 3339 in UTC, with milliseconds. */
  at: string;
  auto_topup?: TopUpSettings;
  /** Whole credits. */
  available_after: number;
  /** Whole credits. */
  captured?: number;
  changed?: ('email' | 'locale' | 'webhook_url')[];
  counted?: Counted;
  /** Whole credits, signed by their effect on what can be spent: below 0 they went. */
  credits: number;
  days?: number;
  debt?: number;
  draws: SignedDraw[];
  /** RFC 3339 in UTC, with milliseconds. */
  ended_at?: string;
  /** RFC 3339 in UTC, with milliseconds. */
  ends_at?: string;
  entry_id: string;
  erased?: true;
  /** The number of an entry in its wallet's ledger, from 1. */
  erased_up_to?: number;
  /** Whole credits. */
  expired?: SignedDraw[] | number;
  from_entry_id?: string;
  from_plan_id?: string;
  /** Units of a meter. */
  from_quota?: number;
  from_set_aside?: SignedDraw[];
  from_wallet_id?: string;
  frozen?: boolean;
  /** Whole credits. */
  granted?: number;
  /** SHA-256, as hex. */
  hash: string;
  hold_id?: string;
  is_ending?: boolean;
  is_last?: boolean;
  is_paid?: boolean;
  kind:
    | 'adjustment'
    | 'capture'
    | 'expiry'
    | 'freeze'
    | 'grant'
    | 'hold'
    | 'lapse'
    | 'notice'
    | 'plan_change'
    | 'purchase'
    | 'recall'
    | 'release'
    | 'renewal'
    | 'restoration'
    | 'revocation'
    | 'set_aside'
    | 'settings'
    | 'transfer_in'
    | 'transfer_out'
    | 'usage';
  labels?: Record<string, string> | Record<string, string>[];
  lapsed?: true;
  /** RFC 3339 in UTC, with milliseconds. */
  lapses_at?: string;
  latched?: Record<string, number>;
  levels?: Record<string, number>;
  /** Whole credits. */
  lost_at_pace?: number | null;
  lot?: GrantedLot;
  lot_id?: string;
  lots?: GrantedLot[];
  meter?: string;
  note?: string;
  /** Whole credits. */
  paid_to_debt?: number;
  /** Units of a meter. */
  peak_before?: number;
  period?: Period;
  plan_id?: string;
  provisional?: true;
  purchase_id?: string;
  /** Units of a meter. */
  quantity?: number;
  /** Units of a meter. */
  quota?: number | null;
  rate?: Rate | null;
  reason?: string;
  /** Whole credits. */
  recalled?: number;
  /** Whole credits. */
  received?: number;
  /** Whole credits. */
  restored?: number;
  /** Whole credits. */
  revoked?: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  /** Units of a meter. */
  set?: number;
  set_by?: 'admin' | 'default' | 'stripe';
  settings?: 'auto_topup' | 'erasure' | 'notifications';
  taken?: SignedDraw[];
  terms?: Record<string, PricedBy>;
  to_entry_id?: string;
  to_wallet_id?: string;
  told?: string[];
  /** RFC 3339 in UTC, with milliseconds. */
  until?: string;
  /** RFC 3339 in UTC, with milliseconds. */
  used_at?: string;
  /** Units of a meter. */
  used_before?: number;
  uses?: EntryUse[];
}

/** What had fallen due and was written together with an entry. */
export interface EntryStep {
  /** RFC 3339 in UTC, with milliseconds. */
  anchor?: string;
  aside?: SignedDraw[];
  auto_topup?: TopUpSettings;
  /** Whole credits. */
  captured?: number;
  changed?: ('email' | 'locale' | 'webhook_url')[];
  counted?: Counted;
  /** Whole credits, signed by their effect on what can be spent: below 0 they went. */
  credits: number;
  days?: number;
  debt?: number;
  draws: SignedDraw[];
  /** RFC 3339 in UTC, with milliseconds. */
  ended_at?: string;
  /** RFC 3339 in UTC, with milliseconds. */
  ends_at?: string;
  /** The number of an entry in its wallet's ledger, from 1. */
  erased_up_to?: number;
  /** Whole credits. */
  expired?: SignedDraw[] | number;
  from_entry_id?: string;
  from_plan_id?: string;
  /** Units of a meter. */
  from_quota?: number;
  from_set_aside?: SignedDraw[];
  from_wallet_id?: string;
  frozen?: boolean;
  /** Whole credits. */
  granted?: number;
  hold_id?: string;
  is_ending?: boolean;
  is_last?: boolean;
  is_paid?: boolean;
  kind:
    | 'adjustment'
    | 'capture'
    | 'expiry'
    | 'freeze'
    | 'grant'
    | 'hold'
    | 'lapse'
    | 'notice'
    | 'plan_change'
    | 'purchase'
    | 'recall'
    | 'release'
    | 'renewal'
    | 'restoration'
    | 'revocation'
    | 'set_aside'
    | 'settings'
    | 'transfer_in'
    | 'transfer_out'
    | 'usage';
  lapsed?: true;
  /** RFC 3339 in UTC, with milliseconds. */
  lapses_at?: string;
  latched?: Record<string, number>;
  levels?: Record<string, number>;
  /** Whole credits. */
  lost_at_pace?: number | null;
  lot?: GrantedLot;
  lot_id?: string;
  lots?: GrantedLot[];
  meter?: string;
  /** Whole credits. */
  paid_to_debt?: number;
  /** Units of a meter. */
  peak_before?: number;
  period?: Period;
  plan_id?: string;
  provisional?: true;
  purchase_id?: string;
  /** Units of a meter. */
  quantity?: number;
  /** Units of a meter. */
  quota?: number | null;
  rate?: Rate | null;
  /** Whole credits. */
  recalled?: number;
  /** Whole credits. */
  received?: number;
  /** Whole credits. */
  restored?: number;
  /** Whole credits. */
  revoked?: number;
  /** Units of a meter. */
  set?: number;
  set_by?: 'admin' | 'default' | 'stripe';
  settings?: 'auto_topup' | 'erasure' | 'notifications';
  taken?: SignedDraw[];
  terms?: Record<string, PricedBy>;
  to_entry_id?: string;
  to_wallet_id?: string;
  told?: string[];
  /** RFC 3339 in UTC, with milliseconds. */
  until?: string;
  /** RFC 3339 in UTC, with milliseconds. */
  used_at?: string;
  /** Units of a meter. */
  used_before?: number;
  uses?: EntryUse[];
}

/** One of an entry's uses: a counter's `quantity`, or the level a gauge was set to. */
export interface EntryUse {
  /** Whole credits, signed by their effect on what can be spent: below 0 they went. */
  credits: number;
  /** Units of a meter. */
  from_quota: number;
  meter: string;
  /** Units of a meter. */
  quantity?: number;
  /** Units of a meter. */
  set?: number;
  /** RFC 3339 in UTC, with milliseconds. */
  used_at?: string;
}

/** How far an erasure has come; `next` is the first entry that may not be erased yet. */
export interface Erasure {
  done: boolean;
  entry_id: string;
  erased: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  erased_up_to: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  next?: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  wallet_id: string;
}

/** One of a batch: the same, with its key. */
export interface EventBody {
  wallet_id: string;
  /** A meter of the catalogue. */
  meter: string;
  quantity?: number | null;
  set?: number | null;
  /** An RFC 3339 time. */
  at?: string | null;
  labels?: Record<string, string> | null;
  key: string;
}

/** What came of an event that was kept aside. */
export interface EventReplayed {
  event_id: string;
  outcome: 'ignored' | 'parked' | 'quarantined' | 'settled' | 'unchanged';
}

/** An event that was kept aside, and whether it was applied since. */
export interface EventRow {
  /** RFC 3339 in UTC, with milliseconds. */
  applied_at: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  at: string;
  customer_id: string | null;
  event_id: string;
  invoice_id: string | null;
  payment_id: string | null;
  purchase_id: string | null;
  reason: string;
  session_id: string | null;
  subscription_id: string | null;
  type: string;
  wallet_id: string | null;
}

/** How many free credits end next, and when. */
export interface ExpiringCredits {
  /** RFC 3339 in UTC, with milliseconds. */
  at: string;
  /** Whole credits. */
  credits: number;
}

/** Credits of a lot will end in so many days. `lost_at_pace`: what would be left then; null: not enough is known. */
export interface ExpiringData {
  /** Whole credits. */
  credits: number;
  days: 7 | 30;
  /** RFC 3339 in UTC, with milliseconds. */
  ends_at: string | null;
  kind: string;
  /** Whole credits. */
  lost_at_pace: number | null;
  lot_id: string;
  message_id: string;
  subject: string;
  text: string;
  wallet_id: string;
}

/** Credits drawn from one lot, signed, and why from this one. */
export interface ExplainedDraw {
  because: string;
  /** Whole credits, signed by their effect on what can be spent: below 0 they went. */
  credits: number;
  lot_id: string;
}

/** How an entry came to its credits: the last step's value is what it charged or gave. */
export interface Explanation {
  /** Whole credits, signed by their effect on what can be spent: below 0 they went. */
  credits: number;
  draws: ExplainedDraw[];
  kind:
    | 'adjustment'
    | 'capture'
    | 'expiry'
    | 'freeze'
    | 'grant'
    | 'hold'
    | 'lapse'
    | 'notice'
    | 'plan_change'
    | 'purchase'
    | 'recall'
    | 'release'
    | 'renewal'
    | 'restoration'
    | 'revocation'
    | 'set_aside'
    | 'settings'
    | 'transfer_in'
    | 'transfer_out'
    | 'usage';
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  steps: ExplanationStep[];
}

/** One step: `expression` is plain integer arithmetic, with `max`, `min` and `ceil(a, b)`, that comes to `value`. */
export interface ExplanationStep {
  expression: string;
  text: string;
  value: number;
}

/** The end of a page: up to which entry it says all, and where it goes on. */
export interface ExportEnd {
  /** SHA-256, as hex. */
  head: string;
  /** Send it as `cursor` to read on. Opaque. */
  next_cursor: string | null;
  /** SHA-256 over the seal before and the line, as hex. */
  seal: string;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  wallet_id: string;
}

/** An entry: the very bytes that were hashed. Without private fields: they were erased. */
export interface ExportedEntry {
  canonical: string;
  /** SHA-256, as hex. */
  hash: string;
  private_fields?: PrivateFields;
}

/** A lot that something is left of. */
export interface ExportedLot {
  lot: Lot;
  /** SHA-256 over the seal before and the line, as hex. */
  seal: string;
}

/** A purchase. */
export interface ExportedPurchase {
  purchase: Purchase;
  /** SHA-256 over the seal before and the line, as hex. */
  seal: string;
}

/** Whether a wallet is frozen now. */
export interface Freeze {
  entry_id: string;
  frozen: boolean;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  wallet_id: string;
}

/** `POST /api/admin/wallets/{wallet_id}/grants`. */
export interface GrantBody {
  credits: number;
  reason: string;
  /** An RFC 3339 time. */
  expires_at?: string | null;
  /** @default 50 */
  priority?: number;
}

/** A lot as the entry that made it says it. */
export interface GrantedLot {
  /** RFC 3339 in UTC, with milliseconds. */
  expires_at: string | null;
  /** Whole credits. */
  granted?: number;
  /** RFC 3339 in UTC, with milliseconds. */
  granted_at: string;
  lot_id: string;
  /** RFC 3339 in UTC, with milliseconds. */
  noticed_at?: string;
  origin?: Origin;
  priority: number;
  purchase_id?: string;
  source: 'adjustment' | 'plan' | 'promo' | 'purchase';
  warned?: number;
}

/** The service runs. */
export interface Health {
  status: 'ok';
  version: string;
}

/** Entries, newest first. */
export interface HistoryPage {
  entries: Entry[];
  /** Send it as `cursor` to read on. Opaque. */
  next_cursor: string | null;
}

/** A hold that was placed: from which lots, and what is left to spend. */
export interface Hold {
  /** Whole credits. */
  available: number;
  /** Whole credits. */
  credits: number;
  draws: Draw[];
  entry_id: string;
  /** Units of a meter. */
  from_quota?: number;
  hold_id: string;
  /** RFC 3339 in UTC, with milliseconds. */
  lapses_at: string;
  meter?: string;
  /** Units of a meter. */
  quantity?: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
}

/** `POST /api/credits/holds`: one of `credits`, a use (`meter` and `quantity`), and a `quote_id`. */
export interface HoldBody {
  wallet_id: string;
  ttl_seconds: number;
  credits?: number | null;
  /** A meter of the catalogue. */
  meter?: string | null;
  quantity?: number | null;
  quote_id?: string | null;
}

/** What is taken off a new plan's first payments. */
export interface Incentive {
  first_payments: number;
  name: string;
  /** Percent, rounded down. */
  percent_off: number;
}

/** How often a plan is paid. */
export type Interval = 'month' | 'year';

/** An invoice of a subscription; `status` is the payment provider's word. */
export interface InvoiceRow {
  amount: Money;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at: string;
  invoice_id: string;
  number: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  paid_at: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  period_end: string;
  /** RFC 3339 in UTC, with milliseconds. */
  period_start: string;
  status: string;
  subscription_id: string;
  url: string | null;
  wallet_id: string;
}

/** The credits that stay whatever becomes of the plan, said in plain words, too. */
export interface KeptCredits {
  /** Whole credits. */
  credits: number;
  lots: KeptLot[];
  message: string;
}

/** A lot that stays whatever becomes of the plan. */
export interface KeptLot {
  /** RFC 3339 in UTC, with milliseconds. */
  expires_at: string | null;
  lot_id: string;
  /** Whole credits. */
  remaining: number;
}

/** Credits granted together: `remaining` includes what is held and set aside of them. */
export interface Lot {
  /** RFC 3339 in UTC, with milliseconds. */
  expires_at: string | null;
  /** Whole credits. */
  granted: number;
  /** RFC 3339 in UTC, with milliseconds. */
  granted_at: string;
  /** Whole credits. */
  held: number;
  lot_id: string;
  origin?: Origin;
  priority: number;
  purchase_id: string | null;
  /** Whole credits. */
  remaining: number;
  /** Whole credits. */
  set_aside: number;
  source: 'adjustment' | 'plan' | 'promo' | 'purchase';
}

/** What can be spent fell below `low_below`. */
export interface LowBalanceData {
  /** Whole credits. */
  available: number;
  kind: string;
  /** Whole credits. */
  low_below: number;
  message_id: string;
  subject: string;
  text: string;
  wallet_id: string;
}

/** How many messages wait and were parked; with `more`, of a part of them only. */
export interface MessageCounts {
  more: boolean;
  parked: number;
  waiting: number;
}

/** A meter against its quota; `quota`, `remaining` and `percent` are null where it is unlimited. */
export interface Meter {
  kind: 'counter' | 'gauge';
  level: 'critical' | 'exceeded' | 'ok' | 'warning';
  meter: string;
  name: string;
  /** Whole credits. */
  overage_credits: number;
  /** Percent, rounded down. */
  percent: number | null;
  /** Units of a meter. */
  quota: number | null;
  /** Units of a meter. */
  remaining: number | null;
  /** Units of a meter. */
  used: number;
}

/** What is measured: a counter is added to and begins anew each period, a gauge is set and its level stands. */
export interface MeterDefinition {
  kind: 'counter' | 'gauge';
  meter: string;
  name: string;
}

/** An amount of money: `amount_minor` in the currency's minor units, `exponent` digits of them behind the point. */
export interface Money {
  amount_minor: number;
  /** ISO 4217, in lower case. */
  currency: string;
  exponent: number;
}

/** What is known of the money that went back, by the payment provider's ids. */
export interface MoneyFacts {
  disputes: Record<string, DisputeFact>;
  refunds: Record<string, RefundFact>;
}

/** Money in a row of prices, a rate in a row of rates. */
export interface MoneyOrRate {
  amount_minor?: number;
  /** Whole credits. */
  credits?: number;
  currency?: string;
  exponent?: number;
  per?: number;
}

/** The month of a paid plan that an admin's word stands before. */
export interface MonthBehind {
  granted: string[];
  /** RFC 3339 in UTC, with milliseconds. */
  start: string;
}

/** Where messages go: what was set, and the address in use. `secret` signs webhooks, and is shown once. */
export interface Notifications {
  email: string | null;
  email_in_use: string | null;
  locale: string;
  secret?: string;
  wallet_id: string;
  webhook_url: string | null;
}

/** `PUT /api/user/notifications`: what is left out stays as it is, null clears it. */
export interface NotificationsBody {
  email?: string | null;
  webhook_url?: string | null;
  locale?: string | null;
}

/** What would have made it possible: the cheapest packages, together for `total`, or the cheapest plan. */
export interface Offers {
  packages: PackageOffer[];
  plan: PlanOffer | null;
  total: Money | null;
}

/** Credits set aside until `lapses_at`; for a use it says of what and how much. */
export interface OpenHold {
  /** Whole credits. */
  credits: number;
  hold_id: string;
  /** RFC 3339 in UTC, with milliseconds. */
  lapses_at: string;
  meter?: string;
  /** Units of a meter. */
  quantity?: number;
}

/** The lot from which a transferred lot first came. */
export interface Origin {
  lot_id: string;
  wallet_id: string;
}

/** So many credits for so much money. */
export interface Package {
  /** Whole credits. */
  bonus_credits: number;
  /** Whole credits. */
  credits: number;
  /** Days. */
  expires_after_days: number | null;
  name: string;
  package_id: string;
  price: Money;
  /** Percent, rounded down. */
  saves_percent: number;
}

/** What can be bought. */
export interface PackageList {
  packages: Package[];
}

/** So many of a package: `credits` and `price` are of all of them, bonus included. */
export interface PackageOffer {
  /** Whole credits. */
  credits: number;
  package_id: string;
  price: Money;
  quantity: number;
}

/**
 * A purchase or an invoice, by `kind`; `status` is the purchase's, or of the invoice the provider's word.
 *
 * `purchase_id`, `refunded_minor`, `disputed` and `credits` are of a purchase; `invoice_id`, `number` and `period` of
 * an invoice.
 */
export interface Payment {
  amount: Money;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at: string;
  /** Whole credits. */
  credits?: number;
  disputed?: boolean;
  invoice_id?: string;
  invoice_url: string | null;
  kind: 'invoice' | 'purchase';
  number?: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  paid_at: string | null;
  period?: Period;
  purchase_id?: string;
  receipt_url: string | null;
  /** Money in the minor units of the purchase's currency. */
  refunded_minor?: number;
  status: string;
}

/** A purchase was not paid after all. */
export interface PaymentFailedData {
  /** Money in the minor units of the purchase's currency. */
  amount_minor: number;
  /** Whole credits. */
  credits: number;
  /** ISO 4217, in lower case. */
  currency: string;
  kind: string;
  message_id: string;
  purchase_id: string;
  subject: string;
  text: string;
  wallet_id: string;
}

/** What a wallet has paid for, newest first. */
export interface PaymentPage {
  /** Send it as `cursor` to read on. Opaque. */
  next_cursor: string | null;
  payments: Payment[];
}

/** From `start` until just before `end`. */
export interface Period {
  /** RFC 3339 in UTC, with milliseconds. */
  end: string;
  /** RFC 3339 in UTC, with milliseconds. */
  start: string;
}

/** Credits that can be spent, and those that this period took. */
export interface PeriodCredits {
  /** Whole credits. */
  available: number;
  /** Whole credits. */
  spent_in_period: number;
}

/** A price, and a quota of each meter a month: null is unlimited, a meter that is missing is not in the plan. */
export interface Plan {
  /** Whole credits. */
  included_credits: number;
  name: string;
  plan_id: string;
  prices: Prices;
  quotas: Record<string, number | null>;
  rates: Record<string, Rate>;
  /** Whole credits. */
  rollover_cap: number;
  self_service: boolean;
  /** Percent, rounded down. */
  year_saves_percent: number | null;
}

/** `POST /api/user/subscription`: an admin's word; null clears it. */
export interface PlanBody {
  wallet_id: string;
  /** A plan of the catalogue. */
  plan_id: string | null;
}

/** All plans; `thresholds` are the percents of a quota at which a customer is warned. */
export interface PlanList {
  incentive: Incentive | null;
  meters: MeterDefinition[];
  plans: Plan[];
  thresholds: number[];
}

/** Which plan it is. */
export interface PlanName {
  name: string;
  plan_id: string;
}

/** A plan whose quota would be enough. */
export interface PlanOffer {
  interval: 'month' | 'year';
  plan_id: string;
  price: Money;
}

/** The plan that an admin put a wallet on. */
export interface PlanSet {
  cancel_at_period_end: boolean;
  /** RFC 3339 in UTC, with milliseconds. */
  current_period_end: string;
  /** RFC 3339 in UTC, with milliseconds. */
  current_period_start: string;
  /** RFC 3339 in UTC, with milliseconds. */
  ends_at: string | null;
  interval: 'month' | 'year';
  name: string;
  /** RFC 3339 in UTC, with milliseconds. */
  next_billing_at: string | null;
  pending_interval: 'month' | 'year' | null;
  pending_plan_id: string | null;
  plan_id: string;
  price: Money | null;
  status: 'active' | 'canceled' | 'incomplete' | 'incomplete_expired' | 'past_due' | 'paused' | 'trialing' | 'unpaid';
}

/** One day of predictions. */
export interface PredictionDay {
  /** Units of a meter. */
  api_calls: number;
  /** A day in UTC. */
  date: string;
  /** Units of a meter. */
  predictions: number;
  /** Units of a meter. */
  with_feedback: number;
}

/** How many predictions were made, and how many of them got feedback. */
export interface PredictionTotals {
  /** Units of a meter. */
  total: number;
  /** Units of a meter. */
  with_feedback: number;
}

/** Predictions, how many got feedback, and API calls, by day; the rate is null where there are no predictions. */
export interface PredictionUsage {
  /** Units of a meter. */
  api_calls: number;
  daily: PredictionDay[];
  /** 7, 30 or 90. */
  days: number;
  feedback_rate: number | null;
  predictions: PredictionTotals;
}

/** By what uses of a meter were priced: what was used before, the quota (null: unlimited) and the rate beyond it. */
export interface PricedBy {
  /** Units of a meter. */
  peak_before?: number;
  /** Units of a meter. */
  quota: number | null;
  rate: Rate | null;
  /** Units of a meter. */
  used_before: number;
}

/** What a plan costs; null: not sold so. */
export interface Prices {
  month: Money | null;
  year: Money | null;
}

/** What can be erased of an entry: its hash is in the entry, `SHA-256(salt ‖ fields)`. */
export interface PrivateFields {
  fields: Record<string, unknown>;
  /** 32 bytes, as hex. */
  salt: string;
}

/** What went wrong (RFC 9457); `code` is stable, and says which of the other facts are there. */
export interface Problem {
  /** Whole credits. */
  available?: number;
  code:
    | 'busy'
    | 'conflict'
    | 'forbidden'
    | 'frozen'
    | 'hold_closed'
    | 'insufficient_credits'
    | 'internal'
    | 'invalid_request'
    | 'key_reused'
    | 'not_found'
    | 'payment_declined'
    | 'quota_exceeded'
    | 'stripe_unavailable'
    | 'too_large'
    | 'too_many_requests'
    | 'unauthenticated'
    | 'unprocessable'
    | 'unsupported_media_type';
  detail: string;
  field?: string;
  meter?: string;
  offers?: Offers;
  /** Units of a meter. */
  quota?: number;
  reason?: string;
  /** Whole credits. */
  required?: number;
  /** Whole credits. */
  shortfall?: number;
  /** The answer's HTTP status. */
  status: number;
  title: string;
  type: string;
  /** Units of a meter. */
  used?: number;
}

/** A purchase as it stands. */
export interface Purchase {
  /** Whole credits. */
  bonus_credits: number;
  checkout_session_id: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at: string;
  /** Whole credits. */
  credits: number;
  disputed: boolean;
  /** RFC 3339 in UTC, with milliseconds. */
  expires_at: string | null;
  invoice_url: string | null;
  lot_id: string | null;
  package_id: string;
  /** RFC 3339 in UTC, with milliseconds. */
  paid_at: string | null;
  price: Money;
  purchase_id: string;
  quantity: number;
  receipt_url: string | null;
  /** Money in the minor units of the purchase's currency. */
  refunded_minor: number;
  /** Whole credits. */
  revoked_credits: number;
  status: 'awaiting_payment' | 'expired' | 'failed' | 'paid' | 'pending' | 'review';
  wallet_id: string;
}

/** A purchase as it was when it began, with the page on which it is paid. */
export interface PurchaseBegun {
  /** Whole credits. */
  bonus_credits: number;
  checkout_session_id: string;
  checkout_url: string;
  /** Whole credits. */
  credits: number;
  /** RFC 3339 in UTC, with milliseconds. */
  expires_at: string;
  package_id: string;
  price: Money;
  purchase_id: string;
  quantity: number;
  status: 'pending';
}

/** `POST /api/credits/purchase`: so many of a package; `save_card` keeps the card for automatic top-up. */
export interface PurchaseBody {
  /** A package on offer. */
  package_id: string;
  /** @default 1 */
  quantity?: number;
  /** Where the buyer comes back to: a path of an allowed origin, with one `/` in front; no address. */
  return_path?: string | null;
  /** @default false */
  save_card?: boolean;
}

/** A purchase with all that its row says. */
export interface PurchaseRow {
  asked: AskedRefund[];
  /** Whole credits. */
  bonus_credits: number;
  checkout_session_id: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at: string;
  /** Whole credits. */
  credits: number;
  customer_id: string | null;
  disputed: boolean;
  /** RFC 3339 in UTC, with milliseconds. */
  due_at: string | null;
  email: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  expires_at: string | null;
  facts: MoneyFacts;
  holders: string[];
  invoice_url: string | null;
  lot_id: string | null;
  /** Whole credits. */
  owed: number;
  package_id: string;
  /** RFC 3339 in UTC, with milliseconds. */
  paid_at: string | null;
  /** Money in the minor units of the purchase's currency. */
  paid_minor: number | null;
  payment_id: string | null;
  price: Money;
  purchase_id: string;
  quantity: number;
  receipt_url: string | null;
  /** Money in the minor units of the purchase's currency. */
  refunded_minor: number;
  /** Whole credits. */
  revoked_credits: number;
  status: 'awaiting_payment' | 'expired' | 'failed' | 'paid' | 'pending' | 'review';
  /** How often the row was written. */
  version: number;
  wallet_id: string;
}

/** Events that were kept aside. */
export interface Quarantine {
  events: QuarantinedEvent[];
  /** Send it as `cursor` to read on. Opaque. */
  next_cursor: string | null;
}

/** An event that was kept aside, for a person to look at. */
export interface QuarantinedEvent {
  /** RFC 3339 in UTC, with milliseconds. */
  at: string;
  event_id: string;
  purchase_id: string | null;
  reason: string;
  type: string;
  wallet_id: string | null;
}

/** A quota's threshold was reached: `level` percent of it are used. */
export interface QuotaData {
  kind: string;
  level: 80 | 90 | 100;
  message_id: string;
  meter: string;
  /** Units of a meter. */
  quota: number;
  subject: string;
  text: string;
  /** RFC 3339 in UTC, with milliseconds. */
  until: string;
  /** Units of a meter. */
  used: number;
  wallet_id: string;
}

/** What a use would take now; `quote_id` holds these terms until `valid_until`. */
export interface Quote {
  allowed: boolean;
  /** Whole credits. */
  credits: number;
  draws: Draw[];
  /** Units of a meter. */
  from_quota: number;
  offers: Offers | null;
  quote_id: string;
  /** Whole credits. */
  shortfall: number;
  /** RFC 3339 in UTC, with milliseconds. */
  valid_until: string;
}

/** `POST /api/usage/quote`; a gauge's `quantity` is the level it would be set to. */
export interface QuoteBody {
  wallet_id?: string | null;
  /** A meter of the catalogue. */
  meter: string;
  quantity: number;
}

/** What goes over a quota costs so many credits for every so many units, rounded up over the period's total. */
export interface Rate {
  /** Whole credits. */
  credits: number;
  per: number;
}

/** An admin says why. */
export interface ReasonBody {
  reason: string;
}

/** The option that would have been the cheapest for the last months; null: `message` says why there is none. */
export interface Recommendation {
  based_on: BasedOn;
  break_even: BreakEven | null;
  current: CurrentOption;
  message: string;
  not_counted: string[];
  options: AdvisedOption[];
  recommended: AdvisedOption | null;
  wallet_id: string;
}

/** Money given back, the credits that were revoked for it so far, and what the wallet owes now. */
export interface Refund {
  /** Money in the minor units of the purchase's currency. */
  amount_minor: number;
  /** Whole credits. */
  debt: number;
  purchase_id: string;
  refund_id: string;
  /** Whole credits. */
  revoked: number;
}

/** `POST /api/admin/wallets/{wallet_id}/refunds`; without an amount, what is left to refund. */
export interface RefundBody {
  purchase_id: string;
  amount_minor?: number | null;
  reason: string;
}

/** What is known of a refund. */
export interface RefundFact {
  /** Money in the minor units of the purchase's currency. */
  amount_minor: number;
  state: 'failed' | 'given';
}

/** A hold that is closed: what went back, and what could not because its lot had ended. */
export interface Release {
  /** Whole credits. */
  available: number;
  entry_id: string;
  /** Whole credits. */
  expired: number;
  hold_id: string;
  /** Whole credits. */
  released: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
}

/** `POST /api/credits/holds/{hold_id}/release`. */
export interface ReleaseBody {
  wallet_id: string;
}

/** A plan's renewal was not paid; its quota stays until `until`. */
export interface RenewalFailedData {
  /** Money in the minor units of the purchase's currency. */
  amount_minor: number;
  /** ISO 4217, in lower case. */
  currency: string;
  kind: string;
  message_id: string;
  plan_id: string;
  subject: string;
  text: string;
  /** RFC 3339 in UTC, with milliseconds. */
  until: string;
  wallet_id: string;
}

/** The plan a wallet is on by its books, and the quota period that runs. */
export interface RunningPlan {
  /** RFC 3339 in UTC, with milliseconds. */
  anchor: string;
  behind: MonthBehind | null;
  granted: string[];
  period: Period;
  /** RFC 3339 in UTC, with milliseconds. */
  period_start: string;
  plan_id: string;
  set_by: 'admin' | 'default' | 'stripe';
  /** Whole credits. */
  spent: number;
  tenure: Tenure | null;
}

/** When something is used up at the pace of the last weeks; null: not in sight. */
export interface RunsOut {
  /** RFC 3339 in UTC, with milliseconds. */
  earliest: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  latest: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  likely: string | null;
}

/** What an entry did to one lot, signed by the effect on its free credits. */
export interface SignedDraw {
  /** Whole credits, signed by their effect on what can be spent: below 0 they went. */
  credits: number;
  lot_id: string;
}

/** A use that a lease was spent on. */
export interface SpentBody {
  /** A meter of the catalogue. */
  meter: string;
  quantity: number;
  labels?: Record<string, string> | null;
}

/** What a calendar month (UTC) brought and took; opening and closing are what is left in lots, held included. */
export interface Statement {
  /** Whole credits, signed by their effect on what can be spent: below 0 they went. */
  adjusted: number;
  /** Whole credits. */
  bought: number;
  /** Whole credits. */
  closing: number;
  complete: boolean;
  /** Whole credits. */
  debt_at_close: number;
  /** Whole credits. */
  debt_at_open: number;
  entries: StatementLine[];
  /** Whole credits. */
  expired: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  from_seq: number;
  /** Whole credits. */
  granted: number;
  /** SHA-256, as hex. */
  head: string;
  /** Whole credits. */
  held_at_close: number;
  /** A calendar month in UTC: 2026-11. */
  month: string;
  /** Whole credits. */
  opening: number;
  /** Whole credits. */
  paid_to_debt: number;
  /** Whole credits. */
  recalled: number;
  /** Whole credits. */
  received: number;
  /** Whole credits. */
  restored: number;
  /** Whole credits. */
  revoked: number;
  /** Whole credits. */
  sent: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  to_seq: number;
  /** Whole credits. */
  used: number;
  wallet_id: string;
}

/** How many entries of a kind there were, and their credits. */
export interface StatementLine {
  count: number;
  /** Whole credits, signed by their effect on what can be spent: below 0 they went. */
  credits: number;
  kind:
    | 'adjustment'
    | 'capture'
    | 'expiry'
    | 'freeze'
    | 'grant'
    | 'hold'
    | 'lapse'
    | 'notice'
    | 'plan_change'
    | 'purchase'
    | 'recall'
    | 'release'
    | 'renewal'
    | 'restoration'
    | 'revocation'
    | 'set_aside'
    | 'settings'
    | 'transfer_in'
    | 'transfer_out'
    | 'usage';
}

/** `POST /api/user/subscription/checkout`. */
export interface SubscribeBody {
  /** A plan of the catalogue. */
  plan_id: string;
  interval: Interval;
}

/** The plan a wallet is on, and how its subscription stands; `quota_…` says whose quota holds, and for how long. */
export interface Subscription {
  cancel_at_period_end: boolean;
  /** RFC 3339 in UTC, with milliseconds. */
  current_period_end: string;
  /** RFC 3339 in UTC, with milliseconds. */
  current_period_start: string;
  /** RFC 3339 in UTC, with milliseconds. */
  ends_at: string | null;
  interval: 'month' | 'year';
  keeps: KeptCredits;
  message: string;
  name: string;
  /** RFC 3339 in UTC, with milliseconds. */
  next_billing_at: string | null;
  pending_interval: 'month' | 'year' | null;
  pending_plan_id: string | null;
  plan_id: string;
  price: Money | null;
  quota_period: Period;
  quota_plan_id: string;
  status: 'active' | 'canceled' | 'incomplete' | 'incomplete_expired' | 'past_due' | 'paused' | 'trialing' | 'unpaid';
}

/** What the payment provider said last of a subscription. */
export interface SubscriptionNews {
  /** RFC 3339 in UTC, with milliseconds. */
  anchor: string;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at: string;
  customer_id: string;
  /** RFC 3339 in UTC, with milliseconds. */
  ended_at: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  ends_at: string | null;
  interval: 'month' | 'year';
  invoice_id: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  invoiced_at: string | null;
  is_paid: boolean;
  item_id: string;
  live: boolean;
  pending: [string, 'month' | 'year'] | null;
  /** RFC 3339 in UTC, with milliseconds. */
  period_end: string;
  /** RFC 3339 in UTC, with milliseconds. */
  period_start: string;
  plan_id: string;
  price: Money;
  schedule_id: string | null;
  status: 'active' | 'canceled' | 'incomplete' | 'incomplete_expired' | 'past_due' | 'paused' | 'trialing' | 'unpaid';
  subscription_id: string;
  wallet_id: string;
}

/** What is known of a wallet's subscription. */
export interface SubscriptionRow {
  asked: AskedChange | null;
  customer_id: string | null;
  /** RFC 3339 in UTC, with milliseconds. */
  due_at: string | null;
  has_paid: boolean;
  news: SubscriptionNews | null;
  /** RFC 3339 in UTC, with milliseconds. */
  session_at: string | null;
  session_id: string | null;
  /** How often the row was written. */
  version: number;
  wallet_id: string;
}

/** Something the customer can do about it. */
export interface SuggestedAction {
  action: 'buy_credits' | 'upgrade';
  message: string;
  package_id?: string;
  plan_id?: string;
}

/** How long a paid plan lasts, as far as the payment provider has said. */
export interface Tenure {
  is_ending: boolean;
  is_paid: boolean;
  /** RFC 3339 in UTC, with milliseconds. */
  lapses_at: string;
  /** RFC 3339 in UTC, with milliseconds. */
  until: string;
}

/**
 * With less than `below` credits, packages are bought up to `target`; null: never set. `status` says how it stands.
 *
 * `monthly_cap_minor` is the most it may charge a month (UTC), in minor units; null: no cap.
 */
export interface TopUp {
  /** Whole credits. */
  below: number | null;
  charged_this_month: Money;
  enabled: boolean;
  message: string;
  monthly_cap_minor: number | null;
  /** RFC 3339 in UTC, with milliseconds. */
  next_try_at: string | null;
  package_id: string | null;
  status: 'armed' | 'authentication_required' | 'backing_off' | 'capped' | 'charging' | 'off' | 'suspended' | 'waiting';
  /** Whole credits. */
  target: number | null;
  wallet_id: string;
}

/** `PUT /api/credits/auto-topup`: switched on, all is wanted; off, what is left out stays. A cap of null is none. */
export interface TopUpBody {
  enabled: boolean;
  below?: number;
  target?: number;
  /** A package on offer. */
  package_id?: string;
  monthly_cap_minor?: number | null;
}

/** The payment of a top-up that is under way. */
export interface TopUpFlight {
  amount: Money;
  attempt: number;
  /** RFC 3339 in UTC, with milliseconds. */
  began_at: string;
  card: string;
  /** Whole credits. */
  credits: number;
  purchase_id: string;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
}

/** An automatic top-up with all that its row says, and how it stands. */
export interface TopUpRow {
  attempts: number;
  capped_month: string;
  card: string | null;
  declines: number;
  /** RFC 3339 in UTC, with milliseconds. */
  due_at: string | null;
  enabled: boolean;
  flight: TopUpFlight | null;
  month: string;
  /** Money in the minor units of the purchase's currency. */
  month_minor: number;
  /** RFC 3339 in UTC, with milliseconds. */
  not_before: string | null;
  status: 'armed' | 'authentication_required' | 'backing_off' | 'capped' | 'charging' | 'off' | 'suspended' | 'waiting';
  stopped: 'authentication' | 'suspended' | null;
  /** RFC 3339 in UTC, with milliseconds. */
  stopped_at: string | null;
  terms: TopUpTerms | null;
  /** The number of an entry in its wallet's ledger, from 1. */
  trigger: number | null;
  /** How often the row was written. */
  version: number;
  wallet_id: string;
}

/** What an automatic top-up was set to. */
export interface TopUpSettings {
  /** Whole credits. */
  below?: number;
  enabled: boolean;
  monthly_cap_minor?: number | null;
  package_id?: string;
  /** Whole credits. */
  target?: number;
}

/** What an automatic top-up is set to. */
export interface TopUpTerms {
  /** Whole credits. */
  below: number;
  /** Money in the minor units of the purchase's currency. */
  monthly_cap_minor: number | null;
  package_id: string;
  /** Whole credits. */
  target: number;
}

/** An automatic top-up was not paid, or can't be for now. */
export interface TopupFailedData {
  /** Money in the minor units of the purchase's currency. */
  amount_minor: number;
  /** ISO 4217, in lower case. */
  currency: string;
  kind: string;
  message_id: string;
  reason: 'authentication' | 'cap' | 'declined' | 'no_card' | 'suspended';
  subject: string;
  text: string;
  wallet_id: string;
}

/**
 * What hangs together with an id. What there is none of is left out, but for events and entries.
 *
 * `complete`: nothing that is looked for was left out.
 */
export interface Trace {
  complete: boolean;
  customer?: TracedCustomer;
  dispute?: TracedDispute;
  entries: WalletEntry[];
  events: EventRow[];
  id: string;
  invoice?: TracedInvoice;
  kind:
    | 'charge'
    | 'customer'
    | 'dispute'
    | 'entry'
    | 'event'
    | 'hold'
    | 'invoice'
    | 'key'
    | 'lot'
    | 'payment'
    | 'purchase'
    | 'refund'
    | 'session'
    | 'subscription'
    | 'wallet';
  payment?: TracedPayment;
  purchase?: PurchaseRow;
  purchases?: PurchaseRow[];
  refund?: TracedRefund;
  session?: TracedSession;
  subscription?: TracedSubscription;
  wallet_id: string | null;
}

/** A customer. */
export interface TracedCustomer {
  /** RFC 3339 in UTC, with milliseconds. */
  created_at?: string | null;
  customer_id: string;
  live?: boolean | null;
}

/** A dispute. */
export interface TracedDispute {
  amount_minor: number | null;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at: string | null;
  currency: string | null;
  dispute_id: string;
  live: boolean | null;
  reason: string | null;
  status: string | null;
}

/** An invoice, and our row of it. */
export interface TracedInvoice {
  amount_minor?: number | null;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at?: string | null;
  currency?: string | null;
  invoice_id: string;
  live?: boolean | null;
  number?: string | null;
  row?: InvoiceRow;
  status?: string | null;
}

/** A payment and its charge. */
export interface TracedPayment {
  amount_minor?: number | null;
  charge_id?: string;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at?: string | null;
  currency?: string | null;
  disputed?: boolean | null;
  live?: boolean | null;
  payment_id: string;
  refunded_minor?: number | null;
  status?: string | null;
}

/** A refund. */
export interface TracedRefund {
  amount_minor: number | null;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at: string | null;
  currency: string | null;
  live: boolean | null;
  refund_id: string;
  status: string | null;
}

/** A checkout session. */
export interface TracedSession {
  amount_minor?: number | null;
  /** RFC 3339 in UTC, with milliseconds. */
  created_at?: string | null;
  currency?: string | null;
  live?: boolean | null;
  mode?: string | null;
  payment_status?: string | null;
  session_id: string;
  status?: string | null;
}

/** A subscription, and our row of it; one without an id was never begun. */
export interface TracedSubscription {
  /** RFC 3339 in UTC, with milliseconds. */
  created_at?: string | null;
  live?: boolean | null;
  row?: SubscriptionRow;
  status?: string | null;
  subscription_id?: string;
}

/** Credits moved to another wallet: from which lots, and what is left to spend. */
export interface Transfer {
  /** Whole credits. */
  available: number;
  /** Whole credits. */
  credits: number;
  entry_id: string;
  lots: Draw[];
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  to_entry_id: string;
  to_wallet_id: string;
}

/** `POST /api/credits/transfer`. */
export interface TransferBody {
  to_wallet_id: string;
  credits: number;
  note?: string | null;
}

/** Use against limits: the plan, its period, each meter, what to know and to do, and a chart by day. */
export interface Usage {
  actions: SuggestedAction[];
  /** RFC 3339 in UTC, with milliseconds. */
  as_of: string;
  credits: PeriodCredits;
  daily: UsageDay[];
  meters: UsageMeter[];
  period: Period;
  plan: PlanName;
  wallet_id: string;
  warnings: UsageWarning[];
}

/** What became of each event, in the order of the request. */
export interface UsageBatch {
  results: UsageResult[];
}

/** `POST /api/usage/batch`: up to 100 uses of any wallets. A bad one fails alone. */
export interface UsageBatchBody {
  events: EventBody[];
}

/** `POST /api/user/usage/increment`: either `quantity` of a counter, or the level that a gauge is `set` to. */
export interface UsageBody {
  wallet_id: string;
  /** A meter of the catalogue. */
  meter: string;
  quantity?: number | null;
  set?: number | null;
  /** An RFC 3339 time. */
  at?: string | null;
  labels?: Record<string, string> | null;
}

/** One day of a chart: units by meter, and the credits that uses and captures took. */
export interface UsageDay {
  /** Whole credits. */
  credits: number;
  /** A day in UTC. */
  date: string;
  meters: Record<string, number>;
}

/** The same, with when the quota is used up; null: not before the period's end, or no such forecast. */
export interface UsageMeter {
  kind: 'counter' | 'gauge';
  level: 'critical' | 'exceeded' | 'ok' | 'warning';
  meter: string;
  name: string;
  /** Whole credits. */
  overage_credits: number;
  /** Percent, rounded down. */
  percent: number | null;
  /** Units of a meter. */
  quota: number | null;
  /** Units of a meter. */
  remaining: number | null;
  runs_out: RunsOut | null;
  /** Units of a meter. */
  used: number;
}

/** What a use took: from the quota, and in credits from which lots. */
export interface UsageRecorded {
  /** Whole credits. */
  available: number;
  /** Whole credits. */
  credits: number;
  draws: Draw[];
  entry_id: string;
  /** Units of a meter. */
  from_quota: number;
  meter: Meter;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
}

/**
 * What became of one event of a batch: `status` 200 with what a recorded use says, or what a problem says.
 *
 * `meter` is the meter as it stands now, or where its quota is exceeded its name.
 */
export interface UsageResult {
  /** Whole credits. */
  available?: number;
  code?:
    | 'busy'
    | 'conflict'
    | 'forbidden'
    | 'frozen'
    | 'hold_closed'
    | 'insufficient_credits'
    | 'internal'
    | 'invalid_request'
    | 'key_reused'
    | 'not_found'
    | 'payment_declined'
    | 'quota_exceeded'
    | 'stripe_unavailable'
    | 'too_large'
    | 'too_many_requests'
    | 'unauthenticated'
    | 'unprocessable'
    | 'unsupported_media_type';
  /** Whole credits. */
  credits?: number;
  detail?: string;
  draws?: Draw[];
  entry_id?: string;
  field?: string;
  /** Units of a meter. */
  from_quota?: number;
  key: string | null;
  meter?: Meter | string;
  offers?: Offers;
  /** Units of a meter. */
  quota?: number;
  reason?: string;
  replayed: boolean;
  /** Whole credits. */
  required?: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq?: number;
  /** Whole credits. */
  shortfall?: number;
  status: number;
  title?: string;
  type?: string;
  /** Units of a meter. */
  used?: number;
}

/** Something the customer should know. */
export interface UsageWarning {
  code: 'debt' | 'expiring' | 'low_balance' | 'quota_ahead' | 'quota_critical' | 'quota_exceeded' | 'quota_warning';
  message: string;
  meter?: string;
}

/** An entry, with the wallet whose it is. */
export interface WalletEntry {
  actor: string | null;
  also?: EntryStep[];
  /** RFC 3339 in UTC, with milliseconds. */
  anchor?: string;
  aside?: SignedDraw[];
  /** RFC 3339 in UTC, with milliseconds. */
  at: string;
  auto_topup?: TopUpSettings;
  /** Whole credits. */
  available_after: number;
  /** Whole credits. */
  captured?: number;
  changed?: ('email' | 'locale' | 'webhook_url')[];
  counted?: Counted;
  /** Whole credits, signed by their effect on what can be spent: below 0 they went. */
  credits: number;
  days?: number;
  debt?: number;
  draws: SignedDraw[];
  /** RFC 3339 in UTC, with milliseconds. */
  ended_at?: string;
  /** RFC 3339 in UTC, with milliseconds. */
  ends_at?: string;
  entry_id: string;
  erased?: true;
  /** The number of an entry in its wallet's ledger, from 1. */
  erased_up_to?: number;
  /** Whole credits. */
  expired?: SignedDraw[] | number;
  from_entry_id?: string;
  from_plan_id?: string;
  /** Units of a meter. */
  from_quota?: number;
  from_set_aside?: SignedDraw[];
  from_wallet_id?: string;
  frozen?: boolean;
  /** Whole credits. */
  granted?: number;
  /** SHA-256, as hex. */
  hash: string;
  hold_id?: string;
  is_ending?: boolean;
  is_last?: boolean;
  is_paid?: boolean;
  kind:
    | 'adjustment'
    | 'capture'
    | 'expiry'
    | 'freeze'
    | 'grant'
    | 'hold'
    | 'lapse'
    | 'notice'
    | 'plan_change'
    | 'purchase'
    | 'recall'
    | 'release'
    | 'renewal'
    | 'restoration'
    | 'revocation'
    | 'set_aside'
    | 'settings'
    | 'transfer_in'
    | 'transfer_out'
    | 'usage';
  labels?: Record<string, string> | Record<string, string>[];
  lapsed?: true;
  /** RFC 3339 in UTC, with milliseconds. */
  lapses_at?: string;
  latched?: Record<string, number>;
  levels?: Record<string, number>;
  /** Whole credits. */
  lost_at_pace?: number | null;
  lot?: GrantedLot;
  lot_id?: string;
  lots?: GrantedLot[];
  meter?: string;
  note?: string;
  /** Whole credits. */
  paid_to_debt?: number;
  /** Units of a meter. */
  peak_before?: number;
  period?: Period;
  plan_id?: string;
  provisional?: true;
  purchase_id?: string;
  /** Units of a meter. */
  quantity?: number;
  /** Units of a meter. */
  quota?: number | null;
  rate?: Rate | null;
  reason?: string;
  /** Whole credits. */
  recalled?: number;
  /** Whole credits. */
  received?: number;
  /** Whole credits. */
  restored?: number;
  /** Whole credits. */
  revoked?: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  /** Units of a meter. */
  set?: number;
  set_by?: 'admin' | 'default' | 'stripe';
  settings?: 'auto_topup' | 'erasure' | 'notifications';
  taken?: SignedDraw[];
  terms?: Record<string, PricedBy>;
  to_entry_id?: string;
  to_wallet_id?: string;
  told?: string[];
  /** RFC 3339 in UTC, with milliseconds. */
  until?: string;
  /** RFC 3339 in UTC, with milliseconds. */
  used_at?: string;
  /** Units of a meter. */
  used_before?: number;
  uses?: EntryUse[];
  wallet_id: string;
}

/** All about a wallet: balance, books, plan, subscription, contact, and the latest entries and purchases. */
export interface WalletOverview {
  actions: SuggestedAction[];
  /** RFC 3339 in UTC, with milliseconds. */
  as_of: string;
  auto_topup: TopUpRow | null;
  /** Whole credits. */
  available: number;
  contact: ContactSources;
  customer: CustomerIds;
  /** Whole credits. */
  debt: number;
  /** The number of an entry in its wallet's ledger, from 1. */
  debt_since: number | null;
  /** RFC 3339 in UTC, with milliseconds. */
  due_at: string | null;
  entries: WalletEntry[];
  expiring_next: ExpiringCredits | null;
  frozen: boolean;
  /** SHA-256, as hex. */
  head: string;
  /** Whole credits. */
  held: number;
  holds: OpenHold[];
  /** RFC 3339 in UTC, with milliseconds. */
  last_at: string | null;
  /** Whole credits. */
  last_purchase: number | null;
  latches: Record<string, number>;
  /** Whole credits. */
  left: number;
  lots: Lot[];
  low: boolean;
  /** Whole credits. */
  low_below: number;
  messages: MessageCounts;
  meters: Meter[];
  plan: RunningPlan;
  purchases: PurchaseRow[];
  runs_out: RunsOut | null;
  /** The number of an entry in its wallet's ledger, from 1. */
  seq: number;
  /** Whole credits. */
  set_aside: number;
  subscription: SubscriptionRow | null;
  /** Whole credits. */
  topup_below: number | null;
  wallet_id: string;
  warnings: UsageWarning[];
}

/** `GET /api/admin/quarantine` */
export interface ListQuarantineRequest extends CallOptions {
  /** How many lines a page may have; 25 if not said. */
  limit?: number;
  /** Where to read on: `next_cursor` of the page before. */
  cursor?: string;
}

/** `POST /api/admin/quarantine/{event_id}/replay` */
export interface ReplayEventRequest extends CallOptions {
  event_id: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
}

/** `GET /api/admin/trace/{id}` */
export interface TraceRequest extends CallOptions {
  /** Any id, ours or Stripe's. */
  id: string;
  wallet?: string;
}

/** `GET /api/admin/wallets/{wallet_id}` */
export interface GetWalletRequest extends CallOptions {
  wallet_id: string;
}

/** `POST /api/admin/wallets/{wallet_id}/adjustments` */
export interface CreateAdjustmentRequest extends CallOptions {
  wallet_id: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: AdjustmentBody;
}

/** `POST /api/admin/wallets/{wallet_id}/erasure` */
export interface EraseWalletRequest extends CallOptions {
  wallet_id: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: ReasonBody;
}

/** `POST /api/admin/wallets/{wallet_id}/freeze` */
export interface FreezeWalletRequest extends CallOptions {
  wallet_id: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: ReasonBody;
}

/** `POST /api/admin/wallets/{wallet_id}/grants` */
export interface CreateGrantRequest extends CallOptions {
  wallet_id: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: GrantBody;
}

/** `POST /api/admin/wallets/{wallet_id}/refunds` */
export interface CreateRefundRequest extends CallOptions {
  wallet_id: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: RefundBody;
}

/** `POST /api/admin/wallets/{wallet_id}/unfreeze` */
export interface UnfreezeWalletRequest extends CallOptions {
  wallet_id: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: ReasonBody;
}

/** `GET /api/credits/auto-topup` */
export interface GetAutoTopupRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
}

/** `PUT /api/credits/auto-topup` */
export interface SetAutoTopupRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  body: TopUpBody;
}

/** `GET /api/credits/balance` */
export interface GetBalanceRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** An RFC 3339 time. */
  at?: string;
}

/** `GET /api/credits/entries/{seq}/explanation` */
export interface GetExplanationRequest extends CallOptions {
  seq: number;
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
}

/** `GET /api/credits/export` */
export interface ExportWalletRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** How many entries a page may have; 1,000 if not said. */
  limit?: number;
  /** Where to read on: `next_cursor` of the page before. */
  cursor?: string;
}

/** `GET /api/credits/history` */
export interface ListHistoryRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** One kind of entry; all if not said. */
  type?:
    | 'adjustment'
    | 'capture'
    | 'expiry'
    | 'freeze'
    | 'grant'
    | 'hold'
    | 'lapse'
    | 'notice'
    | 'plan_change'
    | 'purchase'
    | 'recall'
    | 'release'
    | 'renewal'
    | 'restoration'
    | 'revocation'
    | 'set_aside'
    | 'settings'
    | 'transfer_in'
    | 'transfer_out'
    | 'usage';
  /** An RFC 3339 time. */
  from?: string;
  /** An RFC 3339 time. */
  to?: string;
  /** How many lines a page may have; 25 if not said. */
  limit?: number;
  /** Where to read on: `next_cursor` of the page before. */
  cursor?: string;
}

/** `POST /api/credits/holds` */
export interface CreateHoldRequest extends CallOptions {
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: HoldBody;
}

/** `POST /api/credits/holds/{hold_id}/capture` */
export interface CaptureHoldRequest extends CallOptions {
  hold_id: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: CaptureBody;
}

/** `POST /api/credits/holds/{hold_id}/release` */
export interface ReleaseHoldRequest extends CallOptions {
  hold_id: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: ReleaseBody;
}

/** `GET /api/credits/packages` */
export interface ListPackagesRequest extends CallOptions {}

/** `POST /api/credits/purchase` */
export interface CreatePurchaseRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: PurchaseBody;
}

/** `GET /api/credits/purchases/{purchase_id}` */
export interface GetPurchaseRequest extends CallOptions {
  purchase_id: string;
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
}

/** `GET /api/credits/statement` */
export interface GetStatementRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** A month in UTC; the running one if not said. */
  month?: string;
}

/** `POST /api/credits/transfer` */
export interface CreateTransferRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: TransferBody;
}

/** `GET /api/customer/usage` */
export interface GetPredictionUsageRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  days?: 7 | 30 | 90;
}

/** `GET /api/health` */
export interface GetHealthRequest extends CallOptions {}

/** `GET /api/openapi.json` */
export interface GetOpenApiRequest extends CallOptions {}

/** `GET /api/plans` */
export interface ListPlansRequest extends CallOptions {}

/** `GET /api/plans/compare` */
export interface ComparePlansRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** A plan of the catalogue. */
  to: string;
}

/** `POST /api/usage/batch` */
export interface RecordUsageBatchRequest extends CallOptions {
  body: UsageBatchBody;
}

/** `POST /api/usage/quote` */
export interface GetQuoteRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  body: QuoteBody;
}

/** `GET /api/user/notifications` */
export interface GetNotificationsRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
}

/** `PUT /api/user/notifications` */
export interface SetNotificationsRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  body: NotificationsBody;
}

/** `GET /api/user/payments` */
export interface ListPaymentsRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** How many lines a page may have; 25 if not said. */
  limit?: number;
  /** Where to read on: `next_cursor` of the page before. */
  cursor?: string;
}

/** `POST /api/user/portal` */
export interface CreatePortalSessionRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  body?: EmptyBody;
}

/** `GET /api/user/recommendation` */
export interface GetRecommendationRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
}

/** `GET /api/user/subscription` */
export interface GetSubscriptionRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
}

/** `POST /api/user/subscription` */
export interface SetPlanRequest extends CallOptions {
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: PlanBody;
}

/** `POST /api/user/subscription/cancel` */
export interface CancelSubscriptionRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: CancelBody;
}

/** `POST /api/user/subscription/checkout` */
export interface SubscribeRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: SubscribeBody;
}

/** `POST /api/user/subscription/resume` */
export interface ResumeSubscriptionRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: EmptyBody;
}

/** `GET /api/user/usage` */
export interface GetUsageRequest extends CallOptions {
  /** A team's wallet that the token lists; the own if not said. */
  wallet?: string;
  days?: 7 | 30 | 90;
}

/** `POST /api/user/usage/increment` */
export interface RecordUsageRequest extends CallOptions {
  /** One per command, kept for its retries; made, unless it is given. */
  idempotencyKey?: string;
  body: UsageBody;
}

/** One method per operation; *Kind*: whether it gives what the answer says, or the whole answer. */
export interface Calls<Kind extends 'body' | 'full'> {
  /** List events that were kept aside, for a person to look at */
  listQuarantine(request?: ListQuarantineRequest): Given<Kind, Quarantine>;
  /** Apply an event that was kept aside */
  replayEvent(request: ReplayEventRequest): Given<Kind, EventReplayed>;
  /** Show what hangs together with an id, ours or Stripe's; lots, holds and keys want `?wallet=` beside it */
  trace(request: TraceRequest): Given<Kind, Trace>;
  /** Show all about a wallet: balance, books, plan, subscription, contact, and the latest entries and purchases */
  getWallet(request: GetWalletRequest): Given<Kind, WalletOverview>;
  /** Correct what a wallet holds, up or down, once per `Idempotency-Key` */
  createAdjustment(request: CreateAdjustmentRequest): Given<Kind, Adjustment>;
  /** Erase what identifies a person, up to the last entry */
  eraseWallet(request: EraseWalletRequest): Given<Kind, Erasure>;
  /** Keep what is in a wallet from leaving it, once per `Idempotency-Key` */
  freezeWallet(request: FreezeWalletRequest): Given<Kind, Freeze>;
  /** Grant promotional credits, once per `Idempotency-Key` */
  createGrant(request: CreateGrantRequest): Given<Kind, Adjustment>;
  /** Give money back for a purchase and take its credits, once per `Idempotency-Key` */
  createRefund(request: CreateRefundRequest): Given<Kind, Refund>;
  /** Let a frozen wallet go, once per `Idempotency-Key` */
  unfreezeWallet(request: UnfreezeWalletRequest): Given<Kind, Freeze>;
  /** Show the settings, and how the top-up stands */
  getAutoTopup(request?: GetAutoTopupRequest): Given<Kind, TopUp>;
  /** Set it */
  setAutoTopup(request: SetAutoTopupRequest): Given<Kind, TopUp>;
  /** Show what the wallet holds now, or what it held at a past time */
  getBalance(request?: GetBalanceRequest): Given<Kind, Balance>;
  getBalance(request: GetBalanceRequest & Known): Given<Kind, Balance | undefined>;
  /** Show how an entry came to its credits */
  getExplanation(request: GetExplanationRequest): Given<Kind, Explanation>;
  /** Hand out all that there is of a wallet, page by page, as lines that anybody can check */
  exportWallet(request?: ExportWalletRequest): Given<Kind, string>;
  /** Show the wallet's entries, newest first */
  listHistory(request?: ListHistoryRequest): Given<Kind, HistoryPage>;
  /** Set credits aside for a while, once per `Idempotency-Key` */
  createHold(request: CreateHoldRequest): Given<Kind, Hold>;
  /** Take what was used of a hold and close it, once per `Idempotency-Key` */
  captureHold(request: CaptureHoldRequest): Given<Kind, Capture>;
  /** Give everything back that a hold set aside, once per `Idempotency-Key` */
  releaseHold(request: ReleaseHoldRequest): Given<Kind, Release>;
  /** List what can be bought */
  listPackages(request?: ListPackagesRequest): Given<Kind, PackageList>;
  /** Open a purchase and its checkout page, once per `Idempotency-Key` */
  createPurchase(request: CreatePurchaseRequest): Given<Kind, PurchaseBegun>;
  /** Show where a purchase stands */
  getPurchase(request: GetPurchaseRequest): Given<Kind, Purchase>;
  /** Show what a month brought and took; of the month that runs, up to now */
  getStatement(request?: GetStatementRequest): Given<Kind, Statement>;
  getStatement(request: GetStatementRequest & { accept: 'text/csv' }): Given<Kind, string>;
  /** Move credits between wallets of the caller's, once per `Idempotency-Key` */
  createTransfer(request: CreateTransferRequest): Given<Kind, Transfer>;
  /** Show predictions, how many got feedback, and API calls */
  getPredictionUsage(request?: GetPredictionUsageRequest): Given<Kind, PredictionUsage>;
  /** Say that the function runs, and which version it is */
  getHealth(request?: GetHealthRequest): Given<Kind, Health>;
  /** Describe this API: OpenAPI 3.1 */
  getOpenApi(request?: GetOpenApiRequest): Given<Kind, Record<string, unknown>>;
  /** List plans with their prices, quotas and rates */
  listPlans(request?: ListPlansRequest): Given<Kind, PlanList>;
  /** Put a plan beside the wallet's, row by row, with the wallet's own use */
  comparePlans(request: ComparePlansRequest): Given<Kind, Comparison>;
  /** Record up to 100 uses of any wallets, each once per its key */
  recordUsageBatch(request: RecordUsageBatchRequest): Given<Kind, UsageBatch>;
  /** Say what a use would take */
  getQuote(request: GetQuoteRequest): Given<Kind, Quote>;
  /** Show where messages go */
  getNotifications(request?: GetNotificationsRequest): Given<Kind, Notifications>;
  /** Set where messages go: what is left out stays, null clears */
  setNotifications(request: SetNotificationsRequest): Given<Kind, Notifications>;
  /** List the wallet's purchases and its plans' invoices, newest first */
  listPayments(request?: ListPaymentsRequest): Given<Kind, PaymentPage>;
  /** Open the payment provider's own pages: cards, invoices, addresses */
  createPortalSession(request?: CreatePortalSessionRequest): Given<Kind, BillingPortal>;
  /** Say honestly which option would have been the cheapest for the last months, with its sums */
  getRecommendation(request?: GetRecommendationRequest): Given<Kind, Recommendation>;
  /** Show the plan the wallet is on, and how its subscription stands */
  getSubscription(request?: GetSubscriptionRequest): Given<Kind, Subscription>;
  /** Put a wallet on a plan by an admin's word, until it is cleared; once per `Idempotency-Key` */
  setPlan(request: SetPlanRequest): Given<Kind, PlanSet>;
  /** Cancel at the period's end, or now; bought credits stay */
  cancelSubscription(request: CancelSubscriptionRequest): Given<Kind, Subscription>;
  /** Open a checkout for a plan; where a subscription runs, change it instead */
  subscribe(request: SubscribeRequest): Given<Kind, Subscription | CheckoutBegun>;
  /** Take back what was planned for the period's end */
  resumeSubscription(request: ResumeSubscriptionRequest): Given<Kind, Subscription>;
  /** Show use against limits, warnings, what to do, and a chart */
  getUsage(request?: GetUsageRequest): Given<Kind, Usage>;
  getUsage(request: GetUsageRequest & Known): Given<Kind, Usage | undefined>;
  /** Record a use, once per `Idempotency-Key` */
  recordUsage(request: RecordUsageRequest): Given<Kind, UsageRecorded>;
}

/** What is answered in JSON, by method and path. */
export interface Answers {
  GET: {
    '/api/admin/quarantine': Quarantine;
    [path: `/api/admin/trace/${string}`]: Trace;
    [path: `/api/admin/wallets/${string}`]: WalletOverview;
    '/api/credits/auto-topup': TopUp;
    '/api/credits/balance': Balance;
    [path: `/api/credits/entries/${string}/explanation`]: Explanation;
    '/api/credits/history': HistoryPage;
    '/api/credits/packages': PackageList;
    [path: `/api/credits/purchases/${string}`]: Purchase;
    '/api/credits/statement': Statement;
    '/api/customer/usage': PredictionUsage;
    '/api/health': Health;
    '/api/openapi.json': Record<string, unknown>;
    '/api/plans': PlanList;
    '/api/plans/compare': Comparison;
    '/api/user/notifications': Notifications;
    '/api/user/payments': PaymentPage;
    '/api/user/recommendation': Recommendation;
    '/api/user/subscription': Subscription;
    '/api/user/usage': Usage;
  };
  POST: {
    [path: `/api/admin/quarantine/${string}/replay`]: EventReplayed;
    [path: `/api/admin/wallets/${string}/adjustments`]: Adjustment;
    [path: `/api/admin/wallets/${string}/erasure`]: Erasure;
    [path: `/api/admin/wallets/${string}/freeze`]: Freeze;
    [path: `/api/admin/wallets/${string}/grants`]: Adjustment;
    [path: `/api/admin/wallets/${string}/refunds`]: Refund;
    [path: `/api/admin/wallets/${string}/unfreeze`]: Freeze;
    '/api/credits/holds': Hold;
    [path: `/api/credits/holds/${string}/capture`]: Capture;
    [path: `/api/credits/holds/${string}/release`]: Release;
    '/api/credits/purchase': PurchaseBegun;
    '/api/credits/transfer': Transfer;
    '/api/usage/batch': UsageBatch;
    '/api/usage/quote': Quote;
    '/api/user/portal': BillingPortal;
    '/api/user/subscription': PlanSet;
    '/api/user/subscription/cancel': Subscription;
    '/api/user/subscription/checkout': Subscription | CheckoutBegun;
    '/api/user/subscription/resume': Subscription;
    '/api/user/usage/increment': UsageRecorded;
  };
  PUT: {
    '/api/credits/auto-topup': TopUp;
    '/api/user/notifications': Notifications;
  };
}

/** How each operation is asked for. */
export declare const OPERATIONS: Readonly<Record<keyof Calls<'body'>, Operation>>;

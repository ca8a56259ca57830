/** What TypeScript must accept of those who use the client, and what it must not. */
import { TallyClient, TallyProblem, type Balance, type Entry, type Full, type Purchase } from '@tally/elements/client';

const client = new TallyClient({ baseUrl: 'https://api.example.com/v1', getToken: async () => null });
new TallyClient();
// @ts-expect-error there is no such option
new TallyClient({ apiKey: 'sk_live_1' });
new TallyClient({ getToken: () => 'token' });
// @ts-expect-error a token is text
new TallyClient({ getToken: () => 7 });

export async function reads(etag: string | null): Promise<number> {
  const balance: Balance = await client.getBalance();
  const past: Balance = await client.getBalance({ wallet: 'team_a', at: '2026-11-22T09:30:00Z' });
  const perhaps: Balance | undefined = await client.getBalance({ ifNoneMatch: etag });
  // @ts-expect-error where nothing has changed, there is none
  const surely: Balance = await client.getBalance({ ifNoneMatch: etag });
  const whole: Full<Balance> = await client.raw.getBalance({ signal: AbortSignal.timeout(1000) });
  const table: string = await client.getStatement({ month: '2026-11', accept: 'text/csv' });
  // @ts-expect-error a table is text
  const sums: number = (await client.getStatement({ accept: 'text/csv' })).opening;
  // @ts-expect-error there is no such parameter
  await client.getBalance({ wallet_id: 'team_a' });
  // @ts-expect-error there is no such span
  await client.getUsage({ days: '31' });
  // @ts-expect-error there is no such method
  await client.getBalances();
  // @ts-expect-error what has not changed cannot be asked for here
  await client.getPurchase({ purchase_id: 'pur_1', ifNoneMatch: etag });
  // @ts-expect-error there is no such field
  balance.credits;
  // @ts-expect-error it may be null
  balance.expiring_next.credits;
  return past.available + (perhaps?.available ?? 0) + whole.body.debt + surely.held + table.length + sums;
}

export async function buys(): Promise<Purchase | undefined> {
  try {
    const { purchase_id } = await client.createPurchase({ body: { package_id: 'starter' }, idempotencyKey: 'order-1' });
    const { replayed } = await client.raw.createPurchase({
      wallet: 'team_a',
      body: { package_id: 'starter', quantity: 2 },
    });
    const { status, ...purchase } = await client.getPurchase({ purchase_id });
    // @ts-expect-error it never becomes that
    if (status === 'bought' || replayed) return;
    return { ...purchase, status };
  } catch (error) {
    if (error instanceof TallyProblem && error.code === 'insufficient_credits') error.facts.offers?.total?.amount_minor;
    // @ts-expect-error there is no such refusal
    if (error instanceof TallyProblem && error.code === 'too_poor') return;
  }
  // @ts-expect-error the query's name is another
  await client.createPurchase({ wallet_id: 'team_a', body: { package_id: 'starter' } });
  // @ts-expect-error whose?
  await client.createGrant({ body: { credits: 5, reason: 'sorry' } });
  // @ts-expect-error it has a name
  await client.getPurchase('pur_1');
  // @ts-expect-error a body is wanted
  await client.createPurchase();
  // @ts-expect-error a package is wanted
  await client.createPurchase({ body: { quantity: 2 } });
  // @ts-expect-error a body has no such field
  await client.createPurchase({ body: { package_id: 'starter', price: 1 } });
  // @ts-expect-error which purchase?
  await client.getPurchase({});
  // @ts-expect-error a question has no key
  await client.getBalance({ idempotencyKey: 'order-1' });
  const begun = await client.subscribe({ body: { plan_id: 'pro', interval: 'month' } });
  if ('checkout_url' in begun) location.assign(begun.checkout_url);
  await client.resumeSubscription({ body: {} });
  // @ts-expect-error it says nothing
  await client.resumeSubscription({ body: { at: 'now' } });
}

export async function lists(): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const { entries } of client.pages('listHistory', { type: 'purchase', limit: 100 })) found.push(...entries);
  for await (const lines of client.pages('exportWallet')) lines.split('\n');
  // @ts-expect-error it has no pages
  client.pages('getBalance');
  // @ts-expect-error there is no such kind
  client.pages('listHistory', { type: 'gift' });
  return found;
}

/**
 * The types of the elements' own code: what the API answers, and what the shared functions take and give. They stand
 * here and not beside the code, because pages load that as it is.
 */
declare namespace T {
  type Options = import('../index.d.ts').Options;

  type Money = import('../api.d.ts').Money;
  type Lot = import('../api.d.ts').Lot;
  type Told = import('../api.d.ts').UsageWarning;
  type Deed = import('../api.d.ts').SuggestedAction;
  type Balance = import('../api.d.ts').Balance;
  type Meter = import('../api.d.ts').UsageMeter;
  type Day = import('../api.d.ts').UsageDay;
  type Usage = import('../api.d.ts').Usage;
  type Predictions = import('../api.d.ts').PredictionUsage;
  type Package = import('../api.d.ts').Package;
  type Purchase = import('../api.d.ts').Purchase;
  type Entry = import('../api.d.ts').Entry;
  type Explanation = import('../api.d.ts').Explanation;
  type Subscription = import('../api.d.ts').Subscription;
  type Payment = import('../api.d.ts').Payment;
  type TopUp = import('../api.d.ts').TopUp;
  type Interval = import('../api.d.ts').Interval;
  type Rate = import('../api.d.ts').Rate;
  type Plan = import('../api.d.ts').Plan;
  type Plans = import('../api.d.ts').PlanList;
  type Recommendation = import('../api.d.ts').Recommendation;
  type Row = import('../api.d.ts').ComparisonRow;
  type Comparison = import('../api.d.ts').Comparison;

  type Answers = import('../api.d.ts').Answers;
  type WithoutQuery<Path extends string> = Path extends `${infer Place}?${string}` ? Place : Path;
  /** What is answered to a path; of one that is put together elsewhere, nothing is known here. */
  type Answer<Path extends string, Method extends keyof Answers = 'GET'> =
    WithoutQuery<Path> extends keyof Answers[Method] ? Answers[Method][WithoutQuery<Path>] : any;

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
  interface Resource<Value = any> {
    value: Value | undefined;
    problem: Problem | undefined;
    hosts: Set<Host>;
    /** Ask now; `force`: what is under way may be older than what is wanted. */
    load(force?: boolean): Promise<void>;
    /** Ask if what is known is old. */
    renew(): void;
  }

  type Values<Needed extends Resource[]> = { [Nth in keyof Needed]: NonNullable<Needed[Nth]['value']> };

  /** Say a message; of two forms, the number `n` picks one. */
  type Say = (name: string, facts?: Record<string, any>) => string;
  type WriteNumber = (value: number, how?: Intl.NumberFormatOptions) => string;
  type WriteMoney = (money: Money, short?: boolean) => string;
  type Write = (at: string) => string;

  type Button = (label: unknown, act: unknown, kind?: string, name?: string, busy?: boolean) => unknown;
  /** Do some work on behalf of a button, and say at its place what came of it; one at a time. */
  type Attempt = (at: string, work: () => Promise<any>, told: (answer: any) => string) => Promise<void>;
  /** Send a command on behalf of a button. */
  type Run = <Path extends string, Method extends keyof Answers = 'POST'>(
    at: string,
    path: Path,
    body: unknown,
    told: (answer: Answer<Path, Method>) => string,
    method?: Method,
  ) => Promise<void>;
  /** What came of the last command, and at which place it is said. */
  interface Outcome {
    at: string;
    good?: string;
    bad?: string;
    again?: () => void;
  }
}

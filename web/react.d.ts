/** The elements in JSX, for React 19: `import '@tally/elements/react'` once. */
import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { Change } from './index.d.ts';

type Tag<More = object> = DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement> & {
  /** A team's wallet; without one, the caller's own. */
  wallet?: string;
  'ontally-change'?: (event: CustomEvent<Change>) => void;
} & More;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'tally-balance': Tag;
      'tally-usage': Tag<{ days?: 7 | 30 | 90 }>;
      'tally-predictions': Tag<{ days?: 7 | 30 | 90 }>;
      'tally-packages': Tag;
      'tally-history': Tag<{ kind?: string }>;
      'tally-billing': Tag;
      'tally-plans': Tag<{ interval?: 'month' | 'year' }>;
      'tally-transfer': Tag<{ to?: string }>;
    }
  }
}

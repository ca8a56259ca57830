/** What TypeScript must accept of those who use the elements, and what it must not. */
import { configure, refresh } from '@tally/elements';
import '@tally/elements/react';

configure({ getToken: async () => null, baseUrl: '' });
refresh();
// @ts-expect-error there is no such option
configure({ apiKey: 'sk_live_1' });

const usage = document.createElement('tally-usage');
usage.days = 7;
usage.wallet = 'team_demo';
// @ts-expect-error a number is wanted
usage.days = 'seven';
usage.addEventListener('tally-change', (event) => event.detail.path.length);

export const shown = (
  <>
    <tally-balance wallet="team_demo" />
    <tally-usage days={30} ontally-change={(event) => event.detail.path.length} />
    <tally-plans interval="year" />
    {/* @ts-expect-error there is no such interval */}
    <tally-plans interval="week" />
  </>
);

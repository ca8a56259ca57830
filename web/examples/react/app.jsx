/** React 19 takes the elements as they are: attributes, properties and events, without a wrapper. */
import { configure } from '@tally/elements';
import { useState } from 'react';

configure({
  getToken: async () => (await (await fetch('/local/token?wallet_id=acct_demo&teams=team_demo:owner')).json()).token,
});

export function App() {
  const [days, setDays] = useState(7);
  const [told, setTold] = useState('');
  return (
    <main>
      <h1>React</h1>
      <tally-balance />
      <button onClick={() => setDays(90)}>Ninety days</button>
      <tally-usage days={days} />
      <tally-transfer to="team_demo" ontally-change={(event) => setTold(event.detail.path)} />
      <p id="told">{told}</p>
    </main>
  );
}

import { configure } from '../tally.js';

configure({
  baseUrl: '', // where the API is: 'https://api.example.com/v1'
  getToken: async () => (await (await fetch('/local/token?wallet_id=acct_demo')).json()).token, // from your own back end
  buyUrl: '/buy',
  plansUrl: '/pricing',
});

/** All elements, and how they are told where the API is. */
import './balance.js';
import './usage.js';
import './packages.js';
import './history.js';
import './plans.js';
import './billing.js';
import './transfer.js';
import { configure, refresh } from './store.js';

export { configure, refresh };

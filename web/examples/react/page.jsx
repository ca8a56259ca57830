/** Where the page begins; on a server, `renderToString(<App />)` gives the same tags, and the browser fills them. */
import { createRoot, hydrateRoot } from 'react-dom/client';
import { App } from './app.jsx';

const root = document.getElementById('root');
if (root.firstElementChild) hydrateRoot(root, <App />);
else createRoot(root).render(<App />);

import { takeInvite } from './address.ts';

// Nothing else is loaded, and no connection is opened, while a link's secret stands in the address bar.
const arrived = takeInvite(location, history);

import('./start-app.ts').then(
  ({ startApp }) => startApp(arrived),
  (error: unknown) => {
    document.body.textContent = 'Lists could not be loaded. Look at your network, then reload this page.';
    throw error;
  },
);

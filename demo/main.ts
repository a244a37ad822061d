import { takeInvite } from './address.ts';

// Remove an invite's secret from the address bar before loading anything else or connecting.
const arrived = takeInvite();

import('./start-app.ts').then(
  ({ startApp }) => startApp(arrived),
  (error: unknown) => {
    document.body.textContent =
      'Lists could not be loaded. Check your network connection, then reload this page.';
    throw error;
  },
);

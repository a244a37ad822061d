import { takeInvite } from './address.ts';

// Nothing else is loaded, and no connection is opened, while a link's secret stands in the address bar.
const arrived = takeInvite(location, history);

void import('./app.ts').then(({ startApp }) => startApp(arrived));

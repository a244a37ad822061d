export { deliverAfterLastTab } from './deliver-after-last-tab.ts';

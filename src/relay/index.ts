export { createRelay } from './relay.ts';
export type { Relay, RelayLimits, RelayOptions } from './relay-options.ts';

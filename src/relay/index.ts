export { createRelay } from './relay.ts';
export type { Relay, RelayLimits, RelayOptions } from './config/relay-options.ts';

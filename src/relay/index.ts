export { createRelay } from './relay.ts';
export type { Relay, RelayAuthOptions, RelayLimits, RelayOptions } from './config/relay-options.ts';

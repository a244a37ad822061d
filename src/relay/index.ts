export { createRelay } from './relay.ts';
export type {
  Relay,
  RelayAuthOptions,
  RelayLimits,
  RelayOptions,
  RelayQuota,
} from './config/relay-options.ts';

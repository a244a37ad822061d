import type { Logger } from '../platform/logger.ts';
import type { RelayAgent } from './agent-identity.ts';

export interface RelayOptions {
  /** The address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** Default 4203; 0 takes a free one. */
  readonly port?: number;
  /** `pglite:DIRECTORY`, `postgres://USER:PASSWORD@HOST/DATABASE`, or `memory:`, which keeps nothing. Default `pglite:./local-sync.db`. */
  readonly storage?: string;
  readonly limits?: Partial<RelayLimits>;
  /** How long `close` may take to write out what is queued and to let clients go. Default 10 s. */
  readonly drainMs?: number;
  readonly logger?: Logger;
  /** The account that the relay runs on. Default: an identity that is thrown away. */
  readonly agent?: RelayAgent;
}

export interface RelayLimits {
  /** The longest message that is taken. Default 10 MB. */
  readonly messageBytes: number;
}

export interface Relay {
  /** Where it answers, such as `http://127.0.0.1:4203`. Clients open its `/sync`. */
  readonly url: string;
  readonly port: number;
  /** Takes nothing more, writes out what it has taken, lets the clients go and closes the storage. Safe to call twice. */
  close(): Promise<void>;
}

export const defaultStorage = 'pglite:./local-sync.db';

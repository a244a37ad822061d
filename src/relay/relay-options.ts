import type { Logger } from '../base/logger.ts';
import type { RelayAgent } from './config/agent-identity.ts';

export interface RelayOptions {
  /** The address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** Default 4203; 0 takes a free one. */
  readonly port?: number;
  /** `pglite:DIRECTORY`, `postgres://USER:PASSWORD@HOST/DATABASE`, or `memory:`, which keeps nothing. Default `pglite:./local-sync.db`. */
  readonly storage?: string;
  readonly limits?: Partial<RelayLimits>;
  /** Whose pages may connect, such as `https://app.example.org`. Default: all. What is no browser names none, and may. */
  readonly origins?: readonly string[];
  /** Whether clients are told apart by the last entry of `X-Forwarded-For`. Only behind a proxy that writes it. */
  readonly trustProxy?: boolean;
  /** The oldest version of the app whose edits are taken, such as `2.1.0`; an app that names none is too old. Default: all are taken. */
  readonly minAppVersion?: string;
  /** Whether a client may ask what is committed of a CoValue that it may load, as the devtools panel does. Default: false. */
  readonly inspect?: boolean;
  /** How long `close` may take to write out what is queued and to let clients go. Default 10 s. */
  readonly drainMs?: number;
  readonly logger?: Logger;
  /** The account that the relay runs on. Default: an identity that is thrown away. */
  readonly agent?: RelayAgent;
}

/** What one client may use. One at its limit is slowed down or told `limit`; the others do not notice. */
export interface RelayLimits {
  /** The longest message that is taken. Default 10 MB. */
  readonly messageBytes: number;
  /** How fast a client is read, on average over 3 s; it is told once when it sends faster. Default 20 MB. */
  readonly bytesPerSecond: number;
  /** How many of a client's loads are worked on at a time; what it sends after them waits. Default 1,000. */
  readonly openLoads: number;
  /** How many CoValues a client may follow; with one more the connection ends. Default 50,000. */
  readonly subscribed: number;
  /** How much may wait for a client that reads slowly, before the connection ends. Default 64 MB. */
  readonly unreadBytes: number;
  /** How many clients there may be. Default 10,000. */
  readonly connections: number;
  /** How many of them may come from one address; see `trustProxy`. Default 2,000. */
  readonly connectionsPerAddress: number;
  /** How long a client may take to open a WebSocket, and then until its first message. Default 30 s. */
  readonly firstFrameMs: number;
}

export interface Relay {
  /** Where it answers, such as `http://127.0.0.1:4203`. Clients open its `/sync`. */
  readonly url: string;
  readonly port: number;
  /** Takes nothing more, writes out what it has taken, lets the clients go and closes the storage. Safe to call twice. */
  close(): Promise<void>;
}

export const defaultStorage = 'pglite:./local-sync.db';

import type { Logger } from '../../base/logger.ts';
import type { RelayAgent } from './agent-identity.ts';

export interface RelayOptions {
  /** The address to listen on. Default `127.0.0.1`, which accepts only connections from this machine. */
  readonly host?: string;
  /** Default 4203; 0 picks a free port. */
  readonly port?: number;
  /**
   * `pglite:DIRECTORY`, `postgres://USER:PASSWORD@HOST/DATABASE`, or `memory:`, which persists nothing. Default
   * `pglite:./local-sync.db`.
   */
  readonly storage?: string;
  readonly limits?: Partial<RelayLimits>;
  /**
   * Origins whose pages may connect, such as `https://app.example.org`. Default: all. Clients other than browsers send no
   * origin and may always connect.
   */
  readonly origins?: readonly string[];
  /** Identifies clients by the last entry of `X-Forwarded-For`. Use it only behind a proxy that sets this header. */
  readonly trustProxy?: boolean;
  /**
   * The oldest app version whose edits are accepted, such as `2.1.0`; an app that reports no version counts as too old.
   * Default: every version is accepted.
   */
  readonly minAppVersion?: string;
  /**
   * Lets clients such as the devtools panel query how much of a CoValue is committed, if they may load it. Default: false.
   */
  readonly inspect?: boolean;
  /** The time limit for `close` to commit queued writes and disconnect clients. Default 10 s. */
  readonly drainMs?: number;
  readonly logger?: Logger;
  /** The account that the relay runs as. Default: a temporary identity. */
  readonly agent?: RelayAgent;
}

/** Limits on clients. A client at a limit is throttled or refused with `limit`; other clients are not affected. */
export interface RelayLimits {
  /** The longest accepted message. Default 10 MB. */
  readonly messageBytes: number;
  /**
   * How many bytes per second are read from a client, averaged over 3 s. A client that sends faster is throttled and
   * notified at most every 10 s. Default 20 MB.
   */
  readonly bytesPerSecond: number;
  /** How many loads of a client are processed concurrently; its later messages wait. Default 1,000. */
  readonly openLoads: number;
  /** How many CoValues a client may subscribe to; one more ends the connection. Default 50,000. */
  readonly subscribed: number;
  /** How many bytes may be queued for a slow client before the connection ends. Default 64 MB. */
  readonly unreadBytes: number;
  /** The maximum number of clients. Default 10,000. */
  readonly connections: number;
  /** The maximum number of clients per address; see `trustProxy`. Default 2,000. */
  readonly connectionsPerAddress: number;
  /** How long a client may take to open a WebSocket, and how long after that to send its first message. Default 30 s. */
  readonly firstFrameMs: number;
}

export interface Relay {
  /** The address of the relay, such as `http://127.0.0.1:4203`. Clients connect to its `/sync`. */
  readonly url: string;
  readonly port: number;
  /**
   * Resolves if the relay can check no content any more, because its WebAssembly failed, for example for lack of memory. It
   * refuses all clients from then on. End the process, and start another one.
   */
  readonly failed: Promise<Error>;
  /** Accepts nothing more, commits what was accepted, disconnects the clients and closes the storage. Safe to call twice. */
  close(): Promise<void>;
}

export const defaultStorage = 'pglite:./local-sync.db';

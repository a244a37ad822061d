import type { Logger } from '../../base/logger.ts';
import type { RelayAgent } from './agent-identity.ts';

/** A `Server` of `node:http` or `node:https`, described without Node's types, which an app may not have installed. */
interface CallersServer {
  emit(event: string, ...args: unknown[]): boolean;
  listenerCount(event: string): number;
  address(): unknown;
}

export interface RelayOptions {
  /** The address to listen on. Default `127.0.0.1`, which accepts only connections from this machine. */
  readonly host?: string;
  /** Default 4203; 0 picks a free port. */
  readonly port?: number;
  /**
   * Serves clients on this HTTP or HTTPS server instead of an own one. The relay answers `/sync`, `/health`, the paths below
   * them that it knows, and `/metrics` there, leaves all other paths to the listeners of the server, and never closes it.
   */
  readonly server?: CallersServer;
  /**
   * `pglite:DIRECTORY`, `postgres://USER:PASSWORD@HOST/DATABASE`, or `memory:`, which persists nothing. Default
   * `pglite:./local-sync.db`.
   */
  readonly storage?: string;
  /**
   * The address of the PostgreSQL database itself if `storage` names a pooler such as PgBouncer, which passes no notifications
   * on.
   */
  readonly listenUrl?: string;
  /**
   * How relays on one PostgreSQL tell each other about commits: `postgres`, the default, or the address of a NATS server, such
   * as `nats://HOST:4222` or `tls://USER:PASSWORD@HOST:4222`.
   */
  readonly bus?: string;
  /** How many commits may run at once on PostgreSQL, from 1 to 32. Each takes a connection; ten more are used. Default 4. */
  readonly commitLanes?: number;
  /**
   * How many milliseconds a commit waits if another transaction locks a CoValue in PostgreSQL. After that, the CoValue is set
   * aside and retried, and the others are committed. Default 500.
   */
  readonly databaseLockMs?: number;
  /**
   * A directory outside the storage, where the relay remembers the state of the storage, so that it notices a restored backup at
   * its next start. Default: for `pglite:DIRECTORY`, the directory `DIRECTORY.state`; for PostgreSQL, none.
   */
  readonly stateDirectory?: string;
  readonly limits?: Partial<RelayLimits>;
  /**
   * How many megabytes the data of clients and the loaded content may take in memory. Default: 60 % of what the container, and
   * Node's heap, may use.
   */
  readonly memoryMB?: number;
  /**
   * Origins whose pages may connect, such as `https://app.example.org`. Default: all. Clients other than browsers send no
   * origin and may always connect.
   */
  readonly origins?: readonly string[];
  /**
   * Declares that any client may use this relay. With `NODE_ENV=production`, a relay that others reach requires this,
   * `auth` or `origins`; otherwise it logs a warning at the start and every hour. Default: false.
   */
  readonly open?: boolean;
  /**
   * Serves only clients that sign in. Default: all clients. With both ways, a client uses the one that its app has set up.
   */
  readonly auth?: RelayAuthOptions;
  /**
   * How much each account, or user of a token, may store in each namespace; the sender of content pays for it. Requires `auth`.
   * Default: not limited.
   */
  readonly quota?: RelayQuota;
  /**
   * The addresses of this relay as clients dial them, such as `wss://relay.example.org/sync`. An account proof counts only for
   * one of them. Required for `auth.account` on a relay that others reach.
   */
  readonly publicUrls?: readonly string[];
  /** Serves `/metrics` on this port of `host` instead, so that it need not be public. */
  readonly metricsPort?: number;
  /**
   * Serves the admin API on this port of 127.0.0.1, for `maia-relay admin` on the same machine. Requires `adminTokenFile`.
   * Default: off.
   */
  readonly adminPort?: number;
  /**
   * The file with the token of the admin API: 32 random bytes in base64url or hexadecimal. The relay creates it, readable by its
   * own user alone, if it is missing.
   */
  readonly adminTokenFile?: string;
  /**
   * Identifies clients by the last entry of `X-Forwarded-For`. Use it only behind a proxy that sets this header and connects
   * from a private address: from a public one, the header is ignored, with a warning.
   */
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
  /**
   * The apps that have a namespace, at `/sync/{appID}`: 1 to 63 lower-case letters, digits and hyphens, but not `pull`, `nonce`,
   * `token`, `erase` or `export`, which are paths below `/sync`. What is in one namespace is in no other one. Default: none; `/sync` is always served.
   */
  readonly appIDs?: readonly string[];
  /**
   * Decides for each CoValue that a client names whether it may load it, and send content of it. What gives no answer within 1 s
   * counts as no, and a yes for 60 s. A yes for a CoValue includes loading what it depends on. Default: yes.
   */
  readonly authorize?: (request: {
    /** The account that the client has proved to be. Absent if it has signed in with a token, or need not sign in. */
    readonly accountID?: string;
    /** What the client's token claims. */
    readonly claims?: object;
    /** The CoValue. */
    readonly id: string;
    /** `load`: to receive it, and its changes from then on. `content`: to send changes of it; asked after `load`. */
    readonly action: 'load' | 'content';
    /** The namespace; absent in the default one. */
    readonly appID?: string;
  }) => boolean | Promise<boolean>;
  /** The time limit for `close` to commit queued writes and disconnect clients. Default 10 s. */
  readonly drainMs?: number;
  /**
   * How long `close` still serves clients while `/health` answers 503, so that a load balancer sends no more clients here
   * before connections are closed. Default 0.
   */
  readonly drainDelayMs?: number;
  /** The time limit for a statement in the database, which is ended and tried again. Default 15 s. */
  readonly statementMs?: number;
  /** With fewer megabytes free on the disk of a PGlite directory, content is refused and loads go on. Default 256. */
  readonly diskReserveMB?: number;
  /**
   * For how many days backups of the storage are kept, from 0 to 100,000. It is part of the certificate of an erasure, because
   * backups have what was erased until then. Default: not known.
   */
  readonly backupDays?: number;
  readonly logger?: Logger;
  /** The account that the relay runs as. Default: a temporary identity. */
  readonly agent?: RelayAgent;
}

export interface RelayAuthOptions {
  /**
   * Accepts JSON Web Tokens (EdDSA or ES256, with `exp`, `iat` and `sub`, at most 24 h old) that a key of this JSON Web Key Set
   * has signed. An https address, or http on this machine.
   */
  readonly jwksUrl?: string;
  /** What the claim `iss` of a token must be. Default: anything. */
  readonly issuer?: string;
  /** What the claim `aud` of a token must have. Default: anything. */
  readonly audience?: string;
  /** Accepts any account that proves itself with its key. Needs no identity server. Default: false. */
  readonly account?: boolean;
}

/** At the quota, content is refused with `quota`; deletions and loads go on. Integers from 0; an absent one is not limited. */
export interface RelayQuota {
  /** The stored JSON of headers and transactions, without indexes. */
  readonly bytes?: number;
  /** How many CoValues it may have created. */
  readonly coValues?: number;
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
  /** The maximum number of clients per IPv4 address or IPv6 network (/64); see `trustProxy`. Default 2,000. */
  readonly connectionsPerAddress: number;
  /** How many clients of one address or network may connect within a minute. Default 10,000. */
  readonly newConnectionsPerMinute: number;
  /**
   * How many pushes, and how many pulls, of clients of one address or network without a connection may wait for their answers to be
   * made. All addresses together have 256 of each. Default 32.
   */
  readonly requestsPerAddress: number;
  /** How many failed sign-ins a minute one address or network may have. Default 100. */
  readonly failedSignInsPerMinute: number;
  /**
   * How many new devices of one address or network may look up the entry of their passkey within a minute, which account proofs
   * require. Default 30.
   */
  readonly lookupsPerMinute: number;
  /** How long a client may take to open a WebSocket, and how long after that to send its first message. Default 30 s. */
  readonly firstFrameMs: number;
  /** How long a client may take to sign in, where it has to. Default 10 s. */
  readonly authMs: number;
}

export interface Relay {
  /** The address of the relay, such as `http://127.0.0.1:4203`. Clients connect to its `/sync`. */
  readonly url: string;
  /** 0 while a `server` of the caller does not listen yet. */
  readonly port: number;
  /**
   * Resolves if the relay can no longer check content because its WebAssembly failed, for example for lack of memory, or if
   * another relay has taken over its storage directory (RELAY_STORAGE_LOCKED). The relay refuses all clients from then on. End the
   * process, and start a new one.
   */
  readonly failed: Promise<Error>;
  /**
   * Blocks an account on all relays of the storage, until `unblock`. Resolves once it is stored. `reason`, at most 200 characters,
   * is shown to its user. Also takes the principal of a token's user, as `maia-relay admin principals` lists it. Rejects with
   * RELAY_STORAGE_FAILED, or with a TypeError for an invalid ID or reason.
   */
  block(accountID: string, reason?: string): Promise<void>;
  /** Ends a block, if there is one. Rejects like `block`. */
  unblock(accountID: string): Promise<void>;
  /** Accepts nothing more, commits what was accepted, disconnects the clients and closes the storage. Safe to call twice. */
  close(): Promise<void>;
}

export const defaultStorage = 'pglite:./local-sync.db';

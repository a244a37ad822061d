/** No statement of the relay takes so long, unless the database is stuck. */
export const defaultStatementMs = 15_000;

/** How many commits of content that belongs together may run beside the lanes. */
export const togetherLanes = 2;

/**
 * Runs one statement with its parameters and resolves with the rows. `Row` is the shape of a selected row. The schema of the
 * relay's tables is written as `relay.`
 */
export type Query = <Row = unknown>(sql: string, parameters?: readonly unknown[]) => Promise<readonly Row[]>;

/** The SQL database of the storage: what PGlite and PostgreSQL have in common. */
export interface Database {
  /** What a commit survives. */
  readonly durability: 'none' | 'process-crash' | 'power-loss';
  readonly query: Query;
  /** For a statement that writes: commits it, with priority over waiting reads. */
  readonly write: Query;
  /** Commits when `run` resolves, and resolves after the commit; rolls back when `run` rejects. */
  transaction<T>(run: (query: Query) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** How many transactions that write content may run at once. Absent if one. */
  readonly lanes?: number;
  /** How long they wait for a lock. Absent if they are alone. */
  readonly lockMs?: number;
  /** Changes when the server continues from an earlier state. Absent if that cannot happen unnoticed. */
  incarnation?(): Promise<string>;
  /**
   * Calls `listener` each time a connection ends unexpectedly or a statement fails because of it: the server may continue
   * from an earlier state. Returns how to stop that. Absent if that cannot happen.
   */
  onLost?(listener: () => void): () => void;
  /**
   * Calls `listener` if another process takes the database over, after which nothing can be committed any more. Absent if
   * several processes may use it.
   */
  onTakenOver?(listener: (error: Error) => void): void;
  /**
   * Rejects if it cannot start, and reconnects after that until closed. `on` is not called before it resolves. Absent if only
   * one process can use the database.
   */
  listen?(channel: string, on: Listener): Promise<Listening>;
  /** Why no content may be written at present, although it can be read. Absent if that cannot happen. */
  writeRefusal?(): WriteRefusal | undefined;
  /** Whether it does work of its own in which everything else waits. Absent if it never does. */
  isMaintaining?(): boolean;
  /** For metrics, without asking the database. */
  figures?(): DatabaseFigures;
  close(): Promise<void>;
}

/** What does not apply is absent. */
export interface DatabaseFigures {
  /** Connections to PostgreSQL that run something, and that are open and idle. */
  readonly connections?: { readonly used: number; readonly idle: number };
  /** Statements and transactions that wait for a connection. */
  readonly waiting?: number;
  /** PGlite's log since its last checkpoint, as last seen. */
  readonly logBytes?: number | undefined;
  /** Free on the disk of PGlite, as last seen. */
  readonly diskFreeBytes?: number | undefined;
}

export interface TransactionOptions {
  /** Rejects with a lock timeout if another transaction holds what this one needs. Without effect if there is no other one. */
  readonly limitsLockWaits?: boolean;
}

/** `disk`: the disk is almost full. */
export type WriteRefusal = 'disk';

export interface Listener {
  received(payload: string): void;
  /** Listening was interrupted: payloads are lost from now on. */
  interrupted(): void;
  resumed(): void;
}

export interface Listening {
  /** Reaches all listeners on the channel, this one included. Rejects while listening is interrupted. */
  notify(payload: string): Promise<void>;
  close(): void;
}

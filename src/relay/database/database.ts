/** Runs one statement with its parameters and resolves with the rows. `Row` is the shape of a selected row. */
export type Query = <Row = unknown>(sql: string, parameters?: readonly unknown[]) => Promise<readonly Row[]>;

/** The SQL database of the storage: what PGlite and PostgreSQL have in common. */
export interface Database {
  /** What a commit survives. */
  readonly durability: 'none' | 'process-crash' | 'power-loss';
  readonly query: Query;
  /** For a statement that writes: commits it, with priority over waiting reads. */
  readonly write: Query;
  /** Commits when `run` resolves, and resolves after the commit; rolls back when `run` rejects. */
  transaction<T>(run: (query: Query) => Promise<T>): Promise<T>;
  /** Changes when the server continues from an earlier state. Absent if that cannot happen unnoticed. */
  incarnation?(): Promise<string>;
  /**
   * Calls `listener` each time a connection ends unexpectedly or a statement fails because of it: the server may continue
   * from an earlier state. Absent if that cannot happen.
   */
  onLost?(listener: () => void): void;
  /** Rejects if it cannot start, and reconnects after that until closed. Absent if only one process can use the database. */
  listen?(channel: string, on: Listener): Promise<Listening>;
  close(): Promise<void>;
}

export interface Listener {
  received(payload: string): void;
  /** Listening started or resumed. */
  started(): void;
  /** Listening was interrupted. */
  interrupted(): void;
}

export interface Listening {
  readonly isListening: boolean;
  close(): void;
}

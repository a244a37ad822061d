/** One statement with its parameters; resolves with the rows. `Row` is what the statement selects. */
export type Query = <Row = unknown>(sql: string, parameters?: readonly unknown[]) => Promise<readonly Row[]>;

/** The SQL database below the relay's storage: all that PGlite and PostgreSQL have to offer for it. */
export interface Database {
  /** What a commit survives. */
  readonly durability: 'none' | 'process-crash' | 'power-loss';
  readonly query: Query;
  /** The same for a statement that writes: it is committed, and ahead of the reads that wait. */
  readonly write: Query;
  /** Commits when `run` resolves, and only then resolves itself; rolls back when `run` rejects. */
  transaction<T>(run: (query: Query) => Promise<T>): Promise<T>;
  /** Changes when a server goes on from an earlier state; absent where nothing would show that. */
  incarnation?(): Promise<string>;
  /** Rejects when it cannot begin; goes on by itself after that, until the database is closed. Absent where nobody else can use the database. */
  listen?(channel: string, on: Listener): Promise<Listening>;
  close(): Promise<void>;
}

export interface Listener {
  heard(payload: string): void;
  /** Listening began, for the first time or after it was interrupted. */
  began(): void;
}

export interface Listening {
  readonly isListening: boolean;
  close(): void;
}

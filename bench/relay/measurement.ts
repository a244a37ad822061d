import type { Line } from '../harness/line.ts';
import type { BenchContext } from '../harness/suite.ts';
import type { OurKind, ServerCommands } from './servers.ts';

/** What each part of the suite receives. */
export interface Measurement {
  readonly context: BenchContext;
  readonly commands: ServerCommands;
  /** Our durable set-ups: PGlite, and PostgreSQL if a server answers. */
  readonly durable: readonly Exclude<OurKind, 'memory'>[];
}

export type Measure = (measurement: Measurement) => Promise<readonly Line[]>;

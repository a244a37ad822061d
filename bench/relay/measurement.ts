import type { Line } from '../harness/line.ts';
import type { BenchContext } from '../harness/suite.ts';
import type { OurKind, ServerCommands } from './servers.ts';

/** One part of the suite. */
export interface Measurement {
  readonly context: BenchContext;
  readonly commands: ServerCommands;
  /** Ours that keep what they get: PGlite, and PostgreSQL where one answers. */
  readonly durable: readonly Exclude<OurKind, 'memory'>[];
}

export type Measure = (measurement: Measurement) => Promise<readonly Line[]>;

import type { Change } from '../../support/import-planted.ts';
import type { Scenario } from '../world.ts';

/** A mistake in the code that the simulation must find. */
export interface Plant {
  /** Of TRUTH.md, or of docs/spec.md: what the mistake breaks. A diamond stands for a rule that TRUTH.md marks so. */
  readonly rule: string;
  readonly name: string;
  readonly changes: readonly Change[];
  /** How the run must fail. */
  readonly message: RegExp;
  /** What every run that searches for it has. By default, no page reuses a session ID, and roles stay. */
  readonly scenario?: Partial<Scenario>;
  /** The first seed that finds it. */
  readonly seed: number;
}

/** The disks contradict what the kernel has said or written. */
export const falseClaim =
  /^(reported as|was (saved|confirmed), but|known by|neither at|never (said|stored) by)/;
/** What pages show contradicts what they have shown or promised. */
export const contradiction = /^(went back|overwritten shown|lost)/;
/** Something does not arrive. */
export const unmet = /^still unmet/;

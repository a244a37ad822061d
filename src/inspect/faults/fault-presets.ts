import type { FaultPlan } from '../../transport/faulty-transport.ts';

/** A plan without its seed, and what it is to be called. */
export interface FaultPreset {
  readonly name: string;
  /** What it does, in a few words. */
  readonly does: string;
  readonly plan: Omit<FaultPlan, 'seed'>;
}

const tunnel = { spells: { everyMs: 60_000, stillMs: 20_000 } };
const slow = { delayMs: [350, 450], charactersPerSecond: 50_000 } as const;
const lateOrTwice = { duplicate: 0.05, reorder: { chance: 0.05, breaksAfterMs: [200, 1_000] } } as const;

export const faultPresets: readonly FaultPreset[] = [
  {
    name: 'Offline',
    does: 'refuses each attempt',
    plan: { refuse: 1 },
  },
  {
    name: 'Subway',
    does: 'still for 20 s of each 60 s',
    plan: { up: tunnel, down: tunnel },
  },
  {
    name: 'Slow 3G',
    does: '400 ms delay, 50 kB/s',
    plan: { up: slow, down: slow },
  },
  {
    name: 'Relay drops each tenth',
    does: 'loses the rest, then breaks',
    plan: { down: { dropTail: { chance: 0.1, breaksAfterMs: [500, 3_000] } } },
  },
  {
    name: 'Twice and out of order',
    does: '5 % twice, 5 % late, upwards',
    plan: { up: lateOrTwice },
  },
];

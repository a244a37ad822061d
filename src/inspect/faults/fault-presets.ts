import type { FaultPlan } from '../../transport/faulty-transport.ts';

export interface FaultPreset {
  readonly name: string;
  readonly does: string;
  readonly plan: Omit<FaultPlan, 'seed'>;
}

const tunnel = { spells: { everyMs: 60_000, stillMs: 20_000 } };
const slow = { delayMs: [350, 450], charactersPerSecond: 50_000 } as const;
const lateOrTwice = { duplicate: 0.05, reorder: { chance: 0.05, breaksAfterMs: [200, 1_000] } } as const;

export const faultPresets: readonly FaultPreset[] = [
  { name: 'Offline', does: 'refuses every attempt', plan: { refuse: 1 } },
  { name: 'Subway', does: 'blocked 20 s of every 60 s', plan: { up: tunnel, down: tunnel } },
  { name: 'Slow 3G', does: '400 ms delay, 50 kB/s', plan: { up: slow, down: slow } },
  {
    name: 'Relay drops 1 in 10 messages',
    does: 'loses the rest, then breaks',
    plan: { down: { dropTail: { chance: 0.1, breaksAfterMs: [500, 3_000] } } },
  },
  {
    name: 'Duplicated and out of order',
    does: '5 % duplicated, 5 % late, to the relay',
    plan: { up: lateOrTwice },
  },
];

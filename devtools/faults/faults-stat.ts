import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';
import { countdown } from './fault-text.ts';

export function faultsStat({ faults, atMs }: InspectorSnapshot): Fact {
  return faults
    ? { words: `on · ${countdown(faults.endsAtMs, atMs)}`, tone: 'warn' }
    : { words: 'off', tone: 'plain' };
}

import { type Rung, type SyncState } from '@MaiaOS/kernel';
import { rungSteps, waitedMs, type Step } from './rung-steps.ts';
import { spanWords } from './format-span.ts';

/** One rung of the ladder that the sync line opens. */
export interface LadderRow {
  readonly step: Step;
  readonly name: string;
  readonly state: string;
  readonly meaning: string;
}

export function ladderRows(state: SyncState, nowMs: number): readonly LadderRow[] {
  const [saved, sent, confirmed, stored] = rungSteps(state, nowMs);
  return [
    {
      step: saved,
      name: 'Saved on this device',
      state: rowState(saved, state.saved, nowMs),
      meaning:
        state.storage.state === 'memory-only'
          ? 'This browser keeps nothing here, so a reload loses what the relay does not have'
          : 'Here after a reload, with or without a network',
    },
    {
      step: sent,
      name: 'Sent to the relay',
      state: rowState(sent, state.sent, nowMs),
      meaning: 'It has left this device, encrypted',
    },
    {
      step: confirmed,
      name: 'Confirmed by the relay',
      state: rowState(confirmed, state.confirmed, nowMs),
      meaning: 'It has told us that it holds them',
    },
    {
      step: stored,
      name: 'Stored by the relay',
      state: rowState(stored, state.durable ?? state.confirmed, nowMs),
      meaning: durabilityWords(state),
    },
  ];
}

function rowState(step: Step, rung: Rung, nowMs: number): string {
  switch (step) {
    case 'reached':
      return 'all';
    case 'unknown':
      return 'not known';
    case 'failed':
      return rung.pending > 0 ? `${rung.pending} not` : 'no';
    case 'waiting':
      return rung.pending > 0 ? `${rung.pending} waiting` : 'waiting';
    case 'stuck':
      return `${rung.pending} waiting, ${spanWords(waitedMs(rung, nowMs))}`;
  }
}

function durabilityWords(state: SyncState): string {
  switch (state.durability) {
    case 'power-loss':
      return 'On its disk: survives a power cut there';
    case 'process-crash':
      return 'Written there: survives a crash of the relay';
    case 'none':
      return 'This relay does not promise to keep anything';
    case 'unknown':
      return 'The relay has not said what it promises';
  }
}

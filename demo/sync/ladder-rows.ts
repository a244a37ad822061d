import { type Rung, type SyncState } from '@MaiaOS/kernel';
import { rungSteps, waitedMs, type Step } from './rung-steps.ts';
import { formatSpan } from './format-span.ts';

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
          ? 'This browser does not store data here, so a reload loses changes that the relay does not have'
          : 'Survives a reload, online or offline',
    },
    {
      step: sent,
      name: 'Sent to the relay',
      state: rowState(sent, state.sent, nowMs),
      meaning: 'Sent from this device, encrypted',
    },
    {
      step: confirmed,
      name: 'Confirmed by the relay',
      state: rowState(confirmed, state.confirmed, nowMs),
      meaning: 'The relay has confirmed receiving them',
    },
    {
      step: stored,
      name: 'Stored by the relay',
      state: rowState(stored, state.durable ?? state.confirmed, nowMs),
      meaning: durabilityText(state),
    },
  ];
}

function rowState(step: Step, rung: Rung, nowMs: number): string {
  switch (step) {
    case 'reached':
      return 'all';
    case 'unknown':
      return 'unknown';
    case 'failed':
      return rung.pending > 0 ? `${rung.pending} failed` : 'failed';
    case 'waiting':
      return rung.pending > 0 ? `${rung.pending} waiting` : 'waiting';
    case 'stuck':
      return `${rung.pending} waiting for ${formatSpan(waitedMs(rung, nowMs))}`;
  }
}

function durabilityText(state: SyncState): string {
  switch (state.durability) {
    case 'power-loss':
      return 'On the relay’s disk: survives a power cut';
    case 'process-crash':
      return 'Written by the relay: survives a crash of the relay';
    case 'none':
      return 'This relay does not promise to keep your data';
    case 'unknown':
      return 'The relay has not reported how it stores data';
  }
}

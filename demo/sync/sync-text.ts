import { type KernelError, type SyncState } from '@MaiaOS/kernel';
import { refusalWords } from './refusal-words.ts';
import {
  isGetting,
  isNotSaved,
  notSavedError,
  rungSteps,
  type RungSteps,
  stuckRung,
  waitedMs,
} from './rung-steps.ts';
import { agoWords, countWords, spanWords } from './format-span.ts';
import { storageWords } from './storage-words.ts';

/** What the sync line says. `kind` changes when a person would call it another state; only then is it spoken. */
export interface SyncWords {
  readonly kind: SyncKind;
  readonly steps: RungSteps;
  readonly tone: 'calm' | 'stuck' | 'failed';
  readonly lead: string;
  /** What follows the lead. Where the tone is not calm, it is what wants the person; without it, the lead is. */
  readonly detail: string | undefined;
}

export type SyncKind =
  | 'starting'
  | 'getting'
  | 'off'
  | 'paused'
  | 'offline'
  | 'connecting'
  | 'saving'
  | 'sending'
  | 'sent'
  | 'waiting'
  | 'storing'
  | 'confirmed'
  | 'stored'
  | 'not-saved'
  | 'refused';

type Said = readonly [kind: SyncKind, lead: string, detail?: string];

const savedHere = 'Saved on this device';
const failedAttemptsWorthSaying = 3;

/** `reachedAtMs`: since when everything has been confirmed, or stored. */
export function syncWords(state: SyncState, nowMs: number, reachedAtMs: number): SyncWords {
  const said = sayIfKept(state, nowMs, reachedAtMs);
  const [kind, lead, detail] =
    state.storage.state === 'memory-only' ? sayInMemory(said, state.storage.error) : said;
  const tone = kind === 'waiting' ? 'stuck' : kind === 'not-saved' || kind === 'refused' ? 'failed' : 'calm';
  return { kind, lead, detail, tone, steps: rungSteps(state, nowMs) };
}

function sayIfKept(state: SyncState, nowMs: number, reachedAtMs: number): Said {
  if (state.status === 'signed-out') return ['starting', 'Looking at this device…'];
  if (isNotSaved(state)) return ['not-saved', notSavedWords(state)];

  const waiting = Math.max(state.sent.pending, state.confirmed.pending);
  switch (state.status) {
    case 'off':
      return ['off', `${savedHere} only`, 'no relay is set'];
    case 'failed':
      return ['refused', savedHere, refusalWords(state.error)];
    case 'paused':
      return ['paused', savedHere, 'sending is paused'];
    case 'offline':
      return ['offline', savedHere, `offline, ${waitingWords(waiting)}`];
    case 'connecting':
    case 'syncing':
    case 'confirmed':
      return sayOnline(state, nowMs, reachedAtMs);
  }
}

function sayOnline(state: SyncState, nowMs: number, reachedAtMs: number): Said {
  const refusal = state.sent.error ?? state.confirmed.error ?? state.durable?.error;
  if (refusal) return ['refused', savedHere, refusalWords(refusal)];

  const stuck = stuckRung(state, nowMs);
  const since = stuck && spanWords(waitedMs(state[stuck] ?? { pending: 0 }, nowMs));
  if (stuck === 'saved')
    return ['waiting', 'Saving on this device', `waiting for its storage since ${since}`];
  if (stuck === 'durable') return ['waiting', 'Confirmed by the relay', `not stored since ${since}`];
  if (stuck) return ['waiting', savedHere, `waiting for the relay since ${since}`];

  if (state.saved.pending > 0) return ['saving', 'Saving on this device'];
  if (state.status === 'connecting') return ['connecting', savedHere, connectingWords(state)];
  if (state.sent.pending > 0) {
    return ['sending', savedHere, `sending ${countWords(state.sent.pending, 'change', 'changes')}`];
  }
  if (state.confirmed.pending > 0) return ['sent', 'Sent to the relay', 'not confirmed yet'];
  if (isGetting(state)) return ['getting', ...gettingWords(state)];

  const ago = agoWords(nowMs - reachedAtMs);
  if (!state.durable) return ['confirmed', 'Confirmed by the relay', ago];
  return state.durable.pending > 0
    ? ['storing', 'Confirmed by the relay', 'being stored']
    : ['stored', 'Stored by the relay', ago];
}

/** Where the browser keeps nothing, no line may say that something is saved. */
function sayInMemory([kind, lead, detail]: Said, error: KernelError | undefined): Said {
  const onlyInThisTab = `Only in this tab: ${storageWords(error).why}`;
  switch (kind) {
    case 'starting':
    case 'getting':
    case 'not-saved':
      return detail === undefined ? [kind, lead] : [kind, lead, detail];
    case 'saving':
      return [kind, onlyInThisTab];
    case 'sent':
    case 'storing':
    case 'confirmed':
    case 'stored':
      return [kind, onlyInThisTab, lead.charAt(0).toLowerCase() + lead.slice(1)];
    case 'off':
    case 'paused':
    case 'offline':
    case 'connecting':
    case 'sending':
    case 'waiting':
    case 'refused':
      return detail === undefined ? [kind, onlyInThisTab] : [kind, onlyInThisTab, detail];
  }
}

function notSavedWords(state: SyncState): string {
  return `Not saved: ${storageWords(notSavedError(state)).why}`;
}

function connectingWords(state: SyncState): string {
  const isLong = state.peers.some((peer) => 'attempt' in peer && peer.attempt > failedAttemptsWorthSaying);
  return isLong ? 'no answer from the relay yet' : 'connecting…';
}

function waitingWords(count: number): string {
  return count === 0 ? 'nothing waits' : countWords(count, 'change waits', 'changes wait');
}

function gettingWords({ download }: SyncState): [lead: string, detail?: string] {
  if (download.received === 0) return ['Getting your lists…'];
  const received = download.received.toLocaleString('en');
  if (download.expected === undefined) return ['Getting your lists', `${received} so far`];
  return ['Getting your lists', `${received} of about ${download.expected.toLocaleString('en')}`];
}

import { isKernelError, type KernelError, type SyncState } from '@MaiaOS/kernel';
import { refusalText } from './refusal-text.ts';
import {
  isGetting,
  isNotSaved,
  notSavedError,
  rungSteps,
  type RungSteps,
  stuckRung,
  waitedMs,
} from './rung-steps.ts';
import { notCountedTitle } from '../not-counted/not-counted-text.ts';
import { formatAgo, formatCount, formatSpan } from './format-span.ts';
import { storageText } from './storage-text.ts';

/** The text of the sync line. Screen readers announce it only when `kind` changes. */
export interface SyncText {
  readonly kind: SyncKind;
  readonly steps: RungSteps;
  readonly tone: 'calm' | 'stuck' | 'failed';
  readonly lead: string;
  /** Follows the lead. Unless the tone is calm, the line emphasizes the detail, or the lead if there is none. */
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
  | 'not-counted'
  | 'not-saved'
  | 'refused';

type Line = readonly [kind: SyncKind, lead: string, detail?: string];

const savingHere = 'Saving on this device';
const savedHere = 'Saved on this device';
const attemptsBeforeNoAnswer = 3;

/** `reachedAtMs`: when everything was confirmed or stored. */
export function syncText(state: SyncState, nowMs: number, reachedAtMs: number): SyncText {
  const line = lineIfSaved(state, nowMs, reachedAtMs);
  const [kind, lead, detail] =
    state.storage.state === 'memory-only' ? lineInMemory(line, state.storage.error) : line;
  const isStuck = kind === 'waiting' || kind === 'not-counted';
  const tone = isStuck ? 'stuck' : kind === 'not-saved' || kind === 'refused' ? 'failed' : 'calm';
  return { kind, lead, detail, tone, steps: rungSteps(state, nowMs) };
}

function lineIfSaved(state: SyncState, nowMs: number, reachedAtMs: number): Line {
  if (state.status === 'signed-out') return ['starting', 'Checking this device…'];
  if (isNotSaved(state)) return ['not-saved', notSavedText(state)];

  if (stuckRung(state, nowMs) === 'saved') {
    return ['waiting', savingHere, `still not saved after ${formatSpan(waitedMs(state.saved, nowMs))}`];
  }
  const here = leadHere(state);
  const waiting = Math.max(state.sent.pending, state.confirmed.pending);
  switch (state.status) {
    case 'off':
      return ['off', here === savedHere ? `${here} only` : here, 'no relay is set up'];
    case 'failed':
      return ['refused', here, refusalText(state.error)];
    case 'paused':
      return ['paused', here, 'sending is paused'];
    case 'offline':
      return ['offline', here, `offline, ${waitingText(waiting, state.sent.known)}`];
    case 'connecting':
      if (isKeptOut(state.error)) return ['refused', here, refusalText(state.error)];
      return lineOnline(state, nowMs, reachedAtMs);
    case 'syncing':
    case 'confirmed':
      return lineOnline(state, nowMs, reachedAtMs);
  }
}

/** Unlike a relay that is only busy, this one expects someone to act. */
function isKeptOut(error: KernelError | undefined): boolean {
  return isKernelError(error, 'RELAY_REFUSED') && error.details.refusal === 'forbidden';
}

function lineOnline(state: SyncState, nowMs: number, reachedAtMs: number): Line {
  const refusal = state.sent.error ?? state.confirmed.error ?? state.durable?.error;
  if (refusal) return ['refused', leadHere(state), refusalText(refusal)];

  const stuck = stuckRung(state, nowMs);
  const span = stuck && formatSpan(waitedMs(state[stuck] ?? state.confirmed, nowMs));
  if (stuck === 'durable') return ['waiting', 'Confirmed by the relay', `still not stored after ${span}`];
  if (stuck) return ['waiting', leadHere(state), `waiting for the relay for ${span}`];

  if (state.saved.pending > 0) return ['saving', savingHere];
  if (state.status === 'connecting') return ['connecting', savedHere, connectingText(state)];
  if (state.sent.pending > 0) {
    return ['sending', savedHere, `sending ${formatCount(state.sent.pending, 'change', 'changes')}`];
  }
  if (state.confirmed.pending > 0) return ['sent', 'Sent to the relay', 'not confirmed yet'];
  if (isGetting(state)) return ['getting', ...gettingText(state)];
  if (!state.confirmed.known) return ['connecting', savedHere, 'checking what the relay has'];

  const { count } = state.notCounted;
  if (count > 0 && !state.durable?.pending) {
    const lead = state.durable ? 'Stored by the relay' : 'Confirmed by the relay';
    return ['not-counted', lead, notCountedTitle(count)];
  }
  const ago = formatAgo(nowMs - reachedAtMs);
  if (!state.durable) return ['confirmed', 'Confirmed by the relay', ago];
  return state.durable.pending > 0
    ? ['storing', 'Confirmed by the relay', 'being stored']
    : ['stored', 'Stored by the relay', ago];
}

function leadHere({ saved }: SyncState): string {
  return saved.pending > 0 ? savingHere : savedHere;
}

/** If the browser stores nothing, no line may claim that anything is saved. */
function lineInMemory([kind, lead, detail]: Line, error: KernelError | undefined): Line {
  const onlyInThisTab = `Only in this tab: ${storageText(error).why}`;
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
    case 'not-counted':
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

function notSavedText(state: SyncState): string {
  return `Not saved: ${storageText(notSavedError(state)).why}`;
}

function connectingText(state: SyncState): string {
  if (state.error?.code === 'RELAY_UNAUTHORIZED') return 'not signed in at the relay yet';
  const isLong = state.peers.some((peer) => 'attempt' in peer && peer.attempt > attemptsBeforeNoAnswer);
  return isLong ? 'no answer from the relay yet' : 'connecting…';
}

function waitingText(count: number, known: boolean): string {
  if (!known) return 'looking for earlier changes';
  return count === 0 ? 'nothing waiting' : formatCount(count, 'change waiting', 'changes waiting');
}

function gettingText({ download }: SyncState): [lead: string, detail?: string] {
  if (download.received === 0) return ['Getting your lists…'];
  const received = download.received.toLocaleString('en');
  if (download.expected === undefined) return ['Getting your lists', `${received} so far`];
  return ['Getting your lists', `${received} of about ${download.expected.toLocaleString('en')}`];
}

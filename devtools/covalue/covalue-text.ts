import type {
  Author,
  CoValueFacts,
  CoValueState,
  GroupFacts,
} from '../../src/inspect/covalue/covalue-facts.ts';
import type { ShownValue } from '../../src/inspect/covalue/shown-value.ts';
import type {
  ShownChange,
  TransactionChanges,
  TransactionRow,
  WhyEncrypted,
} from '../../src/inspect/covalue/transaction-types.ts';
import { describeReason } from '../../src/inspect/unsynced/describe-reason.ts';
import { rungStatesOf, type RungStates } from '../../src/inspect/unsynced/rung-states.ts';
import type { Overview, RungName, UnsyncedRow } from '../../src/inspect/snapshot.ts';
import { bytesWords, countWords, shortID } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../headline.ts';
import { timeWords } from '../messages/message-text.ts';

export interface StateWords {
  readonly title: string;
  readonly text: string;
  /** The words of the button that loads it; absent where loading does nothing. */
  readonly action?: string;
}

/** What is to be said of a CoValue that is not in memory, and what to do. */
export function stateWords(state: CoValueState): StateWords | undefined {
  switch (state) {
    case 'in-memory':
      return undefined;
    case 'loading':
      return {
        title: 'Being loaded',
        text: 'This device or a relay was asked for it. It stands here when it has come; while no relay is connected, see Peers for the next attempt.',
      };
    case 'unloaded':
      return {
        title: 'Not in memory any more',
        text: 'Nobody used it for a while, so it left the memory. This device has it. Loading brings it back, as when the app opens it.',
        action: 'Load it',
      };
    case 'on-device':
      return {
        title: 'On this device, and not loaded',
        text: 'This page knows how much of it this device has, and nothing else. Loading reads it, as when the app opens it.',
        action: 'Load it',
      };
    case 'not-found':
      return {
        title: 'Not found',
        text: 'Neither this device nor a relay that answered has it. Check the id, and that the one who made it is synced. Loading asks again.',
        action: 'Load it again',
      };
    case 'not-asked':
      return {
        title: 'Not in memory',
        text: 'Nobody has asked for it on this page, so nothing is known of it. Loading asks this device, and then the relays.',
        action: 'Load it',
      };
    case 'no-id':
      return {
        title: 'Not the id of a CoValue',
        text: 'An id begins with “co_z”, and goes on in letters and digits. Paste one, or search by name among those in memory.',
      };
  }
}

/** What stands behind the name in the bar. */
export function verdictOf(
  { unsynced, relays, isDeleted }: CoValueFacts,
  states: RungStates,
  nowMs: number,
): Fact {
  if (unsynced) {
    const all = Object.values(states);
    const tone = all.includes('failed') ? 'fail' : all.includes('stuck') ? 'warn' : 'plain';
    return { words: describeReason(unsynced.reason, nowMs), tone };
  }
  if (isDeleted) return { words: 'Deleted', tone: 'plain' };
  if (relays.length === 0) return { words: 'On this device, which has no relay', tone: 'plain' };
  const behind = relays.find((relay) => relay.behind.transactions > 0);
  return behind
    ? {
        words: `${behind.host} has not said that it has ${countWords(behind.behind.transactions, 'transaction')}`,
        tone: 'plain',
      }
    : { words: 'No edit of this device waits', tone: 'plain' };
}

/** Of the whole CoValue. */
export function statesOf({ unsynced, relays }: CoValueFacts, overview: Overview, nowMs: number): RungStates {
  const atRelay = relays.length === 0 ? 'pending' : 'reached';
  return stepStates(
    unsynced?.steps ?? {
      saved: overview.storage.state === 'memory-only' ? 'unknown' : 'reached',
      ...{ sent: atRelay, confirmed: atRelay },
      durable: overview.rungs.durable ? atRelay : 'unknown',
    },
    unsynced,
    nowMs,
  );
}

/** Of a part of it: how long it waits is known of the whole only. */
export function stepStates(
  steps: TransactionRow['steps'],
  unsynced: UnsyncedRow | undefined,
  nowMs: number,
): RungStates {
  if (unsynced) return rungStatesOf({ ...unsynced, steps }, nowMs);
  const stateOf = (rung: RungName) => (steps[rung] === 'pending' ? 'ahead' : steps[rung]);
  return {
    ...{ saved: stateOf('saved'), sent: stateOf('sent') },
    ...{ confirmed: stateOf('confirmed'), durable: stateOf('durable') },
  };
}

export function authorWords({ id, name, isOwn }: Author): string {
  return name ?? (isOwn ? 'you' : idWords(id));
}

function idWords(id: string): string {
  return id.includes('/') ? `agent ${shortID(id)}` : shortID(id);
}

/** A key of a group is made of ids, of which each is shortened. */
export function keyWords(key: string | number): string {
  return String(key).replaceAll(/(?:co|key|sealer|signer)_z[1-9A-HJ-NP-Za-km-z]{12,}/g, shortID);
}

/** A session's own part: what stands before it is its author. */
export function sessionWords(sessionID: string): string {
  return shortID(sessionID.split('_session_')[1] ?? sessionID);
}

export function memberWords({ id, name }: Author): string {
  return name ?? (id === 'everyone' ? id : idWords(id));
}

const roleWordsByRole: Readonly<Record<string, string>> = {
  writeOnly: 'write only',
  adminInvite: 'invites an admin',
  managerInvite: 'invites a manager',
  writerInvite: 'invites a writer',
  readerInvite: 'invites a reader',
  writeOnlyInvite: 'invites to write only',
  extend: 'same role',
};

export function roleWords(role: string): string {
  return roleWordsByRole[role] ?? role;
}

export function groupWords({ state, members, readKeys }: GroupFacts): string {
  if (state === 'not-in-memory') return 'not in memory';
  if (state === 'not-open') return 'not opened on this page';
  return `${countWords(members, 'member')}, ${countWords(readKeys, 'key')} so far`;
}

/** "59 transactions, 8.2 kB"; while the bytes are still being added up, how far that is. */
export function sizeWords({ size, sessions }: CoValueFacts): string {
  const transactions = sessions?.transactions ?? 0;
  const count = countWords(transactions, 'transaction');
  if (!size || size.counted === 0) return count;
  const bytes = bytesWords(size.bytes);
  return size.counted < transactions
    ? `${count}, ${bytes} in the first ${size.counted.toLocaleString('en')}`
    : `${count}, ${bytes}`;
}

/** A transaction's time is what its author wrote: it may be none. */
export function isMoment(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15;
}

/** Of today the time, of other days the day with it. */
export function momentWords(ms: number, nowMs: number): string {
  if (!isMoment(ms)) return 'no such time';
  const date = new Date(ms);
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return isToday ? timeWords(ms) : `${dayWords(date)} ${timeWords(ms).slice(0, 5)}`;
}

/** "12 Oct 2026, 09:14" */
export function dateWords(ms: number): string {
  if (!isMoment(ms)) return 'no such time';
  return `${dayWords(new Date(ms))}, ${timeWords(ms).slice(0, 5)}`;
}

function dayWords(date: Date): string {
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

const verbs: Readonly<Record<string, string>> = {
  set: 'set',
  del: 'delete',
  app: 'insert',
  pre: 'insert',
  push: 'add',
  start: 'begin',
  chunk: 'add',
  end: 'end of stream',
};

export interface ChangeLine {
  readonly verb: string;
  readonly key: string;
  readonly value: string;
}

export function changeLine({ op, key, value }: ShownChange): ChangeLine {
  return { verb: verbs[op] ?? op, key: keyWords(key ?? ''), value: value ? valueWords(value) : '' };
}

export function valueWords(value: ShownValue): string {
  switch (value.kind) {
    case 'text':
      return `"${value.preview}"`;
    case 'plain':
    case 'object':
    case 'array':
      return value.preview;
    case 'id':
      return shortID(value.id);
    case 'bytes':
      return bytesWords(value.bytes);
    case 'hidden':
      return 'key, not shown';
  }
}

const encryptedWords: Readonly<Record<WhyEncrypted, string>> = {
  'not-open': 'encrypted: the app has not opened it',
  'not-checked': 'encrypted: not read yet',
  'not-permitted': 'encrypted: its author may not write',
  'no-key': 'encrypted: this account has no key for it',
  unknown: 'encrypted: cannot be read with this version of cojson',
};

/** In the place of changes that are not shown. */
export function unreadWords(changes: Exclude<TransactionChanges, { state: 'read' }>): string {
  return changes.state === 'hidden' ? 'the kernel’s own, not shown' : encryptedWords[changes.why];
}

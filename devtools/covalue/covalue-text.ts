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
import { isLost } from '../../src/inspect/unsynced/lost-edits.ts';
import { rungStatesOf, type RungStates } from '../../src/inspect/unsynced/rung-states.ts';
import type { Overview, RungName } from '../../src/inspect/snapshot/overview-facts.ts';
import type { UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';
import { formatBytes, formatCount, shortID } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';
import { formatClockTime } from '../messages/message-text.ts';

export interface StateText {
  readonly title: string;
  readonly text: string;
  /** The label of the load button. Absent if loading cannot help. */
  readonly action?: string;
}

/** Explains why a CoValue is not in memory and what to do. Undefined if it is. */
export function explainState(state: CoValueState): StateText | undefined {
  switch (state) {
    case 'in-memory':
      return undefined;
    case 'loading':
      return {
        title: 'Loading',
        text: 'Waiting for this device or a relay. The CoValue appears here when it arrives. If no relay is connected, see Peers for the next attempt.',
      };
    case 'unloaded':
      return {
        title: 'No longer in memory',
        text: 'It was unloaded because it was unused, and is still on this device. Loading reads it, as the app would.',
        action: 'Load it',
      };
    case 'on-device':
      return {
        title: 'On this device but not loaded',
        text: 'This page knows only how much of it this device has. Loading reads it, as the app would.',
        action: 'Load it',
      };
    case 'not-found':
      return {
        title: 'Not found',
        text: 'Neither this device nor any relay that answered has it. Check the ID, and check that its author has uploaded it. Loading asks again.',
        action: 'Load it again',
      };
    case 'not-asked':
      return {
        title: 'Not in memory',
        text: 'This page has not asked for it yet. Loading asks this device, then the relays.',
        action: 'Load it',
      };
    case 'no-id':
      return {
        title: 'Not the ID of a CoValue',
        text: 'An ID starts with “co_z”, followed by letters and digits. Paste one, or search the CoValues in memory by name.',
      };
  }
}

/** The status after the name in the bar. */
export function verdictOf(
  { unsynced, relays, isDeleted }: CoValueFacts,
  states: RungStates,
  nowMs: number,
): Fact {
  if (unsynced) {
    const all = Object.values(states);
    const tone =
      all.includes('failed') || isLost(unsynced.reason) ? 'fail' : all.includes('stuck') ? 'warn' : 'plain';
    return { words: describeReason(unsynced.reason, nowMs), tone };
  }
  if (isDeleted) return { words: 'Deleted', tone: 'plain' };
  if (relays.length === 0) return { words: 'On this device only: no relay is set up', tone: 'plain' };
  const behind = relays.find((relay) => relay.behind.transactions > 0);
  return behind
    ? {
        words: `${behind.host} has not confirmed ${formatCount(behind.behind.transactions, 'transaction')}`,
        tone: 'plain',
      }
    : { words: 'No edit by this account is waiting on this device', tone: 'plain' };
}

/** The rung states of the whole CoValue. */
export function statesOf(
  { unsynced, relays }: Pick<CoValueFacts, 'unsynced'> & { readonly relays: readonly unknown[] },
  overview: Overview,
  nowMs: number,
): RungStates {
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

/** The rung states of a session or transaction. Waiting times are known only for the whole CoValue. */
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

export function formatAuthor({ id, name, isOwn }: Author): string {
  return name ?? (isOwn ? 'you' : formatID(id));
}

function formatID(id: string): string {
  return id.includes('/') ? `agent ${shortID(id)}` : shortID(id);
}

/** Shortens all IDs in a group's key. */
export function formatKey(key: string | number): string {
  return String(key).replaceAll(/(?:co|key|sealer|signer)_z[1-9A-HJ-NP-Za-km-z]{12,}/g, shortID);
}

/** The session's own part of its ID, without the author. */
export function formatSession(sessionID: string): string {
  return shortID(sessionID.split('_session_')[1] ?? sessionID);
}

export function formatMember({ id, name, isOwn }: Author): string {
  return name ?? (isOwn ? 'you' : id === 'everyone' ? id : formatID(id));
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

export function formatRole(role: string): string {
  return roleWordsByRole[role] ?? role;
}

export function describeGroup({ state, members, readKeys }: GroupFacts): string {
  if (state === 'not-in-memory') return 'not in memory';
  if (state === 'not-open') return 'not opened on this page';
  return `${formatCount(members, 'member')}, ${formatCount(readKeys, 'key')}`;
}

/** For example "59 transactions, 8.2 kB". Shows the progress while the bytes are still being counted. */
export function formatSize({ size, sessions }: CoValueFacts): string {
  const transactions = sessions?.transactions ?? 0;
  const count = formatCount(transactions, 'transaction');
  if (!size || size.counted === 0) return count;
  const bytes = formatBytes(size.bytes);
  return size.counted < transactions
    ? `${count}, ${bytes} in the first ${size.counted.toLocaleString('en')}`
    : `${count}, ${bytes}`;
}

/** Authors choose their transactions' times, so they may be invalid. */
export function isMoment(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15;
}

/** When a transaction was made, to the millisecond today, else with the date: "12 Oct 2026, 09:14". */
export function formatMadeAt(ms: number, nowMs: number): string {
  if (!isMoment(ms)) return 'invalid time';
  const date = new Date(ms);
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return isToday ? formatClockTime(ms) : formatDate(ms);
}

/** For example "12 Oct 2026, 09:14". */
export function formatDate(ms: number): string {
  if (!isMoment(ms)) return 'invalid time';
  return `${formatDay(new Date(ms))}, ${formatClockTime(ms).slice(0, 5)}`;
}

function formatDay(date: Date): string {
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
  return { verb: verbs[op] ?? op, key: formatKey(key ?? ''), value: value ? formatValue(value) : '' };
}

export function formatValue(value: ShownValue): string {
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
      return formatBytes(value.bytes);
    case 'hidden':
      return 'key, not shown';
  }
}

const encryptedText: Readonly<Record<WhyEncrypted, string>> = {
  'not-open': 'encrypted: the app has not opened it',
  'not-checked': 'encrypted: not read yet',
  'not-permitted': 'encrypted: its author has no write permission',
  'no-key': 'encrypted: this account has no key for it',
  unknown: 'encrypted: cannot be read with this version of cojson',
};

/** Explains why changes are not shown. */
export function explainUnread(changes: Exclude<TransactionChanges, { state: 'read' }>): string {
  return changes.state === 'hidden' ? 'kernel data, not shown' : encryptedText[changes.why];
}

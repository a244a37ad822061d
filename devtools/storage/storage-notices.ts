import { describeCause } from '../../src/inspect/shared/describe-cause.ts';
import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { Overview, RungCount } from '../../src/inspect/snapshot/overview-facts.ts';
import type { UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';
import { formatCount, formatNextAttempt } from '../../src/inspect/shared/format.ts';
import { nameOf } from '../unsynced/names.ts';
import { fullnessOf, nearlyFull } from './room-text.ts';

/** A problem and its next step. */
export interface StorageNotice {
  readonly kind: 'failing' | 'not-kept' | 'nearly-full' | 'not-persisted';
  readonly tone: 'fail' | 'warn';
  readonly title: string;
  /** The browser's name for the error. */
  readonly code?: string;
  readonly detail: string;
  readonly next: string;
  /** The CoValue whose details explain the problem. */
  readonly coValueID?: string;
}

/** The part of a snapshot that the notices need. */
export type ToldFrom = Pick<InspectorSnapshot, 'atMs' | 'storage' | 'unsynced'> & {
  readonly overview: { readonly rungs: Pick<Overview['rungs'], 'saved' | 'confirmed'> };
};

/** The result of asking the browser for persistent storage. */
export type Asked = 'not-asked' | 'refused' | 'unknown';

export function noticesOf(snapshot: ToldFrom, asked: Asked): readonly StorageNotice[] {
  const { state, persisted, room } = snapshot.storage;
  if (state === 'memory-only') return [notKept(snapshot)];
  const notices: StorageNotice[] = [];
  const fullness = fullnessOf(room) ?? 0;
  if (state === 'failing') notices.push(failing(snapshot));
  else if (fullness >= nearlyFull) {
    notices.push({
      ...{ kind: 'nearly-full', tone: 'warn', title: 'This device is nearly full.' },
      detail: 'Writes fail when it is full.',
      next: 'free space on the device, or let the app delete what it no longer needs.',
    });
  }
  if (persisted === false) notices.push(notPersisted(asked));
  return notices;
}

function failing({ storage, unsynced, overview, atMs }: ToldFrom): StorageNotice {
  const { writes, error } = storage;
  const unsaved = unsynced.filter(({ steps }) => steps.saved === 'failed' || steps.saved === 'pending');
  const count = overview.rungs.saved.pending;
  const [first] = unsaved;
  const what =
    count > 0
      ? `${formatCount(count, 'CoValue')} not saved`
      : `${error?.isReading ? 'Reading from' : 'Writing to'} this device is failing`;
  const why = error ? describeCause(error) : 'writing failed';
  const tries = writes.failing
    ? `attempt ${writes.failing.count}, ${formatNextAttempt(writes.failing.retryAtMs, atMs)}`
    : 'retrying automatically';
  return {
    ...{ kind: 'failing', tone: 'fail' },
    title: first && count === 1 ? `Not saved: ${nameOf(first)}.` : `${what}.`,
    ...(error?.cause !== undefined && { code: error.cause }),
    detail: `${error?.cause === undefined ? sentence(why) : why}; ${tries}.`,
    next: nextOf(error?.code, unsaved, overview.rungs.confirmed),
    ...(first && { coValueID: first.id }),
  };
}

/** An app knows only whether the relays have everything, so only then does the panel call a reload safe. */
function nextOf(code: string | undefined, unsaved: readonly UnsyncedRow[], confirmed: RungCount): string {
  const first =
    nextByCode[code ?? ''] ?? 'wait for the next attempt, and check the disk if writing keeps failing';
  if (unsaved.length === 0) return `${first}.`;
  if (confirmed.known && confirmed.pending === 0)
    return `${first}; the relay has confirmed the edits, so reloading is safe.`;
  return unsaved.every(({ steps }) => steps.confirmed === 'reached')
    ? `${first}. Do not reload before the relay has confirmed the other edits, too.`
    : `${first}. Do not reload yet: edits that are not confirmed are only in this tab. If in doubt, download them first.`;
}

const nextByCode: Readonly<Record<string, string>> = {
  STORAGE_FULL: 'free space on this device',
  STORAGE_CLOSED: 'wait while the database is reopened automatically',
  STORAGE_BLOCKED: 'close the other tabs of the app',
  STORAGE_TOO_NEW: 'load the newer version of the app that wrote the database',
};

function notKept({ storage: { error } }: ToldFrom): StorageNotice {
  return {
    ...{ kind: 'not-kept', tone: 'warn', title: 'Nothing is saved on this device.' },
    detail: error
      ? `${sentence(describeCause(error))}.`
      : 'The session was opened this way. Closing this tab loses all edits that no relay has confirmed.',
    next: error
      ? 'use a normal window in a browser that lets pages store data.'
      : 'to keep data, open the session with another `remember` or `storage` option.',
  };
}

function notPersisted(asked: Asked): StorageNotice {
  const refused = asked === 'refused';
  return {
    ...{ kind: 'not-persisted', tone: 'warn', title: 'The browser may delete this data.' },
    detail: refused ? 'The browser refused a request to keep the data.' : 'Persistence was not granted.',
    next: refused
      ? 'let users install the app, bookmark it or allow its notifications; browsers then grant persistence.'
      : 'ask for persistence after a click in the app, or here.',
  };
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

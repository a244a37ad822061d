import { describeCause, nextAttempt } from '../../src/inspect/unsynced/describe-reason.ts';
import type { InspectorSnapshot, Overview, UnsyncedRow } from '../../src/inspect/snapshot.ts';
import { countWords } from '../../src/inspect/shared/format.ts';
import { nameOf } from '../unsynced/names.ts';
import { fullnessOf, nearlyFull } from './room-text.ts';

/** What somebody should know, and what to do about it. */
export interface StorageNotice {
  readonly kind: 'failing' | 'not-kept' | 'nearly-full' | 'not-persisted';
  readonly tone: 'fail' | 'warn';
  readonly title: string;
  /** As the browser calls it. */
  readonly code?: string;
  readonly detail: string;
  readonly next: string;
  /** Of the CoValue that explains it. */
  readonly coValueID?: string;
}

/** The part of a snapshot that it is told from. */
export type ToldFrom = Pick<InspectorSnapshot, 'atMs' | 'storage' | 'unsynced'> & {
  readonly overview: { readonly rungs: Pick<Overview['rungs'], 'saved'> };
};

/** What came of asking the browser to keep what is here. */
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
      detail: 'Writes fail once it is.',
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
  const what = count > 0 ? `${countWords(count, 'CoValue')} not saved` : 'Writing to this device fails';
  const why = error ? describeCause(error) : 'writing failed';
  const tries = writes.failing
    ? `try ${writes.failing.count}, ${nextAttempt(writes.failing.retryAtMs, atMs)}`
    : 'it is tried again by itself';
  return {
    ...{ kind: 'failing', tone: 'fail' },
    title: first && count === 1 ? `Not saved: ${nameOf(first)}.` : `${what}.`,
    ...(error?.cause !== undefined && { code: error.cause }),
    detail: `${error?.cause === undefined ? sentence(why) : why}; ${tries}.`,
    next: nextOf(error?.code, unsaved),
    ...(first && { coValueID: first.id }),
  };
}

function nextOf(code: string | undefined, unsaved: readonly UnsyncedRow[]): string {
  const first = nextByCode[code ?? ''] ?? 'wait for the next try, and check the disk if it goes on';
  if (unsaved.length === 0) return `${first}.`;
  const isSafe = unsaved.every(({ steps }) => steps.confirmed === 'reached');
  return isSafe
    ? `${first}; the relay has confirmed it, so it is safe to reload.`
    : `${first}, and do not reload before: it is in this tab only. If in doubt, download it.`;
}

const nextByCode: Readonly<Record<string, string>> = {
  STORAGE_FULL: 'free space on this device',
  STORAGE_CLOSED: 'wait, as the database is opened again by itself',
  STORAGE_BLOCKED: 'close the other tabs of the app',
  STORAGE_TOO_NEW: 'get the newer version of the app, which has written the database',
};

function notKept({ storage: { error } }: ToldFrom): StorageNotice {
  return {
    ...{ kind: 'not-kept', tone: 'warn', title: 'Nothing is kept on this device.' },
    detail: error
      ? `${sentence(describeCause(error))}.`
      : 'The session was opened so, and what no relay has confirmed is lost with this tab.',
    next: error
      ? 'use an ordinary window of a browser that lets pages keep data.'
      : 'open the session with another `remember` or `storage`, where the app should keep its data.',
  };
}

function notPersisted(asked: Asked): StorageNotice {
  const refused = asked === 'refused';
  return {
    ...{ kind: 'not-persisted', tone: 'warn', title: 'The browser may delete all of this.' },
    detail: refused ? 'It has just refused to promise otherwise.' : 'Persistence was not granted.',
    next: refused
      ? 'let people install the app, bookmark it or allow its notifications: browsers grant it by such signs.'
      : 'ask for it after a click in the app, or here.',
  };
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

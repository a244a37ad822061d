import type { StorageFacts } from '../../src/inspect/snapshot/storage-facts.ts';
import { countWords, durationWords, shortID } from '../../src/inspect/shared/format.ts';

export interface FactWords {
  readonly label: string;
  readonly words: string;
  readonly isCode?: true;
}

/** What the storage is, after "On this device". */
export function engineWords({ kind }: Pick<StorageFacts, 'kind'>): string {
  return {
    kernel: 'kernel engine, IndexedDB',
    'cojson-indexeddb': 'stock cojson storage, IndexedDB',
    memory: 'memory of this tab',
    custom: 'the app’s own storage',
  }[kind];
}

export function factsOf(facts: StorageFacts, nowMs: number): readonly FactWords[] {
  const { databases, persisted, takeover, writes } = facts;
  const isKept = facts.state !== 'memory-only';
  return [
    ...(databases.length > 0
      ? [{ label: 'Database', words: databases.map(shortDatabase).join(', '), isCode: true as const }]
      : []),
    ...(isKept ? [{ label: 'Persistence', words: persistenceWords(persisted) }] : []),
    ...(takeover
      ? [
          {
            label: 'Takeover',
            words: `${takeover.done.toLocaleString('en')} of ${takeover.total.toLocaleString('en')} from cojson-storage-indexeddb`,
          },
        ]
      : []),
    ...(isKept
      ? [
          { label: 'Writes', words: writesWords(writes) },
          { label: 'Failed', words: failedWords(writes, nowMs) },
        ]
      : []),
  ];
}

function persistenceWords(persisted: boolean | 'unknown'): string {
  if (persisted === 'unknown') return 'unknown: this browser, or a page that is not secure, does not say';
  return persisted ? 'granted: the browser deletes nothing by itself' : 'not granted';
}

function writesWords({ committed, slowestMs, waiting }: StorageFacts['writes']): string {
  const parts = [
    committed === 'unknown'
      ? 'not known of this storage'
      : `${committed === 0 ? 'none' : committed.toLocaleString('en')} since the devtools were mounted`,
    ...(slowestMs === 'unknown' ? [] : [`slowest ${Math.round(slowestMs)} ms`]),
    ...(waiting === 'unknown' || waiting === 0 ? [] : [`${waiting.toLocaleString('en')} waiting`]),
  ];
  return parts.join(' · ');
}

function failedWords({ failed, lastFailure }: StorageFacts['writes'], nowMs: number): string {
  if (failed === 'unknown') return 'not known of this storage';
  if (failed === 0) return 'none since the devtools were mounted';
  const last = lastFailure
    ? `, the last ${durationWords(nowMs - lastFailure.atMs)} ago: ${lastFailure.cause ?? lastFailure.code}`
    : '';
  return `${countWords(failed, 'try', 'tries')}${last}`;
}

/** The name with its account's id in short. */
export function shortDatabase(name: string): string {
  return name.replace(/co_z\w+/, shortID);
}

import type { StorageFacts } from '../../src/inspect/snapshot/storage-facts.ts';
import { formatCount, formatDuration, shortID } from '../../src/inspect/shared/format.ts';

export interface StorageFact {
  readonly label: string;
  readonly words: string;
  readonly isCode?: true;
}

/** Names the storage, to follow "On this device". */
export function formatEngine({ kind }: Pick<StorageFacts, 'kind'>): string {
  return {
    kernel: 'kernel engine, IndexedDB',
    'cojson-indexeddb': 'stock cojson storage, IndexedDB',
    memory: 'memory of this tab',
    custom: 'the app’s own storage',
  }[kind];
}

export function factsOf(facts: StorageFacts, nowMs: number): readonly StorageFact[] {
  const { databases, persisted, takeover, writes } = facts;
  const isKept = facts.state !== 'memory-only';
  return [
    ...(databases.length > 0
      ? [{ label: 'Database', words: databases.map(shortDatabase).join(', '), isCode: true as const }]
      : []),
    ...(isKept ? [{ label: 'Persistence', words: formatPersistence(persisted) }] : []),
    ...(takeover
      ? [
          {
            label: 'Migration',
            words: `${takeover.done.toLocaleString('en')} of ${takeover.total.toLocaleString('en')} from cojson-storage-indexeddb`,
          },
        ]
      : []),
    ...(isKept
      ? [
          { label: 'Writes', words: formatWrites(writes) },
          { label: 'Failed', words: formatFailedWrites(writes, nowMs) },
        ]
      : []),
  ];
}

function formatPersistence(persisted: boolean | 'unknown'): string {
  if (persisted === 'unknown') return 'unknown: this browser or an insecure page does not report it';
  return persisted ? 'granted: the browser does not delete data automatically' : 'not granted';
}

function formatWrites({ committed, slowestMs, waiting }: StorageFacts['writes']): string {
  const parts = [
    committed === 'unknown'
      ? 'unknown for this storage'
      : `${committed === 0 ? 'none' : committed.toLocaleString('en')} since the devtools were mounted`,
    ...(slowestMs === 'unknown' ? [] : [`slowest ${Math.round(slowestMs)} ms`]),
    ...(waiting === 'unknown' || waiting === 0 ? [] : [`${waiting.toLocaleString('en')} waiting`]),
  ];
  return parts.join(' · ');
}

function formatFailedWrites({ failed, lastFailure }: StorageFacts['writes'], nowMs: number): string {
  if (failed === 'unknown') return 'unknown for this storage';
  if (failed === 0) return 'none since the devtools were mounted';
  const last = lastFailure
    ? `, the last ${formatDuration(nowMs - lastFailure.atMs)} ago: ${lastFailure.cause ?? lastFailure.code}`
    : '';
  return `${formatCount(failed, 'attempt')}${last}`;
}

/** The database name with the account ID shortened. */
export function shortDatabase(name: string): string {
  return name.replace(/co_z\w+/, shortID);
}

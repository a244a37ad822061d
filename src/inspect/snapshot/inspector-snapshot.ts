import type { FaultsNow } from './fault-facts.ts';
import type { Lag } from './lag-facts.ts';
import type { Cost } from './measures.ts';
import type { MessageCounts } from './message-types.ts';
import type { Overview } from './overview-facts.ts';
import type { Queues } from './queue-facts.ts';
import type { RecordingNow, ReplayResult } from './recording-facts.ts';
import type { Peer } from './relay-facts.ts';
import type { MemoryFigures, StorageFacts } from './storage-facts.ts';
import type { TabsNow } from './tab-facts.ts';
import type { UnsyncedRow } from './unsynced-row.ts';
import type { Versions } from './versions.ts';

/** Incremented when a field changes its meaning or is removed, but not for new fields: readers ignore unknown ones. */
export const inspectorProtocol = 1 as const;

/**
 * An inspector's knowledge at one moment, as plain JSON. Uses timestamps, not ages, so that unchanged views stay the
 * same.
 */
export interface InspectorSnapshot {
  readonly protocol: typeof inspectorProtocol;
  readonly atMs: number;
  readonly overview: Overview;
  /** Oldest first. */
  readonly unsynced: readonly UnsyncedRow[];
  readonly queues: Queues;
  readonly peers: readonly Peer[];
  readonly messages: MessageCounts;
  readonly storage: StorageFacts;
  readonly lag: Lag;
  /** Counted at most every two seconds. */
  readonly memory: MemoryFigures;
  readonly tabs: TabsNow;
  /** Absent while none are set. */
  readonly faults?: FaultsNow | undefined;
  /** The running recording, or one that ended automatically and has not been fetched yet. */
  readonly recording?: RecordingNow | undefined;
  /** Only in the result of a replay. */
  readonly replay?: ReplayResult;
  readonly cost: Cost;
  readonly versions: Versions;
}

/** The views that changed since the last increment; merge them over a snapshot. */
export type InspectorIncrement = Pick<InspectorSnapshot, 'protocol' | 'atMs'> & Partial<InspectorSnapshot>;

import { emptyKnownState, type StorageAPI } from 'cojson';
import type { Content, RawCoID } from '../../../engine/content.ts';
import { noUpstream } from '../../storage/no-upstream.ts';

/** The content that a node tried to store. */
export interface Captured {
  readonly contents: Content[];
  readonly deletions: Set<RawCoID>;
  readonly storage: StorageAPI;
}

/** A storage that finds nothing, because everything needed is put into the node beforehand, and writes nothing. */
export function captureStorage(): Captured {
  const contents: Content[] = [];
  const deletions = new Set<RawCoID>();
  return {
    contents,
    deletions,
    storage: {
      ...noUpstream,
      load: (_id, _callback, done) => done?.(false),
      loadKnownState: (_id, callback) => callback(undefined),
      store: (content) => void contents.push(content),
      markDeleteAsValid: (id) => void deletions.add(id),
      getKnownState: (id) => emptyKnownState(id as RawCoID),
      waitForSync: () => Promise.resolve(),
      getCoValueIDs: (_limit, _offset, callback) => callback([]),
      getCoValueCount: (callback) => callback(0),
      enableDeletedCoValuesErasure() {},
      eraseAllDeletedCoValues: () => Promise.resolve(),
      onCoValueUnmounted() {},
      close: () => undefined,
    },
  };
}

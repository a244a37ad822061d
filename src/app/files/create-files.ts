import type { LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createReadable } from '../../base/readable.ts';
import { createWeakCache } from '../weak-cache.ts';
import { invalidCoValueID } from '../../engine/covalue-errors.ts';
import { isCoValueID } from '../../wire/ids.ts';
import type { Loads } from '../loads/create-loads.ts';
import { loadAborted, loadAfterClose } from '../loads/load-errors.ts';
import { limitContent } from '../content-limit.ts';
import { largestContentBytes } from './file-limits.ts';
import { broken } from './file-states.ts';
import type { Files } from './files.ts';
import { readFile } from './read-file.ts';
import { createWatchedFile, type WatchedFile } from './watched-file.ts';
import { createFileWriter } from './write-file.ts';

export interface OpenFiles extends Files {
  /** Rejects what is pending, and revokes all URLs. */
  close(): void;
}

export function createFiles(parts: {
  readonly node: LocalNode;
  readonly accountID: string;
  readonly clock: Clock;
  readonly load: Loads['load'];
}): OpenFiles {
  const limit = limitContent(parts.node, { maxBytes: largestContentBytes });
  const closing = new AbortController();
  const followed = new Set<WatchedFile>();
  const fileOf = createWeakCache((id) => createWatchedFile({ ...parts, limit }, id as RawCoID, followed));

  return {
    write: createFileWriter(parts),
    watch: (id) => (isCoValueID(id) ? fileOf(id) : createReadable(broken)),
    async read(id, options = {}) {
      if (!isCoValueID(id)) throw invalidCoValueID(id);
      if (options.signal?.aborted) throw loadAborted(id, options.signal);
      if (closing.signal.aborted) throw loadAfterClose();
      return readFile({ ...parts, closing: closing.signal }, fileOf(id), id, options);
    },
    close() {
      closing.abort();
      for (const file of followed) file.release();
      limit.end();
    },
  };
}

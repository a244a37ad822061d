import type { Clock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import { inSlices } from '../../base/sliced-steps.ts';
import { inertType } from './file-type.ts';
import { decodeChunk, type FileContent } from './read-stream.ts';

/** Over several tasks, because decoding all of a large file blocks the page. Rejects if a chunk is not base64. */
export function buildBlob({ start, chunks }: FileContent, clock: Clock): Promise<Blob> {
  return inSlices(build(), { nowMs: () => clock.elapsedMs(), nextTask });

  function* build(): Generator<void, Blob> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (const chunk of chunks) {
      parts.push(decodeChunk(chunk));
      yield;
    }
    return new Blob(parts, { type: inertType(start?.mimeType ?? '') });
  }
}

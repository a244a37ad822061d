import { type RawGroup } from '@MaiaOS/kernel/cojson';
import { type PictureRef } from './picture.ts';

/**
 * Encoded as base64 twice, a chunk reaches the 100 kB that cojson recommends per transaction. A transaction cannot be
 * interrupted, so this is also the most that a concurrent edit waits for.
 */
export const chunkBytes = 56_000;

/**
 * Writes a picture that the group owns, one chunk per task so that the page stays responsive. The file name is left out
 * for privacy. Rejects if this account may not write to the group.
 */
export async function writePicture(group: RawGroup, picture: Blob): Promise<PictureRef> {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  const stream = group.createBinaryStream();
  stream.startBinaryStream({ mimeType: picture.type, totalSizeBytes: bytes.length });
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await nextTask();
    stream.pushBinaryStreamChunk(bytes.subarray(at, at + chunkBytes));
  }
  stream.endBinaryStream();
  return { id: stream.id, bytes: bytes.length };
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

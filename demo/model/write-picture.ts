import { type RawGroup } from '@MaiaOS/kernel/cojson';
import { type PictureRef } from './picture.ts';

/**
 * Written and encrypted, which is base64 twice, these are the 100 kB that cojson recommends for a transaction. Nothing
 * overtakes the half of one, so an edit that is made meanwhile waits for no more than this.
 */
export const chunkBytes = 56_000;

/**
 * Writes a picture for everybody who can read what this group owns: one chunk in each task of the page, so that typing goes
 * on. Its name, if it had one, is nobody's business. Rejects where the group may not be written to by this account.
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

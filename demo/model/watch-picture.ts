import { isRawCoID, type LocalNode, RawBinaryCoStream } from '@MaiaOS/kernel/cojson';
import { largestPictureBytes, pictureTypes, type PictureRef } from './picture.ts';

export type WatchedPicture =
  /** Some of it may be here. */
  | { readonly state: 'coming' }
  /** Neither this device nor a relay that answers has any of it, so far. */
  | { readonly state: 'missing' }
  /** What stands there is not what the item says. */
  | { readonly state: 'broken' }
  | { readonly state: 'ready'; readonly blob: Blob };

/** Loads a picture. Calls at once and where the state changes, the last time with the whole picture. */
export function watchPicture(
  node: LocalNode,
  { id, bytes }: PictureRef,
  changed: (picture: WatchedPicture) => void,
): () => void {
  if (!isRawCoID(id) || bytes > largestPictureBytes) {
    changed({ state: 'broken' });
    return () => {};
  }
  let last: WatchedPicture['state'] | undefined;
  const core = node.getCoValue(id);
  const stop = core.subscribe((_, unsubscribe) => {
    const content = core.isAvailable() ? core.getCurrentContent() : undefined;
    const next: WatchedPicture = content
      ? readStream(content, bytes)
      : { state: core.loadingState === 'unavailable' ? 'missing' : 'coming' };
    // A chunk more changes nothing that is shown.
    if (next.state === last) return;
    last = next.state;
    // It does not change any more, and what nobody watches the kernel may unload.
    if (next.state === 'ready' || next.state === 'broken') unsubscribe();
    changed(next);
  });
  // What it answers is seen through the subscription; it rejects only for an id of wrong form, which is excluded above.
  void node.loadCoValueCore(id);
  return stop;
}

function readStream(content: unknown, bytes: number): WatchedPicture {
  if (!(content instanceof RawBinaryCoStream)) return { state: 'broken' };
  if (!content.isBinaryStreamEnded()) return { state: 'coming' };
  try {
    const { chunks = [], mimeType = '' } = content.getBinaryChunks() ?? {};
    const blob = new Blob(chunks, { type: mimeType });
    return blob.size === bytes && pictureTypes.includes(mimeType)
      ? { state: 'ready', blob }
      : { state: 'broken' };
  } catch {
    // A chunk that is no base64.
    return { state: 'broken' };
  }
}

import { isRawCoID, type LocalNode, RawBinaryCoStream } from '@MaiaOS/kernel/cojson';
import { largestPictureBytes, pictureTypes, type PictureRef } from './picture.ts';

export type WatchedPicture =
  /** Not complete yet. */
  | { readonly state: 'coming' }
  /** Neither this device nor a reachable relay has any of it so far. */
  | { readonly state: 'missing' }
  /** It does not match the item's reference, or is not a safe picture. */
  | { readonly state: 'broken' }
  | { readonly state: 'ready'; readonly blob: Blob };

/** Loads a picture. Calls `changed` immediately and on every state change, until it is ready or broken. */
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
    // Another chunk does not change the state.
    if (next.state === last) return;
    last = next.state;
    // The state is final: unsubscribe, so that the kernel may unload the CoValue.
    if (next.state === 'ready' || next.state === 'broken') unsubscribe();
    changed(next);
  });
  // The subscription reports the result. Loading rejects only for a malformed ID, which was ruled out above.
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
    // A chunk is not valid base64.
    return { state: 'broken' };
  }
}

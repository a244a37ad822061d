import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { blobOf, follow, streamOf } from '../../../test/support/session/test-files.ts';
import { endAll } from '../../../test/support/session/sign-out-helpers.ts';
import { untilSaved } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import type { FileState } from './files.ts';

// A device without a network, with Chromium's own IndexedDB, blobs and URLs.

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(() => endAll(device));

async function ready(states: readonly FileState[]): Promise<Extract<FileState, { state: 'ready' }>> {
  return until(() => {
    const last = states.at(-1);
    if (last?.state !== 'ready') throw new Error(`The file is ${last?.state}.`);
    return last;
  });
}

test('[FILE-1] a picture that the device has stored is shown after a reload, without a network', async () => {
  const before = await device.signedUp();
  const canvas = new OffscreenCanvas(300, 200);
  canvas.getContext('2d')?.fillRect(0, 0, 300, 200);
  const picture = await canvas.convertToBlob({ type: 'image/png' });
  const { id } = await before.files.write(rootOf(before).group, picture);
  await untilSaved(before);
  await device.closeAll();
  const session = await device.resumed();
  if (!session) throw new Error('the device remembers no account');
  const { states, end } = follow(session.files.watch(id));
  const { url, blob } = await ready(states);
  expect(blob.size).toBe(picture.size);
  const image = new Image();
  image.src = url;
  await image.decode();
  expect([image.naturalWidth, image.naturalHeight]).toEqual([300, 200]);
  end();
});

test('[FILE-8] the URL of a file ends soon after the last subscription', async () => {
  const session = await device.signedUp();
  const { id } = await session.files.write(rootOf(session).group, blobOf(10));
  const { states, end } = follow(session.files.watch(id));
  const { url } = await ready(states);
  expect((await fetch(url)).ok).toBe(true);
  end();
  await until(() => expect(fetch(url)).rejects.toThrow());
});

test.each(['text/html', 'image/svg+xml', 'text/plain, text/html', 'text/xml'])(
  '[FILE-7] a file that calls itself %j runs no script, even if it is opened as a page',
  async (mimeType) => {
    const session = await device.signedUp();
    const stream = streamOf(session, rootOf(session).group);
    stream.startBinaryStream({ mimeType });
    const page = `<html xmlns="http://www.w3.org/1999/xhtml"><script>parent.postMessage('ran', '*')</script></html>`;
    stream.pushBinaryStreamChunk(new TextEncoder().encode(page));
    stream.endBinaryStream();
    const { states, end } = follow(session.files.watch(stream.id));
    const { url, blob } = await ready(states);
    expect((await fetch(url)).headers.get('content-type')).toBe('application/octet-stream');
    // The same bytes as a page run their script, so that there is something to wait for.
    const unsafe = URL.createObjectURL(new Blob([blob], { type: 'text/html' }));
    const senders: (MessageEventSource | null)[] = [];
    const note = ({ source }: MessageEvent) => void senders.push(source);
    window.addEventListener('message', note);
    const [frame, unsafeFrame] = [url, unsafe].map((src) =>
      Object.assign(document.createElement('iframe'), { src }),
    );
    document.body.append(frame as Node, unsafeFrame as Node);
    await until(() => expect(senders).toContain(unsafeFrame?.contentWindow));
    expect(senders).not.toContain(frame?.contentWindow);
    window.removeEventListener('message', note);
    for (const one of [frame, unsafeFrame]) one?.remove();
    URL.revokeObjectURL(unsafe);
    end();
  },
);

import { cojsonInternals, type CoID, RawBinaryCoStream, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { joinList } from './join-list.ts';
import { largestPictureBytes, type PictureRef } from './picture.ts';
import { createTestNetwork, type TestDevice, type TestNetwork } from './test-network.ts';
import { watchPicture, type WatchedPicture } from './watch-picture.ts';
import { chunkBytes } from './write-picture.ts';
import { until } from '../../test/support/until.ts';

/** The cojson priority of content sent after everything else. */
const lowPriority = 6;

let network: TestNetwork;
let phone: TestDevice;
let listID: string;
let itemID: string;

beforeEach(async () => {
  network = await createTestNetwork();
  phone = await network.newAccount();
  listID = phone.lists.add('Cabin');
  itemID = phone.edit.addItem(listID, 'Porch');
});

/** Bytes whose chunks all differ. */
function picture(size: number, type = 'image/webp'): Blob {
  return new Blob([Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff)], { type });
}

const referred = (device: TestDevice) => device.list(listID)?.items[0]?.picture;
const itemMap = (device: TestDevice) => device.node.getLoaded(itemID as CoID<RawCoMap>);

/** Every reported state, the latest first. */
function watch(device: TestDevice, ref: PictureRef): readonly WatchedPicture[] {
  const states: WatchedPicture[] = [];
  watchPicture(device.node, ref, (next) => states.unshift(next));
  return states;
}

async function hex(blob: Blob | undefined): Promise<string> {
  return Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer()).toString('hex');
}

async function put(device: TestDevice, blob: Blob): Promise<PictureRef> {
  await device.edit.putPicture(itemID, blob);
  await until(() => expect(referred(device)?.bytes).toBe(blob.size));
  return referred(device) ?? { id: '', bytes: 0 };
}

async function expectShown(device: TestDevice, ref: PictureRef, blob: Blob): Promise<void> {
  const states = watch(device, ref);
  await until(() => expect(states[0]?.state).toBe('ready'));
  const shown = states[0]?.state === 'ready' ? states[0].blob : undefined;
  expect(shown?.type).toBe(blob.type);
  expect((await hex(shown)) === (await hex(blob))).toBe(true);
}

describe('a picture', () => {
  it('is shown unchanged on the device that added it', async () => {
    const blob = picture(3 * chunkBytes + 1);
    const ref = await put(phone, blob);
    expect(watch(phone, ref).map(({ state }) => state)).toEqual(['ready']);
    await expectShown(phone, ref, blob);
  });

  it('is a low-priority binary stream of the list’s group, in transactions of the recommended size', async () => {
    const ref = await put(phone, picture(3 * chunkBytes + 1));
    const stream = phone.node.getLoaded(ref.id as CoID<RawBinaryCoStream>);
    expect(stream).toBeInstanceOf(RawBinaryCoStream);
    expect(stream?.group.id).toBe(itemMap(phone)?.group.id);
    const content = stream?.core.newContentSince(undefined) ?? [];
    const sizes = content
      .flatMap((message) => Object.values(message.new).flatMap((session) => session.newTransactions))
      .map((tx) => (tx.privacy === 'private' ? tx.encryptedChanges.length : 0));
    expect(sizes).toHaveLength(6); // The start, four chunks, the end.
    expect(Math.max(...sizes)).toBeLessThan(cojsonInternals.TRANSACTION_CONFIG.MAX_RECOMMENDED_TX_SIZE);
    expect(Math.min(...sizes)).toBeGreaterThan(0); // None is readable by a relay.
    expect(new Set(content.map(({ priority }) => priority))).toEqual(new Set([lowPriority]));
  });

  it('yields to other tasks after each chunk', async () => {
    let tasks = 0;
    const count = setInterval(() => tasks++);
    const ref = put(phone, picture(6 * chunkBytes));
    await ref;
    clearInterval(count);
    expect(tasks).toBeGreaterThanOrEqual(5);
  });

  it('is reported as coming until it is complete', async () => {
    await until(() => expect(phone.texts(listID)).toEqual(['Porch']));
    const blob = picture(2 * chunkBytes);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const stream = itemMap(phone)?.group.createBinaryStream();
    stream?.startBinaryStream({ mimeType: blob.type });
    const states = watch(phone, { id: stream?.id ?? '', bytes: blob.size });
    stream?.pushBinaryStreamChunk(bytes.subarray(0, chunkBytes));
    stream?.pushBinaryStreamChunk(bytes.subarray(chunkBytes));
    await until(() => expect(stream?.core.knownState().sessions).not.toEqual({}));
    expect(states.map(({ state }) => state)).toEqual(['coming']);
    stream?.endBinaryStream();
    await until(() => expect(states.map(({ state }) => state)).toEqual(['ready', 'coming']));
  });

  it('is referenced only after it is completely written', async () => {
    const put = phone.edit.putPicture(itemID, picture(3 * chunkBytes));
    const seen: unknown[] = [];
    const stop = itemMap(phone)?.subscribe((item) => void seen.push(item.get('picture')));
    await put;
    stop?.();
    const ref = seen.at(-1) as PictureRef;
    expect(seen.slice(0, -1).filter((seenValue) => seenValue !== undefined)).toEqual([]);
    expect(phone.node.getLoaded(ref.id as CoID<RawBinaryCoStream>)?.isBinaryStreamEnded()).toBe(true);
  });

  it('can be removed and restored', async () => {
    const ref = await put(phone, picture(10));
    const undo = phone.edit.removePicture(itemID);
    await until(() => expect(referred(phone)).toBeUndefined());
    undo();
    await until(() => expect(referred(phone)).toEqual(ref));
  });

  it('replaces the previous one, which undo restores', async () => {
    const before = await put(phone, picture(10));
    const undo = await phone.edit.putPicture(itemID, picture(20));
    await until(() => expect(referred(phone)?.bytes).toBe(20));
    undo();
    await until(() => expect(referred(phone)).toEqual(before));
  });

  it('is kept when an undo would restore an older one', async () => {
    await put(phone, picture(10));
    const undo = phone.edit.removePicture(itemID);
    const newer = await put(phone, picture(30));
    undo();
    await nextMillisecond();
    expect(referred(phone)).toEqual(newer);
  });
});

describe('a picture on another device', () => {
  let laptop: TestDevice;

  beforeEach(async () => {
    phone.connect();
    laptop = await network.sameAccount(phone);
    await until(() => expect(laptop.texts(listID)).toEqual(['Porch']));
  });

  it('has a known size and is not loaded until it is shown', async () => {
    const blob = picture(3 * chunkBytes);
    const ref = await put(phone, blob);
    await until(() => expect(referred(laptop)).toEqual(ref));
    expect(laptop.node.hasCoValue(ref.id as CoID<RawBinaryCoStream>)).toBe(false);
    await expectShown(laptop, ref, blob);
  });

  it('is coming, then ready', async () => {
    const ref = await put(phone, picture(3 * chunkBytes));
    await until(() => expect(referred(laptop)).toEqual(ref));
    const states = watch(laptop, ref);
    expect(states.map(({ state }) => state)).toEqual(['coming']);
    await until(() => expect(states.map(({ state }) => state)).toEqual(['ready', 'coming']));
  });

  it('is missing until a device uploads it, then loads automatically', async () => {
    phone.disconnect();
    const blob = picture(3 * chunkBytes);
    const ref = await put(phone, blob);
    const states = watch(laptop, ref);
    await until(() => expect(states[0]?.state).toBe('missing'));
    phone.connect();
    await until(() => expect(states[0]?.state).toBe('ready'));
  });

  it('converges if both devices add one while disconnected', async () => {
    phone.disconnect();
    await phone.edit.putPicture(itemID, picture(10));
    await nextMillisecond();
    const blob = picture(20);
    await laptop.edit.putPicture(itemID, blob);
    phone.connect();
    await until(() => expect(referred(phone)?.bytes).toBe(20));
    expect(referred(laptop)).toEqual(referred(phone));
    await expectShown(phone, referred(phone) ?? { id: '', bytes: 0 }, blob);
  });

  it('is visible to a new member of the list', async () => {
    const blob = picture(2 * chunkBytes);
    const ref = await put(phone, blob);
    const mara = await network.newAccount();
    mara.connect();
    const secret = phone.edit.inviteSecret(listID);
    await until(async () => {
      expect(await joinList(mara.node, mara.lists, { listID, secret })).toEqual({ kind: 'joined', listID });
    });
    await until(() => expect(referred(mara)).toEqual(ref));
    await expectShown(mara, ref, blob);
  });
});

describe('an invalid picture from another account', () => {
  const id = 'co_zQYw5f8Xk2m7d3v1a6s9h4g2j5t';

  it.each([
    ['text', 'co_z1'],
    ['nothing', null],
    ['a missing ID', { bytes: 10 }],
    ['a malformed ID', { id: 'javascript:alert(1)', bytes: 10 }],
    ['a missing size', { id }],
    ['a size below one', { id, bytes: 0 }],
    ['a fractional size', { id, bytes: 1.5 }],
  ])('is ignored: %s', async (_, value) => {
    await until(() => expect(phone.texts(listID)).toEqual(['Porch']));
    itemMap(phone)?.set('picture', value);
    phone.edit.setText(itemID, 'Step');
    await until(() => expect(phone.texts(listID)).toEqual(['Step']));
    expect(referred(phone)).toBeUndefined();
  });

  it('is broken if the ID is that of a list', () => {
    expect(watch(phone, { id: listID, bytes: 10 })).toEqual([{ state: 'broken' }]);
  });

  it('is broken if its size differs from the item’s, or its type could run scripts', async () => {
    const ref = await put(phone, picture(10));
    expect(watch(phone, { ...ref, bytes: 11 })).toEqual([{ state: 'broken' }]);
    const drawing = await put(phone, picture(12, 'image/svg+xml'));
    expect(watch(phone, drawing)).toEqual([{ state: 'broken' }]);
  });

  it('is not loaded if it exceeds the size limit', () => {
    expect(watch(phone, { id, bytes: largestPictureBytes + 1 })).toEqual([{ state: 'broken' }]);
    expect(phone.node.hasCoValue(id as CoID<RawBinaryCoStream>)).toBe(false);
  });
});

async function nextMillisecond() {
  const now = Date.now();
  await until(() => expect(Date.now()).toBeGreaterThan(now));
}

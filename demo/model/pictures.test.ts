import { cojsonInternals, type CoID, RawBinaryCoStream, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { joinList } from './join-list.ts';
import { largestPictureBytes, type PictureRef } from './picture.ts';
import { createTestNetwork, type TestDevice, type TestNetwork } from './test-network.ts';
import { watchPicture, type WatchedPicture } from './watch-picture.ts';
import { chunkBytes } from './write-picture.ts';

/** cojson's number for what travels after everything else. */
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

/** Bytes of which no two chunks are alike. */
function picture(size: number, type = 'image/webp'): Blob {
  return new Blob([Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff)], { type });
}

const referred = (device: TestDevice) => device.list(listID)?.items[0]?.picture;
const itemMap = (device: TestDevice) => device.node.getLoaded(itemID as CoID<RawCoMap>);

/** Every state that was told, the last one first. */
function watch(device: TestDevice, ref: PictureRef): readonly WatchedPicture[] {
  const told: WatchedPicture[] = [];
  watchPicture(device.node, ref, (next) => told.unshift(next));
  return told;
}

async function hex(blob: Blob | undefined): Promise<string> {
  return Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer()).toString('hex');
}

async function put(device: TestDevice, blob: Blob): Promise<PictureRef> {
  await device.edit.putPicture(itemID, blob);
  await vi.waitFor(() => expect(referred(device)?.bytes).toBe(blob.size));
  return referred(device) ?? { id: '', bytes: 0 };
}

async function expectShown(device: TestDevice, ref: PictureRef, blob: Blob): Promise<void> {
  const told = watch(device, ref);
  await vi.waitFor(() => expect(told[0]?.state).toBe('ready'));
  const shown = told[0]?.state === 'ready' ? told[0].blob : undefined;
  expect(shown?.type).toBe(blob.type);
  expect((await hex(shown)) === (await hex(blob))).toBe(true);
}

describe('a picture', () => {
  it('is shown on the device where it was put, byte by byte', async () => {
    const blob = picture(3 * chunkBytes + 1);
    const ref = await put(phone, blob);
    expect(watch(phone, ref).map(({ state }) => state)).toEqual(['ready']);
    await expectShown(phone, ref, blob);
  });

  it('is a binary stream of the list’s group, that goes last, in transactions as cojson recommends them', async () => {
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
    expect(Math.min(...sizes)).toBeGreaterThan(0); // None that a relay could read.
    expect(new Set(content.map(({ priority }) => priority))).toEqual(new Set([lowPriority]));
  });

  it('lets the page do something else after each chunk', async () => {
    let tasks = 0;
    const count = setInterval(() => tasks++);
    const ref = put(phone, picture(6 * chunkBytes));
    await ref;
    clearInterval(count);
    expect(tasks).toBeGreaterThanOrEqual(5);
  });

  it('is coming until the last of it has come', async () => {
    await vi.waitFor(() => expect(phone.texts(listID)).toEqual(['Porch']));
    const blob = picture(2 * chunkBytes);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const stream = itemMap(phone)?.group.createBinaryStream();
    stream?.startBinaryStream({ mimeType: blob.type });
    const told = watch(phone, { id: stream?.id ?? '', bytes: blob.size });
    stream?.pushBinaryStreamChunk(bytes.subarray(0, chunkBytes));
    stream?.pushBinaryStreamChunk(bytes.subarray(chunkBytes));
    await vi.waitFor(() => expect(stream?.core.knownState().sessions).not.toEqual({}));
    expect(told.map(({ state }) => state)).toEqual(['coming']);
    stream?.endBinaryStream();
    await vi.waitFor(() => expect(told.map(({ state }) => state)).toEqual(['ready', 'coming']));
  });

  it('is referred to only when all of it is written', async () => {
    const put = phone.edit.putPicture(itemID, picture(3 * chunkBytes));
    const seen: unknown[] = [];
    const stop = itemMap(phone)?.subscribe((item) => void seen.push(item.get('picture')));
    await put;
    stop?.();
    const ref = seen.at(-1) as PictureRef;
    expect(seen.slice(0, -1).filter((each) => each !== undefined)).toEqual([]);
    expect(phone.node.getLoaded(ref.id as CoID<RawBinaryCoStream>)?.isBinaryStreamEnded()).toBe(true);
  });

  it('can be taken away, and be brought back', async () => {
    const ref = await put(phone, picture(10));
    const undo = phone.edit.removePicture(itemID);
    await vi.waitFor(() => expect(referred(phone)).toBeUndefined());
    undo();
    await vi.waitFor(() => expect(referred(phone)).toEqual(ref));
  });

  it('takes the place of the one before, which an undo brings back', async () => {
    const before = await put(phone, picture(10));
    const undo = await phone.edit.putPicture(itemID, picture(20));
    await vi.waitFor(() => expect(referred(phone)?.bytes).toBe(20));
    undo();
    await vi.waitFor(() => expect(referred(phone)).toEqual(before));
  });

  it('stays where an older one is to be brought back by then', async () => {
    await put(phone, picture(10));
    const undo = phone.edit.removePicture(itemID);
    const newer = await put(phone, picture(30));
    undo();
    await nextMillisecond();
    expect(referred(phone)).toEqual(newer);
  });
});

describe('on another device', () => {
  let laptop: TestDevice;

  beforeEach(async () => {
    phone.connect();
    laptop = await network.sameAccount(phone);
    await vi.waitFor(() => expect(laptop.texts(listID)).toEqual(['Porch']));
  });

  it('its size is known and none of it is loaded until it is shown', async () => {
    const blob = picture(3 * chunkBytes);
    const ref = await put(phone, blob);
    await vi.waitFor(() => expect(referred(laptop)).toEqual(ref));
    expect(laptop.node.hasCoValue(ref.id as CoID<RawBinaryCoStream>)).toBe(false);
    await expectShown(laptop, ref, blob);
  });

  it('it is coming, then there', async () => {
    const ref = await put(phone, picture(3 * chunkBytes));
    await vi.waitFor(() => expect(referred(laptop)).toEqual(ref));
    const told = watch(laptop, ref);
    expect(told.map(({ state }) => state)).toEqual(['coming']);
    await vi.waitFor(() => expect(told.map(({ state }) => state)).toEqual(['ready', 'coming']));
  });

  it('it is missing where nobody has it, and comes by itself when somebody does', async () => {
    phone.disconnect();
    const blob = picture(3 * chunkBytes);
    const ref = await put(phone, blob);
    const told = watch(laptop, ref);
    await vi.waitFor(() => expect(told[0]?.state).toBe('missing'));
    phone.connect();
    await vi.waitFor(() => expect(told[0]?.state).toBe('ready'));
  });

  it('the same one wins where both put one while apart, and the other is not referred to', async () => {
    phone.disconnect();
    await phone.edit.putPicture(itemID, picture(10));
    await nextMillisecond();
    const blob = picture(20);
    await laptop.edit.putPicture(itemID, blob);
    phone.connect();
    await vi.waitFor(() => expect(referred(phone)?.bytes).toBe(20));
    expect(referred(laptop)).toEqual(referred(phone));
    await expectShown(phone, referred(phone) ?? { id: '', bytes: 0 }, blob);
  });

  it('who is on the list sees it', async () => {
    const blob = picture(2 * chunkBytes);
    const ref = await put(phone, blob);
    const mara = await network.newAccount();
    mara.connect();
    const secret = phone.edit.inviteSecret(listID);
    await vi.waitFor(async () => {
      expect(await joinList(mara.node, mara.lists, { listID, secret })).toEqual({ kind: 'joined', listID });
    });
    await vi.waitFor(() => expect(referred(mara)).toEqual(ref));
    await expectShown(mara, ref, blob);
  });
});

describe('what somebody else wrote in the place of a picture', () => {
  const id = 'co_zQYw5f8Xk2m7d3v1a6s9h4g2j5t';

  it.each([
    ['words', 'co_z1'],
    ['nothing', null],
    ['no id', { bytes: 10 }],
    ['an id of another form', { id: 'javascript:alert(1)', bytes: 10 }],
    ['no size', { id }],
    ['a size below one', { id, bytes: 0 }],
    ['a size that is no whole number', { id, bytes: 1.5 }],
  ])('is no picture: %s', async (_, value) => {
    await vi.waitFor(() => expect(phone.texts(listID)).toEqual(['Porch']));
    itemMap(phone)?.set('picture', value);
    phone.edit.setText(itemID, 'Step');
    await vi.waitFor(() => expect(phone.texts(listID)).toEqual(['Step']));
    expect(referred(phone)).toBeUndefined();
  });

  it('is broken where the list’s map stands at the id', () => {
    expect(watch(phone, { id: listID, bytes: 10 })).toEqual([{ state: 'broken' }]);
  });

  it('is broken where it has another size than the item says, or a type that could run something', async () => {
    const ref = await put(phone, picture(10));
    expect(watch(phone, { ...ref, bytes: 11 })).toEqual([{ state: 'broken' }]);
    const drawing = await put(phone, picture(12, 'image/svg+xml'));
    expect(watch(phone, drawing)).toEqual([{ state: 'broken' }]);
  });

  it('is not even loaded where it is larger than a picture can be', () => {
    expect(watch(phone, { id, bytes: largestPictureBytes + 1 })).toEqual([{ state: 'broken' }]);
    expect(phone.node.hasCoValue(id as CoID<RawBinaryCoStream>)).toBe(false);
  });
});

async function nextMillisecond() {
  const now = Date.now();
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(now), { interval: 1 });
}

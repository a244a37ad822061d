import type { RawBinaryCoStream } from '@MaiaOS/kernel/cojson';
import { type CoID, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PictureRef } from './list-view.ts';
import { type TestDevice } from './test-device.ts';
import { createTestNetwork, type TestNetwork } from './test-network.ts';
import { until } from '../../test/support/until.ts';

let network: TestNetwork;
let phone: TestDevice;
let listID: string;
let itemID: string;

beforeAll(async () => {
  network = await createTestNetwork();
});
afterAll(() => network.end());

beforeEach(async () => {
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

async function hex(blob: Blob | undefined): Promise<string> {
  return Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer()).toString('hex');
}

async function put(device: TestDevice, blob: Blob): Promise<PictureRef> {
  await device.edit.putPicture(itemID, blob);
  await until(() => expect(referred(device)?.bytes).toBe(blob.size));
  return referred(device) ?? { id: '', bytes: 0 };
}

async function expectShown(device: TestDevice, ref: PictureRef, blob: Blob): Promise<void> {
  const shown = await device.session.files.read(ref.id);
  expect(shown.type).toBe(blob.type);
  expect((await hex(shown)) === (await hex(blob))).toBe(true);
}

describe('a picture', () => {
  it('is shown unchanged on the device that added it', async () => {
    const blob = picture(200_000);
    const ref = await put(phone, blob);
    await expectShown(phone, ref, blob);
  });

  it('belongs to the list’s group, and the item refers to it only after it is completely written', async () => {
    const put = phone.edit.putPicture(itemID, picture(200_000));
    const seen: unknown[] = [];
    const stop = itemMap(phone)?.subscribe((item) => void seen.push(item.get('picture')));
    await put;
    stop?.();
    const ref = seen.at(-1) as PictureRef;
    expect(seen.slice(0, -1).filter((seenValue) => seenValue !== undefined)).toEqual([]);
    const stream = phone.node.getLoaded(ref.id as CoID<RawBinaryCoStream>);
    expect(stream?.isBinaryStreamEnded()).toBe(true);
    expect(stream?.group.id).toBe(itemMap(phone)?.group.id);
  });

  it('of an earlier version of this app is shown', async () => {
    const group = itemMap(phone)?.group;
    const stream = group?.createBinaryStream();
    stream?.startBinaryStream({ mimeType: 'image/webp', totalSizeBytes: 3 });
    stream?.pushBinaryStreamChunk(new Uint8Array([1, 2, 3]));
    stream?.endBinaryStream();
    const blob = new Blob([new Uint8Array([1, 2, 3])], { type: 'image/webp' });
    await expectShown(phone, { id: stream?.id ?? '', bytes: 3 }, blob);
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
    const blob = picture(200_000);
    const ref = await put(phone, blob);
    await until(() => expect(referred(laptop)).toEqual(ref));
    expect(laptop.node.hasCoValue(ref.id as CoID<RawBinaryCoStream>)).toBe(false);
    await expectShown(laptop, ref, blob);
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
    const blob = picture(100_000);
    const ref = await put(phone, blob);
    const mara = await network.newAccount();
    mara.connect();
    const { link } = await phone.session.share(listID);
    await phone.session.sync.whenConfirmed();
    mara.lists.keep((await mara.session.acceptInvite(link)).id);
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
});

async function nextMillisecond() {
  const now = Date.now();
  await until(() => expect(Date.now()).toBeGreaterThan(now));
}

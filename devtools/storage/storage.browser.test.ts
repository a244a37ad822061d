import type { LocalNode } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { KernelDeviceStorage } from '../../src/storage/kernel-device-storage.ts';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { watchDone } from '../../test/support/storage/device-storage-contract.ts';
import { failIndexedDB } from '../../test/support/storage/failing-indexeddb.ts';
import { createFakeSync, unconfirmedEdits, type FakeSync } from '../../test/support/sync/fake-sync.ts';
import { openStorage } from '../../test/support/storage/open-storage.ts';
import { mountOpenly, the } from '../panel-in-test.ts';

let node: LocalNode;
let storage: KernelDeviceStorage;
let sync: FakeSync;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  node = await createAccountNode();
  storage = await openStorage('kernel', `panel-${crypto.randomUUID()}`);
  node.setStorage(storage);
  onTestFinished(() => storage.close());
  sync = createFakeSync(node, Date.now());
  // A fake state, except for what the real storage reports.
  onTestFinished(storage.status.subscribe((status) => sync.setState({ storage: status })));
});

function open() {
  const { root } = mountOpenly({ target: sync, open: true });
  the(root, '[role=tab]', 'Storage').click();
  return root;
}
const shown = (root: ShadowRoot, selector: string, words = '') =>
  [...root.querySelectorAll(selector)].some((element) => element.textContent.includes(words));

/** Creates a group, maps and a picture, and waits until they are saved. */
async function fill(maps: number) {
  const done = watchDone(storage);
  const group = node.createGroup();
  for (let n = 0; n < maps; n++) group.createMap({ n });
  const picture = group.createBinaryStream();
  picture.startBinaryStream({ mimeType: 'image/png' });
  picture.pushBinaryStreamChunk(new Uint8Array(40_000));
  picture.endBinaryStream();
  await expect.poll(() => new Set(done).size, { timeout: 20_000 }).toBe(maps + 2);
  return { group, picture };
}

/** The downloaded files by name. */
function watchDownloads(): { readonly name: string; readonly text: Promise<string> }[] {
  const downloads: { name: string; text: Promise<string> }[] = [];
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
    this: HTMLAnchorElement,
  ) {
    downloads.push({ name: this.download, text: fetch(this.href).then((response) => response.text()) });
  });
  onTestFinished(() => click.mockRestore());
  return downloads;
}

describe('Storage', () => {
  it('shows usage, persistence and writes as reported', async () => {
    const root = open();
    await fill(3);
    await expect.poll(() => shown(root, '.room', ' left')).toBe(true);
    const meter = the(root, '[role=meter]');
    expect(meter.getAttribute('aria-valuetext')).toMatch(/used of \d/);
    expect(the(root, '[role=tab]', 'Storage').textContent).toMatch(/% full/);
    await expect.poll(() => shown(root, '.facts', 'maia-panel-')).toBe(true);
    await expect.poll(() => shown(root, '.facts dd', 'since the devtools were mounted · slowest')).toBe(true);
    expect(shown(root, '.facts', 'none since the devtools were mounted')).toBe(true);
  });

  it('counts by type on demand, largest first, with the time of the count', async () => {
    await fill(30);
    const root = open();
    await expect.poll(() => shown(root, '.empty', 'Not counted yet')).toBe(true);
    the(root, 'button', 'Count by type').click();
    await expect.poll(() => root.querySelector('.foot')?.textContent).toMatch(/Counted (under )?\d+ s ago/);
    const rows = [...root.querySelectorAll('.sizes :is(tbody, tfoot) tr')].map((row) =>
      [...row.children].slice(0, 2).map((cell) => cell.textContent),
    );
    expect(rows).toEqual([
      ['Binary stream', '1'],
      ['CoMap', '30'],
      ['Group, account', '1'],
      ['All', '32'],
    ]);
    expect(shown(root, 'button', 'Everything, 32')).toBe(true);
  });

  it('stops counting on demand', async () => {
    await fill(3);
    const root = open();
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const inspection = storage.inspection;
    if (!inspection) throw new Error('the kernel’s storage can be looked into');
    const { read } = inspection;
    vi.spyOn(inspection, 'read').mockImplementation(async (ids) => {
      await held;
      return read(ids);
    });
    await expect.poll(() => shown(root, 'button', 'Count by type')).toBe(true);
    the(root, 'button', 'Count by type').click();
    await expect.poll(() => shown(root, '.foot', 'Counting, 0 of 5')).toBe(true);
    the(root, '.foot button', 'Stop').click();
    goOn();
    await expect.poll(() => shown(root, '.foot', 'Stopped at 0 of 5')).toBe(true);
  });

  it('downloads everything unsynced, shows the count on the button, and explains what is readable', async () => {
    const { group } = await fill(3);
    sync.setUnsynced(unconfirmedEdits(1).map((edit) => ({ ...edit, id: group.id })));
    const downloads = watchDownloads();
    const root = open();
    await expect.poll(() => shown(root, 'button', 'Unsynced, 1')).toBe(true);
    the(root, 'button', 'Unsynced, 1').click();
    await expect.poll(() => shown(root, '[role=status]', 'Downloaded 1 CoValue')).toBe(true);
    expect(
      shown(root, '[role=status]', 'Private values in the file are encrypted; the rest is readable.'),
    ).toBe(true);
    const [download] = downloads;
    expect(download?.name).toMatch(/^maia-unsynced-[\d-]+\.ndjson$/);
    const lines = (await download?.text)
      ?.trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines?.[0]).toMatchObject({ maia: 'content', which: 'unsynced' });
    expect(lines?.[1]).toMatchObject({ kind: 'covalue', id: group.id });
    expect(lines?.at(-1)).toEqual({ kind: 'end', coValues: 1, unreadable: 0, leftOut: 0 });
    the(root, '.download button', 'Close this').click();
    await expect.poll(() => shown(root, '.download')).toBe(false);
  });

  it('continues a download while other views are open, and can stop it', async () => {
    await fill(3);
    const inspection = storage.inspection;
    if (!inspection) throw new Error('the kernel’s storage can be looked into');
    let goOn = () => {};
    let held = new Promise<void>((resolve) => (goOn = resolve));
    const { read } = inspection;
    vi.spyOn(inspection, 'read').mockImplementation(async (ids) => {
      await held;
      return read(ids);
    });
    const downloads = watchDownloads();
    const root = open();
    await expect.poll(() => shown(root, 'button', 'Everything')).toBe(true);
    expect(the(root, 'button', 'Unsynced, none').matches(':disabled')).toBe(true);
    the(root, 'button', 'Everything').click();
    await expect.poll(() => shown(root, '[role=status]', 'Reading')).toBe(true);
    expect(the(root, 'button', 'Everything').matches(':disabled')).toBe(true);
    the(root, '[role=tab]', 'Peers').click();
    goOn();
    await expect.poll(() => downloads.length).toBe(1);
    the(root, '[role=tab]', 'Storage').click();
    await expect.poll(() => shown(root, '[role=status]', 'Downloaded')).toBe(true);

    held = new Promise<void>((resolve) => (goOn = resolve));
    the(root, 'button', 'Everything').click();
    await expect.poll(() => shown(root, '.download button', 'Stop')).toBe(true);
    the(root, '.download button', 'Stop').click();
    goOn();
    await expect.poll(() => shown(root, '[role=status]', 'Nothing was saved.')).toBe(true);
    expect(downloads).toHaveLength(1);
  });

  it('explains a full device, gives advice, and clears the notice afterwards', async () => {
    await fill(1);
    const root = open();
    const mend = failIndexedDB(
      (name, mode) => name.startsWith('maia-panel') && mode === 'readwrite',
      new DOMException('no room', 'QuotaExceededError'),
    );
    onTestFinished(mend);
    const group = node.createGroup();
    sync.setUnsynced(
      unconfirmedEdits(1).map((edit) => ({ ...edit, id: group.id, saved: 'failed', confirmed: 'reached' })),
    );
    await expect.poll(() => shown(root, '.notice.bad', 'Not saved: Group.')).toBe(true);
    const notice = the(root, '.notice.bad');
    expect(notice.textContent).toContain('QuotaExceededError');
    expect(notice.textContent).toMatch(/storage is full; attempt \d+, next attempt/);
    expect(notice.textContent).toContain('free space on this device; the relay has confirmed the edits');
    expect(the(root, '[role=tab]', 'Storage').textContent).toContain('full');
    // The download includes edits that are not on the device.
    const downloads = watchDownloads();
    the(root, 'button', 'Unsynced, 1').click();
    await expect.poll(() => downloads.length).toBe(1);
    expect(await downloads[0]?.text).toContain(`{"kind":"covalue","id":"${group.id}"`);

    the(root, '.notice.bad button', 'Explain').click();
    await expect.poll(() => shown(root, '.detail', 'Group')).toBe(true);
    the(root, '[role=tab]', 'Storage').click();
    mend();
    await expect.poll(() => shown(root, '.notice.bad'), { timeout: 15_000 }).toBe(false);
    expect(shown(root, '.facts dd', 'the last ')).toBe(true);
  });

  it('asks the browser for persistence, and gives advice if it refuses', async () => {
    await fill(1);
    const persist = vi.spyOn(navigator.storage, 'persist').mockResolvedValue(false);
    onTestFinished(() => persist.mockRestore());
    const root = open();
    await expect.poll(() => shown(root, '.notice', 'The browser may delete this data.')).toBe(true);
    the(root, '.notice button', 'Ask now').focus();
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => shown(root, '.notice', 'let users install the app')).toBe(true);
    persist.mockResolvedValue(true);
    the(root, '.notice button', 'Ask now').click();
    await expect.poll(() => shown(root, '.notice')).toBe(false);
    expect(shown(root, '.facts', 'granted: the browser does not delete data automatically')).toBe(true);
  });
});

it('explains a memory-only session, and counts and downloads what is loaded', async () => {
  const plain = await createAccountNode();
  const plainSync = createFakeSync(plain, Date.now());
  plainSync.setState({ storage: { kind: 'memory', state: 'memory-only' } });
  const { root } = mountOpenly({ target: plainSync, open: true });
  the(root, '[role=tab]', 'Storage').click();
  await expect.poll(() => shown(root, '.notice', 'Nothing is saved on this device.')).toBe(true);
  expect(the(root, '[role=tab]', 'Storage').textContent).toContain('nothing saved');
  expect(shown(root, '.room')).toBe(false);
  the(root, 'button', 'Count by type').click();
  await expect.poll(() => shown(root, '.foot', 'In memory')).toBe(true);
  const downloads = watchDownloads();
  the(root, 'button', 'Everything').click();
  await expect.poll(() => downloads.length).toBe(1);
  expect(await downloads[0]?.text).toContain('"of":"memory"');
});

import type { LocalNode, RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createKernelError } from '../../src/base/kernel-error.ts';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import {
  closedChannel,
  connectedRelay,
  createFakeSync,
  fakePeerID,
  type FakeSync,
  unconfirmedEdits,
} from '../../test/support/sync/fake-sync.ts';
import { mountOpenly, the } from '../panel-in-test.ts';

let node: LocalNode;
let sync: FakeSync;
let map: RawCoMap;
let atMs: number;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  node = await createAccountNode();
  atMs = Date.now();
  sync = createFakeSync(node, atMs);
  map = node.createGroup().createMap();
  map.set('name', '<b>Mooring</b> note');
  map.set('crane', 'Tomas');
});

function open(): ShadowRoot {
  const { root } = mountOpenly({ target: sync, open: true });
  the(root, '[role=tab]', 'Messages').click();
  return root;
}

const say = (kind: 'sent' | 'received', message: object, laterMs = 0) =>
  sync.frame({ kind, peerID: fakePeerID, atMs: atMs + laterMs, text: JSON.stringify(message) });
const content = () => map.core.newContentSince()?.[0] ?? {};
const known = () => ({ action: 'known', ...map.core.knownState() });
const load = (index: number) => ({
  ...{ action: 'load', id: `co_z${String(index).padStart(6, '0')}QdMrJtUeyKxHfWbGaS`.replaceAll('0', 'A') },
  ...{ header: false, sessions: {} },
});
const rowsOf = (root: ShadowRoot) => [...root.querySelectorAll<HTMLElement>('.rows [data-number]')];
const numbersOf = (root: ShadowRoot) => rowsOf(root).map((row) => Number(row.dataset['number']));
const wordsOf = (element: HTMLElement) => element.innerText.replaceAll(/\s+/g, ' ').trim();
const grid = (root: ShadowRoot) => the(root, '[role=grid]', 'Messages');

describe('Messages', () => {
  it('explains the empty view', async () => {
    const root = open();
    await expect.poll(() => root.textContent).toContain('No messages yet');
    say('received', { type: 'ping', time: 5 });
    await expect.poll(() => root.textContent).toContain('Only pings so far');
    the(root, '.empty button', 'Show 1 ping').click();
    await expect.poll(() => numbersOf(root)).toEqual([1]);
  });

  it('shows messages from before it was opened, linked to their confirmations', async () => {
    const { root } = mountOpenly({ target: sync });
    say('sent', content());
    say('received', known(), 212);
    const error = createKernelError('RELAY_SILENT', 'No bytes for 10 s.');
    sync.frame({ kind: 'closed', ...closedChannel, peerID: fakePeerID, atMs: atMs + 300, error });
    the(root, '.corner').click();
    await expect.poll(() => root.querySelector('[role=tab]')).not.toBeNull();
    the(root, '[role=tab]', 'Messages').click();
    await expect.poll(() => rowsOf(root).length).toBe(3);
    const [sent, received, closed] = rowsOf(root).map(wordsOf);
    expect(sent).toMatch(/^sent [\d:.]{12} content <b>Mooring<\/b> note 2 edits, medium [\d.]+ ?k?B 212 ms$/);
    expect(received).toMatch(/^received [\d:.]{12} known <b>Mooring<\/b> note has 2 edits \d+ B of #1$/);
    expect(closed).toContain('RELAY_SILENT: No bytes for 10 s.');
    the(root, '.rows button', '#1').click();
    await expect.poll(() => the(root, '.message-detail').getAttribute('aria-label')).toBe('Message #1');
    const detail = the(root, '.message-detail');
    await expect.poll(() => wordsOf(detail)).toContain('set crane "Tomas"');
    expect(wordsOf(detail)).toContain('by #2, 212 ms later');
    expect(rowsOf(root)[1]?.classList.contains('mate')).toBe(true);
    the(root, '.message-detail .link', '#2').click();
    await expect.poll(() => the(root, '.message-detail').getAttribute('aria-label')).toBe('Message #2');
    await expect.poll(() => wordsOf(the(root, '.message-detail'))).toContain('Confirms #1');
    the(root, '.message-detail [role=tab]', 'Raw').click();
    await expect.poll(() => root.querySelector('.raw')?.textContent).toBe(JSON.stringify(known()));
    expect(root.querySelector('.message-detail b b, .rows b b')).toBeNull();
  });

  it('marks a closed channel as a failure only if this device did not close it', async () => {
    const root = open();
    const close = (code: 'ABORTED' | 'RELAY_SILENT', message: string) =>
      sync.frame({
        kind: 'closed',
        ...closedChannel,
        peerID: fakePeerID,
        atMs,
        error: createKernelError(code, message),
      });
    close('ABORTED', 'This device closed the connection.');
    close('RELAY_SILENT', 'No bytes for 10 s.');
    await expect.poll(() => rowsOf(root).length).toBe(2);
    expect(rowsOf(root).map((row) => row.classList.contains('bad'))).toEqual([false, true]);
    expect(rowsOf(root).map(wordsOf)).toEqual([
      expect.stringMatching(/closed by this device$/),
      expect.stringMatching(/closed RELAY_SILENT: No bytes for 10 s\.$/),
    ]);
  });

  it('hides the echoes that measure the round trip, like pings', async () => {
    const root = open();
    say('sent', { maia: 'echo', t: 5 });
    say('received', { maia: 'echoed', t: 5 });
    say('received', known());
    await expect.poll(() => numbersOf(root)).toEqual([3]);
    expect(the(root, '.foot').textContent).toContain('2 pings hidden');
    the(root, '.foot .link', 'show').click();
    await expect
      .poll(() => rowsOf(root).map(wordsOf).join())
      .toMatch(/measures the round trip.*answers an echo/);
  });

  it('keeps the time of each message at every width', async () => {
    for (const [width, rowHeight] of [
      [1000, 40],
      [378, 40],
      [1360, 24],
    ] as const) {
      await page.viewport(width, 800);
      const { root, unmount } = mountOpenly({ target: sync, open: true });
      the(root, '[role=tab]', 'Messages').click();
      say('sent', content());
      await expect.poll(() => rowsOf(root).length).toBeGreaterThan(0);
      rowsOf(root)[0]?.click();
      await expect.poll(() => root.querySelector('.message-detail')).not.toBeNull();
      const time = the(root, '.rows .time');
      expect(time.checkVisibility()).toBe(true);
      expect(time.scrollWidth).toBeLessThanOrEqual(time.clientWidth);
      expect(rowsOf(root)[0]?.offsetHeight).toBe(rowHeight);
      unmount();
    }
  });

  it('shows how long a message has been unconfirmed', async () => {
    say('sent', content());
    atMs -= 20_000;
    const root = open();
    say('sent', content());
    await expect.poll(() => rowsOf(root).map(wordsOf).join()).toMatch(/none for 2\d s/);
    rowsOf(root)[0]?.click();
    await expect
      .poll(() => wordsOf(the(root, '.message-detail')))
      .toMatch(/not yet: waiting since [\d:.]{12}, for 2\d s/);
    expect(root.querySelector('.rows .rung-mark')?.classList.contains('stuck')).toBe(true);
  });

  it('filters by type, text and pattern, and hides pings by default', async () => {
    const root = open();
    say('sent', content());
    say('received', known());
    say('received', { type: 'ping', time: 5 });
    say('sent', load(1));
    await expect.poll(() => numbersOf(root)).toEqual([1, 2, 4]);
    expect(the(root, '.facet', 'All').textContent).toBe('All 3');
    expect(the(root, '.foot').textContent).toContain('1 ping hidden');
    the(root, '.foot .link', 'show').click();
    await expect.poll(() => numbersOf(root)).toEqual([1, 2, 3, 4]);
    the(root, '.facet', 'known').click();
    await expect.poll(() => numbersOf(root)).toEqual([2]);
    the(root, '.facet', 'known').click();
    the(root, 'input', 'Filter messages').focus();
    await userEvent.keyboard('mooring');
    await expect.poll(() => numbersOf(root)).toEqual([1, 2]);
    await userEvent.clear(the(root, 'input', 'Filter messages'));
    the(root, 'button', 'Regular expression').click();
    the(root, 'input', 'Filter messages').focus();
    await userEvent.keyboard('^(ping|load)');
    await expect.poll(() => numbersOf(root)).toEqual([3, 4]);
    await userEvent.keyboard('x(');
    await expect.poll(() => root.textContent).toContain('None of 4 messages matches');
    the(root, '.empty button', 'Show all').click();
    await expect.poll(() => numbersOf(root)).toEqual([1, 2, 3, 4]);
  });

  it('follows the newest until the user scrolls up, then counts new messages', async () => {
    const root = open();
    for (let index = 0; index < 2_000; index++) say('sent', load(index));
    await expect.poll(() => numbersOf(root).at(-1)).toBe(2_000);
    expect(rowsOf(root).length).toBeLessThan(60);
    expect(new Set(rowsOf(root).map((row) => row.offsetHeight))).toEqual(new Set([24]));
    expect(the(root, '.foot').textContent).toContain('following the newest');

    grid(root).scrollTop = 24_000;
    await expect.poll(() => the(root, '.foot').textContent).toContain('jump to the newest');
    await expect.poll(() => numbersOf(root)).toContain(1_001);
    for (let index = 0; index < 12; index++) say('sent', load(index));
    await expect.poll(() => the(root, '.foot').textContent).toContain('12 new');
    expect(grid(root).scrollTop).toBe(24_000);
    the(root, '.foot .link', '12 new').click();
    await expect.poll(() => numbersOf(root).at(-1)).toBe(2_012);
    await expect.poll(() => the(root, '.foot').textContent).toContain('following the newest');
  });

  it('stays where the user has scrolled, even if a message arrives before the browser reports the scroll', async () => {
    const root = open();
    for (let index = 0; index < 2_000; index++) say('sent', load(index));
    await expect.poll(() => numbersOf(root).at(-1)).toBe(2_000);
    root.addEventListener('scroll', (event) => event.stopImmediatePropagation(), true);
    grid(root).scrollTop = 24_000;
    say('sent', load(0));
    await expect.poll(() => the(root, '.foot').textContent).toContain('2,001 messages');
    await expect.poll(() => the(root, '.foot').textContent).toContain('jump to the newest');
    expect(grid(root).scrollTop).toBe(24_000);
  });

  it('supports keyboard navigation', async () => {
    const root = open();
    for (let index = 0; index < 300; index++) say('sent', load(index));
    await expect.poll(() => numbersOf(root).at(-1)).toBe(300);
    grid(root).focus();
    const chosen = () => {
      const id = grid(root).getAttribute('aria-activedescendant');
      return id === null ? undefined : root.getElementById(id)?.dataset['number'];
    };
    await userEvent.keyboard('{Home}');
    await expect.poll(chosen).toBe('1');
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    await expect.poll(chosen).toBe('3');
    await userEvent.keyboard('{End}{ArrowUp}');
    await expect.poll(chosen).toBe('299');
    expect(the(root, '.message-detail').getAttribute('aria-label')).toBe('Message #299');
    the(root, '.message-detail [role=tab]', 'Decoded').focus();
    await userEvent.keyboard('{ArrowRight}');
    expect(root.activeElement?.textContent).toBe('Confirmation');
    expect(the(root, '.message-detail [role=tabpanel]').getAttribute('aria-labelledby')).toBe(
      'message-tab-Confirmation',
    );
  });

  it('opens an exported file and returns to the session', async () => {
    const root = open();
    say('sent', content());
    say('received', known(), 40);
    await expect.poll(() => numbersOf(root)).toEqual([1, 2]);
    const saved: string[] = [];
    const { createObjectURL } = URL;
    const blobs: Blob[] = [];
    URL.createObjectURL = (blob: Blob) => {
      blobs.push(blob);
      return createObjectURL(blob);
    };
    try {
      the(root, 'button', 'Export HAR or NDJSON').click();
      await expect.poll(() => root.querySelector('.choice')).not.toBeNull();
      the(root, '.strip button', 'Save as NDJSON').click();
      await expect.poll(() => blobs.length).toBe(1);
      saved.push(...(await Promise.all(blobs.map((blob) => blob.text()))));
    } finally {
      URL.createObjectURL = createObjectURL;
    }
    expect(saved[0]).not.toContain('encrypted_U');

    const choose = async (name: string, text: string) => {
      const input = the(root, 'input[type=file]', 'Import NDJSON') as HTMLInputElement;
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], name));
      input.files = transfer.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
      await expect.poll(() => input.value).toBe('');
    };
    await choose('evil.ndjson', '{"maia":"<img src=x>"}');
    await expect
      .poll(() => root.querySelector('[role=alert]')?.textContent)
      .toContain('Cannot read this file: line 1 is not the head of a message export. Nothing was changed.');
    expect(numbersOf(root)).toEqual([1, 2]);

    await choose('monday.ndjson', saved[0] ?? '');
    await expect.poll(() => the(root, '.reading').textContent).toContain('Reading “monday.ndjson”');
    expect(root.querySelector('[role=alert]')).toBeNull();
    say('sent', load(1));
    await expect.poll(() => rowsOf(root).map(wordsOf).join()).toContain('40 ms');
    expect(numbersOf(root)).toEqual([1, 2]);
    the(root, 'button', 'Back to this session').click();
    await expect.poll(() => numbersOf(root)).toEqual([1, 2, 3]);
  });

  it('shows each button, and to which relay it was sent, above a message', async () => {
    const url = `wss://${'harbour-'.repeat(6)}office.example/sync`;
    sync.setState({ peers: [{ ...connectedRelay(atMs), url }] });
    sync.setUnsynced(unconfirmedEdits(1).map((edit) => ({ ...edit, id: map.id })));
    const root = open();
    say('sent', content());
    await expect.poll(() => rowsOf(root)).toHaveLength(1);
    rowsOf(root)[0]?.click();
    const top = () => the(root, '.message-detail .top');
    await expect.poll(() => top().textContent).toContain('Explain');
    for (const width of [1280, 1000, 821, 390]) {
      await page.viewport(width, 800);
      await expect.poll(() => document.documentElement.clientWidth).toBe(width);
      expect([width, top().scrollWidth]).toEqual([width, top().clientWidth]);
      const relay = the(root, '.message-detail .top .relay', 'to harbour');
      expect(relay.offsetWidth).toBeGreaterThan(60);
      expect(relay.scrollWidth).toBeLessThanOrEqual(relay.clientWidth);
    }
  });
});

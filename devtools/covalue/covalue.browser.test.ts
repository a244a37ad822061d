import type { LocalNode, RawCoMap, RawGroup } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import {
  connectedRelay,
  createFakeSync,
  fakePeerID,
  type FakeSync,
} from '../../test/support/sync/fake-sync.ts';
import { mountOpenly, the } from '../panel-in-test.ts';

let node: LocalNode;
let sync: FakeSync;
let group: RawGroup;
let map: RawCoMap;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  node = await createAccountNode();
  sync = createFakeSync(node, Date.now());
  group = node.createGroup();
  map = group.createMap(undefined, { type: 'crew/v2' });
  map.set('name', '<b>Mooring</b> note', 'private');
  map.set('<i>ana</i>', { role: '<img src=x>', since: { year: 2024 } }, 'private');
});

async function open(): Promise<ShadowRoot> {
  const { root } = mountOpenly({ target: sync, open: true });
  the(root, '[role=tab]', 'CoValue').click();
  await expect.poll(() => root.querySelector('[role=combobox]')).not.toBeNull();
  return root;
}

async function goTo(root: ShadowRoot, text: string): Promise<void> {
  the(root, '[role=combobox]').focus();
  await userEvent.keyboard(`${text}{Enter}`);
}

async function openAt(id: string): Promise<ShadowRoot> {
  const root = await open();
  await goTo(root, id);
  await expect.poll(() => root.querySelector('.covalue, .whole-id')).not.toBeNull();
  return root;
}

/** After each reading, the panel pauses for a hundred times the reading's duration. */
const soon = { timeout: 10_000 };
const wordsOf = (element: HTMLElement) => element.innerText.replaceAll(/\s+/g, ' ').trim();
const part = (root: ShadowRoot, name: string) => the(root, 'section', name);
const rowsOf = (root: ShadowRoot, label: string) => [
  ...the(root, '.windowed', label).querySelectorAll<HTMLElement>(
    '[role=row]:not(.table-head), [role=treeitem]',
  ),
];
const textsOf = (root: ShadowRoot, label: string) => rowsOf(root, label).map(wordsOf);
const chosen = (root: ShadowRoot) => wordsOf(the(root, '.who .id'));

describe('CoValue', () => {
  it('shows all CoValues at first, and finds them by name with the keyboard', async () => {
    const root = await open();
    the(root, '[role=grid]', 'All CoValues');
    the(root, '[role=combobox]').focus();
    await userEvent.keyboard('mooring');
    await expect.poll(() => root.querySelectorAll('[role=option]').length).toBe(1);
    await userEvent.keyboard('{ArrowDown}');
    const field = the(root, '[role=combobox]');
    expect(root.getElementById(field.getAttribute('aria-activedescendant') ?? '')?.textContent).toContain(
      'Mooring',
    );
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => wordsOf(the(root, '.who'))).toContain('<b>Mooring</b> note CoMap');
    expect(wordsOf(the(root, '[role=tab]', 'CoValue'))).toContain('<b>Mooring</b> note');
    await userEvent.keyboard('nowhere');
    await expect.poll(() => wordsOf(the(root, '.nothing'))).toContain('No loaded CoValue has this name');
    // The first Escape closes only the list.
    await userEvent.keyboard('{Escape}');
    expect(root.querySelector('.panel')).not.toBeNull();
  });

  it('fits the narrow right dock before a CoValue is chosen, whatever the names are', async () => {
    localStorage.setItem('maia-devtools', JSON.stringify({ dock: 'right', width: 320 }));
    for (let n = 0; n < 3; n++) {
      const name = 'Everything that has to be on board before the ferry leaves at noon';
      group.createMap().set('name', name, 'private');
    }
    const root = await open();
    await expect.poll(() => root.textContent).toContain('Everything that has to be on board');
    const view = the(root, '#view').getBoundingClientRect();
    for (const part of root.querySelectorAll('#view :is(h2, h3, p, button, input, select)')) {
      if (!part.checkVisibility() || part.closest('.hidden')) continue;
      const { left, right } = part.getBoundingClientRect();
      expect(left, part.outerHTML).toBeGreaterThanOrEqual(view.left);
      expect(right, part.outerHTML).toBeLessThanOrEqual(view.right);
    }
  });

  it('shows header, members, sessions, transactions and value, with markup as plain text', async () => {
    group.addMember('everyone', 'reader');
    const root = await openAt(map.id);
    const header = wordsOf(part(root, 'Header'));
    expect(header).toMatch(
      /Kind comap Created \d+ \w+ \d{4}, \d\d:\d\d Owned by co_z\w{4}…\w{5} Meta \{type: "crew\/v2"\}/,
    );
    expect(header).toMatch(/Size 2 transactions, \d+ B/);
    await expect.poll(() => textsOf(root, 'Members')).toEqual(['Ana you admin', 'everyone reader']);
    expect(wordsOf(part(root, 'Group'))).toContain('2 members, 1 key');
    expect(textsOf(root, 'Sessions')).toEqual([expect.stringMatching(/^Ana, this tab z\w+ 2 –$/)]);
    const [second, first] = textsOf(root, 'Transactions');
    expect(second).toMatch(
      /^2 Ana .*[\d:.]{12} set <i>ana<\/i> = \{role: "<img src=x>", since: \{year: 2024\}\} \d+ B$/,
    );
    expect(first).toMatch(/^1 Ana .* set name = "<b>Mooring<\/b> note" \d+ B$/);
    expect(textsOf(root, 'Value')).toEqual([
      'name "<b>Mooring</b> note"',
      '▸ <i>ana</i> {2} {role: "<img src=x>", since: {year: 2024}}',
    ]);
    expect(root.querySelector('.covalue img, .covalue i, .covalue b')).toBeNull();
  });

  it('shows new transactions, but does not move the list after the user scrolls', async () => {
    for (let index = 0; index < 250; index++) map.set('n', index, 'private');
    const root = await openAt(map.id);
    await expect.poll(() => textsOf(root, 'Transactions')[0], soon).toContain('set n = 249');
    map.set('n', 'new', 'private');
    await expect.poll(() => textsOf(root, 'Transactions')[0], soon).toContain('set n = "new"');
    expect(wordsOf(part(root, 'Header'))).toContain('253 transactions');

    const list = the(root, '.windowed', 'Transactions');
    list.scrollTop = 80 * 26;
    await expect.poll(() => textsOf(root, 'Transactions').join()).toContain('set n = 165');
    map.set('n', 'newer', 'private');
    map.set('n', 'newest', 'private');
    await expect.poll(() => wordsOf(part(root, 'Transactions')), soon).toContain('2 newer transactions');
    expect(list.scrollTop).toBe(80 * 26);
    the(root, '.cap .link', '2 newer transactions').click();
    await expect.poll(() => textsOf(root, 'Transactions')[0], soon).toContain('set n = "newest"');
  });

  it('loads more at the end of the list, and keeps only visible rows in the document', async () => {
    for (let index = 0; index < 250; index++) map.set('n', index, 'private');
    const root = await openAt(map.id);
    const list = the(root, '.windowed', 'Transactions');
    const count = () => Number(list.getAttribute('aria-rowcount'));
    await expect.poll(count).toBe(100);
    list.scrollTop = list.scrollHeight;
    await expect.poll(count).toBe(200);
    list.scrollTop = list.scrollHeight;
    await expect.poll(count).toBe(252);
    list.scrollTop = list.scrollHeight;
    await expect.poll(() => textsOf(root, 'Transactions').at(-1)).toContain('set name =');
    expect(rowsOf(root, 'Transactions').length).toBeLessThan(60);
    expect(new Set(rowsOf(root, 'Transactions').map((row) => row.offsetHeight))).toEqual(new Set([26]));
  });

  it('marks what a relay has lacked for too long', async () => {
    const { ConnectedPeerChannel } = (await import('cojson')).cojsonInternals;
    const outgoing = { push: () => {}, close: () => {}, onClose: () => {} };
    node.syncManager.addPeer({
      id: fakePeerID,
      role: 'server',
      incoming: new ConnectedPeerChannel(),
      outgoing,
    });
    const { id } = map;
    const sessions = { [node.currentSessionID]: 1 };
    node.syncManager.peers[fakePeerID]?.setKnownState(id, { id, header: true, sessions });
    const edit = { id, saved: 'reached', sent: 'reached', missingAtPeerIDs: [fakePeerID] } as const;
    // In the future, so that it stays recent on a slow machine.
    const recentMs = Date.now() + 3_600_000;
    sync.setUnsynced([{ ...edit, sinceMs: recentMs, confirmed: 'pending', durable: 'pending' }]);
    const root = await openAt(id);
    expect(textsOf(root, 'Sessions')[0]).toMatch(/ 2 1$/);
    expect(root.querySelector('.less, .missing')).toBeNull();
    sync.setUnsynced([{ ...edit, sinceMs: Date.now() - 60_000, confirmed: 'pending', durable: 'pending' }]);
    await expect.poll(() => root.querySelector('.less.warn')?.textContent.trim(), soon).toBe('1');
    expect(wordsOf(the(root, '.tree-line.missing'))).toContain('not at relay.example');
    const url = `wss://${'harbour-'.repeat(6)}office.example/sync`;
    sync.setState({ peers: [{ ...connectedRelay(0), url }] });
    await expect.poll(() => wordsOf(the(root, '.tree-line.missing')), soon).toContain('not at harbour');
    const key = the(root, '.tree-line.missing .key');
    expect(key.scrollWidth).toBe(key.clientWidth);
    the(root, '.covalue-bar .button', 'Explain').click();
    await expect.poll(() => root.querySelector('.detail')?.getAttribute('aria-label')).toContain('Mooring');
    the(root, '.detail .button', 'Open the CoValue').click();
    await expect.poll(() => root.querySelector('.covalue')).not.toBeNull();
  });

  it('shows the names of several relays and the verdict whole in narrow panels', async () => {
    const url = `wss://${'harbour-'.repeat(6)}office.example/sync`;
    const relay = connectedRelay(0);
    sync.setState({
      peers: [
        { ...relay, url },
        { ...relay, id: 'other', url: 'wss://other.example/sync' },
      ],
    });
    const edit = { id: map.id, saved: 'reached', sent: 'reached', missingAtPeerIDs: [fakePeerID] } as const;
    sync.setUnsynced([{ ...edit, sinceMs: Date.now() - 60_000, confirmed: 'pending', durable: 'pending' }]);
    const root = await openAt(map.id);
    const sessions = () => wordsOf(part(root, 'Sessions'));
    await expect.poll(sessions, soon).toMatch(/here, at harbour-\S+office\.example, at other\.example/);
    await page.viewport(1130, 800);
    await expect.poll(() => document.documentElement.clientWidth).toBe(1130);
    const who = the(root, '.covalue-bar .who');
    expect(who.scrollWidth).toBeLessThanOrEqual(who.clientWidth);
    for (const width of [1000, 821, 390]) {
      await page.viewport(width, 800);
      await expect.poll(() => document.documentElement.clientWidth).toBe(width);
      expect(the(root, '.windowed', 'Transactions').clientHeight).toBeGreaterThan(52);
      for (const words of root.querySelectorAll<HTMLElement>('.verdict-words, .covalue-sessions .cap > *'))
        expect([width, words.innerText, words.scrollWidth]).toEqual([
          width,
          words.innerText,
          words.clientWidth,
        ]);
    }
  });

  it('supports keyboard navigation in the open part of the value', async () => {
    const root = await openAt(map.id);
    await expect.poll(() => textsOf(root, 'Value').length).toBe(2);
    const tree = the(root, '[role=tree]');
    tree.focus();
    const active = () => {
      const active = root.getElementById(tree.getAttribute('aria-activedescendant') ?? '');
      return active && wordsOf(active);
    };
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    await expect.poll(active).toContain('<i>ana</i>');
    await userEvent.keyboard('{ArrowRight}');
    await expect
      .poll(() => textsOf(root, 'Value').slice(1))
      .toEqual([...['▾ <i>ana</i> {2}', 'role "<img src=x>"', '▸ since {1} {year: 2024}']]);
    await userEvent.keyboard('{End}{Enter}');
    await expect.poll(() => textsOf(root, 'Value').at(-1)).toBe('year 2024');
    expect(rowsOf(root, 'Value').map((row) => row.getAttribute('aria-level'))).toEqual([
      '1',
      '1',
      '2',
      '2',
      '3',
    ]);
    await userEvent.keyboard('{ArrowLeft}{ArrowLeft}');
    await expect.poll(active).toContain('<i>ana</i>');
    await userEvent.keyboard('{ArrowLeft}');
    await expect.poll(() => textsOf(root, 'Value').length).toBe(2);
  });

  it('shows a hundred keys at first, and more on demand', async () => {
    map.assign(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`key ${index}`, index])));
    const root = await openAt(map.id);
    const tree = the(root, '[role=tree]');
    await expect.poll(() => wordsOf(part(root, 'Value'))).toContain('CoMap, 1,002 keys');
    tree.scrollTop = tree.scrollHeight;
    await expect.poll(() => textsOf(root, 'Value').at(-1)).toBe('100 more of 902');
    rowsOf(root, 'Value').at(-1)?.click();
    await expect
      .poll(() => {
        tree.scrollTop = tree.scrollHeight;
        return textsOf(root, 'Value').at(-1);
      })
      .toBe('100 more of 802');
    await expect.poll(() => textsOf(root, 'Value').join()).toContain('key 197');
    expect(rowsOf(root, 'Value').length).toBeLessThan(60);
  });

  it('follows a reference in a value, and goes back', async () => {
    const picture = group.createBinaryStream();
    picture.startBinaryStream({ mimeType: 'image/png', fileName: 'pier.png', totalSizeBytes: 2_400_000 });
    map.set('photo', picture.id, 'private');
    const root = await openAt(map.id);
    const before = chosen(root);
    await expect.poll(() => textsOf(root, 'Value').length).toBe(3);
    rowsOf(root, 'Value').at(-1)?.click();
    await expect.poll(() => chosen(root)).not.toBe(before);
    await expect
      .poll(() => wordsOf(part(root, 'Value')))
      .toMatch(
        /Type image\/png File pier.png Size 2.4 MB Complete no: the end has not arrived Bytes not shown/,
      );
    the(root, 'button', 'Back to the previous CoValue').click();
    await expect.poll(() => chosen(root)).toBe(before);
    expect(the(root, 'button', 'Back to the previous CoValue').hasAttribute('disabled')).toBe(true);
  });

  it('shows the roles in a group, but none of its keys', async () => {
    group.addMember('everyone', 'reader');
    const root = await openAt(group.id);
    await expect.poll(() => textsOf(root, 'Value').join()).toContain('readKey key, not shown');
    expect(textsOf(root, 'Value').join()).toMatch(/key_z\w{3}…\w{5}_for_everyone key, not shown/);
    expect(textsOf(root, 'Transactions').join()).toContain('set readKey = key, not shown');
    expect(root.innerHTML).not.toMatch(/Secret_z|sealed_U/);
  });

  it('explains what to do for a CoValue not in memory, and loads it only on demand', async () => {
    const root = await openAt('co_zNowhere');
    expect(wordsOf(the(root, '.empty'))).toContain(
      'Not in memory co_zNowhere This page has not asked for it yet',
    );
    expect(node.isCoValueInMemory('co_zNowhere')).toBe(false);
    the(root, '.empty .button', 'Load it').click();
    await expect.poll(() => wordsOf(the(root, '.empty')), soon).toContain('Not found');
    await goTo(root, 'co_<img src=x>');
    await expect
      .poll(() => wordsOf(the(root, '.empty')), soon)
      .toContain('Not the ID of a CoValue co_<img src=x>');
    expect(root.querySelector('img')).toBeNull();
  });

  it('opens a CoValue that the app has not opened only on demand', async () => {
    Reflect.set(map.core, '_cachedContent', undefined);
    const root = await openAt(map.id);
    expect(wordsOf(part(root, 'Value'))).toContain('The app has not opened it on this page');
    the(root, '.covalue-value .button', 'Open it').click();
    await expect.poll(() => textsOf(root, 'Value'), soon).toContain('name "<b>Mooring</b> note"');
  });

  it('asks the relay only on demand, and explains a missing answer', async () => {
    const root = await openAt(map.id);
    the(root, '.covalue-sessions .button', 'Ask the relay').click();
    await expect.poll(() => wordsOf(part(root, 'Sessions'))).toContain('relay.example cannot be asked');
    expect(the(root, '.covalue-sessions .button').textContent).toBe('Ask again');
    expect(textsOf(root, 'Sessions')[0]).toMatch(/ 2 – –$/);
  });
});

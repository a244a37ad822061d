import { beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { createFakeSync, unconfirmedEdits, type FakeSync } from '../../test/support/sync/fake-sync.ts';
import {
  createFakeTabs,
  factsOfTab,
  fakeSessionID,
  type FakeTabs,
} from '../../test/support/sync/fake-tabs.ts';
import { mountOpenly, the } from '../panel-in-test.ts';

const node = await createAccountNode();
const [mine, yours] = [fakeSessionID('Mine'), fakeSessionID('Yours')];
const some = (coValues: number, change: object = {}) => ({
  ...{ coValues, oldestSinceMs: Date.now() - 60_000, ids: [] },
  ...change,
});

/** Edits left behind are known once each tab has had a second to answer. */
const inTime = { timeout: 8_000 };

let sync: FakeSync;
let tabs: FakeTabs;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  sync = createFakeSync(node, Date.now());
  tabs = createFakeTabs('Mine');
});

function open(): ShadowRoot {
  const { root } = mountOpenly({ target: sync, open: true });
  the(root, '[role=tab]', 'Tabs').click();
  return root;
}
const rowsOf = (root: ShadowRoot) => [...root.querySelectorAll<HTMLElement>('[data-tab]')];
const cellsOf = (row: Element | undefined) =>
  [...(row?.querySelectorAll('[role=gridcell]') ?? [])].map(({ textContent }) => textContent);
const rowOf = (root: ShadowRoot, sessionID: string) =>
  rowsOf(root).find(({ dataset }) => dataset['tab'] === sessionID);
const stat = (root: ShadowRoot) => the(root, '[role=tab]', 'Tabs').querySelector('.stat');

describe('Tabs', () => {
  it('shows every tab and its reports, this one first', async () => {
    sync.setTabs(tabs);
    tabs.setOwn({ title: 'Shifts', unconfirmed: some(4) });
    tabs.answers(factsOfTab('Yours', { title: 'Photos', unconfirmed: some(3) }));
    tabs.answers(
      factsOfTab('Third', { title: '<img src=x>', relays: [{ host: 'relay.example', phase: 'waiting' }] }),
    );
    const root = open();
    await expect
      .poll(() => rowsOf(root).map(cellsOf))
      .toEqual([
        ['Shiftsthis tab', 'zMine', 'visible', 'uploads its own edits', '4', 'now'],
        ['<img src=x>', 'zThird', 'hidden', 'waits for relay.example', '0', 'now'],
        ['Photos', 'zYours', 'hidden', 'uploads its own edits', '3', 'now'],
      ]);
    expect(stat(root)?.textContent.trim()).toBe('3');
    expect(stat(root)?.classList).not.toContain('warn');
    expect(root.querySelector('.view .empty')).toBeNull();
  });

  it('explains the view if there is no other tab', async () => {
    sync.setTabs(tabs);
    const root = open();
    await expect.poll(() => root.textContent).toContain('Open the app in a second tab');
    expect(rowsOf(root)).toHaveLength(1);
  });

  it('explains why other tabs cannot be reached', async () => {
    const root = open();
    await expect.poll(() => root.textContent).toContain('Other tabs cannot be reached');
    expect(stat(root)?.textContent.trim()).toBe('1');
  });

  it('warns about edits that a closed tab left, and shows who uploads them, with evidence', async () => {
    const [edit] = unconfirmedEdits(1);
    if (!edit) throw new Error('one was asked for');
    sync.setUnsynced([edit]);
    sync.setTabs(tabs);
    tabs.answers(factsOfTab('Yours', { title: 'Photos' }));
    tabs.setHeld([mine, yours]);
    const root = open();
    await expect.poll(() => rowsOf(root)).toHaveLength(2);
    tabs.silence(yours);
    tabs.post({ v: 1, from: yours, kind: 'bye' });
    tabs.setHeld([mine]);
    tabs.setUnconfirmed(new Map([[yours, some(1, { ids: [edit.id] })]]), undefined);
    await expect.poll(() => stat(root)?.classList, inTime).toContain('warn');
    const cells = () => cellsOf(rowOf(root, yours)).slice(1, 5);
    expect(cells()).toEqual(['zYours', 'left', 'no tab has taken over its edits yet', '1']);
    expect(the(root, '.foot').textContent).toContain('A closed tab left unconfirmed edits');
    rowOf(root, yours)?.click();
    await expect.poll(() => root.querySelector('.tab-detail .next')?.textContent).toContain('Keep a tab');
    for (const width of [821, 1280]) {
      await page.viewport(width, 800);
      await expect.poll(() => document.documentElement.clientWidth).toBe(width);
      const advice = the(root, '.foot > span:last-child', 'A closed tab');
      expect([width, advice.scrollWidth]).toEqual([width, advice.clientWidth]);
    }
    const details = the(root, '.tab-detail');
    expect(details.textContent).toContain('Left 1 CoValue unconfirmed');
    expect(details.textContent).toMatch(/Session lock\s*free: no tab holds the session/);
    expect(details.textContent).toContain(yours);

    tabs.setUnconfirmed(new Map([[yours, some(1, { ids: [edit.id] })]]), mine);
    await expect.poll(() => cells()[2]).toBe('this tab uploads the edits');
    expect(cellsOf(rowOf(root, mine))[3]).toBe('uploads its own and others’ edits');
    details.querySelector<HTMLElement>('.waiting button')?.click();
    await expect.poll(() => root.querySelector('.detail')?.textContent).toContain(edit.id);
    expect(the(root, '[role=tab][aria-selected=true]').textContent).toContain('Unsynced');
  });

  it('has a row for each earlier run that left edits', async () => {
    sync.setTabs(tabs);
    tabs.setUnconfirmed(
      new Map([
        [fakeSessionID('aa'), some(2)],
        [fakeSessionID('bb'), some(5)],
      ]),
    );
    const root = open();
    await expect
      .poll(() => rowsOf(root).slice(1).map(cellsOf), inTime)
      .toEqual([
        ['An earlier run', 'zaa', 'gone', 'no tab has taken over its edits yet', '2', 'none'],
        ['An earlier run', 'zbb', 'gone', 'no tab has taken over its edits yet', '5', 'none'],
      ]);
    rowsOf(root).at(-1)?.click();
    await expect
      .poll(() => root.querySelector('.tab-detail')?.textContent)
      .toContain('Left 5 CoValues unconfirmed');
  });

  it('shows the evidence about a silent tab', async () => {
    sync.setTabs(tabs);
    tabs.answers(factsOfTab('Yours', { title: 'Photos' }));
    tabs.setHeld([mine, yours]);
    const root = open();
    await expect.poll(() => rowsOf(root)).toHaveLength(2);
    tabs.silence(yours);
    await expect.poll(() => cellsOf(rowOf(root, yours))[2], inTime).toBe('silent');
    expect(cellsOf(rowOf(root, yours))[3]).toBe('holds its session but does not answer');
    expect(stat(root)?.textContent.trim()).toBe('2');
    rowOf(root, yours)?.click();
    await expect
      .poll(() => root.querySelector('.tab-detail')?.textContent)
      .toMatch(/Silent for .+ still holds its session.+Next:.+Bring that tab to the front/s);
  });

  it('supports keyboard navigation', async () => {
    sync.setTabs(tabs);
    for (const name of ['a', 'b', 'c']) tabs.answers(factsOfTab(name));
    const root = open();
    await expect.poll(() => rowsOf(root)).toHaveLength(4);
    const grid = the(root, '[role=grid]');
    grid.focus();
    const chosen = () => {
      const id = grid.getAttribute('aria-activedescendant');
      return id === null ? undefined : root.getElementById(id)?.dataset['tab'];
    };
    expect(chosen()).toBeUndefined();
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    await expect.poll(chosen).toBe(fakeSessionID('a'));
    await userEvent.keyboard('{End}');
    await expect.poll(chosen).toBe(fakeSessionID('c'));
    await userEvent.keyboard('{Home}');
    await expect.poll(chosen).toBe(mine);
    the(root, 'button', 'Close the details').click();
    await expect.poll(() => root.querySelector('.tab-detail')).toBeNull();
  });

  it('keeps every column and sentence inside a narrow panel', async () => {
    sync.setTabs(tabs);
    tabs.setOwn({ title: 'A title that goes on and on '.repeat(3) });
    tabs.answers(factsOfTab('Yours', { relays: [{ host: 'h'.repeat(80), phase: 'waiting' }] }));
    const root = open();
    await expect.poll(() => rowsOf(root)).toHaveLength(2);
    for (const width of [1280, 900, 480, 390]) {
      await page.viewport(width, 800);
      await expect.poll(() => document.documentElement.clientWidth).toBe(width);
      const grid = the(root, '[role=grid]');
      expect([width, grid.scrollWidth]).toEqual([width, grid.clientWidth]);
      for (const row of rowsOf(root)) expect(row.offsetHeight).toBe(width > 1120 ? 28 : 44);
    }
  });

  it('leaves room for each fact beside the name of a relay with a long host', async () => {
    sync.setTabs(tabs);
    tabs.answers(factsOfTab('Yours', { relays: [{ host: `${'h'.repeat(60)}.example`, phase: 'waiting' }] }));
    const root = open();
    await expect.poll(() => rowsOf(root)).toHaveLength(2);
    rowOf(root, yours)?.click();
    await expect.poll(() => root.querySelector('.tab-detail')).not.toBeNull();
    for (const width of [1280, 390]) {
      await page.viewport(width, 800);
      await expect.poll(() => document.documentElement.clientWidth).toBe(width);
      const body = the(root, '.tab-detail .body');
      expect([width, body.scrollWidth]).toEqual([width, body.clientWidth]);
      for (const fact of body.querySelectorAll('dd')) expect(fact.offsetWidth).toBeGreaterThan(100);
    }
  });

  it('keeps the names of tabs beside the details', async () => {
    sync.setTabs(tabs);
    tabs.setOwn({ title: 'A title that goes on and on '.repeat(3) });
    tabs.answers(factsOfTab('Yours', { title: 'Another title that goes on and on' }));
    const root = open();
    await expect.poll(() => rowsOf(root)).toHaveLength(2);
    rowOf(root, yours)?.click();
    await expect.poll(() => root.querySelector('.tab-detail')).not.toBeNull();
    for (const width of [1000, 900, 821, 390]) {
      await page.viewport(width, 800);
      await expect.poll(() => document.documentElement.clientWidth).toBe(width);
      for (const row of rowsOf(root))
        expect(row.querySelector<HTMLElement>('.name b')?.offsetWidth, `${width}`).toBeGreaterThan(40);
    }
  });
});

import type { LocalNode, RawGroup } from 'cojson';
import { flushSync } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { createFakeSync } from '../../test/support/sync/fake-sync.ts';
import { mountOpenly, the } from '../panel-in-test.ts';

let node: LocalNode;
let group: RawGroup;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  node = await createAccountNode();
  group = node.createGroup();
  for (const name of ['Crew', 'Anchor', 'Mooring']) group.createMap().set('name', name, 'private');
});

async function open(): Promise<ShadowRoot> {
  const { root } = mountOpenly({ target: createFakeSync(node, Date.now()), open: true });
  the(root, '[role=tab]', 'CoValue').click();
  await expect.poll(() => rowsOf(root).length).toBeGreaterThan(3);
  return root;
}

/** After each reading, the panel pauses for a hundred times the reading's duration. */
const soon = { timeout: 10_000 };
const rowsOf = (root: ShadowRoot) => [
  ...root.querySelectorAll<HTMLElement>('.all-table [role=row]:not(.table-head)'),
];
const namesOf = (root: ShadowRoot) => rowsOf(root).map((row) => row.querySelector('b')?.textContent);
const press = (root: ShadowRoot, name: string) => the(root, 'button', name).click();

describe('all CoValues', () => {
  it('has a row for each CoValue that the node knows, with owner, readers and size', async () => {
    const root = await open();
    const { length } = [...node.allCoValues()];
    expect(rowsOf(root)).toHaveLength(length);
    const row = the(root, '.all-table [role=row]', 'Mooring');
    expect(row.textContent).toMatch(/CoMap.*….* B/s);
    expect(the(root, '.foot').textContent).toContain(`${length} of ${length} CoValues`);
  });

  it('has room for the readers of a CoValue that is not opened', async () => {
    const other = await createAccountNode();
    const account = other.expectCurrentAccount('made above').core;
    for (const core of [account, other.createGroup().core])
      for (const message of core.newContentSince() ?? [])
        node.syncManager.handleNewContent(message, 'import');
    const root = await open();
    const cell = () => the(root, '.all-table [role=gridcell]', 'not opened');
    await expect.poll(() => cell().offsetHeight, soon).toBeLessThan(20);
    expect(cell().scrollWidth).toBeLessThanOrEqual(cell().clientWidth);
  });

  it('filters by text and kind, orders by a column, and keeps both when views change', async () => {
    const root = await open();
    press(root, 'CoMap');
    await userEvent.click(the(root, '[role=columnheader] button', 'CoValue'));
    await expect.poll(() => namesOf(root).slice(0, 4), soon).toEqual(['Ana', 'Anchor', 'Crew', 'Mooring']);
    await userEvent.click(the(root, '[role=columnheader] button', 'CoValue'));
    await expect
      .poll(
        () =>
          namesOf(root).includes('Mooring') &&
          namesOf(root).indexOf('Mooring') < namesOf(root).indexOf('Crew'),
        soon,
      )
      .toBe(true);
    expect(the(root, '[role=columnheader]', 'CoValue').ariaSort).toBe('descending');
    the(root, '.all-covalues input').focus();
    await userEvent.keyboard('anch');
    await expect.poll(() => namesOf(root), soon).toEqual(['Anchor']);
    the(root, '[role=tab]', 'Peers').click();
    the(root, '[role=tab]', 'CoValue').click();
    await expect.poll(() => namesOf(root), soon).toEqual(['Anchor']);
    the(root, '.all-covalues input').focus();
    await userEvent.keyboard('nowhere');
    await expect
      .poll(() => the(root, '.empty h3').textContent, soon)
      .toMatch(/^None of \d+ CoValues matches$/);
    press(root, 'Show all');
    await expect.poll(() => rowsOf(root).length, soon).toBe([...node.allCoValues()].length);
  });

  it('filters, orders and limits to a kind without reading the node again', async () => {
    const root = await open();
    const reads = vi.spyOn(Reflect.get(node, 'coValues') as Map<string, unknown>, 'values');
    const field = the(root, '.all-covalues input') as HTMLInputElement;
    // In one task, so that no reading that is due comes between.
    for (const text of ['m', 'mo', 'moo']) {
      field.value = text;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      flushSync();
    }
    expect(namesOf(root)).toEqual(['Mooring']);
    field.value = '';
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    press(root, 'CoMap');
    the(root, '[role=columnheader] button', 'CoValue').click();
    flushSync();
    expect(namesOf(root).slice(0, 4)).toEqual(['Ana', 'Anchor', 'Crew', 'Mooring']);
    expect(reads).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it('opens a CoValue with the keyboard, and returns to all', async () => {
    const root = await open();
    press(root, 'CoMap');
    await userEvent.click(the(root, '[role=columnheader] button', 'CoValue'));
    await expect.poll(() => namesOf(root)[1], soon).toBe('Anchor');
    the(root, '.all-table').focus();
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    await expect
      .poll(() => root.querySelector('.all-table [aria-selected=true]')?.textContent)
      .toContain('Anchor');
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => root.querySelector('.who')?.textContent, soon).toContain('Anchor');
    press(root, 'All CoValues');
    await expect.poll(() => namesOf(root)[1], soon).toBe('Anchor');
  });
});

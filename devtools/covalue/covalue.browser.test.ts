import type { LocalNode, RawCoMap, RawGroup } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { createAccountNode } from '../../src/testing/account-node.ts';
import { createFakeSync, type FakeSync } from '../../src/testing/fake-sync.ts';
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
  map = group.createMap();
  map.set('name', '<b>Mooring</b> note', 'private');
});

async function open(): Promise<ShadowRoot> {
  const { root } = mountOpenly({ target: sync, open: true });
  the(root, '[role=tab]', 'CoValue').click();
  await expect.poll(() => root.querySelector('[role=combobox]')).not.toBeNull();
  return root;
}
function choose(root: ShadowRoot, text: string): void {
  const field = the(root, 'input', 'Go to an id') as HTMLInputElement;
  field.value = text;
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
}
const wordsOf = (element: HTMLElement) => element.innerText.replaceAll(/\s+/g, ' ').trim();

describe('CoValue', () => {
  it('follows what is written while it is open', async () => {
    const root = await open();
    choose(root, map.id);
    await expect.poll(() => wordsOf(the(root, '.covalue-header'))).toContain('1 transaction');
    map.set('a', 1, 'private');
    await expect
      .poll(() => wordsOf(the(root, '.covalue-header')), { timeout: 5000 })
      .toContain('2 transactions');
    expect(wordsOf(the(root, '.covalue-transactions'))).toContain('set a = 1');
  });
});

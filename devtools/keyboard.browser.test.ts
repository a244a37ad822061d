import type { LocalNode } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createAccountNode } from '../test/support/session/account-node.ts';
import { createFakeSync, type FakeSync, unconfirmedEdits } from '../test/support/sync/fake-sync.ts';
import { mountDevtools, type DevtoolsOptions } from './index.ts';
import { isOpen, mountOpenly, the } from './panel-in-test.ts';
import { views } from './preferences.ts';

let node: LocalNode;
let sync: FakeSync;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  node = await createAccountNode();
  sync = createFakeSync(node, Date.now());
});

function mount(options: DevtoolsOptions = {}) {
  return mountOpenly({ target: sync, ...options });
}

describe('keyboard', () => {
  it('opens and closes with the hotkey, and moves the focus in and out', async () => {
    const { root } = mount();
    await userEvent.keyboard('{Alt>}{Shift>}m{/Shift}{/Alt}');
    await expect.poll(() => root.activeElement?.id).toBe('tab-unsynced');
    await userEvent.keyboard('{Alt>}{Shift>}m{/Shift}{/Alt}');
    await expect.poll(() => root.activeElement?.className).toBe('corner');
  });

  it('accepts a custom hotkey and rejects an invalid one', async () => {
    expect(() => mountDevtools({ target: sync, hotkey: 'M' })).toThrow(/is not a valid hotkey/);
    const { root } = mount({ hotkey: 'Ctrl+Alt+K' });
    await userEvent.keyboard('{Alt>}{Shift>}m{/Shift}{/Alt}');
    expect(isOpen(root)).toBe(false);
    await userEvent.keyboard('{Control>}{Alt>}k{/Alt}{/Control}');
    await expect.poll(() => isOpen(root)).toBe(true);
  });

  it.each(['input', 'textarea', 'select', 'div'])(
    'ignores the hotkey while the user types in %s',
    async (tag) => {
      const { root } = mount();
      const field = document.createElement(tag);
      if (tag === 'div') field.contentEditable = 'true';
      document.body.append(field);
      onTestFinished(() => field.remove());
      field.focus();
      await userEvent.keyboard('{Alt>}{Shift>}m{/Shift}{/Alt}');
      field.blur();
      await userEvent.keyboard('{Shift>}{/Shift}');
      expect(isOpen(root)).toBe(false);
    },
  );

  it('closes with Escape only if the focus is inside', async () => {
    const { root } = mount({ open: true });
    document.body.tabIndex = -1;
    document.body.focus();
    await userEvent.keyboard('{Escape}');
    expect(isOpen(root)).toBe(true);
    the(root, '[role=tab]', 'Peers').focus();
    await userEvent.keyboard('{Escape}');
    await expect.poll(() => isOpen(root)).toBe(false);
    expect(root.activeElement?.className).toBe('corner');
  });

  it('does not take the focus when it starts open', () => {
    const { root } = mount({ open: true });
    expect(root.activeElement).toBeNull();
  });

  it('tabs through the panel in reading order, with one stop for the views', async () => {
    sync.setUnsynced(unconfirmedEdits(3));
    const { root } = mount({ open: true });
    the(root, '.grip').focus();
    const stops: string[] = [];
    while (root.activeElement && stops.length < 40) {
      const { activeElement } = root;
      stops.push(
        (activeElement.getAttribute('aria-label') ?? activeElement.textContent).trim().replace(/\s+/g, ' '),
      );
      await userEvent.tab();
    }
    expect(stops.map((stop) => stop.replace(/ · .*/, ''))).toEqual([
      'Height of the devtools',
      'Saved all',
      'Sent all',
      'Confirmed 3 stuck',
      'Durable 3 to go',
      'Pause sync',
      'Copy for a bug report',
      'Dock at the bottom',
      'Dock at the right',
      'Open in a separate window',
      'Theme: system. Change to light',
      'Close (Alt+Shift+M)',
      'Unsynced 3',
      'Filter CoValues',
      'Regular expression',
      'All 3',
      'Not confirmed 3',
      'Unsynced CoValues',
      'Copy the ID co_z0000…bGa5S',
      'Open the CoValue',
      'Reason and evidence',
    ]);
  });

  it('keeps the focus in the list after copying an ID', async () => {
    sync.setUnsynced(unconfirmedEdits(5));
    const { root } = mount({ open: true });
    const chosen = () =>
      root.querySelector('[aria-selected=true][data-id]')?.getAttribute('data-id')?.slice(0, 10);
    the(root, '[role=grid]').focus();
    await userEvent.keyboard('{Home}');
    await expect.poll(chosen).toBe('co_z000000');
    the(root, '.rows button.tail').focus();
    await userEvent.keyboard('{ArrowDown}');
    await expect.poll(chosen).toBe('co_z000001');
    await userEvent.keyboard('{ArrowDown}');
    await expect.poll(chosen).toBe('co_z000002');
  });

  it('moves between views with the arrow keys', async () => {
    const { root } = mount({ open: true });
    the(root, '[role=tab]', 'Unsynced').focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(root.activeElement?.id).toBe('tab-queues');
    expect(the(root, '[role=tabpanel]').getAttribute('aria-labelledby')).toBe('tab-queues');
    await userEvent.keyboard('{ArrowUp}{ArrowUp}');
    expect(root.activeElement?.id).toBe(`tab-${views.at(-1)}`);
  });

  it('offers the views in a menu if the panel is narrow', async () => {
    await page.viewport(390, 800);
    const { root } = mount();
    await userEvent.keyboard('{Alt>}{Shift>}m{/Shift}{/Alt}');
    const menu = () => the(root, '.menu');
    await expect.poll(() => root.activeElement).toBe(menu());
    const isOpened = () => the(root, '#tab-queues').checkVisibility();
    expect(isOpened()).toBe(false);
    await userEvent.keyboard('{Enter}');
    await expect.poll(isOpened).toBe(true);
    await userEvent.tab();
    expect(root.activeElement?.id).toBe('tab-unsynced');
    await userEvent.keyboard('{ArrowDown}{Enter}');
    await expect.poll(isOpened).toBe(false);
    expect(root.activeElement).toBe(menu());
    expect(menu().textContent).toContain('Queues');
    await userEvent.keyboard('{Enter}');
    await userEvent.tab();
    await userEvent.keyboard('{Escape}');
    await expect.poll(isOpened).toBe(false);
    expect(isOpen(root)).toBe(true);
    expect(root.activeElement).toBe(menu());
    await userEvent.keyboard('{Escape}');
    await expect.poll(() => isOpen(root)).toBe(false);
  });

  it('closes the menu of the views, not the panel, with Escape on the menu’s own button', async () => {
    await page.viewport(390, 800);
    const { root } = mount({ open: true });
    the(root, '.menu').focus();
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => the(root, '#tab-queues').checkVisibility()).toBe(true);
    await userEvent.keyboard('{Escape}');
    await expect.poll(() => the(root, '#tab-queues').checkVisibility()).toBe(false);
    expect(isOpen(root)).toBe(true);
    expect(root.activeElement).toBe(the(root, '.menu'));
  });

  it('resizes the panel within the window', async () => {
    const { root } = mount({ open: true });
    const height = () => the(root, '.panel').offsetHeight;
    const before = height();
    the(root, '.grip').focus();
    await userEvent.keyboard('{ArrowUp}');
    await expect.poll(height).toBe(before + 16);
    await userEvent.keyboard('{Home}{ArrowUp}{ArrowUp}{ArrowUp}');
    await expect.poll(height).toBe(window.innerHeight - 24);
    await userEvent.keyboard('{End}{ArrowDown}');
    await expect.poll(height).toBe(160);
  });
});

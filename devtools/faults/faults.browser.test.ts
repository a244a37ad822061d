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

let sync: FakeSync;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  sync = createFakeSync(await createAccountNode(), Date.now());
});

function open() {
  const { root, unmount } = mountOpenly({ target: sync, open: true });
  the(root, '[role=tab]', 'Faults').click();
  return { root, unmount };
}
const shown = (root: ShadowRoot, selector: string, words = '') =>
  [...root.querySelectorAll(selector)].some((element) => element.textContent.includes(words));
const type = async (root: ShadowRoot, label: string, value: string) => {
  const field = the(root, `input[aria-label^="${label}"]`);
  await userEvent.fill(field, value);
};

describe('Faults', () => {
  it('start with a preset, are shown on every view and on the closed button, and stop', async () => {
    const { root } = open();
    await expect.poll(() => shown(root, '.preset', 'Subway')).toBe(true);
    the(root, '.preset', 'Subway').click();
    await type(root, 'Seed', '4127');
    the(root, 'button', 'Start “Subway”').click();
    await expect.poll(() => shown(root, '.fault-banner')).toBe(true);
    expect(sync.calls).toEqual(['redial']);
    const banner = the(root, '.fault-banner');
    expect(banner.textContent).toMatch(/You turned faults on\..*blocked for 20 s of every 60 s/);
    expect(banner.textContent).toContain('seed 4127');
    expect(banner.textContent).toMatch(/ends automatically in (5 min 0|4 min 59) s/);
    expect(banner.querySelectorAll('.stripes')).toHaveLength(2);
    the(root, '[role=tab]', 'Unsynced').click();
    await expect.poll(() => shown(root, '.fault-banner')).toBe(true);
    expect(the(root, '[role=tab]', 'Faults').textContent).toMatch(/on · [45]:/);

    the(root, 'button', 'Close (').click();
    await expect.poll(() => shown(root, '.corner .stripes')).toBe(true);
    expect(the(root, '.corner').getAttribute('aria-label')).toContain('faults are on');
    the(root, '.corner').click();
    await expect.poll(() => shown(root, '.fault-banner')).toBe(true);
    the(root, 'button', 'Stop now').click();
    await expect.poll(() => shown(root, '.fault-banner')).toBe(false);
    expect([sync.wrap, sync.calls]).toEqual([undefined, ['redial', 'redial']]);
  });

  it('end when the panel is unmounted', async () => {
    const { root, unmount } = open();
    await expect.poll(() => shown(root, '.preset', 'Offline')).toBe(true);
    the(root, 'button', 'Start “Offline”').click();
    expect(sync.wrap).toBeDefined();
    unmount();
    expect(sync.wrap).toBeUndefined();
  });

  it('accept a custom plan for the chosen relays, and explain invalid fields', async () => {
    sync.setState({
      peers: [
        connectedRelay(Date.now()),
        { ...connectedRelay(Date.now()), id: 'us', url: 'wss://us.example/sync' },
      ],
    });
    const { root } = open();
    await expect.poll(() => shown(root, '.choices label', 'us.example')).toBe(true);
    await type(root, 'Delay to the relay', 'soon');
    await expect.poll(() => shown(root, '[role=alert]', 'Delay to the relay: enter a number')).toBe(true);
    expect(the(root, '.button.primary').matches(':disabled')).toBe(true);
    await type(root, 'Delay to the relay', '400');
    await type(root, 'Refuse', '');
    the(root, '.choices label', 'us.example').click();
    the(root, 'button', 'Start “Custom”').click();
    await expect.poll(() => shown(root, '.fault-banner')).toBe(true);
    expect(the(root, '.fault-banner').textContent).toContain('on relay.example');
    const inner = { name: 'inner', open: () => ({ send: () => {}, bufferedBytes: 0, close: () => {} }) };
    expect(sync.wrap?.(inner, 'us')).toBe(inner);
    expect(sync.wrap?.(inner, fakePeerID)).not.toBe(inner);
  });

  it('keep the custom plan and the seed while other views and presets are shown', async () => {
    const { root } = open();
    const value = (label: string) => (the(root, `input[aria-label^="${label}"]`) as HTMLInputElement).value;
    await expect.poll(() => shown(root, '.preset', 'Offline')).toBe(true);
    await type(root, 'Delay to the relay', '123');
    await type(root, 'Seed', '4127');
    the(root, '[role=tab]', 'Unsynced').click();
    await expect.poll(() => shown(root, '.preset')).toBe(false);
    the(root, '[role=tab]', 'Faults').click();
    await expect.poll(() => shown(root, '.preset')).toBe(true);
    expect([value('Delay to the relay'), value('Seed')]).toEqual(['123', '4127']);
    expect(the(root, '.preset', 'Custom').getAttribute('aria-checked')).toBe('true');

    the(root, '.preset', 'Slow 3G').click();
    await expect.poll(() => value('Delay to the relay')).toBe('400');
    the(root, '.preset', 'Custom').click();
    await expect.poll(() => value('Delay to the relay')).toBe('123');
    the(root, 'button', 'Start “Custom”').click();
    await expect.poll(() => shown(root, '.fault-banner', 'seed 4127')).toBe(true);
    // Values typed while faults run are for the next start.
    await type(root, 'Delay to the relay', '456');
    the(root, '[role=tab]', 'Unsynced').click();
    await expect.poll(() => shown(root, '.preset')).toBe(false);
    the(root, '[role=tab]', 'Faults').click();
    await expect.poll(() => shown(root, '.preset')).toBe(true);
    expect(value('Delay to the relay')).toBe('456');
  });

  it.each([1360, 1121, 900, 821, 480, 378])(
    'keep each fault of the plan on one line, %i px wide',
    async (width) => {
      await page.viewport(width, 800);
      const { root } = open();
      await expect.poll(() => shown(root, '.plan')).toBe(true);
      const heights = [...root.querySelectorAll<HTMLElement>('.plan tbody tr')].map(
        (row) => row.offsetHeight,
      );
      expect(heights).toHaveLength(8);
      expect(new Set(heights)).toEqual(new Set([heights[0]]));
      expect(heights[0]).toBeLessThan(32);
      const plan = the(root, '.plan').getBoundingClientRect();
      for (const field of root.querySelectorAll('.plan .figure'))
        expect(field.getBoundingClientRect().right).toBeLessThanOrEqual(plan.right);
      for (const cell of root.querySelectorAll<HTMLElement>('.plan :is(th, td)'))
        expect(cell.scrollWidth, cell.innerText).toBeLessThanOrEqual(cell.clientWidth);
    },
  );

  it('support keyboard navigation', async () => {
    const { root } = open();
    await expect.poll(() => shown(root, '.preset', 'Offline')).toBe(true);
    the(root, '.preset', 'Offline').focus();
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    expect(root.activeElement?.textContent).toContain('Slow 3G');
    expect(root.activeElement?.getAttribute('aria-checked')).toBe('true');
    await expect.poll(() => the(root, 'input[aria-label^="Delay to"]')).toHaveProperty('value', '400');
  });
});

describe('Record and replay', () => {
  it('continues recording while other views are open, and replays to the same state', async () => {
    const { root } = open();
    await expect.poll(() => shown(root, 'button', 'Record')).toBe(true);
    the(root, '.buttons button', 'Record').click();
    await expect.poll(() => shown(root, '.recording-banner', 'Recording incoming messages')).toBe(true);
    the(root, '[role=tab]', 'Unsynced').click();
    sync.message('received', { action: 'done', id: 'co_z1' }, 1, Date.now());
    await expect.poll(() => shown(root, '.recording-banner', '1 message,')).toBe(true);
    the(root, '.recording-banner button').click();
    await expect.poll(() => shown(root, 'button', 'Replay it')).toBe(true);
    the(root, 'button', 'Replay it').click();
    await expect.poll(() => shown(root, '[role=status]', 'Same final state:')).toBe(true);
    expect(shown(root, 'button', 'Save')).toBe(true);
    expect(shown(root, '.recording-banner')).toBe(false);
  });

  it('explains a problem with a file without showing its content', async () => {
    const { root } = open();
    await expect.poll(() => shown(root, 'label', 'Replay a')).toBe(true);
    const input = the(root, 'input[type=file]');
    const files = new DataTransfer();
    files.items.add(new File(['{"maia":"recording","v":1,"kernel":"<img src=x>"}'], 'x.ndjson'));
    Object.assign(input, { files: files.files });
    input.dispatchEvent(new Event('change', { bubbles: true }));
    await expect
      .poll(() => shown(root, '[role=status]', 'line 1 is incomplete. Nothing was changed'))
      .toBe(true);
    expect(root.querySelector('img')).toBeNull();
  });
});

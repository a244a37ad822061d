import type { LocalNode } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { activate } from '../src/session/active-session.ts';
import type { SessionListener } from '../src/session/session.ts';
import { withoutPasskeys } from '../src/session/passkeys/without-passkeys.ts';
import { createAccountNode } from '../test/support/session/account-node.ts';
import { createFakeSync, type FakeSync, unconfirmedEdits } from '../test/support/sync/fake-sync.ts';
import { noAppCalls } from '../test/support/session/no-app-calls.ts';
import { mountDevtools, type DevtoolsOptions } from './index.ts';
import { host, isOpen, mountOpenly, the } from './panel-in-test.ts';

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

describe('mounting', () => {
  it('shows only one button with the count', () => {
    sync.setUnsynced(unconfirmedEdits(5));
    const { root } = mount();
    expect(root.querySelectorAll('button, input, [tabindex]')).toHaveLength(1);
    expect(the(root, 'button').getAttribute('aria-label')).toMatch(
      /^maia devtools: 5 CoValues not confirmed, /,
    );
    expect(the(root, 'button').textContent.trim()).toBe('5');
    expect(the(root, 'svg').getAttribute('aria-label')).toContain('Sent: reached, Confirmed by relay:');
  });

  it('shows its name instead of four unknown rungs before there is a session', () => {
    const devtools = mountDevtools();
    onTestFinished(() => devtools.unmount());
    const button = host()?.shadowRoot?.querySelector('.corner');
    expect(button?.textContent.trim()).toBe('maia');
    expect(button?.querySelector('svg')).toBeNull();
  });

  it('refuses a second mount until the first is unmounted', () => {
    const first = mount();
    expect(() => mountDevtools({ target: sync })).toThrow(/already mounted in this page/);
    first.unmount();
    first.unmount();
    mount();
  });

  it('leaves nothing behind', async () => {
    const before = document.documentElement.outerHTML;
    const { unmount } = mount({ open: true });
    expect(sync.hasTap).toBe(true);
    unmount();
    expect(document.documentElement.outerHTML).toBe(before);
    expect(sync.hasTap).toBe(false);
    localStorage.clear();
    await userEvent.keyboard('{Alt>}{Shift>}m{/Shift}{/Alt}');
    expect(host()).toBeNull();
    expect(localStorage).toHaveLength(0); // The hotkey had no effect.
  });

  it('leaves nothing behind if the target is invalid', () => {
    expect(() => mountDevtools({ target: { ...sync, current: sync.current } })).toThrow(/another copy/);
    expect(host()).toBeNull();
  });

  it('takes no snapshots while closed', async () => {
    const { root } = mount();
    sync.setUnsynced(unconfirmedEdits(3));
    await expect.poll(() => the(root, 'button').textContent.trim()).toBe('3');
    expect(sync.reads).toBe(0);
    the(root, 'button').click();
    await expect.poll(() => sync.reads).toBeGreaterThan(0);
  });

  it('hides its text from the page in a closed shadow root', () => {
    const devtools = mountDevtools({ target: sync, shadowMode: 'closed' });
    onTestFinished(() => devtools.unmount());
    expect(host()?.shadowRoot).toBeNull();
  });

  it('follows the active session', async () => {
    const devtools = mountDevtools({ open: true });
    onTestFinished(() => devtools.unmount());
    const root = host()?.shadowRoot;
    if (!root) throw new Error('mounted above');
    expect(the(root, 'h2').textContent).toBe('Not signed in');
    let close = () => {};
    activate({
      node,
      account: node.expectCurrentAccount('test'),
      accountID: node.getCurrentAccountOrAgentID(),
      sync,
      storage: { current: sync.current.storage, subscribe: () => () => {} },
      passkeys: withoutPasskeys(),
      ...noAppCalls,
      revealRecoveryPhrase: () => Promise.resolve(''),
      previewErasure: () => Promise.resolve([]),
      eraseAccount: () => Promise.resolve([]),
      signOut: () => Promise.resolve(),
      close: () => Promise.resolve(),
      on: (...[event, listener]: SessionListener) => {
        if (event === 'closed') close = () => listener(undefined);
        return () => {};
      },
    });
    await expect.poll(() => the(root, 'h2').textContent).toBe('Everything is confirmed by relay.example');
    close();
    await expect.poll(() => the(root, 'h2').textContent).toBe('Not signed in');
    expect(sync.hasTap).toBe(false);
  });
});

describe('the app around it', () => {
  it('receives no events from inside the panel', async () => {
    const { root } = mount({ open: true });
    const heard: string[] = [];
    const listener = (event: Event) => heard.push(event.type);
    const types = ['click', 'pointerdown', 'mousedown', 'keydown', 'keyup', 'focusin', 'focusout', 'input'];
    for (const type of types) document.addEventListener(type, listener);
    onTestFinished(() => {
      for (const type of types) document.removeEventListener(type, listener);
    });
    await userEvent.click(the(root, '[role=tab]', 'Queues'));
    await userEvent.keyboard('{ArrowDown}');
    expect(the(root, '[role=tabpanel]').getAttribute('aria-labelledby')).toBe('tab-peers');
    expect(heard).toEqual([]);
  });

  it('cannot change the panel’s styles', () => {
    const hostile = new CSSStyleSheet();
    hostile.replaceSync(`
      html { font-size: 40px }
      * { all: unset }
      :not(html) { text-transform: uppercase; letter-spacing: 9px; opacity: 0; transform: scale(2) }
      maia-devtools { display: none }
    `);
    document.adoptedStyleSheets.push(hostile);
    onTestFinished(() => void (document.adoptedStyleSheets = []));
    const { root } = mount({ open: true });
    const panel = getComputedStyle(the(root, '.panel'));
    expect(panel.position).toBe('fixed');
    expect(panel.fontSize).toBe('12px');
    expect(panel.textTransform).toBe('none');
    expect(panel.letterSpacing).toBe('normal');
    expect(getComputedStyle(the(root, '[role=tab]')).height).toBe('30px');
    const style = getComputedStyle(root.host);
    expect([style.display, style.opacity, style.transform]).toEqual(['block', '1', 'none']);
    expect(the(root, '.panel').getBoundingClientRect().bottom).toBe(window.innerHeight);
  });
});

describe('preferences', () => {
  it('survive a reload', async () => {
    const first = mount();
    the(first.root, 'button').click();
    await expect.poll(() => isOpen(first.root)).toBe(true);
    the(first.root, '[role=tab]', 'Peers').click();
    the(first.root, 'button', 'Theme: system').click();
    first.unmount();
    const { root } = mount();
    expect(the(root, '[role=tab][aria-selected=true]').textContent).toContain('Peers');
    expect(the(root, '.maia').dataset['theme']).toBe('light');
  });

  it('are optional if the browser blocks storage', async () => {
    const { getItem, setItem } = Storage.prototype;
    const refuse = () => {
      throw new DOMException('refused', 'SecurityError');
    };
    Storage.prototype.getItem = refuse;
    Storage.prototype.setItem = refuse;
    onTestFinished(() => void Object.assign(Storage.prototype, { getItem, setItem }));
    const { root } = mount();
    the(root, 'button').click();
    await expect.poll(() => isOpen(root)).toBe(true);
  });
});

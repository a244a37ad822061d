import { afterEach, expect, test, vi } from 'vitest';
import { createBrowserPlatform } from './browser-platform.ts';
import type { PageEvent } from './platform.ts';

const { page, indexedDB, locks, marks } = createBrowserPlatform();
afterEach(() => vi.restoreAllMocks());

test('reads the page', () => {
  expect(page.url?.href).toBe(location.href);
  expect(page).toMatchObject({ isSecureContext: true, isOnline: true, isVisible: true });
  expect(indexedDB).toBe(globalThis.indexedDB);
  expect(locks).toBe(navigator.locks);
  expect(marks).toBe(localStorage);
});

test.each<[PageEvent, EventTarget, string]>([
  ['online', window, 'online'],
  ['offline', window, 'offline'],
  ['visible', document, 'visibilitychange'],
  ['hide', window, 'pagehide'],
  ['hide', document, 'freeze'],
  ['show', window, 'pageshow'],
  ['show', document, 'resume'],
])('emits %s until unsubscribed', (event, target, name) => {
  const listener = vi.fn();
  const stop = page.on(event, listener);
  target.dispatchEvent(new Event(name));
  expect(listener).toHaveBeenCalledOnce();
  stop();
  target.dispatchEvent(new Event(name));
  expect(listener).toHaveBeenCalledOnce();
});

test('a tab in the background is not visible', () => {
  const listener = vi.fn();
  const stop = page.on('visible', listener);
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  document.dispatchEvent(new Event('visibilitychange'));
  expect(listener).not.toHaveBeenCalled();
  stop();
});

test.each(['indexedDB', 'localStorage'] as const)('%s is absent if the browser throws on access', (name) => {
  vi.spyOn(globalThis, name, 'get').mockImplementation(() => {
    throw new DOMException('refused', 'SecurityError');
  });
  expect(createBrowserPlatform()).toMatchObject({
    [name === 'indexedDB' ? 'indexedDB' : 'marks']: undefined,
  });
});

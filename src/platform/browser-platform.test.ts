import { expect, test } from 'vitest';
import { createBrowserPlatform } from './browser-platform.ts';

test('works without a browser, with absent parts undefined', () => {
  const { page, indexedDB, locks, marks, subtle, random } = createBrowserPlatform();
  expect(page).toMatchObject({ url: undefined, isSecureContext: true, isOnline: true, isVisible: true });
  expect([indexedDB, locks, marks]).toEqual([undefined, undefined, undefined]);
  expect(subtle).toBe(globalThis.crypto.subtle);
  expect(random(32)).toHaveLength(32);
  expect(random(32)).not.toEqual(random(32));
  page.on('online', () => {})();
});

import { expect, test } from 'vitest';
import { measureKernel } from './build/sizes.mjs';

/** In bytes of gzip, of the kernel's own code: packages such as cojson come beside it. ARCHITECTURE.md says what each is. */
const entryBudget = 20_000;
const budgets: Readonly<Record<string, number>> = {
  'session-code': 26_200,
  relays: 13_000,
  storage: 3_600,
  'kernel-storage': 6_500,
  'indexeddb-storage': 2_200,
  'recovery-phrase': 1_400,
  // Each only names what of another file it gives out.
  'relay-code': 200,
  channels: 200,
};

const { entry, later } = await measureKernel();
const bytesOf = (name: string) => later.find((part) => part.name === name)?.gzipBytes;

test('what an app imports is small', () => {
  expect(entry.gzipBytes).toBeLessThanOrEqual(entryBudget);
  // It is the kernel that was measured, and not an empty file.
  expect(entry.modules).toContain('src/session/passkeys/ceremonies.ts');
  expect(entry.modules).toContain('src/sync/ladder.ts');
  expect(entry.gzipBytes).toBeGreaterThan(entryBudget / 2);
});

test('it brings no cojson with it, and none of what is fetched later', () => {
  expect(entry.packages.toSorted()).toEqual(['@scure/base', '@simplewebauthn/browser']);
  expect(entry.modules).not.toContainEqual(
    expect.stringMatching(/storage\/engine\/|tabs\/|open-session|relay-link|recovery-phrase|node_modules/),
  );
});

test('each part that is fetched later keeps to its own budget, and nothing else is', () => {
  for (const { name, gzipBytes } of later)
    expect([name, gzipBytes <= (budgets[name] ?? 0)]).toEqual([name, true]);
  expect(later.map(({ name }) => name).toSorted()).toEqual(Object.keys(budgets).toSorted());
});

test('the storage engine has a budget of its own', () => {
  const engine = later.find(({ name }) => name === 'kernel-storage');
  expect(engine?.modules).toContain('src/storage/engine/kernel-storage.ts');
  // With what it shares with the other kinds of storage.
  expect((bytesOf('kernel-storage') ?? Infinity) + (bytesOf('storage') ?? Infinity)).toBeLessThanOrEqual(
    10_000,
  );
});

import { expect, test } from 'vitest';
import { measureEntry, measureKernel } from '../../scripts/build/sizes.mjs';

/** In bytes of gzip, without packages such as cojson. docs/reference/package.md describes each file. */
const entryBudget = 12_350;
const completeEntryBudget = 59_400;
const laterBudgets: Readonly<Record<string, number>> = {
  'lazy-entry': 58_950,
  relays: 45_950,
  storage: 7_310,
  'kernel-storage': 7_000,
  'indexeddb-storage': 2_800,
  'recovery-phrase': 1_400,
  'phrase-entry': 1_700,
  'keep-deliveries': 2_600,
  'erase-account': 2_150,
  collaboration: 11_880,
};
/** The chunks fetched in parallel after the entry, before an account is open. */
const sessionChunks = ['lazy-entry', 'relays', 'storage', 'kernel-storage'];
const openSessionBudget = 131_430;

const passkeyCalls = ['getPasskeySupport', 'resumeSession', 'signInWithPasskey', 'signUpWithPasskey'];
const phraseCalls = ['signInWithRecoveryPhrase', 'signUpWithRecoveryPhrase'];
const passkeyApp = await measureKernel([
  ...passkeyCalls,
  ...phraseCalls,
  'takeInvite',
  'activeSession',
  'subscribeSyncState',
]);
const completeApp = await measureKernel();

test('the entry of an app that signs in by passkey is small', () => {
  const { entry } = passkeyApp;
  expect(entry.gzipBytes).toBeLessThanOrEqual(entryBudget);
  // The kernel was measured, not an empty file.
  expect(entry.modules).toContain('src/session/passkeys/ceremonies.ts');
  expect(entry.gzipBytes).toBeGreaterThan(entryBudget / 2);
});

test('that entry contains no cojson, no sync, and no lazy chunk', () => {
  const { entry } = passkeyApp;
  expect(entry.packages.toSorted()).toEqual(['@scure/base', '@simplewebauthn/browser']);
  expect(entry.modules).not.toContainEqual(
    expect.stringMatching(
      /storage\/kernel\/|node-sync|tabs\/|open-session|relay-link|recovery-phrase|node_modules/,
    ),
  );
});

test('each chunk that is fetched later keeps its own budget, and there are no others', () => {
  for (const { name, gzipBytes } of passkeyApp.later)
    expect([name, gzipBytes <= (laterBudgets[name] ?? 0)]).toEqual([name, true]);
  expect(passkeyApp.later.map(({ name }) => name).toSorted()).toEqual(Object.keys(laterBudgets).toSorted());
});

test('everything that is fetched until a session is open keeps a budget', () => {
  const opening = passkeyApp.later.filter(({ name }) => sessionChunks.includes(name));
  expect(opening).toHaveLength(sessionChunks.length);
  const total = opening.reduce((sum, { gzipBytes }) => sum + gzipBytes, passkeyApp.entry.gzipBytes);
  expect(total).toBeLessThanOrEqual(openSessionBudget);
});

test('an app that imports every name fetches sync with its entry, but no session and no storage engine', () => {
  const { entry, later } = completeApp;
  expect(entry.gzipBytes).toBeLessThanOrEqual(completeEntryBudget);
  expect(entry.modules).toContain('src/sync/setup-sync-peers.ts');
  expect(entry.modules).not.toContainEqual(expect.stringMatching(/storage\/kernel\/|tabs\/|open-session/));
  expect(later.map(({ name }) => name)).not.toContain('relays');
});

test('the storage engine, with what it shares with the other kinds of storage, keeps its own budget', () => {
  const bytesOf = (name: string) =>
    passkeyApp.later.find((chunk) => chunk.name === name)?.gzipBytes ?? Infinity;
  expect(bytesOf('kernel-storage') + bytesOf('storage')).toBeLessThanOrEqual(14_300);
});

test('what a service worker fetches is small, and contains no cojson and no code of sessions', async () => {
  const { entry, later } = await measureEntry('src/worker/index.ts');
  expect(entry.gzipBytes).toBeLessThanOrEqual(6_700);
  expect(entry.modules).toContain('src/worker/push-owed.ts');
  expect([entry.packages, later]).toEqual([[], []]);
  expect(entry.modules).not.toContainEqual(expect.stringMatching(/^src\/(?:session|sync|transport|wire)\//));
});

test('what an app fetches for jazz-tools is small, apart from that', async () => {
  const { entry, later } = await measureEntry('src/jazz/index.ts');
  expect(entry.gzipBytes).toBeLessThanOrEqual(1_450);
  expect([entry.packages, later]).toEqual([['jazz-tools', 'jazz-tools/testing'], []]);
  expect(entry.modules).toContain('src/jazz/jazz-manager.ts');
});

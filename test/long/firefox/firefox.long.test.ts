import { join } from 'node:path';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ownNames } from '../../../scripts/own-names.mjs';
import { createRelay } from '../../../src/relay/index.ts';
import { startProxy } from '../../support/relay/tcp-proxy.ts';
import { createStorage } from '../../support/relay/temporary-storage.ts';
import { openRelay, startRelay } from '../../support/relay/test-relay.ts';
import { findFirefox, howToInstall } from './find-firefox.ts';
import { createProfile, launchFirefox, type Firefox, type Profile, type Tab } from './launch-firefox.ts';

const program = findFirefox();

describe.skipIf(program === undefined)(`in Firefox${program === undefined ? howToInstall : ''}`, () => {
  let server: ViteDevServer;
  let profile: Profile;
  let firefox: Firefox;
  let tabCount = 0;

  beforeAll(async () => {
    server = await createServer({
      configFile: false,
      logLevel: 'error',
      root: join(import.meta.dirname, 'page'),
      cacheDir: join(import.meta.dirname, '../../../node_modules/.vite/firefox'),
      resolve: { alias: [...ownNames] },
      server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    });
    await server.listen();
    const warm = await createProfile();
    const first = await launch(warm);
    // The first page of a dev server may load again, once the server has found what to bundle.
    await first.open(addressOf('localhost'));
    await first.kill();
    await warm.remove();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    profile = await createProfile();
    firefox = await launch(profile);
  });
  afterEach(async () => {
    await firefox.kill();
    await profile.remove();
  });

  const launch = (on: Profile) => launchFirefox(program ?? '', on);
  const addressOf = (page: string) => `http://127.0.0.1:${server.config.server.port}/?${page}`;
  /** Each tab has an address of its own, by which the browser finds its process. */
  const openTab = (): Promise<Tab> => firefox.open(addressOf(String(++tabCount)));

  it('a phrase opens an account, another tab has its edits, and each tab holds the lock of its session', async () => {
    const first = await openTab();
    expect((await first.call('signUp')).split(' ')).toHaveLength(24);
    await first.call('edit', 'word', 'first');
    const second = await openTab();
    expect(await second.call('resume')).not.toBe(null);
    await expect.poll(() => second.call('read', 'word')).toBe('first');
    await second.call('edit', 'word', 'second');
    await expect.poll(() => first.call('read', 'word')).toBe('second');
    const sessions = [await first.call('sessionID'), await second.call('sessionID')];
    expect(new Set(sessions).size).toBe(2);
    await expect.poll(() => heldBy(first, sessions)).toEqual([true, true]);
  });

  it('a killed tab releases its lock at once, and what it had saved is there', async () => {
    const first = await openTab();
    await first.call('signUp');
    const second = await openTab();
    await second.call('resume');
    const sessions = [await first.call('sessionID'), await second.call('sessionID')];
    await second.call('edit', 'word', 'saved');
    await second.call('whenSaved');
    await expect.poll(() => heldBy(first, sessions)).toEqual([true, true]);
    await second.kill();
    await expect.poll(() => heldBy(first, sessions)).toEqual([true, false]);
    await expect.poll(() => first.call('read', 'word')).toBe('saved');
    const third = await openTab();
    await third.call('resume');
    expect(await third.call('read', 'word')).toBe('saved');
  });

  it('what was saved is there after the whole browser was killed', async () => {
    const tab = await openTab();
    await tab.call('signUp');
    for (let count = 0; count < 50; count++) await tab.call('edit', `key ${count}`, 'saved');
    await tab.call('whenSaved');
    await firefox.kill();
    firefox = await launch(profile);
    const again = await openTab();
    expect(await again.call('resume')).not.toBe(null);
    expect(await again.call('read', 'key 0')).toBe('saved');
    expect(await again.call('read', 'key 49')).toBe('saved');
  });

  it.each(['websocket', 'http'] as const)(
    'edits reach a relay over %s, and again after it restarts',
    async (over) => {
      const storage = `pglite:${await createStorage()}`;
      const relay = await openRelay({ storage });
      const tab = await openTab();
      await tab.call('signUp', { url: `${relay.url}/sync`.replace('http', 'ws'), over });
      await tab.call('edit', 'word', 'before');
      await tab.call('whenConfirmed');
      expect(await tab.call('connection')).toEqual({ phase: 'connected', transport: over });
      await relay.close();
      await expect.poll(async () => (await tab.call('connection')).phase).not.toBe('connected');
      await tab.call('edit', 'word', 'meanwhile');
      const again = await createRelay({ storage, port: relay.port });
      onTestFinished(again.close);
      await tab.call('reconnect');
      await tab.call('whenConfirmed');
      expect(await tab.call('connection')).toEqual({ phase: 'connected', transport: over });
    },
  );

  it('[CONN-12] a relay that is back is reached over HTTP while Firefox delays WebSockets, and then over WebSocket', async () => {
    const relay = await startRelay();
    const proxy = await startProxy(relay.url);
    const url = `${proxy.url}sync`.replace('http', 'ws');
    const tab = await openTab();
    await tab.call('signUp', { url });
    await tab.call('whenConfirmed');
    expect((await tab.call('connection')).transport).toBe('websocket');
    proxy.cut();
    await tab.call('edit', 'word', 'meanwhile');
    // Firefox makes each WebSocket to a host that failed wait longer than the last.
    while ((await tab.call('failToOpen', url)) < 6_000);
    proxy.mend();
    await tab.call('restart');
    await tab.call('whenConfirmed');
    expect(await tab.call('connection')).toEqual({ phase: 'connected', transport: 'http' });
    await expect
      .poll(
        async () => {
          await tab.call('reconnect');
          return (await tab.call('connection')).transport;
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toBe('websocket');
  }, 180_000);
});

async function heldBy(tab: Tab, sessionIDs: readonly string[]): Promise<readonly boolean[]> {
  const names = await tab.call('heldLocks');
  return sessionIDs.map((id) => names.some((name) => name.includes(id)));
}

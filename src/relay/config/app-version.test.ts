import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOutdated } from './app-version.ts';
import { createRelay, type Relay } from '../index.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';

describe('the order of versions', () => {
  const inOrder = [
    '0.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1',
    '1.2.0',
    '1.10.0',
    '1.10.0.1',
    '2.0.0',
    '20261120',
  ];

  it('is that of semver.org, with as many numbers as an app has', () => {
    for (const [place, version] of inOrder.entries()) {
      for (const [other, minimum] of inOrder.entries()) {
        expect([version, minimum, isOutdated(version, minimum)]).toEqual([version, minimum, place < other]);
      }
    }
  });

  it.each([
    ['1', '1.0.0'],
    ['1.0', '1+build.7'],
    ['1.0.0-a+b', '1.0.0-a'],
  ])('%s is as new as %s', (a, b) => {
    expect([isOutdated(a, b), isOutdated(b, a)]).toEqual([false, false]);
  });

  it.each([undefined, '', 'v2', 'next', '2.', '1e9', '2.0.0 ', '-1', '2.0.0.0.0', `2.${'0'.repeat(500)}`])(
    'has no place for %j, which is not shown to be new enough',
    (version) => {
      expect(isOutdated(version, '1.0.0')).toBe(true);
    },
  );
});

it.each(['', 'v2', '2.x', 'latest'])('a relay is not started with the minimum %j', async (minAppVersion) => {
  await expect(createRelay({ storage: 'memory:', port: 0, minAppVersion })).rejects.toMatchObject({
    code: 'RELAY_SETTING_INVALID',
    message: expect.stringContaining('minAppVersion') as string,
  });
});

describe('a relay that asks for 2.1.0', () => {
  const load = { action: 'load', id: `co_z${'2'.repeat(43)}`, header: false, sessions: {} };
  let relay: Relay;
  beforeAll(async () => {
    relay = await openRelay({ minAppVersion: '2.1.0' });
  });
  afterAll(() => relay.close());

  it('says so first, and serves a client of that version', async () => {
    const client = await openRawClient(relay.url);
    expect(client.received[0]).toMatchObject({ maia: 'hello', minAppVersion: '2.1.0' });
    client.send({ maia: 'hi', v: 1, kernel: '0.0.0', appVersion: '2.1.0' });
    client.send(load);
    await client.waitFor({ action: 'known', id: load.id });
  });

  it.each([
    ['an older one', { appVersion: '2.0.9' }, 'is of version 2.0.9'],
    ['one of no version', {}, 'names no version'],
  ])('lets %s go, and says what it takes', async (_, version, reason) => {
    const client = await openRawClient(relay.url);
    client.send({ maia: 'hi', v: 1, kernel: '0.0.0', ...version });
    await client.waitFor({
      maia: 'refused',
      code: 'outdated',
      reason: `This app ${reason}, and the relay takes edits from 2.1.0 on.`,
      closing: true,
    });
  });

  it('lets one go that begins without an introduction, as a stock client does, and takes nothing of it', async () => {
    const client = await openRawClient(relay.url);
    client.send(load);
    await client.waitFor({ maia: 'refused', code: 'outdated', closing: true });
    expect(client.received.some(({ action }) => action !== undefined)).toBe(false);
  });
});

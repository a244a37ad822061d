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

  it('follows semver.org, with one to four numbers', () => {
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
  ])('treats %s and %s as equal', (a, b) => {
    expect([isOutdated(a, b), isOutdated(b, a)]).toEqual([false, false]);
  });

  it.each([undefined, '', 'v2', 'next', '2.', '1e9', '2.0.0 ', '-1', '2.0.0.0.0', `2.${'0'.repeat(500)}`])(
    'treats %j as outdated',
    (version) => {
      expect(isOutdated(version, '1.0.0')).toBe(true);
    },
  );
});

it.each(['', 'v2', '2.x', 'latest'])('a relay does not start with the minimum %j', async (minAppVersion) => {
  await expect(createRelay({ storage: 'memory:', port: 0, minAppVersion })).rejects.toMatchObject({
    code: 'RELAY_SETTING_INVALID',
    message: expect.stringContaining('minAppVersion') as string,
  });
});

describe('a relay that requires 2.1.0', () => {
  const load = { action: 'load', id: `co_z${'2'.repeat(43)}`, header: false, sessions: {} };
  let relay: Relay;
  beforeAll(async () => {
    relay = await openRelay({ minAppVersion: '2.1.0' });
  });
  afterAll(() => relay.close());

  it('announces it in hello and serves a client of that version', async () => {
    const client = await openRawClient(relay.url);
    expect(client.received[0]).toMatchObject({ maia: 'hello', minAppVersion: '2.1.0' });
    client.send({ maia: 'hi', v: 1, kernel: '0.0.0', appVersion: '2.1.0' });
    client.send(load);
    await client.waitFor({ action: 'known', id: load.id });
  });

  it.each([
    ['an older app', { appVersion: '2.0.9' }, 'is version 2.0.9'],
    ['an app without a version', {}, 'reports no version'],
  ])('[RELAY-14] disconnects %s and names the required version', async (_, version, reason) => {
    const client = await openRawClient(relay.url);
    client.send({ maia: 'hi', v: 1, kernel: '0.0.0', ...version });
    await client.waitFor({
      maia: 'refused',
      code: 'outdated',
      reason: `This app ${reason}. The relay accepts edits only from version 2.1.0 or newer.`,
      closing: true,
    });
  });

  it('disconnects a client that sends no hi, as stock clients do, and accepts nothing from it', async () => {
    const client = await openRawClient(relay.url);
    client.send(load);
    await client.waitFor({ maia: 'refused', code: 'outdated', closing: true });
    expect(client.received.some(({ action }) => action !== undefined)).toBe(false);
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createPasskeyDevices,
  idsOf,
  keeper,
  type PasskeyDevices,
} from '../../../test/support/session/passkey-devices.ts';
import { passkeyOf } from '../../../test/support/session/account-parts.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';

let on: PasskeyDevices;
beforeEach(async () => {
  on = await createPasskeyDevices();
});
afterEach(() => on.sessions.end());

describe('the list', () => {
  test('reports that the account exists only on this device until the relay has confirmed the passkey’s entry', async () => {
    await on.sessions.stopRelay();
    const session = await on.signedUpWith(on.laptop);
    const reaches: string[] = [];
    session.passkeys.state.subscribe(({ reach }) => reaches.push(reach));
    expect(await session.passkeys.list()).toEqual([
      {
        id: 'laptop-1',
        label: expect.stringContaining('app.example') as string,
        createdAtMs: expect.any(Number) as number,
        onThisDevice: true,
        portable: 'yes',
        usableElsewhere: false,
      },
    ]);
    await on.sessions.startRelay();
    session.sync.reconnect();
    await until(() => expect(session.passkeys.state.current.reach).toBe('elsewhere'));
    expect(await session.passkeys.list()).toMatchObject([{ usableElsewhere: true }]);
    expect(reaches.filter((reach) => reach !== 'unknown')).toEqual(['this-device', 'elsewhere']);
  });

  test('does not trust a key that was seen once in use until the user signs in with it', async () => {
    const laptop = keeper('laptop', { prf: 'on-get' });
    const first = await on.signedUpWith(laptop);
    await untilConfirmed(first);
    expect(await first.passkeys.list()).toMatchObject([{ usableElsewhere: false }]);
    expect(first.passkeys.state.current.reach).toBe('this-device');

    const second = await on.signedInWith(laptop);
    await until(() => expect(second.passkeys.state.current.reach).toBe('elsewhere'));
    await until(() => expect(first.passkeys.state.current.reach).toBe('elsewhere'));
  });

  test.each([
    ['exists only on the device that created it', 'bound'],
    ['could be backed up, but is not', 'unsynced'],
  ] as const)('[ACC-21] does not count a passkey that %s', async (_, kind) => {
    const first = await on.signedUpWith(keeper('laptop', { kind }));
    await untilConfirmed(first);
    expect(await first.passkeys.list()).toMatchObject([{ portable: 'no', usableElsewhere: false }]);
    expect(first.passkeys.state.current.reach).toBe('this-device');
  });

  test('counts a security key, which works on any device', async () => {
    const session = await on.signedUpWith(keeper('key', { kind: 'key' }));
    await until(() => expect(session.passkeys.state.current.reach).toBe('elsewhere'));
    expect(await session.passkeys.list()).toMatchObject([{ portable: 'yes' }]);
  });

  test('counts a passkey once its use shows that it has been backed up, on every device', async () => {
    const laptop = keeper('laptop', { kind: 'unsynced' });
    const first = await on.signedUpWith(laptop);
    await untilConfirmed(first);
    const { get } = laptop;
    laptop.get = async (request) => ({
      ...(await get(request)),
      backup: { isEligible: true, isBackedUp: true },
    });
    const second = await on.signedInWith(laptop);
    await until(() => expect(second.passkeys.state.current.reach).toBe('elsewhere'));
    await until(() => expect(first.passkeys.state.current.reach).toBe('elsewhere'));

    laptop.get = get;
    await second.passkeys.check('laptop-1');
    await until(() => expect(first.passkeys.state.current.reach).toBe('this-device'));
  });

  test('does not count a passkey whose creation reported no flags until a prompt reports them', async () => {
    const session = await on.signedUpWith(keeper('laptop', { kind: 'hidden' }));
    await untilConfirmed(session);
    expect(await session.passkeys.list()).toMatchObject([{ portable: 'unknown', usableElsewhere: false }]);
    expect(await session.passkeys.check('laptop-1')).toMatchObject({
      portable: 'yes',
      usableElsewhere: true,
    });
    expect(session.passkeys.state.current.reach).toBe('elsewhere');
  });

  test('keeps what the browser reported of a new passkey in the account', async () => {
    const session = await on.signedUpWith(on.laptop, { sync: false });
    const [request] = on.laptop.ceremonies;
    const userID = request && 'userID' in request ? request.userID : new Uint8Array();
    expect(passkeyOf(session).facts).toEqual({
      rpID: 'app.example',
      userHandle: Buffer.from(userID).toString('base64url'),
      transports: ['hybrid', 'internal'],
      aaguid: '00102030-4050-6070-8090-a0b0c0d0e0f0',
      backup: { isEligible: true, isBackedUp: true },
    });
  });

  test('tells passkeys used on this device from others', async () => {
    const first = await on.signedUpWith(on.laptop);
    await untilConfirmed(first);
    const second = await on.secondDevice(keeper('phone'));
    await second.passkeys.add();
    await until(() => expect(idsOf(first)).toEqual(['laptop-1', 'phone-1']));
    expect(await first.passkeys.list()).toMatchObject([{ onThisDevice: true }, { onThisDevice: false }]);
    expect(await second.passkeys.list()).toMatchObject([{ onThisDevice: true }, { onThisDevice: true }]);
  });

  test('reports no passkey as usable elsewhere while a relay that lost its data is refilled', async () => {
    const session = await on.signedUpWith(on.laptop);
    await until(() => expect(session.passkeys.state.current.reach).toBe('elsewhere'));
    const usable: boolean[] = [];
    session.passkeys.state.subscribe(({ passkeys: [passkey] }) => {
      if (passkey) usable.push(passkey.usableElsewhere);
    });
    await on.sessions.stopRelay();
    await on.sessions.startRelay();
    session.sync.reconnect();
    await until(() => expect(usable).toEqual([true, false, true]));
  });
});

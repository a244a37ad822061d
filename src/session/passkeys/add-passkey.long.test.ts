import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kernelMapOf } from '../../../test/support/session/account-parts.ts';
import { createFakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import {
  createPasskeyDevices,
  idsOf,
  keeper,
  type PasskeyDevices,
} from '../../../test/support/session/passkey-devices.ts';
import { readPasskeys } from '../account/kernel-map.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';

let on: PasskeyDevices;
beforeEach(async () => {
  on = await createPasskeyDevices();
});
afterEach(() => on.sessions.end());

describe('adding a passkey', () => {
  test('opens the same account with it, and excludes providers that already have one', async () => {
    const phone = keeper('phone');
    const first = await on.signedUpWith(on.laptop, { ...on.online(), name: 'Ada’s laptop' });
    await untilConfirmed(first);
    const second = await on.secondDevice(phone);
    await until(() => expect(idsOf(second)).toEqual(['laptop-1']));
    expect(await second.passkeys.add({ label: 'My phone' })).toMatchObject({
      id: 'phone-1',
      label: 'My phone',
      onThisDevice: true,
    });
    expect(phone.ceremonies).toMatchObject([
      { userName: 'My phone', rpName: 'app.example', excludeCredentialIDs: ['laptop-1'] },
    ]);
    await untilConfirmed(second);
    const third = await on.signedInWith(phone);
    expect(third.accountID).toBe(first.accountID);
    const labels = ['Ada’s laptop', 'My phone'];
    for (const session of [first, second, third]) {
      await until(async () =>
        expect((await session.passkeys.list()).map(({ label }) => label)).toEqual(labels),
      );
    }
  });

  test('adds both if two devices add one at the same time', async () => {
    const [phone, tablet] = [keeper('phone'), keeper('tablet')];
    const first = await on.signedUpWith(on.laptop);
    await untilConfirmed(first);
    const [one, two] = [await on.secondDevice(phone), await on.secondDevice(tablet)];
    await until(() => expect([...idsOf(one), ...idsOf(two)]).toEqual(['laptop-1', 'laptop-1']));
    await on.sessions.stopRelay();
    await Promise.all([one.passkeys.add(), two.passkeys.add()]);
    await on.sessions.startRelay();
    for (const session of [first, one, two]) session.sync.reconnect();
    for (const session of [first, one, two]) {
      await until(() => expect(idsOf(session).toSorted()).toEqual(['laptop-1', 'phone-1', 'tablet-1']));
      await untilConfirmed(session);
    }
    for (const passkeys of [on.laptop, phone, tablet]) {
      expect((await on.signedInWith(passkeys)).accountID).toBe(first.accountID);
    }
  });

  test('asks to choose another provider if the chosen one already has one', async () => {
    const session = await on.signedUpWith(on.laptop, { sync: false });
    await expect(session.passkeys.add()).rejects.toMatchObject({
      code: 'PASSKEY_ALREADY_HERE',
      message: expect.stringContaining('Choose another provider') as string,
      cause: { name: 'InvalidStateError' },
    });
    expect(idsOf(session)).toEqual(['laptop-1']);
  });

  test('changes nothing if the prompt is refused or aborted', async () => {
    const session = await on.signedUpWith(on.laptop, { sync: false });
    on.laptop.failNext(new DOMException('', 'NotAllowedError'));
    await expect(session.passkeys.add()).rejects.toMatchObject({ code: 'PASSKEY_REFUSED' });
    const signal = AbortSignal.abort();
    await expect(session.passkeys.add({ signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(idsOf(session)).toEqual(['laptop-1']);
  });

  test('names the left-over passkey, and writes nothing, if the session is closed meanwhile', async () => {
    const phone = createFakePasskeys({ name: 'phone' });
    const first = await on.signedUpWith(on.laptop);
    await untilConfirmed(first);
    const { platform, session } = await on.changingKeeper(on.laptop);
    await until(() => expect(idsOf(session)).toEqual(['laptop-1']));
    platform.passkeys = {
      ...phone,
      async create(request) {
        const made = await phone.create(request);
        await session.close();
        return made;
      },
    };
    await expect(session.passkeys.add({ label: 'Phone' })).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: { credentialID: 'phone-1', label: 'Phone' },
      message: expect.stringMatching(/not be added to the account.*“Phone” may be left over/) as string,
      cause: { code: 'SESSION_CLOSED' },
    });
    expect(phone.signalled).toEqual(['phone-1']);
    expect(readPasskeys(kernelMapOf(session))).toHaveLength(1);
  });

  test('creates no passkey in a closed session', async () => {
    const session = await on.signedUpWith(on.laptop, { sync: false });
    await session.close();
    await expect(session.passkeys.add()).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
    expect(on.laptop.ceremonies).toHaveLength(1);
  });
});

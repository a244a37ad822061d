import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { kernelMapOf } from '../../../test/support/session/account-parts.ts';
import { type FakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import {
  createPasskeyDevices,
  idsOf,
  keeper,
  keyringIn,
  type PasskeyDevices,
} from '../../../test/support/session/passkey-devices.ts';
import { readPasskeys, recordPhraseKept, recordPhraseRevealed } from '../account/kernel-map.ts';
import { keyringContentIn } from '../keyring/keyring-content.ts';
import type { Session } from '../session.ts';
import { signIn } from '../sign-in.ts';
import { signUp } from '../sign-up/sign-up.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';

let on: PasskeyDevices;
beforeEach(async () => {
  on = await createPasskeyDevices();
});
afterEach(() => on.sessions.end());

describe('removing a passkey', () => {
  let phone: FakePasskeys;
  let session: Session;
  beforeEach(async () => {
    phone = keeper('phone');
    const platform = { ...on.sessions.device(), passkeys: on.laptop };
    session = await on.opened(signUp(platform, on.online()));
    platform.passkeys = phone;
    await session.passkeys.add();
    await untilConfirmed(session);
  });

  test('[ACC-12] deletes its entry everywhere, and it no longer opens anything', async () => {
    const { mapID } = await keyringIn(session, 'phone-1');
    const other = await on.signedInWith(on.laptop);
    await until(() => expect(other.node.getCoValue(mapID).isAvailable()).toBe(true));
    expect(on.sessions.atRelay(mapID)).toContain('"iv');
    await session.passkeys.remove('phone-1');
    expect(idsOf(session)).toEqual(['laptop-1']);
    await untilConfirmed(session);
    expect(on.sessions.relay.node.getCoValue(mapID).isDeleted).toBe(true);
    await until(() => expect(other.node.getCoValue(mapID).isDeleted).toBe(true));
    await until(() => expect(idsOf(other)).toEqual(['laptop-1']));
    await expect(signIn(on.sessions.device({ passkeys: phone }), on.online())).rejects.toMatchObject({
      code: 'PASSKEY_REMOVED',
    });
    expect((await on.signedInWith(on.laptop)).accountID).toBe(session.accountID);
  });

  test('removes the passkey that created the account, and notifies its provider', async () => {
    const { mapID } = await keyringIn(session, 'laptop-1');
    const told = vi.spyOn(phone, 'signalUnknown');
    await session.passkeys.remove('laptop-1');
    await session.passkeys.remove('laptop-1');
    expect(told).toHaveBeenCalledWith({ rpID: 'app.example', credentialID: 'laptop-1' });
    await untilConfirmed(session);
    expect(on.sessions.relay.node.getCoValue(mapID).isDeleted).toBe(true);
    expect((await on.signedInWith(phone)).accountID).toBe(session.accountID);
  });

  test('[ACC-13] refuses to remove the last passkey unless the user has typed the phrase', async () => {
    await session.passkeys.remove('laptop-1');
    await expect(session.passkeys.remove('phone-1')).rejects.toMatchObject({ code: 'PASSKEY_LAST' });
    expect(idsOf(session)).toEqual(['phone-1']);
    recordPhraseRevealed(kernelMapOf(session));
    await expect(session.passkeys.remove('phone-1')).rejects.toMatchObject({ code: 'PASSKEY_LAST' });
    recordPhraseKept(kernelMapOf(session));
    await session.passkeys.remove('phone-1');
    await until(() =>
      expect(session.passkeys.state.current).toEqual({
        passkeys: [],
        phraseRevealed: true,
        phraseKept: true,
        unfinished: [],
        reach: 'elsewhere',
      }),
    );
  });

  test('reaches an entry that only another device has', async () => {
    const { mapID } = await keyringIn(session, 'phone-1');
    await on.sessions.stopRelay();
    await on.sessions.startRelay();
    const other = await on.opened(signUp(on.sessions.device({ passkeys: keeper('tablet') }), on.online()));
    await untilConfirmed(other);
    // As on a device that never received the entry from a relay.
    expect(other.node.getCoValue(mapID).isAvailable()).toBe(false);
    const passkey = readPasskeys(kernelMapOf(session)).find(({ credentialID }) => credentialID === 'phone-1');
    if (!passkey) throw new Error('no such passkey');
    kernelMapOf(other).set('passkey/phone-1', { v: 1, ...passkey }, 'private');
    await other.passkeys.remove('phone-1');
    await untilConfirmed(other);
    session.sync.reconnect();
    await until(() => expect(session.node.getCoValue(mapID).isDeleted).toBe(true));
  });

  test('survives a relay replaced by an empty one; every other passkey signs in', async () => {
    await session.passkeys.remove('phone-1');
    await untilConfirmed(session);
    await session.close();
    const again = await on.signedInWith(on.laptop);
    const { mapID } = await keyringIn(session, 'phone-1');
    await until(() => expect(again.node.getCoValue(mapID).isDeleted).toBe(true));
    await on.sessions.stopRelay();
    await on.sessions.startRelay();
    again.sync.reconnect();
    await until(() => expect(on.sessions.relay.node.getCoValue(mapID).isDeleted).toBe(true));
    await untilConfirmed(again);
    await expect(signIn(on.sessions.device({ passkeys: phone }), on.online())).rejects.toMatchObject({
      code: 'PASSKEY_REMOVED',
    });
    expect((await on.signedInWith(on.laptop)).accountID).toBe(session.accountID);
  });

  test('survives a relay that has the entry again: a session deletes it once more', async () => {
    const keyring = await keyringIn(session, 'phone-1');
    const backup = keyringContentIn(session.node, keyring);
    await session.passkeys.remove('phone-1');
    await untilConfirmed(session);
    const account = [...session.node.allCoValues()]
      .filter(({ id }) => id !== keyring.mapID && id !== keyring.groupID)
      .flatMap((core) => core.newContentSince() ?? [])
      .toSorted((a, b) => Number(b.id === session.accountID) - Number(a.id === session.accountID));
    await session.close();
    await on.sessions.stopRelay();
    await on.sessions.startRelay();
    for (const content of [...account, ...backup]) {
      on.sessions.relay.node.syncManager.handleNewContent(content, 'import');
    }
    // Wait for the account as long as an app would, because the machine may be busy.
    const device = on.sessions.device({ passkeys: phone, clock: systemClock });
    await expect(signIn(device, on.online())).rejects.toMatchObject({
      code: 'PASSKEY_REMOVED',
      message: expect.stringContaining('removed from its account') as string,
    });
    expect(on.sessions.atRelay(keyring.mapID)).toContain('"iv');
    await on.signedInWith(on.laptop);
    await until(() => expect(on.sessions.relay.node.getCoValue(keyring.mapID).isDeleted).toBe(true));
  });

  test('on two devices at once, each removing the other’s, leaves none, and the session reports it', async () => {
    const warn = vi.fn();
    const other = await on.signedInWith(on.laptop, { ...on.online(), logger: { debug: () => {}, warn } });
    await until(() => expect(idsOf(other)).toEqual(['laptop-1', 'phone-1']));
    await on.sessions.stopRelay();
    await session.passkeys.remove('laptop-1');
    await other.passkeys.remove('phone-1');
    await on.sessions.startRelay();
    for (const each of [session, other]) each.sync.reconnect();
    await until(() => expect(other.passkeys.state.current).toMatchObject({ passkeys: [], reach: 'nowhere' }));
    expect(warn).toHaveBeenCalledWith(
      expect.stringContaining('Nothing can open this account on another device'),
    );
  });
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createPasskeyDevices,
  idsOf,
  keeper,
  type PasskeyDevices,
} from '../../../test/support/session/passkey-devices.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';
import type { FakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import type { Session } from '../session.ts';
import { signIn } from '../sign-in.ts';

// These devices have no storage, so the notes are in the page; manage-passkeys.browser.test.ts covers those on a device.

let on: PasskeyDevices;
let phone: FakePasskeys;
let session: Session;
const refusal = () => new DOMException('', 'NotAllowedError');
const prompts = () => phone.ceremonies.map((request) => ('userID' in request ? 'create' : 'get'));

beforeEach(async () => {
  on = await createPasskeyDevices();
  await untilConfirmed(await on.signedUpWith(on.laptop));
  const onGet = keeper('phone', { prf: 'on-get' });
  phone = {
    ...onGet,
    async create(request) {
      const made = await onGet.create(request);
      onGet.failNext(refusal());
      return made;
    },
  };
  session = await on.secondDevice(phone);
  await until(() => expect(idsOf(session)).toEqual(['laptop-1']));
});
afterEach(() => on.sessions.end());

async function expectRefused(message: RegExp): Promise<void> {
  await expect(session.passkeys.add({ label: 'Phone' })).rejects.toMatchObject({
    code: 'PASSKEY_ORPHANED',
    details: { credentialID: 'phone-1', label: 'Phone' },
    message: expect.stringMatching(message) as string,
  });
  expect(session.passkeys.state.current.unfinished).toEqual([{ id: 'phone-1', label: 'Phone' }]);
  expect(idsOf(session)).toEqual(['laptop-1']);
}

test('[ACC-23] a refused second prompt does not give up the passkey: the next `add` continues with it', async () => {
  await expectRefused(
    /Add a passkey again, before this page is reloaded, to continue with the passkey “Phone”/,
  );
  expect(await session.passkeys.add()).toMatchObject({ id: 'phone-1', label: 'Phone' });
  expect(session.passkeys.state.current.unfinished).toEqual([]);
  expect(prompts()).toEqual(['create', 'get', 'get']);
  await untilConfirmed(session);
  expect((await on.signedInWith(phone)).accountID).toBe(session.accountID);
});

test('after a refused retry, another passkey is created only if the first is gone', async () => {
  await expectRefused(/to continue with/);
  phone.failNext(refusal());
  await expectRefused(/creates another one, unless this one still exists/);
  await expect(session.passkeys.add()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
  expect(await session.passkeys.add()).toMatchObject({ id: 'phone-1' });
  expect(prompts()).toEqual(['create', 'get', 'get', 'create', 'get']);
});

test('a sign-in with a passkey that was not added says how to continue', async () => {
  await expectRefused(/to continue with/);
  await expect(signIn(on.sessions.device({ passkeys: phone }), on.online())).rejects.toMatchObject({
    code: 'PASSKEY_ORPHANED',
    message: expect.stringMatching(/Open the account in another way, and add a passkey again/) as string,
    cause: { code: 'ACCOUNT_NOT_FOUND' },
  });
  expect(await session.passkeys.add()).toMatchObject({ id: 'phone-1' });
});

test('an unfinished addition to one account is not continued by a sign-up', async () => {
  await expectRefused(/to continue with/);
  const other = await on.signedUpWith(keeper('tablet'), { sync: false });
  expect(idsOf(other)).toEqual(['tablet-1']);
  expect(other.passkeys.state.current.unfinished).toEqual([]);
  await session.passkeys.add();
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kernelMapOf } from '../../../test/support/session/account-parts.ts';
import { type FakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import {
  createPasskeyDevices,
  keeper,
  type PasskeyDevices,
} from '../../../test/support/session/passkey-devices.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';

let on: PasskeyDevices;
beforeEach(async () => {
  on = await createPasskeyDevices();
});
afterEach(() => on.sessions.end());

describe('checking a passkey', () => {
  test('prompts for this passkey only, and trusts its key from then on', async () => {
    const laptop = keeper('laptop', { prf: 'on-get' });
    const session = await on.signedUpWith(laptop);
    await untilConfirmed(session);
    await session.passkeys.check('laptop-1');
    expect(laptop.ceremonies.at(-1)).toMatchObject({ allowCredentialIDs: ['laptop-1'] });
    await until(async () => expect(await session.passkeys.list()).toMatchObject([{ usableElsewhere: true }]));
  });

  test('is ACCOUNT_INVALID, and changes nothing, if the passkey returns another key', async () => {
    const { get, ...rest } = keeper('laptop', { prf: 'on-get' });
    let isWrong = false;
    const laptop: FakePasskeys = {
      ...rest,
      async get(request) {
        const used = await get(request);
        if (isWrong && used.prf.kind === 'output') used.prf.output.reverse();
        return used;
      },
    };
    const session = await on.signedUpWith(laptop);
    await untilConfirmed(session);
    const before = kernelMapOf(session).keys();
    isWrong = true;
    await expect(session.passkeys.check('laptop-1')).rejects.toMatchObject({ code: 'ACCOUNT_INVALID' });
    expect(kernelMapOf(session).keys()).toEqual(before);
    expect(await session.passkeys.list()).toMatchObject([{ usableElsewhere: false }]);
  });

  test('prompts for nothing if the account does not have the passkey', async () => {
    const session = await on.signedUpWith(on.laptop, { sync: false });
    await expect(session.passkeys.check('another')).rejects.toMatchObject({ code: 'PASSKEY_REMOVED' });
    expect(on.laptop.ceremonies).toHaveLength(1);
  });
});

import { expect, test } from 'vitest';
import { readAuthenticatorData } from './authenticator-data.ts';

/** Flags: 1 present, 4 verified, 8 BE, 16 BS, 64 credential data. */
function dataWith(flags: number, rest: readonly number[] = []): string {
  const bytes = [...new Uint8Array(32), flags, 0, 0, 0, 1, ...rest];
  return Buffer.from(bytes).toString('base64url');
}

test.each([
  ['neither', 0b0_0101, { isEligible: false, isBackedUp: false }],
  ['eligible, but not backed up yet', 0b0_1101, { isEligible: true, isBackedUp: false }],
  ['backed up', 0b1_1101, { isEligible: true, isBackedUp: true }],
  ['backed up without being eligible, which is invalid', 0b1_0101, { isEligible: false, isBackedUp: false }],
])('reads the backup flags: %s', (_, flags, backup) => {
  expect(readAuthenticatorData(dataWith(flags))).toEqual({ userVerified: true, backup, aaguid: undefined });
});

test('reports no verification without its flag, nor of data that is too short', () => {
  expect(readAuthenticatorData(dataWith(1)).userVerified).toBe(false);
  const nothing = { isEligible: false, isBackedUp: false };
  expect(readAuthenticatorData('AAAA')).toEqual({ userVerified: false, backup: nothing, aaguid: undefined });
});

test('reads the AAGUID of a new credential, unless the browser withholds it', () => {
  const aaguid = Array.from({ length: 16 }, (_, index) => index * 16);
  const read = (flags: number, rest: readonly number[]) =>
    readAuthenticatorData(dataWith(flags, rest)).aaguid;
  expect(read(0b100_0101, [...aaguid, 0, 0])).toBe('00102030-4050-6070-8090-a0b0c0d0e0f0');
  expect(read(0b100_0101, [...new Uint8Array(16), 0, 0])).toBeUndefined();
  expect(read(0b100_0101, [1, 2])).toBeUndefined();
  expect(read(0b101, aaguid)).toBeUndefined();
});

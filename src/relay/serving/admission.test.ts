import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { readLimits } from '../config/limits.ts';
import { createAdmission } from './admission.ts';

it('[RELAY-43] limits the new connections of each address, also of those that end at once', () => {
  const clock = createFakeClock();
  const { refusal, enter } = createAdmission(readLimits({ newConnectionsPerMinute: 3 }), clock);
  const tryFrom = (address: string) => {
    const reason = refusal(address);
    if (reason === undefined) enter(address)();
    return reason;
  };
  for (let count = 0; count < 3; count++) expect(tryFrom('192.0.2.1')).toBeUndefined();
  clock.advance(59_999);
  expect(tryFrom('192.0.2.1')).toContain('3 new connections a minute');
  expect(tryFrom('192.0.2.2')).toBeUndefined();
  clock.advance(1);
  expect(tryFrom('192.0.2.1')).toBeUndefined();
});

it('[RELAY-60] lets an address look up only so many entries a minute', () => {
  const clock = createFakeClock();
  const { countLookup, refusal } = createAdmission(readLimits({ lookupsPerMinute: 2 }), clock);
  expect([countLookup('192.0.2.1'), countLookup('192.0.2.1')]).toEqual([undefined, undefined]);
  expect(countLookup('192.0.2.1')).toContain('2 lookups of passkeys a minute');
  expect(countLookup('192.0.2.2')).toBeUndefined();
  expect(refusal('192.0.2.1')).toBeUndefined();
  clock.advance(60_000);
  expect(countLookup('192.0.2.1')).toBeUndefined();
});

it('[RELAY-55] admits no more clients of an address with many failed sign-ins, until the next minute', () => {
  const clock = createFakeClock();
  const { refusal, signInFailed } = createAdmission(readLimits({ failedSignInsPerMinute: 2 }), clock);
  signInFailed('192.0.2.1');
  expect(refusal('192.0.2.1')).toBeUndefined();
  signInFailed('192.0.2.1');
  expect(refusal('192.0.2.1')).toContain('2 failed sign-ins a minute');
  expect(refusal('192.0.2.2')).toBeUndefined();
  clock.advance(60_000);
  expect(refusal('192.0.2.1')).toBeUndefined();
});

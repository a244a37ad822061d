import { type Remember } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { afterSignOutWords, deviceWords, rememberWords } from './device-words.ts';

const kept = { kind: 'kernel', state: 'ok' } as const;
const memory = { kind: 'memory', state: 'memory-only' } as const;
const untold = { usedBytes: undefined, quotaBytes: undefined };

describe('what this device keeps', () => {
  it.each([
    [kept, untold, 'Your lists are kept here'],
    [kept, { ...untold, usedBytes: 14_200_000 }, 'About 14 MB are kept here'],
    [kept, { ...untold, usedBytes: 900 }, 'About 0.9 kB are kept here'],
    [memory, { ...untold, usedBytes: 900 }, 'This browser keeps nothing here'],
    [{ ...kept, state: 'failing' } as const, untold, 'The storage does not take anything now'],
  ])('of %o with %o', (storage, size, title) =>
    expect(deviceWords(storage, 'device', size).title).toBe(title),
  );

  it('tells the room only where the browser told it', () => {
    expect(deviceWords(kept, 'device', { ...untold, quotaBytes: 2_000_000_000 }).text).toContain(
      'about 2 GB',
    );
    expect(deviceWords(kept, 'device', untold).text).not.toContain('allows');
  });

  it('is nothing where the person chose that, and is not blamed on the browser', () => {
    const words = deviceWords(memory, 'never', untold);
    expect(words.title).toBe('Nothing is kept here');
    expect(words.text).not.toContain('Private windows');
  });
});

describe('what opens the account the next time', () => {
  it.each<[Remember, boolean, RegExp]>([
    ['device', true, /Whoever uses this browser/],
    ['passkey', true, /Your passkey opens them/],
    ['passkey', false, /Your 24 words open them/],
    ['never', false, /your 24 words and the relay/],
  ])('with %s, having a passkey: %s', (remember, hasPasskey, text) =>
    expect(rememberWords(remember, hasPasskey).text).toMatch(text),
  );
});

describe('what stays after signing out', () => {
  it('is named, and speaks of passkeys only where there are some', () => {
    expect(afterSignOutWords('device', true).text).toContain('its passkeys’ ids');
    expect(afterSignOutWords('passkey', false).text).not.toContain('passkey');
  });

  it('is nothing where nothing was written', () => {
    expect(afterSignOutWords('never', true).title).toBe('Signing out leaves nothing');
  });
});

import { type Remember } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { testError } from '../sync/test-state.ts';
import { afterSignOutWords, deviceWords, keptWords, rememberWords, takeoverWords } from './device-words.ts';

const kept = { kind: 'kernel', state: 'ok' } as const;
const memory = { kind: 'memory', state: 'memory-only' } as const;

describe('what this device keeps', () => {
  const blocked = testError('STORAGE_BLOCKED');
  it.each([
    [kept, 'Your lists are kept here'],
    [{ ...kept, usedBytes: 14_200_000 }, 'About 14 MB are kept here'],
    [{ ...kept, usedBytes: 900 }, 'About 0.9 kB are kept here'],
    [{ ...memory, usedBytes: 900 }, 'This browser keeps nothing here'],
    [{ ...memory, error: testError('STORAGE_UNAVAILABLE') }, 'This browser keeps nothing here'],
    [{ ...memory, error: blocked }, 'Nothing is kept here now'],
    [
      { ...kept, state: 'failing', error: testError('STORAGE_FULL') } as const,
      'Nothing can be saved: this device’s storage is full',
    ],
  ])('of %o', (storage, title) => expect(deviceWords(storage, 'device').title).toBe(title));

  it('tells the room only where the browser told it', () => {
    expect(deviceWords({ ...kept, quotaBytes: 2_000_000_000 }, 'device').text).toContain('about 2 GB');
    expect(deviceWords(kept, 'device').text).not.toContain('allows');
  });

  it('blames the browser only for what it does', () => {
    expect(deviceWords({ ...memory, error: blocked }, 'device').text).toMatch(
      /^Another tab holds this device’s storage\. Closing this tab loses/,
    );
    const words = deviceWords(memory, 'never');
    expect(words.title).toBe('Nothing is kept here');
    expect(words.text).not.toContain('Private windows');
  });

  it('may be cleared by the browser, or not, where it says so', () => {
    expect(keptWords(kept, true)).toBeUndefined();
    expect(keptWords({ ...kept, persisted: true }, true)?.title).toBe('The browser keeps it');
    const words = keptWords({ ...kept, persisted: false }, false);
    expect(words?.title).toBe('The browser may clear it when space runs low');
    expect(words?.text).toContain('not confirmed all of it yet');
  });
});

describe('what an older version kept', () => {
  it('is told while it is moved, and only then', () => {
    expect(takeoverWords(kept)).toBeUndefined();
    expect(takeoverWords({ ...kept, takeover: { done: 412, total: 1860 } })?.title).toBe(
      'Moving what an older Lists kept here: 412 of 1,860',
    );
    expect(takeoverWords({ ...kept, takeover: { done: 0, total: 0 } })?.title).not.toContain('of 0');
  });

  it('is told to be here meanwhile, and why it does not go on', () => {
    const takeover = { done: 1, total: 2 };
    expect(takeoverWords({ ...kept, takeover })?.text).toMatch(/^Everything is here meanwhile/);
    expect(takeoverWords({ ...kept, takeover, error: testError('STORAGE_FULL') })?.text).toBe(
      'It was interrupted, as this device’s storage is full. It is tried again by itself, and everything is here meanwhile.',
    );
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

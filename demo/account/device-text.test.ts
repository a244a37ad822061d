import { type Remember } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { testError } from '../sync/test-state.ts';
import { afterSignOutText, deviceText, keptText, rememberText, takeoverText } from './device-text.ts';

const kept = { kind: 'kernel', state: 'ok' } as const;
const memory = { kind: 'memory', state: 'memory-only' } as const;

describe('data on this device', () => {
  const blocked = testError('STORAGE_BLOCKED');
  it.each([
    [kept, 'Your lists are saved here'],
    [{ ...kept, usedBytes: 14_200_000 }, 'About 14 MB is saved here'],
    [{ ...kept, usedBytes: 900 }, 'About 0.9 kB is saved here'],
    [{ ...memory, usedBytes: 900 }, 'This browser does not store data here'],
    [{ ...memory, error: testError('STORAGE_UNAVAILABLE') }, 'This browser does not store data here'],
    [{ ...memory, error: blocked }, 'Nothing is saved here now'],
    [
      { ...kept, state: 'failing', error: testError('STORAGE_FULL') } as const,
      'Nothing can be saved: this device’s storage is full',
    ],
  ])('of %o', (storage, title) => expect(deviceText(storage, 'device').title).toBe(title));

  it('shows the quota only if the browser reports it', () => {
    expect(deviceText({ ...kept, quotaBytes: 2_000_000_000 }, 'device').text).toContain('about 2 GB');
    expect(deviceText(kept, 'device').text).not.toContain('allows');
  });

  it('blames the browser only for its own limits', () => {
    expect(deviceText({ ...memory, error: blocked }, 'device').text).toMatch(
      /^Another tab is blocking this device’s storage\. Closing this tab loses/,
    );
    const words = deviceText(memory, 'never');
    expect(words.title).toBe('Nothing is saved here');
    expect(words.text).not.toContain('Private windows');
  });

  it('mentions eviction only if the browser reports its policy', () => {
    expect(keptText(kept, true)).toBeUndefined();
    expect(keptText({ ...kept, persisted: true }, true)?.title).toBe('The browser protects this data');
    const words = keptText({ ...kept, persisted: false }, false);
    expect(words?.title).toBe('The browser may delete this data when space runs low');
    expect(words?.text).toContain('not confirmed all of it yet');
  });
});

describe('data from an older version', () => {
  it('shows progress only while it is moved', () => {
    expect(takeoverText(kept)).toBeUndefined();
    expect(takeoverText({ ...kept, takeover: { done: 412, total: 1860 } })?.title).toBe(
      'Moving data from an older version of Lists: 412 of 1,860',
    );
    expect(takeoverText({ ...kept, takeover: { done: 0, total: 0 } })?.title).not.toContain('of 0');
  });

  it('stays available, and an interruption is explained', () => {
    const takeover = { done: 1, total: 2 };
    expect(takeoverText({ ...kept, takeover })?.text).toMatch(/^All your lists stay available/);
    expect(takeoverText({ ...kept, takeover, error: testError('STORAGE_FULL') })?.text).toBe(
      'Moving stopped because this device’s storage is full. Lists retries automatically, and all your lists stay available.',
    );
  });
});

describe('the next visit', () => {
  it.each<[Remember, boolean, RegExp]>([
    ['device', true, /Anyone who uses this browser/],
    ['passkey', true, /Your passkey opens them/],
    ['passkey', false, /Your 24 words open them/],
    ['never', false, /your 24 words and the relay/],
  ])('with %s, having a passkey: %s', (remember, hasPasskey, text) =>
    expect(rememberText(remember, hasPasskey).text).toMatch(text),
  );
});

describe('data left after signing out', () => {
  it('is listed, with passkeys only if there are any', () => {
    expect(afterSignOutText('device', true).text).toContain('its passkeys’ IDs');
    expect(afterSignOutText('passkey', false).text).not.toContain('passkey');
  });

  it('is nothing if nothing was saved', () => {
    expect(afterSignOutText('never', true).title).toBe('Nothing remains after signing out');
  });
});

import { describe, expect, it } from 'vitest';
import { deviceWords } from './device-words.ts';

const kept = { kind: 'cojson-indexeddb', state: 'ok' } as const;

describe('what this device keeps', () => {
  it.each([
    [kept, 'Your lists are kept here'],
    [{ ...kept, usedBytes: 14_200_000 }, '14 MB are kept here'],
    [{ ...kept, usedBytes: 900 }, '0.9 kB are kept here'],
    [{ kind: 'memory', state: 'memory-only' } as const, 'This browser keeps nothing here'],
  ])('of %o', (storage, title) => expect(deviceWords(storage).title).toBe(title));

  it('says that the browser may clear it, only where the browser said so', () => {
    expect(deviceWords({ ...kept, persisted: false }).text).toContain('may clear');
    expect(deviceWords({ ...kept, persisted: true }).text).not.toContain('may clear');
    expect(deviceWords(kept).text).not.toContain('may clear');
  });

  it('never says that something is kept where nothing is', () => {
    expect(JSON.stringify(deviceWords({ kind: 'memory', state: 'memory-only' }))).not.toContain('are kept');
  });
});

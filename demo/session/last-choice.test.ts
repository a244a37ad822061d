import { expect, it } from 'vitest';
import { keepChoice, lastChoice } from './last-choice.ts';

function createStorage() {
  const values = new Map<string, string>();
  const storage: Storage = {
    get length() {
      return values.size;
    },
    clear: () => values.clear(),
    key: () => null,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
  return { values, here: () => storage };
}

it('returns the last choice, and "device" by default', () => {
  const { here } = createStorage();
  expect(lastChoice(here)).toBe('device');
  keepChoice('passkey', here);
  expect(lastChoice(here)).toBe('passkey');
  keepChoice('device', here);
  expect(lastChoice(here)).toBe('device');
});

it('stores nothing for "never", and keeps the previous choice', () => {
  const { here, values } = createStorage();
  keepChoice('never', here);
  expect(values.size).toBe(0);
  keepChoice('passkey', here);
  keepChoice('never', here);
  expect(lastChoice(here)).toBe('passkey');
});

it('returns the default if the browser blocks storage', () => {
  const refusing = () => {
    throw new DOMException('no', 'SecurityError');
  };
  keepChoice('passkey', refusing);
  expect(lastChoice(refusing)).toBe('device');
});

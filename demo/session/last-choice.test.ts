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

it('is what was chosen last, and at first to stay signed in', () => {
  const { here } = createStorage();
  expect(lastChoice(here)).toBe('device');
  keepChoice('passkey', here);
  expect(lastChoice(here)).toBe('passkey');
  keepChoice('device', here);
  expect(lastChoice(here)).toBe('device');
});

it('leaves no mark where nothing may be kept, and forgets nobody else’s choice', () => {
  const { here, values } = createStorage();
  keepChoice('never', here);
  expect(values.size).toBe(0);
  keepChoice('passkey', here);
  keepChoice('never', here);
  expect(lastChoice(here)).toBe('passkey');
});

it('is made anew each time where the browser keeps nothing', () => {
  const refusing = () => {
    throw new DOMException('no', 'SecurityError');
  };
  keepChoice('passkey', refusing);
  expect(lastChoice(refusing)).toBe('device');
});

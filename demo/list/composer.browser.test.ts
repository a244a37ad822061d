import { flushSync, mount, unmount } from 'svelte';
import { expect, onTestFinished, test, vi } from 'vitest';
import Composer from './Composer.svelte';

test('a text that is too long for an item stays in the field in full, with the limit', () => {
  const onadd = vi.fn();
  const props = { isAddingPicture: false, onadd, onpicture: () => Promise.resolve(false), onundo: () => {} };
  const app = mount(Composer, { target: document.body, props });
  onTestFinished(() => void unmount(app));
  const field = document.querySelector<HTMLInputElement>('input[aria-label="New item"]');
  if (!field) throw new Error('mounted above');
  const words = 'Bread '.repeat(500);
  field.focus();
  document.execCommand('insertText', false, words); // As if pasted.
  field.form?.requestSubmit();
  flushSync();
  expect(field.value).toBe(words);
  expect(document.querySelector('[role=alert]')?.textContent).toContain(
    '2,999 characters, and the limit is 2,000',
  );
  expect(onadd).not.toHaveBeenCalled();
});

test('words whose item is refused stay in the field, with the reason', () => {
  const refusal = 'You may read this list, but not change it.';
  const onadd = vi.fn<(text: string) => string | undefined>().mockReturnValueOnce(refusal);
  const props = { isAddingPicture: false, onadd, onpicture: () => Promise.resolve(false), onundo: () => {} };
  const app = mount(Composer, { target: document.body, props });
  onTestFinished(() => void unmount(app));
  const field = document.querySelector<HTMLInputElement>('input[aria-label="New item"]');
  const reason = () => document.querySelector('[role=alert]')?.textContent;
  if (!field) throw new Error('mounted above');

  field.value = 'Bring bread';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  const send = () => {
    field.form?.requestSubmit();
    flushSync();
  };
  send();
  expect([field.value, reason()]).toEqual(['Bring bread', expect.stringContaining('not change it')]);
  send();
  expect([field.value, reason()]).toEqual(['', '']);
  expect(onadd.mock.calls).toEqual([['Bring bread'], ['Bring bread']]);
});

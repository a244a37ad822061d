import { afterEach, beforeEach, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { TestDevice } from '../model/test-device.ts';
import { openTestShell, type TestShell } from '../shell/test-shell.ts';

let shell: TestShell;
let device: TestDevice;
let listID: string;

beforeEach(async () => {
  shell = await openTestShell('Cabin', ['Firewood', 'Soap', 'Bread']);
  ({ device, listID } = shell);
});
afterEach(() => shell.close());

const field = page.getByRole('textbox', { name: 'Rename item' });

/** As the list's map gets it from another member. */
async function deletedWhileTyping(words: string) {
  await userEvent.click(page.getByRole('button', { name: 'Soap', exact: true }));
  await userEvent.fill(field, words);
  device.edit.removeItem(listID, device.itemID(listID, 'Soap'));
  await expect
    .element(page.getByRole('alert').filter({ hasText: 'Someone deleted this item' }))
    .toHaveTextContent('Your words are still here.');
}

it('keeps what the user types in an item that somebody else deletes, and adds it as a new item', async () => {
  await deletedWhileTyping('Soap and towels');
  await expect.element(field).toHaveValue('Soap and towels');
  await expect.element(field).toHaveFocus();
  await userEvent.keyboard('{Enter}');
  await expect.element(field).not.toBeInTheDocument();
  expect(device.texts(listID)).toEqual(['Firewood', 'Bread', 'Soap and towels']);
});

it('lets the user give up what was typed in an item that somebody else deletes', async () => {
  await deletedWhileTyping('Soap and towels');
  await userEvent.keyboard('{Escape}');
  await expect.element(field).not.toBeInTheDocument();
  expect(device.texts(listID)).toEqual(['Firewood', 'Bread']);
});

it('keeps the field of an item that somebody else checks off', async () => {
  await userEvent.click(page.getByRole('button', { name: 'Soap', exact: true }));
  await userEvent.fill(field, 'Soap and towels');
  device.edit.setDone(device.itemID(listID, 'Soap'), true);
  await expect.element(page.getByRole('checkbox', { name: 'Soap' })).toBeChecked();
  await expect.element(field).toHaveFocus();
  await userEvent.keyboard('{Enter}');
  await expect.element(field).not.toBeInTheDocument();
  expect(device.texts(listID)).toContain('Soap and towels');
});

it('truncates a long item to a few lines until the user expands it', async () => {
  const long = 'Buy the wood that lasts until spring. '.repeat(50).trim();
  device.edit.addItem(listID, long);
  const row = page.getByRole('listitem').filter({ hasText: long });
  const words = row.getByRole('button', { name: long, exact: true });
  await expect.element(row.getByRole('button', { name: 'Show all' })).toBeVisible();
  const height = () => words.element().getBoundingClientRect().height;
  expect(height()).toBeLessThan(200);
  await row.getByRole('button', { name: 'Show all' }).click();
  await expect.poll(height).toBeGreaterThan(400);
  const less = row.getByRole('button', { name: 'Show less' });
  less.element().focus();
  await userEvent.keyboard(' ');
  await expect.poll(height).toBeLessThan(200);
  await expect.element(page.getByRole('checkbox', { name: long })).not.toBeChecked();

  await words.click();
  await expect.element(field).toHaveValue(long);
  expect(field.element().getBoundingClientRect().height).toBeLessThanOrEqual(innerHeight / 2);
  await userEvent.fill(field, 'Wood');
  await userEvent.keyboard('{Enter}');
  await expect.element(page.getByRole('button', { name: 'Wood', exact: true })).toBeVisible();
  expect(page.getByRole('button', { name: /^Show/ }).query()).toBeNull();
});

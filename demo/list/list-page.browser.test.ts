import { mount, unmount } from 'svelte';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { type TestDevice } from '../model/test-network.ts';
import { createTestSession } from '../session/test-session.ts';
import Shell from '../shell/Shell.svelte';
import '../styles/base.css';
import '../styles/controls.css';
import '../styles/page.css';
import '../styles/tokens.css';

let device: TestDevice;
let listID: string;
let shell: object;

beforeEach(async () => {
  await page.viewport(1280, 800);
  const opened = await createTestSession();
  ({ device } = opened);
  listID = device.lists.add('Cabin');
  for (const text of ['Firewood', 'Soap', 'Bread']) device.edit.addItem(listID, text);
  const route = { page: 'list', listID } as const;
  const entered = { session: opened.session, isNew: false, remember: 'never' } as const;
  const props = { entered, route, arrived: undefined, onarrived: () => {}, onleave: () => {} };
  shell = mount(Shell, { target: document.body, props });
});
afterEach(() => unmount(shell));

const field = page.getByRole('textbox', { name: 'Rename item' });

/** As the list's map gets it from another member. */
async function deletedWhileTyping(words: string) {
  await userEvent.click(page.getByRole('button', { name: 'Soap', exact: true }));
  await userEvent.fill(field, words);
  device.edit.removeItem(listID, device.itemID(listID, 'Soap'));
  await expect
    .element(page.getByRole('alert').filter({ hasText: 'Somebody has deleted this item' }))
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

import { mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { type TestDevice } from '../model/test-network.ts';
import { createTestSession } from '../session/test-session.ts';
import '../styles/base.css';
import '../styles/controls.css';
import '../styles/page.css';
import '../styles/tokens.css';
import Shell from './Shell.svelte';

let device: TestDevice;
let listID: string;
let shell: object;

beforeEach(async () => {
  await page.viewport(1280, 800);
  const opened = await createTestSession();
  device = opened.device;
  listID = device.lists.add('Groceries');
  for (const text of ['Milk', 'Bread', 'Tea']) device.edit.addItem(listID, text);
  const route = { page: 'list', listID } as const;
  const entered = { session: opened.session, isNew: false, remember: 'never' } as const;
  const props = { entered, route, arrived: undefined, onarrived: () => {}, onleave: () => {} };
  shell = mount(Shell, { target: document.body, props });
  await expect.element(item('Milk')).toBeInTheDocument();
});
afterEach(() => unmount(shell));

const item = (text: string) => page.getByRole('checkbox', { name: text, exact: true });
const field = (name: string) => page.getByRole('textbox', { name, exact: true });
const focus = (text: string) => item(text).element().focus();
const items = () => device.texts(listID);

describe('with the keyboard alone', () => {
  it('items are added one after the other', async () => {
    await userEvent.type(field('New item'), 'Jam{Enter}Salt{Enter}');
    await expect.element(item('Salt')).toBeInTheDocument();
    expect(items()).toEqual(['Milk', 'Bread', 'Tea', 'Jam', 'Salt']);
    await expect.element(field('New item')).toHaveFocus();
  });

  it('arrows go from item to item, and from the last one to the new one', async () => {
    focus('Bread');
    await userEvent.keyboard('{ArrowDown}');
    await expect.element(item('Tea')).toHaveFocus();
    await userEvent.keyboard('{ArrowDown}');
    await expect.element(field('New item')).toHaveFocus();
  });

  it('Space checks the item, and the focus goes to the next one', async () => {
    focus('Bread');
    await userEvent.keyboard(' ');
    await expect.element(page.getByRole('button', { name: '1 done' })).toBeInTheDocument();
    await expect.element(item('Tea')).toHaveFocus();
  });

  it('Space on the text checks it too, and does not begin to rename it', async () => {
    page.getByRole('button', { name: 'Bread', exact: true }).element().focus();
    await userEvent.keyboard(' ');
    await expect.element(page.getByRole('button', { name: '1 done' })).toBeInTheDocument();
    expect(field('Rename item').query()).toBeNull();
  });

  it('F2 renames, Enter keeps it, Escape leaves it as it was, and the focus stays', async () => {
    focus('Bread');
    await userEvent.keyboard('{F2} rolls{Enter}');
    await expect.element(item('Bread rolls')).toHaveFocus();
    await userEvent.keyboard('{F2}XXX{Escape}');
    await expect.element(item('Bread rolls')).toHaveFocus();
    expect(items()).toEqual(['Milk', 'Bread rolls', 'Tea']);
  });

  it('Alt with an arrow moves the item, and the focus with it', async () => {
    focus('Milk');
    await userEvent.keyboard('{Alt>}{ArrowDown}{ArrowDown}{/Alt}');
    await expect.poll(items).toEqual(['Bread', 'Tea', 'Milk']);
    await expect.element(item('Milk')).toHaveFocus();
    await userEvent.keyboard('{Alt>}{ArrowUp}{/Alt}');
    await expect.poll(items).toEqual(['Bread', 'Milk', 'Tea']);
    await expect.element(item('Milk')).toHaveFocus();
  });

  it('Delete deletes, and Ctrl+Z brings it back where it was, focused', async () => {
    focus('Bread');
    await userEvent.keyboard('{Delete}');
    await expect.element(item('Tea')).toHaveFocus();
    expect(items()).toEqual(['Milk', 'Tea']);
    await userEvent.keyboard('{Control>}z{/Control}');
    await expect.element(item('Bread')).toHaveFocus();
    expect(items()).toEqual(['Milk', 'Bread', 'Tea']);
  });

  it('the last item can be brought back too, from the field that has the focus then', async () => {
    focus('Milk');
    await userEvent.keyboard('{Delete}{Delete}{Delete}');
    await expect.element(field('New item')).toHaveFocus();
    await userEvent.keyboard('{Control>}z{/Control}');
    await expect.poll(items).toHaveLength(1);
  });

  it('? shows the keys, and Escape gives the focus back', async () => {
    focus('Bread');
    await userEvent.keyboard('?');
    await expect.element(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(item('Bread')).toHaveFocus();
  });

  it('no key acts on items while the focus is elsewhere', async () => {
    await userEvent.type(field('New item'), '? {Backspace}');
    await userEvent.keyboard('{Delete}{Alt>}{ArrowUp}{/Alt}');
    expect(page.getByRole('dialog').query()).toBeNull();
    expect(items()).toEqual(['Milk', 'Bread', 'Tea']);
  });
});

describe('a list', () => {
  it('is renamed from its menu, typing over the old name', async () => {
    await page.getByRole('button', { name: 'More for this list' }).click();
    await page.getByRole('button', { name: 'Rename list' }).click();
    await expect.element(field('Name of the list')).toHaveFocus();
    await userEvent.keyboard('Food{Enter}');
    await expect.element(page.getByRole('heading', { name: 'Food' })).toBeInTheDocument();
    await expect.element(page.getByRole('button', { name: 'More for this list' })).toHaveFocus();
  });

  it('is deleted from its menu, and brought back from the toast', async () => {
    await page.getByRole('button', { name: 'More for this list' }).click();
    await page.getByRole('button', { name: 'Delete list' }).click();
    await expect.poll(() => device.shows().lists).toEqual([]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => device.shows().lists.map((list) => list.title)).toEqual(['Groceries']);
  });

  it('has no link until one is made, and what is made stands after #', async () => {
    await page.getByRole('button', { name: 'Share' }).click();
    expect(device.list(listID)?.inviteSecret).toBeUndefined();
    await page.getByRole('button', { name: 'Make a link' }).click();
    const link = field('Link');
    await expect.element(link).toBeVisible();
    const { hash, href } = new URL((link.element() as HTMLInputElement).value);
    expect(hash).toMatch(/^#join\/co_z\w+\/\w+$/);
    expect(href.replace(hash, '')).not.toContain('co_z');
  });
});

describe('on a narrow screen', () => {
  it('the item that is being edited is moved and deleted from a toolbar', async () => {
    await page.viewport(390, 844);
    await page.getByRole('button', { name: 'Tea', exact: true }).click();
    await page.getByRole('button', { name: 'Move up' }).click();
    await expect.poll(items).toEqual(['Milk', 'Tea', 'Bread']);
    await expect.element(field('Rename item')).toHaveFocus();
    await userEvent.keyboard(' bags');
    await page.getByRole('button', { name: 'Done', exact: true }).click();
    await expect.poll(items).toEqual(['Milk', 'Tea bags', 'Bread']);

    await page.getByRole('button', { name: 'Tea bags', exact: true }).click();
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
    await expect.poll(items).toEqual(['Milk', 'Bread']);
  });
});

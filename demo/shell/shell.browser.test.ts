import { createKernelError } from '@MaiaOS/kernel';
import { RawCoMap, RawGroup } from '@MaiaOS/kernel/cojson';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { TestDevice } from '../model/test-device.ts';
import { openTestShell, type TestShell } from './test-shell.ts';

let shell: TestShell;
let device: TestDevice;
let listID: string;

beforeEach(async () => {
  shell = await openTestShell('Groceries', ['Milk', 'Bread', 'Tea']);
  ({ device, listID } = shell);
  await expect.element(item('Milk')).toBeInTheDocument();
});
afterEach(() => shell.close());

const item = (text: string) => page.getByRole('checkbox', { name: text, exact: true });
const field = (name: string) => page.getByRole('textbox', { name, exact: true });
const focus = (text: string) => item(text).element().focus();
const items = () => device.texts(listID);

describe('keyboard use', () => {
  it('Enter adds items one after another', async () => {
    await userEvent.type(field('New item'), 'Jam{Enter}Salt{Enter}');
    await expect.element(item('Salt')).toBeInTheDocument();
    expect(items()).toEqual(['Milk', 'Bread', 'Tea', 'Jam', 'Salt']);
    await expect.element(field('New item')).toHaveFocus();
  });

  it('arrow keys move between items, and from the last one to the new-item field', async () => {
    focus('Bread');
    await userEvent.keyboard('{ArrowDown}');
    await expect.element(item('Tea')).toHaveFocus();
    await userEvent.keyboard('{ArrowDown}');
    await expect.element(field('New item')).toHaveFocus();
  });

  it('Space checks the item and moves the focus to the next one', async () => {
    focus('Bread');
    await userEvent.keyboard(' ');
    await expect.element(page.getByRole('button', { name: '1 done' })).toBeInTheDocument();
    await expect.element(item('Tea')).toHaveFocus();
  });

  it('Space on the text also checks the item and does not start renaming', async () => {
    page.getByRole('button', { name: 'Bread', exact: true }).element().focus();
    await userEvent.keyboard(' ');
    await expect.element(page.getByRole('button', { name: '1 done' })).toBeInTheDocument();
    expect(field('Rename item').query()).toBeNull();
  });

  it('F2 renames, Enter saves, Escape cancels, and the item stays focused', async () => {
    focus('Bread');
    await userEvent.keyboard('{F2} rolls{Enter}');
    await expect.element(item('Bread rolls')).toHaveFocus();
    await userEvent.keyboard('{F2}XXX{Escape}');
    await expect.element(item('Bread rolls')).toHaveFocus();
    expect(items()).toEqual(['Milk', 'Bread rolls', 'Tea']);
  });

  it('Alt with an arrow key moves the item and keeps it focused', async () => {
    focus('Milk');
    await userEvent.keyboard('{Alt>}{ArrowDown}{ArrowDown}{/Alt}');
    await expect.poll(items).toEqual(['Bread', 'Tea', 'Milk']);
    await expect.element(item('Milk')).toHaveFocus();
    await userEvent.keyboard('{Alt>}{ArrowUp}{/Alt}');
    await expect.poll(items).toEqual(['Bread', 'Milk', 'Tea']);
    await expect.element(item('Milk')).toHaveFocus();
  });

  it('Delete removes the item, and Ctrl+Z restores and focuses it', async () => {
    focus('Bread');
    await userEvent.keyboard('{Delete}');
    await expect.element(item('Tea')).toHaveFocus();
    expect(items()).toEqual(['Milk', 'Tea']);
    await userEvent.keyboard('{Control>}z{/Control}');
    await expect.element(item('Bread')).toHaveFocus();
    expect(items()).toEqual(['Milk', 'Bread', 'Tea']);
  });

  it('Ctrl+Z in the new-item field restores the last deleted item', async () => {
    focus('Milk');
    await userEvent.keyboard('{Delete}{Delete}{Delete}');
    await expect.element(field('New item')).toHaveFocus();
    await userEvent.keyboard('{Control>}z{/Control}');
    await expect.poll(items).toHaveLength(1);
  });

  it('? shows the shortcuts, and Escape restores the focus', async () => {
    focus('Bread');
    await userEvent.keyboard('?');
    await expect.element(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(item('Bread')).toHaveFocus();
  });

  it('keys do not affect items while the focus is elsewhere', async () => {
    await userEvent.type(field('New item'), '? {Backspace}');
    await userEvent.keyboard('{Delete}{Alt>}{ArrowUp}{/Alt}');
    expect(page.getByRole('dialog').query()).toBeNull();
    expect(items()).toEqual(['Milk', 'Bread', 'Tea']);
  });
});

describe('an edit that the kernel refuses', () => {
  beforeEach(() => {
    const refuse = () => {
      throw createKernelError('WRITE_FORBIDDEN', '', { details: { id: 'co_z1', role: 'reader' } });
    };
    vi.spyOn(RawCoMap.prototype, 'set').mockImplementation(refuse);
    vi.spyOn(RawCoMap.prototype, 'delete').mockImplementation(refuse);
  });
  afterEach(() => vi.restoreAllMocks());

  const reason = (text: string) => page.getByRole('alert').filter({ hasText: text });
  const refused = 'Nothing was changed. You may read this list, but not change it';

  it.each([
    ['checking an item', ' '],
    ['deleting it', '{Delete}'],
    ['moving it', '{Alt>}{ArrowUp}{/Alt}'],
  ])('%s changes nothing, keeps the focus and shows why', async (_, keys) => {
    focus('Bread');
    await userEvent.keyboard(keys);
    await expect.element(reason(refused)).toBeVisible();
    await expect.element(item('Bread')).toHaveFocus();
    await expect.element(item('Bread')).not.toBeChecked();
    expect(items()).toEqual(['Milk', 'Bread', 'Tea']);
    expect(page.getByRole('button', { name: 'Undo' }).query()).toBeNull();
    page.getByRole('button', { name: 'OK' }).element().focus();
    await userEvent.keyboard('{Escape}');
    expect(reason(refused).query()).toBeNull();
    await expect.element(item('Bread')).toHaveFocus();
  });

  it('clicking the box leaves it unchecked', async () => {
    await item('Bread').click();
    await expect.element(reason(refused)).toBeVisible();
    await expect.element(item('Bread')).not.toBeChecked();
  });

  it('an undo shows why the item stays deleted', async () => {
    vi.restoreAllMocks();
    focus('Bread');
    await userEvent.keyboard('{Delete}');
    vi.spyOn(RawCoMap.prototype, 'set').mockImplementation(() => {
      throw createKernelError('WRITE_FORBIDDEN', '', { details: { id: 'co_z1', role: undefined } });
    });
    await userEvent.keyboard('{Control>}z{/Control}');
    await expect.element(reason('You are no longer a member of this list')).toBeVisible();
    expect(items()).toEqual(['Milk', 'Tea']);
  });

  it('the new words of an item stay in its field', async () => {
    focus('Bread');
    await userEvent.keyboard('{F2} rolls{Enter}');
    await expect.element(reason('Your words are still here')).toBeVisible();
    await expect.element(field('Rename item')).toHaveValue('Bread rolls');
    await expect.element(field('Rename item')).toHaveFocus();
  });

  it('the new name of the list stays in its field', async () => {
    await page.getByRole('button', { name: 'More options for this list' }).click();
    await page.getByRole('button', { name: 'Rename list' }).click();
    await userEvent.keyboard('Food{Enter}');
    await expect.element(reason('Your words are still here')).toBeVisible();
    await expect.element(field('List name')).toHaveValue('Food');
  });

  it('a link is not created, and a revoked one stays, with the reason', async () => {
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('button', { name: 'Create a link' }).click();
    await expect.element(reason('not change it')).toBeVisible();
    vi.restoreAllMocks();
    await page.getByRole('button', { name: 'Create a link' }).click();
    await page.getByRole('button', { name: 'Revoke link' }).click();
    vi.spyOn(RawGroup.prototype, 'rotateReadKey').mockImplementation(() => {
      throw createKernelError('WRITE_FORBIDDEN', '', { details: { id: 'co_z1', role: 'writer' } });
    });
    await page.getByRole('button', { name: 'Revoke the link' }).click();
    await expect.element(reason('Only the people who manage this list')).toBeVisible();
  });
});

describe('a list', () => {
  it('is renamed from its menu with the old name selected', async () => {
    await page.getByRole('button', { name: 'More options for this list' }).click();
    await page.getByRole('button', { name: 'Rename list' }).click();
    await expect.element(field('List name')).toHaveFocus();
    await userEvent.keyboard('Food{Enter}');
    await expect.element(page.getByRole('heading', { name: 'Food' })).toBeInTheDocument();
    await expect.element(page.getByRole('button', { name: 'More options for this list' })).toHaveFocus();
  });

  it('is deleted from its menu and restored from the toast', async () => {
    await page.getByRole('button', { name: 'More options for this list' }).click();
    await page.getByRole('button', { name: 'Delete list' }).click();
    await expect.poll(() => device.shows().lists).toEqual([]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => device.shows().lists.map((list) => list.title)).toEqual(['Groceries']);
  });

  it('has no link until the user creates one, with its secret after #', async () => {
    await page.getByRole('button', { name: 'Share' }).click();
    expect(device.list(listID)?.inviteSecret).toBeUndefined();
    await page.getByRole('button', { name: 'Create a link' }).click();
    const link = field('Link');
    await expect.element(link).toBeVisible();
    const { hash, href } = new URL((link.element() as HTMLInputElement).value);
    expect(hash).toMatch(/^#\/invite\/co_z\w+\/inviteSecret_z\w+$/);
    expect(href.replace(hash, '')).not.toContain('co_z');
  });
});

describe('a narrow screen', () => {
  it('a toolbar moves and deletes the item being edited', async () => {
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

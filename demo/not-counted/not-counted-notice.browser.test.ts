import { type CoID, RawCoMap } from '@MaiaOS/kernel/cojson';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { type TestDevice } from '../model/test-device.ts';
import { openTestShell, type TestShell } from '../shell/test-shell.ts';

let device: TestDevice;
let listID: string;
let shell: TestShell;

beforeEach(async () => {
  shell = await openTestShell('Cabin', ['Firewood', 'Soap']);
  ({ device, listID } = shell);
  await expect.element(item('Firewood')).toBeVisible();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await shell.close();
});

const item = (text: string) => page.getByRole('checkbox', { name: text, exact: true });
const button = (name: string) => page.getByRole('button', { name, exact: true });
const notice = page.getByRole('region', { name: /not count$/ });
const field = page.getByRole('textbox', { name: 'New item' });
const status = (text: string) => page.getByRole('status').filter({ hasText: text });

function map(id: string): RawCoMap {
  const loaded = device.node.getLoaded(id as CoID<RawCoMap>);
  if (!(loaded instanceof RawCoMap)) throw new Error(`${id} is not loaded.`);
  return loaded;
}

/** The latest edit of each CoValue does not count, as if the group had lost it; or counts again. */
function judge(counts: boolean, ...ids: readonly string[]) {
  for (const id of ids) {
    const edit = map(id).core.verifiedTransactions.at(-1);
    Object.assign(edit ?? {}, { isValid: counts, validationErrorMessage: counts ? undefined : 'lost' });
  }
  // A change of a group, which can change whether edits count.
  device.node.createGroup();
}

const lose = (...ids: readonly string[]) => judge(false, ...ids);

/** As a manager of the list would. */
const removeMe = () => map(listID).group.removeMember(device.account);

it('shows what happened, in the list and in the sidebar, until the edits count again', async () => {
  lose(listID, device.itemID(listID, 'Soap'));
  await expect.element(notice).toHaveTextContent(/1 change does not count.*lost the right.*Soap\s*added/);
  await expect.element(status('1 change does not count')).toBeInTheDocument();
  await expect.element(page.getByRole('link', { name: /Cabin has changes that do not count/ })).toBeVisible();
  judge(true, listID, device.itemID(listID, 'Soap'));
  await expect.element(notice).not.toBeInTheDocument();
  expect(status('does not count').query()).toBeNull();
});

it('copies the words, or selects them if the browser refuses', async () => {
  lose(device.itemID(listID, 'Soap'), device.itemID(listID, 'Firewood'));
  const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValueOnce();
  await button('Copy').click();
  await expect.element(status('Copied')).toBeInTheDocument();
  expect(write.mock.calls).toEqual([[expect.stringMatching(/^(Soap\nFirewood|Firewood\nSoap)$/)]]);
  write.mockRejectedValueOnce(new Error('refused'));
  await button('Copied').click();
  await expect.element(status('selected')).toBeInTheDocument();
  expect(getSelection()?.toString()).toContain('Soap');
});

it('makes the change again', async () => {
  const soap = device.itemID(listID, 'Soap');
  device.edit.setDone(soap, true);
  lose(soap);
  device.edit.setDone(soap, false);
  await button('Make it again').click();
  await expect.poll(() => map(soap).get('done')).toBe(true);
  await expect.element(notice).not.toBeInTheDocument();
  expect(document.activeElement?.id).toBe('main');
});

it('is dismissed, and restored by undo', async () => {
  const soap = device.itemID(listID, 'Soap');
  lose(soap);
  await button('Dismiss').click();
  await expect.element(notice).not.toBeInTheDocument();
  expect(device.lists.seenUntil(listID)).toBe(map(soap).core.verifiedTransactions.at(-1)?.madeAt);
  await button('Undo').click();
  await expect.element(notice).toBeVisible();
});

it('puts the words of a list that is closed now, and those being typed, into another list', async () => {
  device.lists.add('Mine');
  await userEvent.fill(field, 'Lamp oil');
  lose(listID, device.itemID(listID, 'Soap'));
  removeMe();
  await expect.element(notice).toHaveTextContent(/Lamp oil\s*typed, but not added/);
  await button('Put into another list').click();
  await button('Mine').click();
  const mine = device.shows().lists.find(({ title }) => title === 'Mine')?.id ?? '';
  await expect.poll(() => device.texts(mine)).toEqual(['Soap', 'Lamp oil']);
  await expect.element(notice).not.toBeInTheDocument();
});

it('keeps the words that were being typed into an item', async () => {
  item('Soap').element().focus();
  await userEvent.keyboard('{F2} and towels');
  removeMe();
  await expect.element(page.getByText('Your words were not added', { exact: true })).toBeVisible();
  await expect.element(page.getByRole('listitem').filter({ hasText: 'Soap and towels' })).toBeVisible();
});

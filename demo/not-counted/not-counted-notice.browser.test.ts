import { type CoID, RawCoMap } from '@MaiaOS/kernel/cojson';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { type TestDevice } from '../model/test-network.ts';
import { openTestShell, type TestShell } from '../shell/test-shell.ts';

let device: TestDevice;
let listID: string;
let shell: TestShell;
let setNotCounted: TestShell['setNotCounted'];

beforeEach(async () => {
  shell = await openTestShell('Cabin', ['Firewood', 'Soap']);
  ({ device, listID, setNotCounted } = shell);
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

/** The latest edit of each CoValue does not count. */
function lose(...ids: readonly string[]) {
  const sessionID = device.node.currentSessionID;
  const latest = (id: string) => (map(id).core.knownState().sessions[sessionID] ?? 0) - 1;
  const edit = { sessionID, madeAt: 1, reason: 'no-access', message: '' } as const;
  setNotCounted(Object.fromEntries(ids.map((id) => [id, [{ ...edit, index: latest(id) }]])));
}

/** As a manager of the list would. */
const removeMe = () => map(listID).group.removeMember(device.account);

it('shows what happened, in the list and in the sidebar, until the edits count again', async () => {
  lose(listID, device.itemID(listID, 'Soap'));
  await expect.element(notice).toHaveTextContent(/1 change does not count.*lost the right.*Soap\s*added/);
  await expect.element(status('1 change does not count')).toBeInTheDocument();
  await expect.element(page.getByRole('link', { name: /Cabin has changes that do not count/ })).toBeVisible();
  setNotCounted({});
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
  lose(device.itemID(listID, 'Soap'));
  await button('Dismiss').click();
  await expect.element(notice).not.toBeInTheDocument();
  expect(device.lists.seenUntil(listID)).toBe(1);
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

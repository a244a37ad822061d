import { type CoID, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { type TestDevice } from '../model/test-device.ts';
import { openTestShell, type TestShell } from '../shell/test-shell.ts';
import { drawnFile } from './test-files.ts';

let device: TestDevice;
let listID: string;
let shell: TestShell;
let urls: Set<string>;

beforeEach(async () => {
  urls = new Set();
  const { createObjectURL, revokeObjectURL } = URL;
  vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
    const url = createObjectURL(blob);
    urls.add(url);
    return url;
  });
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation((url) => {
    urls.delete(url);
    revokeObjectURL(url);
  });
  shell = await openTestShell('Cabin', ['Porch', 'Firewood']);
  ({ device, listID } = shell);
  await expect.element(item('Porch')).toBeInTheDocument();
});
afterEach(async () => {
  await shell.close();
  expect([...urls]).toEqual([]);
  vi.restoreAllMocks();
});

const item = (text: string) => page.getByRole('checkbox', { name: text, exact: true });
const focus = (text: string) => item(text).element().focus();
const thumbnail = (text: string) => page.getByRole('button', { name: `Open the picture of ${text}` });
const large = (text: string) => page.getByRole('dialog', { name: text }).getByRole('img', { name: text });
const pictureOf = (text: string) =>
  device.list(listID)?.items.find((candidate) => candidate.text === text)?.picture;

function loaded(id: string): RawCoMap {
  const map = device.node.getLoaded(id as CoID<RawCoMap>);
  if (!map) throw new Error(`${id} is not loaded.`);
  return map;
}

const png = (fill = 'red') => drawnFile(300, 200, 'image/png', fill);

/** Dispatches the event that the browser fires for pasted or dropped files. */
function give(kind: 'paste' | 'drop' | 'dragover', target: Element, ...files: File[]): Event {
  const data = new DataTransfer();
  for (const file of files) data.items.add(file);
  const init = { bubbles: true, cancelable: true };
  const event =
    kind === 'paste'
      ? new ClipboardEvent(kind, { ...init, clipboardData: data })
      : new DragEvent(kind, { ...init, dataTransfer: data });
  target.dispatchEvent(event);
  return event;
}

describe('a picture', () => {
  it('is pasted onto the focused item and opens from the keyboard', async () => {
    focus('Porch');
    give('paste', item('Porch').element(), await png());
    await expect.element(thumbnail('Porch')).toBeVisible();
    expect(pictureOf('Firewood')).toBeUndefined();
    await expect
      .element(page.getByRole('status').getByText('“Porch” now has a picture.'))
      .toBeInTheDocument();
    thumbnail('Porch').element().focus();
    await userEvent.keyboard('{Enter}');
    await expect.element(large('Porch')).toBeVisible();
    await userEvent.keyboard('{Delete}{ArrowDown}?');
    expect(device.texts(listID)).toEqual(['Porch', 'Firewood']);
    await userEvent.keyboard('{Escape}');
    await expect.element(thumbnail('Porch')).toHaveFocus();
  });

  it('can be dropped onto an item; dropping it elsewhere does not leave the page', async () => {
    const file = await png();
    expect(give('dragover', document.body, file).defaultPrevented).toBe(true);
    expect(give('drop', document.body, file).defaultPrevented).toBe(true);
    expect(give('drop', item('Firewood').element(), file).defaultPrevented).toBe(true);
    await expect.element(thumbnail('Firewood')).toBeVisible();
    expect(pictureOf('Porch')).toBeUndefined();
  });

  it('is removed in its dialog and restored with Ctrl+Z', async () => {
    give('drop', item('Porch').element(), await png());
    await thumbnail('Porch').click();
    await page.getByRole('button', { name: 'Remove picture' }).click();
    await expect.element(item('Porch')).toHaveFocus();
    await expect.poll(() => pictureOf('Porch')).toBeUndefined();
    expect(thumbnail('Porch').query()).toBeNull();
    await userEvent.keyboard('{Control>}z{/Control}');
    await expect.element(thumbnail('Porch')).toBeVisible();
  });

  it('is replaced by another one, and undo restores it', async () => {
    give('drop', item('Porch').element(), await png());
    await expect.element(thumbnail('Porch')).toBeVisible();
    const first = pictureOf('Porch')?.id;
    give('drop', item('Porch').element(), await png('blue'));
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => pictureOf('Porch')?.id).toBe(first);
  });

  it('is not reloaded when the text of its item changes', async () => {
    give('drop', item('Porch').element(), await png());
    await expect.element(thumbnail('Porch')).toBeVisible();
    const [url] = urls;
    device.edit.setText(device.itemID(listID, 'Porch'), 'The porch');
    await expect.element(thumbnail('The porch')).toBeVisible();
    expect([...urls]).toEqual([url]);
  });

  it('is loaded only near the viewport and released when it leaves', async () => {
    give('drop', item('Porch').element(), await png());
    await expect.element(thumbnail('Porch')).toBeVisible();
    for (let number = 0; number < 40; number++) device.edit.addItem(listID, `Item ${number}`);
    await expect.element(item('Item 39')).toBeInTheDocument();
    item('Item 39').element().scrollIntoView();
    await expect.poll(() => urls.size).toBe(0);
    item('Porch').element().scrollIntoView();
    await expect.element(thumbnail('Porch')).toBeVisible();
    expect(urls.size).toBe(1);
  });

  it('is reported if its bytes are not an image', async () => {
    const bytes = new Blob(['no picture at all'], { type: 'image/webp' });
    await device.edit.putPicture(device.itemID(listID, 'Porch'), bytes);
    await expect.element(page.getByText('This picture cannot be shown')).toBeVisible();
  });

  it('shows its size until it arrives', async () => {
    const map = loaded(device.itemID(listID, 'Porch'));
    const stream = map.group.createBinaryStream();
    stream.startBinaryStream({ mimeType: 'image/webp', totalSizeBytes: 340_000 });
    map.set('picture', { id: stream.id, bytes: 340_000 });
    await expect.element(page.getByText('Loading the picture…')).toBeVisible();
    await expect.element(page.getByText('340 kB')).toBeVisible();
  });
});

describe('a file that is not a picture', () => {
  it('is refused with an explanation, and the user can try another', async () => {
    focus('Porch');
    give('paste', item('Porch').element(), new File(['Milk'], 'notes.txt', { type: 'text/plain' }));
    const alert = page.getByRole('list', { name: 'Items' }).getByRole('alert');
    await expect.element(alert).toHaveTextContent('“notes.txt” is not a picture');
    expect(pictureOf('Porch')).toBeUndefined();
    await alert.getByRole('button', { name: 'Close' }).click();
    await expect.element(alert).not.toBeInTheDocument();
    await expect.element(item('Porch')).toHaveFocus();

    give('drop', item('Porch').element(), await png(), await png());
    await expect.element(alert).toHaveTextContent('An item can have only one picture');
    give('drop', item('Porch').element(), await png());
    await expect.element(thumbnail('Porch')).toBeVisible();
    await expect.element(alert).not.toBeInTheDocument();
  });

  it('does not intercept pasted text that includes a picture', async () => {
    focus('Porch');
    await userEvent.keyboard('{F2}');
    const field = page.getByRole('textbox', { name: 'Rename item' }).element();
    const data = new DataTransfer();
    data.items.add('words', 'text/plain');
    data.items.add(await png());
    const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data });
    field.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
    await userEvent.keyboard('{Escape}');
  });
});

describe('a new item', () => {
  const field = () => page.getByRole('textbox', { name: 'New item' });

  it('is created from a picture pasted into its field, with the typed text', async () => {
    await userEvent.type(field(), 'Stairs');
    give('paste', field().element(), await png());
    await expect.element(thumbnail('Stairs')).toBeVisible();
    await expect.element(field()).toHaveValue('');
    give('paste', field().element(), await png());
    await expect.element(thumbnail('Picture')).toBeVisible();
    expect(device.texts(listID)).toEqual(['Porch', 'Firewood', 'Stairs', 'Picture']);
  });

  it('is not created from another file, and the typed text stays', async () => {
    await userEvent.type(field(), 'Stairs');
    give('paste', field().element(), new File(['Milk'], 'notes.txt', { type: 'text/plain' }));
    const problem = page.getByText('“notes.txt” is not a picture');
    await expect.element(problem).toBeVisible();
    await page.getByRole('button', { name: 'Close' }).click();
    await expect.element(problem).not.toBeInTheDocument();
    await expect.element(field()).toHaveFocus();
    await expect.element(field()).toHaveValue('Stairs');
    expect(device.texts(listID)).toEqual(['Porch', 'Firewood']);
  });
});

describe('a reader', () => {
  it('can open a picture but not change it', async () => {
    give('drop', item('Porch').element(), await png());
    await expect.element(thumbnail('Porch')).toBeVisible();
    const { group } = loaded(listID);
    group.addMember('everyone', 'reader');
    group.removeMember(device.account);
    await expect.element(page.getByRole('textbox', { name: 'New item' })).not.toBeInTheDocument();
    give('drop', item('Firewood').element(), await png());
    await thumbnail('Porch').click();
    await expect.element(large('Porch')).toBeVisible();
    expect(page.getByRole('button', { name: 'Remove picture' }).query()).toBeNull();
    expect(pictureOf('Firewood')).toBeUndefined();
  });
});

import * as kernel from '@MaiaOS/kernel';
import * as lists from './list.ts';

const find = <T extends HTMLElement>(selector: string) => document.querySelector(selector) as T;
const fieldset = find<HTMLFieldSetElement>('fieldset');
const form = find<HTMLFormElement>('form');
const items = find('ul');
const link = find<HTMLInputElement>('#link');
let stop = () => {};

// Why something failed, until the next click. The message of a KernelError is a sentence for people.
addEventListener('unhandledrejection', ({ reason }) => find('#problem').replaceChildren(reason.message));
addEventListener('click', () => find('#problem').replaceChildren());

find('#sign-up').onclick = () => kernel.signUpWithPasskey({ appName: 'Shared list' });
find('#sign-in').onclick = () => kernel.signInWithPasskey();
void kernel.resumeSession().finally(() => kernel.activeSession.subscribe(showAccount));

function showAccount(session: kernel.Session | undefined) {
  stop();
  find('#welcome').hidden = session !== undefined;
  find('#account').hidden = session === undefined;
  fieldset.hidden = true;
  if (!session) return;
  let listID: string | undefined = '';
  let stopList = () => {};
  const stopSync = session.sync.subscribe((state) => find('output').replaceChildren(lists.syncText(state)));
  const stopRoot = session.watch<{ list?: string }>(lists.rootOf(session)).subscribe((root) => {
    if (root.state !== 'ready' || root.value.list === listID) return;
    listID = root.value.list;
    find('#start').hidden = listID !== undefined;
    stopList();
    if (listID) stopList = showList(session, listID);
  });
  stop = () => [stopSync, stopRoot, stopList].forEach((end) => end());
  find('#start').onclick = () => lists.startList(session);
  find('#sign-out').onclick = () => lists.signOut(session);
  void lists.followLink(session);
}

function showList(session: kernel.Session, id: string) {
  const boxes = new Map<string, HTMLInputElement>();
  items.replaceChildren();
  link.hidden = true;
  find('#share').onclick = async () => {
    link.value = await lists.shareList(session, id, location.href);
    link.hidden = false;
  };
  return session.watch<lists.Items>(id).subscribe((list) => {
    find('#state').textContent = list.state === 'ready' ? '' : `This list is ${list.state}.`;
    find('#start').hidden = list.state === 'ready' || list.state === 'loading';
    fieldset.hidden = list.state !== 'ready';
    if (list.state !== 'ready') return;
    fieldset.disabled = !list.canWrite;
    form.onsubmit = (event) => {
      event.preventDefault();
      list.raw.set(lists.newKey(), { text: String(new FormData(form).get('text')), done: false });
      form.reset();
    };
    lists.itemsOf(list.value).forEach(([key, { text, done }], index) => {
      const box = boxes.get(key) ?? createRow(text, index);
      boxes.set(key, box);
      box.checked = done;
      box.onchange = () => list.raw.set(key, { text, done: !done });
    });
  });
}

/** A row stays when its item changes, so the keyboard's focus does, too. */
function createRow(text: string, index: number) {
  const row = find<HTMLTemplateElement>('template').content.cloneNode(true) as DocumentFragment;
  const box = row.querySelector('input') as HTMLInputElement;
  box.after(text);
  items.insertBefore(row, items.children[index] ?? null);
  return box;
}

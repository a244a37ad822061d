import { type Session } from '@MaiaOS/kernel';
import { createListEditor, type ListEditor } from './edit-list.ts';
import { type ListView } from './list-view.ts';
import { createLists, type Lists, type ListsView } from './lists.ts';

/** What an open session shows and writes. */
export interface TestDevice {
  readonly session: Session;
  readonly node: Session['node'];
  readonly account: Session['account'];
  readonly lists: Lists;
  readonly edit: ListEditor;
  /** What the device currently shows. */
  shows(): ListsView;
  list(listID: string): ListView | undefined;
  texts(listID: string): readonly string[];
  itemID(listID: string, text: string): string;
  connect(): void;
  disconnect(): void;
}

export function createTestDevice(opened: Session): TestDevice {
  // Outside a page, links need an address to open.
  const share: Session['share'] = (value) => opened.share(value, { url: 'https://lists.example/' });
  const session: Session = { ...opened, share };
  const lists = createLists(session);
  let view: ListsView = { state: 'loading', lists: [] };
  lists.subscribe((next) => (view = next));
  const list = (listID: string) => view.lists.find((candidate) => candidate.id === listID);

  return {
    session,
    node: session.node,
    account: session.account,
    lists,
    edit: createListEditor(session),
    shows: () => view,
    list,
    texts: (listID) => list(listID)?.items.map((item) => item.text) ?? [],
    itemID(listID, text) {
      const item = list(listID)?.items.find((candidate) => candidate.text === text);
      if (!item) throw new Error(`This device shows no item “${text}”.`);
      return item.id;
    },
    connect: () => session.sync.resume(),
    disconnect: () => session.sync.pause(),
  };
}

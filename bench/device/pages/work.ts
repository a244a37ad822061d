import type { LocalNode, RawCoList, RawCoStream } from 'cojson';
import { createLibrary, loadCoValue, readLibrary } from '../../harness/library.ts';

/** What is made in a new account, and read again in the next page. */
export type Work =
  | { readonly kind: 'library'; readonly size: number; readonly read?: number }
  | { readonly kind: 'edits'; readonly count: number }
  | { readonly kind: 'list' | 'stream'; readonly count: number; readonly perEdit: number };

/** After so many edits, the page may work. */
const editsPerTask = 100;
export const mapCount = 100;
const nextTask = () => new Promise((resolve) => setTimeout(resolve));

/** Returns the ID to read it by. */
export async function doWork(node: LocalNode, work: Work): Promise<string> {
  if (work.kind === 'library') return createLibrary(node, { seed: 4_205, size: work.size });
  const group = node.createGroup();
  if (work.kind === 'edits') {
    const maps = Array.from({ length: mapCount }, () => group.createMap({ word: 'first' }));
    const list = group.createList(maps.map(({ id }) => id));
    for (let count = 0; count < work.count; count++) {
      maps[count % mapCount]?.set('word', `word ${count}`, 'private');
      if (count % editsPerTask === 0) await nextTask();
    }
    return list.id;
  }
  const list = group.createList<RawCoList<string>>([]);
  const stream = group.createStream<RawCoStream<string>>();
  for (let made = 0; made < work.count; made += work.perEdit) {
    const items = Array.from({ length: work.perEdit }, (_, index) => `item ${made + index}`);
    if (work.kind === 'list') list.appendItems(items);
    else {
      // The same text, without the order.
      const before = { sessionID: node.currentSessionID, txIndex: made / work.perEdit, changeIdx: 0 };
      const changes = items.map((value) => ({ op: 'app', value, after: before }));
      stream.core.makeTransaction(changes, 'private');
      stream.processNewTransactions();
    }
    if ((made / work.perEdit) % editsPerTask === 0) await nextTask();
  }
  return work.kind === 'list' ? list.id : stream.id;
}

/** Returns how many things or items there are. */
export async function readWork(node: LocalNode, work: Work, id: string): Promise<number> {
  if (work.kind === 'library') return (await readLibrary(node, id, work.read)).things;
  if (work.kind === 'edits') return (await readLibrary(node, id)).things;
  const shown = (await loadCoValue<RawCoList | RawCoStream>(node, id)).toJSON();
  return Array.isArray(shown) ? shown.length : Object.values(shown).flat().length;
}

import type { CoID, LocalNode, RawAccount, RawCoMap } from 'cojson';
import { createLibrary, loadCoValue, readLibrary } from '../../harness/library.ts';

/** Fills an account, whose root leads to all of it. */
export function fillAccount(account: RawAccount, size: Parameters<typeof createLibrary>[1]): void {
  const { node } = account.core;
  const root = node
    .expectCoValueLoaded(account.get('root') as CoID<RawCoMap>)
    .getCurrentContent() as RawCoMap;
  root.set('things', createLibrary(node, size), 'private');
}

/** Reads all of an account's content from its root. */
export async function readAccount(node: LocalNode, account: RawAccount) {
  const root = await loadCoValue<RawCoMap>(node, account.get('root'));
  return readLibrary(node, root.get('things'));
}

import type { LocalNode, RawAccount, RawCoID } from 'cojson';
import { accountOf, changesOf } from './stateless-client.ts';

/** As if one device had sent the other what it has of these, without the relay. */
export function give(from: LocalNode, to: LocalNode, ...values: readonly { readonly id: string }[]): void {
  for (const content of changesOf(from, ...values)) to.syncManager.handleNewContent(content, 'import');
}

/** The account of another device, which `node` then has. */
export function accountAt(node: LocalNode, owner: LocalNode): RawAccount {
  const account = accountOf(owner);
  give(owner, node, account);
  return node.expectCoValueLoaded(account.id as RawCoID).getCurrentContent() as RawAccount;
}

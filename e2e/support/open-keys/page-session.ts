import type * as Kernel from '@MaiaOS/kernel';
import type { AccountRole, CoID, LocalNode, RawCoMap, RawGroup } from '@MaiaOS/kernel/cojson';
import type { Page } from '@playwright/test';
import { sourceURL } from '../everything/read-inspector.ts';

/** Runs with the node of the page's session, and the argument. Needs a dev server. */
async function withNode<Argument, Result>(
  page: Page,
  run: (node: LocalNode, argument: Argument) => Result | Promise<Result>,
  argument: Argument,
): Promise<Result> {
  const result: unknown = await page.evaluate(
    `(async () => {
      const { activeSession } = await import(${JSON.stringify(sourceURL('src/index.ts'))});
      return (${String(run)})(activeSession.current.node, ${JSON.stringify(argument)});
    })()`,
  );
  return result as Result;
}

export type InviteSecret = `inviteSecret_z${string}`;

/** Invites to the list's group, in any role: the demo's own links are for writers. */
export function inviteTo(page: Page, listID: string, role: AccountRole): Promise<InviteSecret> {
  const make = async (node: LocalNode, [id, role]: readonly [string, AccountRole]) => {
    const list = await node.load(id as CoID<RawCoMap>);
    if (list === 'unavailable') throw new Error('The list is unavailable.');
    return list.group.createInvite(role);
  };
  return withNode(page, make, [listID, role] as const);
}

/** Writes into the list itself, also as a member who cannot read it. */
export function writeInto(
  page: Page,
  listID: string,
  word: string,
  privacy: 'private' | 'trusting' = 'private',
): Promise<void> {
  const write = async (node: LocalNode, [id, value, how]: readonly [string, string, typeof privacy]) => {
    const list = await node.load(id as CoID<RawCoMap>);
    if (list === 'unavailable') throw new Error('The list is unavailable.');
    list.set(`note ${how}`, value, how);
  };
  return withNode(page, write, [listID, word, privacy] as const);
}

/** Every key of every group that the session has and can open. */
export function allReadKeysOf(page: Page): Promise<readonly string[]> {
  const read = (node: LocalNode) => {
    const secrets = new Set<string>();
    for (const core of node.allCoValues()) {
      const header = core.isAvailable() ? core.verified.header : undefined;
      if (header?.ruleset.type !== 'group') continue;
      const group = core.getCurrentContent() as RawGroup;
      for (const key of group.keys()) {
        const [id = ''] = key.split('_for_');
        const secret = /^key_z\w+$/.test(id) ? group.getReadKey(id as `key_z${string}`) : undefined;
        if (secret !== undefined) secrets.add(secret);
      }
    }
    return [...secrets];
  };
  return withNode(page, read, undefined);
}

/** The read key with which the list's group encrypts now. */
export function readKeyOf(page: Page, listID: string): Promise<string> {
  const read = async (node: LocalNode, id: string) => {
    const list = await node.load(id as CoID<RawCoMap>);
    if (list === 'unavailable') throw new Error('The list is unavailable.');
    return String(list.group.getCurrentReadKey().secret);
  };
  return withNode(page, read, listID);
}

export function agentSecretOf(page: Page): Promise<string> {
  return withNode(page, (node) => node.agentSecret, undefined);
}

/** Words in a group that `everyone` may read, and around it. */
export interface PublicWords {
  readonly before: string;
  readonly after: string;
  /** In a group whose members include those of the public one. */
  readonly below: string;
  /** In a group that was public for a while: until then, and since. */
  readonly whilePublic: string;
  readonly sincePrivate: string;
  /** In a private group, whose members a public group includes. */
  readonly above: string;
}

export async function writePublicWords(page: Page, words: PublicWords): Promise<void> {
  await withNode(
    page,
    (node, words: PublicWords) => {
      const open = node.createGroup();
      open.createMap({ word: words.before });
      open.addMember('everyone', 'reader');
      open.createMap({ word: words.after });

      const below = node.createGroup();
      below.createMap({ word: words.below });
      below.extend(open);

      const closed = node.createGroup();
      closed.addMember('everyone', 'reader');
      closed.createMap({ word: words.whilePublic });
      closed.removeMember('everyone');
      closed.createMap({ word: words.sincePrivate });

      const above = node.createGroup();
      above.createMap({ word: words.above });
      const child = node.createGroup();
      child.extend(above);
      child.addMember('everyone', 'reader');
    },
    words,
  );
}

/** Waits until the relay has confirmed everything, also what the demo does not show. */
export async function untilConfirmed(page: Page): Promise<void> {
  await page.evaluate(async (kernelURL) => {
    const { activeSession } = (await import(kernelURL)) as typeof Kernel;
    await activeSession.current?.sync.whenConfirmed();
  }, sourceURL('src/index.ts'));
}

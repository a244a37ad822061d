import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Content } from '../../../src/engine/content.ts';
import { accountOf, changesBy, changesOf } from './stateless-client.ts';
import { createClientNode } from './stock-client.ts';
import { createSharedMap } from './test-relay.ts';

const valueCount = 200;

/** A CoValue with what a client could know of it. */
export interface Value {
  readonly id: string;
  readonly sessions: Readonly<Record<string, number>>;
  readonly whole: readonly Content[];
  /** Its last edit alone, without the header. */
  readonly edit: Content;
}

/** What a client of B asks for: what is in A, or the like that is nowhere. */
export interface Side {
  readonly values: readonly Value[];
  /** Without the group that each needs. */
  readonly maps: readonly Value[];
  readonly given: Given;
  /** All of a map, with another account each time. */
  nextWhole(): readonly Content[];
  /** Whether this is about something of this side. */
  isIn(text: string): boolean;
}

/** What A gave its account. On the other side, it is forged. */
export interface Given {
  readonly token: string;
  readonly ticket: string;
  readonly channel: string;
  readonly cursor: string;
  nonce(): Promise<string>;
}

export async function createValues(wholeCount: number) {
  const node = await createClientNode();
  function valueOf({ id }: { readonly id: string }, edit: () => void): Value {
    const [last] = changesBy(node, { id }, edit);
    const { sessions } = node.getCoValue(id as Content['id']).knownState();
    return { id, sessions, whole: changesOf(node, { id }), edit: last ?? expect.unreachable('No edit.') };
  }
  const maps: Value[] = [];
  const groups: Value[] = [];
  for (let count = 0; count < valueCount; count++) {
    const map = createSharedMap(node);
    maps.push(valueOf(map, () => map.set('word', 'second')));
    groups.push(valueOf(map.group, () => map.group.addMember('everyone', 'reader')));
  }
  const account = valueOf(accountOf(node), () =>
    node.expectCurrentAccount('A client has an account.').set('profile', 'co_zNone' as never, 'trusting'),
  );
  const wholes: (readonly Content[])[] = [];
  for (let count = 0; count < wholeCount; count++) {
    const other = await createClientNode();
    const map = createSharedMap(other);
    wholes.push(changesOf(other, accountOf(other), map.group, map));
  }
  return { node, values: [...maps, ...groups, account], maps, wholes };
}

type Values = Awaited<ReturnType<typeof createValues>>;

export function sideOf({ values, maps, wholes }: Values, given: Given): Side {
  const ids = new Set([...values.map(({ id }) => id), ...wholes.flat().map(({ id }) => id)]);
  const left = [...wholes];
  return {
    ...{ values, maps, given },
    nextWhole: () => left.pop() ?? expect.unreachable('All are pushed.'),
    isIn: (text) => (text.match(/co_z\w+/g) ?? []).some((id) => ids.has(id.replace(/_session.*/, ''))),
  };
}

/** Of the same form, and signed by no relay. */
const forgeSignature = (text: string) =>
  text.replace(/[\w-]{43}$/, () => randomBytes(32).toString('base64url'));

export function forge(given: Given): Given {
  return {
    token: forgeSignature(given.token),
    ticket: forgeSignature(given.ticket),
    channel: randomBytes(16).toString('base64url'),
    cursor: changeCursor(given.cursor, (fields) => fields.with(1, randomBytes(12).toString('base64url'))),
    nonce: async () => forgeSignature(await given.nonce()),
  };
}

export function changeCursor(
  cursor: string,
  change: (fields: readonly string[]) => readonly string[],
): string {
  const fields = Buffer.from(cursor, 'base64url').toString('utf8').split('.');
  return Buffer.from(change(fields).join('.')).toString('base64url');
}

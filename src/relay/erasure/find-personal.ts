import type { KeptCoValue } from '../../wire/erasure.ts';
import type { Query } from '../database/database.ts';
import { readTotals } from '../storage/read-owners.ts';
import { findNeeded } from './find-needed.ts';
import { groupsNaming } from './find-groups.ts';
import { standingIn, type Above, type StandingOptions } from './group-standing.ts';

/** The account, and the agents of the keyring entries that were proved to be its own. */
export interface Person {
  readonly accountID: string;
  readonly agentIDs: readonly string[];
}

/** What is a person's, as far as the relay can see. */
export interface Personal {
  /** Sorted, without the account. */
  readonly coValues: readonly string[];
  /** Only the headers of these stay, because CoValues of others depend on them. A group that they depend on stays whole. */
  readonly headers: readonly string[];
  /** The groups among them, with how many transactions each had before it was judged. More may change who is in it. */
  readonly groups: ReadonlyMap<string, number>;
  /** Others need the header of the account to check what they share. */
  readonly keepsAccount: boolean;
  readonly kept: readonly KeptCoValue[];
}

export type FindOptions = Omit<StandingOptions, 'isOwn' | 'isOwnGroup' | 'above'> & { readonly query: Query };

const ownersPerRead = 100;
const sessionsPerPage = 10_000;
/** Each reads all groups. Deeper, a group that the person is in by its parents alone stays, which no app builds. */
const maxDepth = 10;

/**
 * Looks through the transactions of all groups, once and once more for each level of groups that extend those of the person, and
 * through the names of all sessions. Each statement takes milliseconds.
 */
export async function findPersonal(person: Person, options: FindOptions): Promise<Personal> {
  const { accountID } = person;
  const groups = new Map<string, number>();
  const shared = new Map<string, string>();
  const above = new Map<string, Above>();

  /** Returns those of them that are the person's alone. */
  async function judge(ids: AsyncIterable<string>): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const id of ids) {
      if (id === accountID || groups.has(id) || shared.has(id)) continue;
      const total = (await readTotals(options.query, [id])).get(id) ?? 0;
      const standing = await standingIn(id, standingOptions(person, groups, above, options));
      if (standing.kind === 'shared') shared.set(id, standing.why);
      if (standing.kind !== 'own') continue;
      groups.set(id, total);
      found.push(id);
    }
    return found;
  }

  const inHeader = [accountID, ...person.agentIDs];
  const direct = { ids: new Set([accountID]), needle: accountID, inHeader };
  let found = await judge(groupsNaming(direct, options));
  for (let depth = 0; found.length > 0 && depth < maxDepth; depth++)
    found = await judge(groupsNaming({ ids: new Set(found), needle: 'parent_co_z' }, options));
  const coValues = new Set([accountID, ...groups.keys()]);
  for await (const id of ownedBy([...coValues], options)) coValues.add(id);
  const needed = await findNeeded(coValues, options);
  const keepsAccount =
    shared.size > 0 || needed.has(accountID) || (await hasWrittenBeside(coValues, accountID, options));
  coValues.delete(accountID);
  const named = [...coValues].filter((id) => needed.has(id));
  for (const id of named) coValues.delete(id);
  const headers = named.filter((id) => !groups.has(id));
  return {
    coValues: [...coValues].sort(),
    headers,
    groups,
    keepsAccount,
    kept: [
      ...[...shared].map(([id, why]) => ({ id, why })),
      ...named.map((id) => ({
        ...{ id, why: groups.has(id) ? namedGroup : namedHeader },
        withoutContent: true as const,
      })),
      ...(keepsAccount ? [{ id: accountID, why: neededHeader, withoutContent: true as const }] : []),
    ],
  };
}

/** Whether the person is alone in one of their groups, which has changed since. */
export async function isStillOwn(
  groupID: string,
  person: Person,
  groups: ReadonlyMap<string, number>,
  options: FindOptions,
): Promise<boolean> {
  return (await standingIn(groupID, standingOptions(person, groups, new Map(), options))).kind === 'own';
}

function standingOptions(
  { accountID, agentIDs }: Person,
  groups: ReadonlyMap<string, number>,
  above: Map<string, Above>,
  options: FindOptions,
): StandingOptions {
  return {
    ...{ ...options, above },
    isOwn: (member) => member === accountID || agentIDs.includes(member),
    isOwnGroup: (parentID) => groups.has(parentID),
  };
}

/** Without these transactions, cojson fails to read the groups of others that extend it. */
const namedGroup = 'Only its roles and keys stay, nothing that it owns: what others have names it.';
const namedHeader = 'Only the header stays: what others have names it.';
const neededHeader =
  'Only the header of the account stays, which has its public keys: without it, others could not check what the account has written in what they share.';

async function* ownedBy(owners: readonly string[], { query, pause }: FindOptions): AsyncGenerator<string> {
  for (let from = 0; from < owners.length; from += ownersPerRead) {
    const rows = await query<{ id: string }>(`select id from relay.covalues where owner = any($1::text[])`, [
      owners.slice(from, from + ownersPerRead),
    ]);
    for (const { id } of rows) yield id;
    await pause();
  }
}

/** Whether the account has written in anything else. */
async function hasWrittenBeside(
  coValues: ReadonlySet<string>,
  accountID: string,
  { query, pause }: FindOptions,
): Promise<boolean> {
  let after = ['', ''];
  for (;;) {
    const rows = await query<{ id: string; sessionID: string; isTheirs: boolean }>(
      `with page as (
         select covalue_id as id, session_id as "sessionID" from relay.sessions
         where (covalue_id, session_id) > ($1, $2) order by covalue_id, session_id limit ${sessionsPerPage}
       ), last as (
         select * from page order by id desc, "sessionID" desc limit 1
       )
       select *, true as "isTheirs" from page where starts_with("sessionID", $3)
       union all select *, false from last`,
      [...after, `${accountID}_session_`],
    );
    if (rows.some(({ id, isTheirs }) => isTheirs && !coValues.has(id))) return true;
    const last = rows.find(({ isTheirs }) => !isTheirs);
    if (!last) return false;
    after = [last.id, last.sessionID];
    await pause();
  }
}

import { sessionsOf, type Content } from '../../../engine/content.ts';
import type { StatelessTools } from '../../namespace/stateless-tools.ts';
import type { Rights } from '../../authorize/authorizer.ts';
import { keyOf } from '../../quota/usage-rows.ts';
import { NotWrittenTogether, type WrittenTogether } from '../../storage/commits/written-together.ts';
import { isOfErased } from '../../database/guard/erasure-guard.ts';
import type { Amount } from '../../storage/stored-amount.ts';
import type { Sender } from '../bearer.ts';
import { nameOfClient } from '../../auth/client-name.ts';
import type { PushRequest } from './read-push.ts';
import { checkServing, storageFailed, StatelessRefusal, type Conflict } from '../refusal.ts';
import type { Place } from '../request-places.ts';
import type { RequestMemory } from '../requests.ts';
import { openPace, type Pace } from '../request-pace.ts';
import { conflicting, refusedSessions, refuseForbidden } from './push-verdict.ts';
import { refusePush } from '../refuse-unauthorized.ts';
import { verifyPush } from './verify-push.ts';

/** How many transactions of each pushed session the relay has. */
interface Accepted {
  readonly id: string;
  readonly sessions: Readonly<Record<string, number>>;
}

export interface PushAnswer {
  readonly accepted: readonly Accepted[];
  readonly serverChanges: readonly never[];
  readonly conflicts: readonly never[];
  readonly syncedUntil: string | null;
  readonly more: false;
  readonly durability: string;
  readonly storage: { readonly id: string; readonly epoch: string };
}

export interface PushContext {
  readonly memory: RequestMemory;
  readonly place: Place;
  readonly sender: Sender;
  /** Undefined if the client may push everything. */
  readonly rights: Rights | undefined;
}

/** What one push may make the relay load, in bytes of memory; see `verifyPush`. */
const mostLoadedBytes = 100_000_000;

/** Stores all of what `parse` returns, or nothing. The result rejects with a `StatelessRefusal`, or because the storage failed. */
export function createPush(tools: StatelessTools) {
  const maxLoadedBytes = Math.min(mostLoadedBytes, tools.memory.limitBytes / 4);

  /** Works in this place, and in turns. */
  function paced<T>(
    { memory, place }: PushContext,
    work: (inTurn: Pace['inTurn']) => Promise<T>,
  ): Promise<T> {
    return place.run(async () => {
      const { inTurn, close } = openPace(tools, memory);
      try {
        return await work(inTurn);
      } finally {
        close();
      }
    });
  }

  async function read(parse: () => PushRequest, inTurn: Pace['inTurn']): Promise<PushRequest> {
    try {
      return await inTurn(parse);
    } catch (error) {
      // After a long turn, the next one comes late: until then, another body takes no time of other clients.
      await inTurn(() => {});
      throw error;
    }
  }

  let entered = 0;
  /** The sender pays for what is new. */
  async function enterPayer({ principal }: Sender) {
    const { usage } = tools;
    const key = principal && usage ? keyOf(principal.id) : undefined;
    const clientID = `push-${++entered}`;
    const payer = key === undefined ? undefined : await usage?.enter(clientID, key);
    let release = () => {};
    return {
      key,
      reserve(amount: Amount) {
        if (payer?.hasRoom(amount) === false)
          throw new StatelessRefusal(
            'quota',
            'The relay has no room left for content from this account: its quota is used up. Nothing of the push was stored.',
          );
        if (payer) release = payer.reserve(amount);
      },
      end() {
        release();
        usage?.left(clientID);
      },
    };
  }

  async function conflictsIn({ forks, gapped }: NotWrittenTogether, changes: readonly Content[]) {
    const ids = new Set<string>([...forks, ...gapped].map(({ id }) => id));
    const conflicts: Conflict[] = [];
    for (const change of changes) {
      if (!ids.has(change.id)) continue;
      const sessions = (await tools.storage.readCommitted(change.id))?.sessions ?? {};
      for (const [sessionID, { after }] of sessionsOf(change)) {
        const have = sessions[sessionID] ?? 0;
        const isFork = forks.some((fork) => fork.id === change.id && fork.sessionID === sessionID);
        if (isFork || after > have)
          conflicts.push({ id: change.id, sessionID, have, after, why: isFork ? 'fork' : 'gap' });
      }
    }
    return conflicts;
  }

  return async (parse: () => PushRequest, context: PushContext): Promise<PushAnswer> => {
    const { memory, rights, sender } = context;
    const refusal = tools.storage.refusal();
    if (refusal !== undefined) throw storageFailed('The disk of the relay is almost full.');
    const { changes, since, clientID } = await paced(context, (inTurn) => read(parse, inTurn));
    // Without a place, which others could have meanwhile.
    if (rights) await refusePush(changes, rights, tools);
    try {
      await store();
    } catch (error) {
      if (!isOfErased(error)) throw error;
      // Now it is known what of it was erased, and refused.
      await store();
    }
    return {
      accepted: acceptedOf(changes),
      serverChanges: [],
      conflicts: [],
      syncedUntil: since,
      more: false,
      durability: tools.durability,
      storage: tools.identity(),
    };

    async function store(): Promise<void> {
      const { together, amount } = await paced(context, (inTurn) =>
        verifyPush(changes, { ...tools, inTurn, maxLoadedBytes, loaded: memory.loaded }),
      )
        // If the crypto has failed meanwhile, no result of a check counts, and a fork may be none.
        .finally(() => checkServing(tools));
      const payment = await enterPayer(sender);
      // An operator may have forbidden it while it was being sent or checked.
      try {
        sender.check();
        refuseForbidden(together.contents, tools.restrictions);
        payment.reserve(amount);
        const pushedBy = clientID === undefined ? undefined : nameOfClient(clientID, sender.principal);
        await commit({ ...together, payer: payment.key, pushedBy });
      } finally {
        payment.end();
      }
    }

    async function commit(push: WrittenTogether): Promise<void> {
      if (push.contents.length === 0) return;
      try {
        await tools.storage.commitTogether(push);
      } catch (error) {
        if (error instanceof NotWrittenTogether) throw await refusalOf(error);
        throw error;
      } finally {
        // After a failure, it may be committed nevertheless.
        tools.applyCommitted(changes.map(({ id }) => id));
      }
    }

    async function refusalOf(error: NotWrittenTogether): Promise<StatelessRefusal> {
      const copied = error.forks
        .filter(({ copiedBy }) => copiedBy !== undefined)
        .map(({ id, sessionID }) => ({ id, sessionID }));
      if (copied.length > 0)
        return refusedSessions(
          'forbidden',
          'The relay already has the beginning of a session in another CoValue or session, so this is a copy of it.',
          copied,
        );
      return conflicting(await conflictsIn(error, changes));
    }
  };
}

/** The same for the same push, whatever others have written since. */
function acceptedOf(changes: readonly Content[]): readonly Accepted[] {
  const counts = new Map<string, Record<string, number>>();
  for (const change of changes) {
    const sessions = counts.get(change.id) ?? {};
    counts.set(change.id, sessions);
    for (const [sessionID, { after, newTransactions }] of sessionsOf(change))
      sessions[sessionID] = Math.max(sessions[sessionID] ?? 0, after + newTransactions.length);
  }
  return [...counts].map(([id, sessions]) => ({ id, sessions }));
}

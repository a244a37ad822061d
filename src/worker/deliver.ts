import type { Clock } from '../base/clock.ts';
import { authorOf } from '../engine/content.ts';
import { accountDatabase, stores } from '../storage/account-database.ts';
import { openDatabase } from '../storage/indexed-db.ts';
import {
  readOwedContent,
  readOwedCounts,
  type OwedContent,
  type OwedCounts,
} from '../storage/owed-content.ts';
import { createDeliveryPlans, type DeliveryPlan, type PlannedRelay } from './delivery-plans.ts';
import { postPush } from './post-push.ts';
import { pushOwed, type PushEnding } from './push-owed.ts';

/** The browser globals that the worker uses. */
export interface WorkerPlatform {
  readonly indexedDB: IDBFactory;
  readonly fetch: typeof globalThis.fetch;
  readonly locks: Pick<LockManager, 'query' | 'request'>;
  readonly clock: Clock;
}

/** Longer than a tab takes to close; a tab that goes on needs no worker. */
const tabMs = 20_000;
/** A tab that is closing may still be writing. */
const writingMs = 2_000;
const checkEveryMs = 500;
/** Of these, the content is in memory at once. */
const coValuesAtOnce = 50;

/**
 * Sends what the accounts of this origin owe their relays, without a tab. It writes nothing of that down: the next tab asks the
 * relay. Rejects if another attempt may send more.
 */
export async function deliver(platform: WorkerPlatform): Promise<void> {
  const plans = createDeliveryPlans(platform.indexedDB);
  const endings = await Promise.allSettled(
    (await plans.all()).map(async (plan) => {
      const isKept = await deliverAlone(plan, platform);
      // Such as after a sign-out whose tab was closed too early.
      if (!isKept) await plans.remove(plan.accountID);
    }),
  );
  for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
}

/** Two workers of the origin send nothing twice. */
function deliverAlone(plan: DeliveryPlan, platform: WorkerPlatform): Promise<boolean> {
  return platform.locks.request(`maia/delivery/${plan.accountID}`, { ifAvailable: true }, (lock) =>
    lock ? deliverAccount(plan, platform) : true,
  );
}

/** Resolves with false if the account has no data on this device. */
async function deliverAccount(
  { accountID, relays }: DeliveryPlan,
  platform: WorkerPlatform,
): Promise<boolean> {
  const { indexedDB, clock } = platform;
  const db = await openDatabase(indexedDB, { name: accountDatabase(accountID).name }, clock);
  if (!db?.objectStoreNames.contains(stores.ledger)) {
    db?.close();
    return false;
  }
  const hasTab = () => isOpenInTab(platform.locks, accountID);
  try {
    for (let waitedMs = 0; await hasTab(); waitedMs += checkEveryMs) {
      if (waitedMs >= writingMs && !(await owesAny(db, relays))) return true;
      // A tab that was closed at once with its edit, or that hangs, may leave them to a later attempt.
      if (waitedMs >= tabMs) throw new Error('A tab has the account open, so it sends the edits itself.');
      await new Promise<void>((resolve) => clock.after(checkEveryMs, resolve));
    }
    await deliverToAll(db, { accountID, relays, mayPush: async () => !(await hasTab()) }, platform);
    return true;
  } finally {
    db.close();
  }
}

async function owesAny(db: IDBDatabase, relays: readonly PlannedRelay[]): Promise<boolean> {
  const owed = await Promise.all(relays.map(({ relayID }) => readOwedCounts(db, relayID)));
  return owed.some((counts) => counts !== undefined && counts.size > 0);
}

interface Delivery {
  readonly accountID: string;
  readonly relays: readonly PlannedRelay[];
  readonly mayPush: () => Promise<boolean>;
}

async function deliverToAll(
  db: IDBDatabase,
  { accountID, relays, mayPush }: Delivery,
  platform: WorkerPlatform,
): Promise<void> {
  const endings = await Promise.allSettled(
    relays.map(async (relay) => {
      // A ticket permits what the account itself has signed, and a header only with that.
      const permitted = (content: OwedContent) =>
        relay.ticket?.token === undefined ? content : ownOf(content, accountID);
      const read = async (some: OwedCounts) =>
        (await readOwedContent(db, some)).flatMap((content) => permitted(content) ?? []);
      const post = (changes: Parameters<typeof postPush>[1]) => postPush(relay, changes, platform);
      const pushSome = async (some: OwedCounts) => pushOwed(await read(some), { post, mayPush });
      let owed = await readOwedCounts(db, relay.relayID);
      for (let size = Infinity; owed && owed.size > 0 && owed.size < size;) {
        size = owed.size;
        // As long as some of it is delivered.
        owed = await pushParts(owed, pushSome);
      }
    }),
  );
  for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
}

/** Resolves with what has to wait for something else; undefined if the tab is to send the rest. */
async function pushParts(
  owed: OwedCounts,
  pushSome: (some: OwedCounts) => Promise<PushEnding>,
): Promise<OwedCounts | undefined> {
  const waiting = new Set<string>();
  for (const some of partsOf(owed)) {
    const ending = await pushSome(some);
    if (!ending.mayGoOn) return undefined;
    for (const id of ending.waiting) waiting.add(id);
  }
  return new Map([...owed].filter(([id]) => waiting.has(id)));
}

function ownOf(content: OwedContent, accountID: string): OwedContent | undefined {
  const sessions = content.sessions.filter(({ sessionID }) => authorOf(sessionID) === accountID);
  return sessions.length > 0 ? { ...content, sessions } : undefined;
}

function* partsOf(owed: OwedCounts): Generator<OwedCounts> {
  const entries = [...owed];
  for (let at = 0; at < entries.length; at += coValuesAtOnce)
    yield new Map(entries.slice(at, at + coValuesAtOnce));
}

/** A tab holds the lock of the session in which it writes. */
async function isOpenInTab(locks: WorkerPlatform['locks'], accountID: string): Promise<boolean> {
  const { held = [] } = await locks.query();
  return held.some(({ name = '' }) => name.startsWith(`maia/session/${accountID}_session_`));
}

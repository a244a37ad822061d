import {
  type AgentID,
  type AvailableCoValueCore,
  CoValueCore,
  type CoValueHeader,
  type JsonObject,
  type JsonValue,
  type LocalNode,
  type PeerState,
  type RawAccountID,
  RawBinaryCoStream,
  type RawCoID,
  RawCoStream,
  RawGroup,
  type SessionID,
} from 'cojson';
import { emptyList } from './reading/lists.ts';
import type { KeySecret } from './internal-types.ts';
import { getOrCreateCoValue } from './covalue-lookup.ts';
import { covers } from './known-counts.ts';
import { at } from './private-fields.ts';
import { wrapMethod } from './wrap-method.ts';

// The only file that calls or replaces cojson's private methods, as of 0.20.19. If one is missing, nothing is done: no
// function here throws or guesses. private-methods.test.ts, or the tests of the patch, then fail.

/** Stops cojson's tracking of unsynced edits, which adds a listener per edit made offline. Returns its undo function. */
export function disableSyncTracking({ syncManager }: LocalNode): () => void {
  if (typeof at(syncManager, 'trackSyncState') !== 'function') return () => {};
  Reflect.set(syncManager, 'trackSyncState', () => {});
  // Uncovers the prototype’s method.
  return () => void Reflect.deleteProperty(syncManager, 'trackSyncState');
}

/**
 * Calls `onUse` for each CoValue that is looked up, in place of cojson's garbage collector, which is off unless the app
 * enables it. Returns a function that ends this; undefined if the app has enabled the collector. `onReplaced` is called if
 * the app enables it later, which ends this.
 */
export function followUse(
  node: LocalNode,
  onUse: (core: CoValueCore) => void,
  onReplaced: () => void,
): (() => void) | undefined {
  if (!('garbageCollector' in node) || node.garbageCollector) return undefined;
  const collector = { trackCoValueAccess: onUse, collect: () => {}, stop: () => {} };
  Reflect.set(node, 'garbageCollector', collector);

  function end(): void {
    endEnabling();
    if (at(node, 'garbageCollector') === collector) node.garbageCollector = undefined;
  }

  const endEnabling = wrapMethod(node, 'enableGarbageCollector', (next) => () => {
    end();
    onReplaced();
    next();
  });
  return end;
}

/** Replaces cojson's decision on which transactions of groups and accounts count, in all nodes. */
export function replaceGroupValidation(validate: (group: CoValueCore) => void): void {
  const { prototype } = CoValueCore;
  const original = at(prototype, 'determineValidTransactions');
  if (typeof original !== 'function') return;
  Reflect.set(prototype, 'determineValidTransactions', function (this: CoValueCore) {
    if (!this.isGroupOrAccount()) return void original.call(this);
    validate(this);
    this.toValidateTransactions = [];
  });
}

type StreamItem = RawCoStream['items'][SessionID][number];

/** Replaces the order of the items of a session in streams and files. */
export function orderStreamItems(compare: (one: StreamItem, other: StreamItem) => number): void {
  for (const { prototype } of [RawCoStream, RawBinaryCoStream]) {
    if (typeof at(prototype, 'compareStreamItems') === 'function')
      Reflect.set(prototype, 'compareStreamItems', compare);
  }
}

/** Makes a new key for what this account writes into a group, and reveals it to those who may read the group. */
export function createWriteKey(group: RawGroup): void {
  const create = at(group, 'internalCreateWriteOnlyKeyForMember');
  const agent = group.core.node.getCurrentAgent();
  if (typeof create === 'function') create.call(group, agent.id, agent.currentAgentID());
}

/** Calls this for each dependency that cojson does not register, because it depends on the CoValue in turn. */
export function followCircularDependencies(
  onCircular: (core: CoValueCore, dependency: CoValueCore) => void,
): void {
  const { prototype } = CoValueCore;
  const original = at(prototype, 'addDependency');
  if (typeof original !== 'function') return;
  Reflect.set(prototype, 'addDependency', function (this: CoValueCore, id: RawCoID) {
    original.call(this, id);
    if (id !== this.id && !this.dependencies.has(id)) onCircular(this, getOrCreateCoValue(this.node, id));
  });
}

/** Lets a CoValue load without this dependency. Its content that waits is handled if no other dependency is missing. */
export function releaseDependency(core: CoValueCore, id: RawCoID): void {
  const notify = at(core, 'notifyUpdate');
  if (typeof notify !== 'function') return;
  core.incompleteDependencies.delete(id);
  core.missingDependencies.delete(id);
  if (core.missingDependencies.size === 0) notify.call(core);
}

/** Reveals a key of a group to a member whose account is here. */
export function revealKey(
  group: RawGroup,
  member: RawAccountID | AgentID,
  keyID: string,
  secret: unknown,
): void {
  const store = at(group, 'storeKeyRevelationForMember');
  const agent = group.core.node.resolveAccountAgent(member).value;
  if (typeof store === 'function' && agent) store.call(group, member, agent, keyID, secret);
}

interface Key {
  readonly id: Parameters<RawGroup['getReadKey']>[0];
  readonly secret: KeySecret;
}

/** Replaces how a group reveals a key of its own to one above, except when it begins to extend that one. */
export function replaceParentRevelation(reveal: (group: RawGroup, parent: RawGroup, key: Key) => void): void {
  const { prototype } = RawGroup;
  const original = at(prototype, 'revealReadKeyToParentGroup');
  if (typeof original !== 'function') return;
  Reflect.set(
    prototype,
    'revealReadKeyToParentGroup',
    function (this: RawGroup, parent: RawGroup, id: Key['id'], secret: KeySecret, options: unknown) {
      if (at(options, 'revealAllWriteOnlyKeys') === true) original.call(this, parent, id, secret, options);
      else reveal(this, parent, { id, secret });
    },
  );
}

/** Calls the listeners of a CoValue in a microtask. */
export function notifySoon(core: CoValueCore): void {
  const schedule = at(core, 'scheduleNotifyUpdate');
  if (typeof schedule === 'function') schedule.call(core);
}

type VerifiedTransaction = CoValueCore['verifiedTransactions'][number];

/** What to use of a transaction. With a refusal, it counts for no role. */
export interface ReadTransaction {
  readonly changes: JsonValue[];
  readonly meta: JsonObject | undefined;
  readonly refusal?: string;
}

/** Decides what cojson reads in transactions. */
export interface TransactionReading {
  /** Called once for each transaction whose changes are known when cojson takes it from a session. */
  read(core: AvailableCoValueCore, transaction: VerifiedTransaction): ReadTransaction;
  /** Returns what to use of the changes that were decrypted. */
  changes(header: CoValueHeader, decrypted: unknown): JsonValue[] | undefined;
  /** Returns what to use of the meta that was decrypted. */
  meta(decrypted: unknown): JsonObject | undefined;
  /** Returns the meta by which cojson judges the right to make a transaction, again with each change of roles. */
  judged(transaction: VerifiedTransaction): JsonObject | undefined;
  /** Called before cojson reads the meta of a transaction that counts. Returns what it may read, and the date to show. */
  source(
    core: CoValueCore,
    transaction: VerifiedTransaction,
  ): { readonly meta: JsonObject; readonly madeAtMs: number } | undefined;
  /** Called for each transaction that is shown at another place. */
  moved(transaction: VerifiedTransaction): void;
  /** Called with transactions that count, before a content reads them. Returns those that it reads. */
  counting(core: AvailableCoValueCore, found: CountingTransaction[]): CountingTransaction[];
}

export type CountingTransaction = ReturnType<CoValueCore['getValidTransactions']>[number];

/** Lets contents read a transaction with another name, or other changes, than it was signed with. */
export function readAs(
  transaction: VerifiedTransaction,
  read: Partial<Pick<VerifiedTransaction, 'sourceTxID' | 'changes'>>,
): void {
  Object.assign(transaction, read);
}

/** Puts these decisions before cojson's reading, in all nodes. */
export function decideReading(reading: TransactionReading): void {
  const { prototype } = CoValueCore;
  const { loadVerifiedTransactionsFromLogs: take, getValidTransactions: find } = prototype;
  const validate = at(prototype, 'determineValidTransactions');
  const readMeta = at(prototype, 'parseMetaInformation');
  if (typeof validate !== 'function' || typeof readMeta !== 'function') return;
  const refusals = new WeakMap<VerifiedTransaction, string>();

  prototype.loadVerifiedTransactionsFromLogs = function () {
    const { length } = this.verifiedTransactions;
    if (length === 0) beginLists(this);
    take.call(this);
    if (this.verifiedTransactions.length === length || !this.isAvailable()) return;
    decideDecryption(this.verified, reading);
    for (let at = length; at < this.verifiedTransactions.length; at++) {
      const transaction = this.verifiedTransactions[at];
      // cojson makes a new string each time, which is expensive to look up and to keep.
      if (transaction?.previous) transaction.author = transaction.previous.author;
      // Of private ones, cojson knows the changes only if they were made here.
      if (!transaction || (transaction.tx.privacy === 'private' && !transaction.changes)) continue;
      const { changes, meta, refusal } = reading.read(this, transaction);
      transaction.changes = changes;
      transaction.meta = meta;
      if (refusal !== undefined) refusals.set(transaction, refusal);
    }
  };
  prototype.getValidTransactions = function (options) {
    const found = find.call(this, options);
    return found.length > 0 && this.isAvailable() ? reading.counting(this, found) : found;
  };
  Reflect.set(prototype, 'determineValidTransactions', function (this: CoValueCore) {
    if (this.isGroupOrAccount()) return void validate.call(this);
    for (const transaction of this.toValidateTransactions) {
      // Otherwise devices that once read what does not count any more would keep the place and date that it names.
      transaction.sourceTxID = undefined;
      transaction.sourceTxMadeAt = undefined;
    }
    // cojson counts what it has once found valid, and what is not valid any more would make it leave out others.
    this.toValidateTransactions = this.toValidateTransactions.filter((transaction) => {
      const refusal = refusals.get(transaction);
      if (refusal !== undefined) transaction.markInvalid(refusal);
      else transaction.meta = reading.judged(transaction);
      return refusal === undefined;
    });
    validate.call(this);
  });
  Reflect.set(
    prototype,
    'parseMetaInformation',
    function (this: CoValueCore, transaction: VerifiedTransaction) {
      const source = reading.source(this, transaction);
      if (!source) {
        readMeta.call(this, transaction);
        // In a group or account.
        if (transaction.sourceTxID) reading.moved(transaction);
        return;
      }
      const { previous } = transaction;
      // From it, cojson takes what the meta leaves out, whether it counts or not.
      transaction.previous = undefined;
      transaction.sourceTxMadeAt = source.madeAtMs;
      const { fww, ...rest } = source.meta;
      transaction.meta = rest;
      readMeta.call(this, transaction);
      if (transaction.sourceTxID) reading.moved(transaction);
      // cojson would compare first writers before it knows from where and when the edit is.
      transaction.meta = fww === undefined ? {} : { fww };
      readMeta.call(this, transaction);
      transaction.meta = source.meta;
      transaction.previous = previous;
    },
  );
}

function beginLists(core: CoValueCore): void {
  core.verifiedTransactions = emptyList();
  core.toValidateTransactions = emptyList();
  core.toProcessTransactions = emptyList();
  core.toParseMetaTransactions = emptyList();
}

type Decryption = (sessionID: string, index: number, keySecret: string) => unknown;

const decided = new WeakSet<object>();

/** cojson does not export the class that decrypts. */
function decideDecryption(verified: AvailableCoValueCore['verified'], reading: TransactionReading): void {
  const prototype = Object.getPrototypeOf(verified) as object;
  if (decided.has(prototype)) return;
  decided.add(prototype);
  decide('decryptTransaction', ({ header }, decrypted) => reading.changes(header, decrypted));
  decide('decryptTransactionMeta', (_, decrypted) => reading.meta(decrypted));

  function decide(
    name: string,
    use: (of: { readonly header: CoValueHeader }, decrypted: unknown) => unknown,
  ): void {
    const decrypt = at(prototype, name) as Decryption | undefined;
    if (typeof decrypt !== 'function') return;
    /** The keys with which transactions could not be read: cojson tries again whenever it reads the CoValue. */
    const failed = new WeakMap<object, Map<string, string>>();
    Reflect.set(
      prototype,
      name,
      function (this: { readonly header: CoValueHeader }, ...of: Parameters<Decryption>) {
        const [sessionID, index, keySecret] = of;
        const place = `${sessionID} ${index}`;
        const before = failed.get(this);
        if (before?.get(place) === keySecret) return undefined;
        const found = readOrFail(() => {
          const decrypted = decrypt.apply(this, of);
          return decrypted === undefined ? undefined : { value: use(this, decrypted) };
        });
        if (found === undefined || found.value !== undefined) return found?.value;
        failed.set(this, (before ?? new Map<string, string>()).set(place, keySecret));
        return undefined;
      },
    );
  }
}

/** cojson throws on what another key encrypted, or on what is no JSON. */
function readOrFail(
  read: () => { readonly value: unknown } | undefined,
): { readonly value?: unknown } | undefined {
  try {
    return read();
  } catch {
    return {};
  }
}

/** Makes changes of a group, which otherwise reads itself after each of them, and then lets it read itself once. */
export function readAfter(group: RawGroup, change: () => void): void {
  Reflect.set(group, 'processNewTransactions', () => {});
  try {
    change();
  } finally {
    // Uncovers the prototype’s method.
    Reflect.deleteProperty(group, 'processNewTransactions');
    group.processNewTransactions();
  }
}

/**
 * Acknowledges a client's `reconcile` once the node has handled an answer for each of these CoValues. An earlier one from this
 * client that still lacks answers is forgotten.
 */
export function trackReconciliation(
  { syncManager }: LocalNode,
  peer: PeerState,
  batchID: string,
  ids: ReadonlySet<RawCoID>,
): void {
  const tracker = at(syncManager, 'ongoingStorageReconciliationTracker');
  const [clear, track] = [at(tracker, 'clearPeer'), at(tracker, 'trackBatch')];
  if (typeof clear !== 'function' || typeof track !== 'function') return;
  clear.call(tracker, peer.id);
  track.call(tracker, peer.id, batchID, ids);
}

/** For an answer that does not pass through the node. */
export function answerReconciliation({ syncManager }: LocalNode, peer: PeerState, id: RawCoID): void {
  const mark = at(syncManager, 'maybeMarkCoValueAsReconciled');
  if (typeof mark === 'function') mark.call(syncManager, peer, id);
}

let answersKnownContent = false;

/**
 * Answers at once that a CoValue has nothing new. cojson copies all sessions first, and a relay asks it for all groups above a
 * CoValue whenever it passes on an edit: there can be thousands. Process-wide and idempotent.
 */
export function answerKnownContent(): void {
  if (answersKnownContent) return;
  answersKnownContent = true;
  const { prototype } = CoValueCore;
  const { newContentSince } = prototype;
  prototype.newContentSince = function (known) {
    const isKnown =
      known?.header && this.verified && covers(known.sessions, this.verified.knownState().sessions);
    return isKnown ? undefined : newContentSince.call(this, known);
  };
}

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import { createBatchReader } from '../storage/batch-reader.ts';
import { differenceOf, isNothing, nothing, sumOf, type Amount } from '../storage/stored-amount.ts';
import { hasRoom, type Quota } from './quota.ts';
import { addUsage, partsOf, readLargest, readUsage, type UsageRow } from './usage-rows.ts';

/** A principal with a quota that is connected, or sends a request. */
export interface Payer {
  /** Undefined once nothing is limited any more. */
  quota(): Quota | undefined;
  /** With what is on its way into the database. */
  used(): Amount;
  /** Always true without a quota. */
  hasRoom(more: Amount): boolean;
  /** Counts it as used until the returned function is called, once. */
  reserve(more: Amount): () => void;
  /** So much of a client was refused. It is asked to connect again once there is room. */
  refused(clientID: string, more: Amount): void;
  isRefused(clientID: string): boolean;
}

/**
 * How much each principal has stored in one namespace: counted in memory, and added to the database every 10 s. `key`: see `keyOf`.
 */
export interface Usage {
  /** Call it for each client that has signed in, and `left` once it has gone. Resolves with undefined without a quota. */
  enter(clientID: string, key: string): Promise<Payer | undefined>;
  left(clientID: string): void;
  payerOf(clientID: string): Payer | undefined;
  /** So much was committed of what the principal has sent. */
  charge(key: string, amount: Amount): void;
  /** The clients that are connected, with their principals. */
  quotasChanged(clients: Iterable<readonly [clientID: string, key: string]>): void;
  /** The database has less of it. */
  gaveBack(key: string): void;
  /** Those who have stored most, with what this relay has not written yet. Rejects if the database fails. */
  largest(limit: number): Promise<readonly UsageRow[]>;
  usedBy(key: string): Promise<Amount>;
  /** How many principals are in memory. */
  count(): number;
  /** Writes what is counted. Never rejects. */
  write(): Promise<void>;
  stop(): void;
}

export interface UsageOptions {
  readonly database: Pick<Database, 'query' | 'write'>;
  quotaOf(key: string): Quota | undefined;
  /** There is room again for what was refused to these clients. */
  hasRoomFor(clientIDs: readonly string[]): void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const writeUsageMs = 10_000;
/** How long a client that signs in waits for what it has used. */
export const maxReadMs = 5_000;
/** If the database takes no usage for long. */
const maxUnwritten = 10_000;

interface EntryTools {
  quotaOf(key: string): Quota | undefined;
  /** Content of the principal has arrived. */
  reserved(entry: Entry): void;
  released(entry: Entry): void;
  schedule(): void;
}

/** Exists while its principal is connected, or something is not written. A class, because there are thousands of idle ones. */
class Entry implements Payer {
  clients = 0;
  /** As last read from the database. */
  stored = nothing;
  readAtMs = -Infinity;
  /** Counts what was read and what was begun to be read: a read that was overtaken does not count. */
  reads = 0;
  reading: Promise<void> | undefined;
  /** Committed since. */
  added = nothing;
  reservations = nothing;
  /** By client, the least bytes of what was refused, by how many CoValues it adds. */
  refusedClients: Map<string, Map<number, number>> | undefined;

  constructor(
    readonly key: string,
    private readonly tools: EntryTools,
  ) {}

  quota(): Quota | undefined {
    return this.tools.quotaOf(this.key);
  }

  used(): Amount {
    return sumOf(sumOf(this.stored, this.added), this.reservations);
  }

  hasRoom(more: Amount): boolean {
    const quota = this.quota();
    return !quota || hasRoom(quota, this.used(), more);
  }

  reserve(more: Amount): () => void {
    this.reservations = sumOf(this.reservations, more);
    this.tools.reserved(this);
    return () => {
      this.reservations = differenceOf(this.reservations, more);
      this.tools.released(this);
    };
  }

  refused(clientID: string, { bytes, coValues }: Amount): void {
    const all = (this.refusedClients ??= new Map<string, Map<number, number>>());
    const least = all.get(clientID) ?? new Map<number, number>();
    all.set(clientID, least.set(coValues, Math.min(least.get(coValues) ?? Infinity, bytes)));
    this.tools.schedule();
  }

  /** Forgets the clients for whom there is room again, and returns them. */
  takeRefused(): readonly string[] {
    const taken = [...(this.refusedClients ?? [])].flatMap(([clientID, least]) =>
      [...least].some(([coValues, bytes]) => this.hasRoom({ bytes, coValues })) ? clientID : [],
    );
    for (const clientID of taken) this.forgetRefused(clientID);
    return taken;
  }

  forgetRefused(clientID: string): void {
    this.refusedClients?.delete(clientID);
    if (this.refusedClients?.size === 0) this.refusedClients = undefined;
  }

  isRefused(clientID: string): boolean {
    return this.refusedClients?.has(clientID) === true;
  }

  isUsed(): boolean {
    return this.clients > 0 || !isNothing(this.added) || !isNothing(this.reservations);
  }
}

export function createUsage({ database, quotaOf, hasRoomFor, clock, logger }: UsageOptions): Usage {
  const entries = new Map<string, Entry>();
  const entriesByClient = new Map<string, Entry>();
  const reader = createBatchReader((keys) => readUsage(database.query, keys));
  let writing = Promise.resolve();
  let cancel: (() => void) | undefined;
  let isStopped = false;

  const tools: EntryTools = {
    quotaOf,
    // Another relay may have added to it.
    reserved: (entry) => void (isOld(entry) && readOnce(entry)),
    released: forgetUnused,
    schedule,
  };

  function open(key: string): Entry {
    const entry = entries.get(key) ?? new Entry(key, tools);
    entries.set(key, entry);
    return entry;
  }

  const isOld = ({ readAtMs }: Entry) => clock.elapsedMs() - readAtMs > writeUsageMs;

  function forgetUnused(entry: Entry): void {
    if (!entry.isUsed() && entries.get(entry.key) === entry) entries.delete(entry.key);
  }

  function note(entry: Entry, stored: Amount): void {
    entry.reads++;
    entry.stored = stored;
    entry.readAtMs = clock.elapsedMs();
  }

  function readOnce(entry: Entry): Promise<void> {
    return (entry.reading ??= read(entry).finally(() => (entry.reading = undefined)));
  }

  /** A stuck database delays commits, and must not keep clients from loading what is in memory. */
  function readInTime(entry: Entry): Promise<void> {
    return new Promise((resolve) => {
      const cancelWait = clock.after(maxReadMs, resolve);
      void readOnce(entry).then(() => {
        cancelWait();
        resolve();
      });
    });
  }

  async function read(entry: Entry): Promise<void> {
    try {
      await writing;
      const reads = ++entry.reads;
      const stored = (await reader.read(entry.key)) ?? nothing;
      if (entry.reads === reads) note(entry, stored);
      askRefused(entry);
    } catch (error) {
      logger.warn('Could not read what a principal has stored; trying again with its next content', {
        error,
      });
    }
  }

  function askRefused(entry: Entry): void {
    const clientIDs = entry.takeRefused();
    if (clientIDs.length > 0) hasRoomFor(clientIDs);
  }

  function schedule(): void {
    if (isStopped) return;
    cancel ??= clock.after(writeUsageMs, () => {
      cancel = undefined;
      void write();
    });
  }

  function write(): Promise<void> {
    writing = writing.then(writeNow);
    return writing;
  }

  async function writeNow(): Promise<void> {
    const all = [...entries.values()];
    const due = all.filter(({ added }) => !isNothing(added));
    try {
      for (const part of partsOf(due)) await add(part);
      const others = all.filter((entry) => entry.refusedClients !== undefined && !due.includes(entry));
      await readAgain(others);
    } catch (error) {
      logger.warn('Could not write what principals have stored; retrying', { error });
      forgetOldest();
    }
    for (const entry of all) {
      askRefused(entry);
      forgetUnused(entry);
    }
    if (all.some(({ added, refusedClients }) => !isNothing(added) || refusedClients !== undefined))
      schedule();
  }

  async function add(part: readonly Entry[]): Promise<void> {
    const written = part.map(({ key, added }) => ({ principal: key, ...added }));
    const totals = await addUsage(database, written);
    part.forEach((entry, index) => {
      entry.added = differenceOf(entry.added, written[index] ?? nothing);
      note(entry, totals.get(entry.key) ?? nothing);
    });
  }

  async function readAgain(some: readonly Entry[]): Promise<void> {
    const totals = await readUsage(
      database.query,
      some.map(({ key }) => key),
    );
    for (const entry of some) note(entry, totals.get(entry.key) ?? nothing);
  }

  function forgetOldest(): void {
    const unwritten = [...entries.values()].filter(({ clients }) => clients === 0);
    for (const { key } of unwritten.slice(0, Math.max(0, unwritten.length - maxUnwritten)))
      entries.delete(key);
  }

  async function enter(clientID: string, key: string): Promise<Payer | undefined> {
    const known = entriesByClient.get(clientID);
    if (known || !quotaOf(key)) return known;
    const entry = open(key);
    entry.clients++;
    entriesByClient.set(clientID, entry);
    if (isOld(entry)) await readInTime(entry);
    return entry;
  }

  return {
    enter,
    left(clientID) {
      const entry = entriesByClient.get(clientID);
      if (!entry) return;
      entriesByClient.delete(clientID);
      entry.clients--;
      entry.forgetRefused(clientID);
      forgetUnused(entry);
    },
    payerOf: (clientID) => entriesByClient.get(clientID),
    charge(key, amount) {
      if (isNothing(amount)) return;
      const entry = open(key);
      entry.added = sumOf(entry.added, amount);
      schedule();
    },
    quotasChanged(clients) {
      for (const [clientID, key] of clients) void enter(clientID, key);
      for (const entry of [...entries.values()]) askRefused(entry);
    },
    gaveBack(key) {
      const entry = entries.get(key);
      if (entry) void read(entry);
    },
    async largest(limit) {
      await write();
      return readLargest(database.query, limit);
    },
    async usedBy(key) {
      await write();
      return (await readUsage(database.query, [key])).get(key) ?? nothing;
    },
    count: () => entries.size,
    write,
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}

import type { Fault, Rule } from './rules.ts';

/** A CoValue's letter and a session, as in `x1`; the session `$` holds a deletion. */
export type Slot = string;
/** One letter for each transaction of a slot. */
export type Logs = Record<Slot, string>;
export type Counts = Record<Slot, number>;

/** What may happen besides the normal course, and how often. */
export type Harm =
  | 'edit' | 'remove' | 'connect' | 'cut' | 'kill' | 'start' | 'freeze' | 'fold' | 'segments' | 'restore' | 'swap'
  | 'promise' | 'crash' | 'lag' | 'forget' | 'signOut' | 'failedRead' | 'failedStore' | 'full' | 'foreign' | 'undo'
  | 'cold' | 'erase' | 'upgrade'; // prettier-ignore

export interface RelayRecord {
  generation: number;
  epoch: number;
  durable: boolean;
  /** The segment key at which the audit goes on. */
  audit: number | null;
  last: [Slot, number][];
}

/** What a tab reads of the ledger and the relays' records. */
export interface Ledger {
  owed: Counts;
  /** By relay and slot. */
  owedAt: Record<string, number>;
  /** By relay, generation and slot. */
  said: Record<string, number>;
  /** Debts of whole CoValues, such as `*x:2`. */
  named: string[];
  namedSaid: string[];
  relays: (RelayRecord | null)[];
}

export interface Aside {
  slot: Slot;
  pieces: string;
  copy: Slot;
}

/** One browser profile. */
export interface Device extends Ledger {
  stored: Logs;
  segments: [key: number, slot: Slot][];
  nextKey: number;
  nextGeneration: number;
  /** Sessions that a tab of this device used. */
  sessions: string[];
  /** Slots whose own history was displaced. */
  ended: Slot[];
  /** CoValues with a stored deletion that is held valid. */
  deleted: string[];
  /** What a deletion erased, kept for 30 days. */
  kept: Logs;
  aside: Aside[];
  /** Every edit made here. */
  made: string;
  /** Every own edit that was ever committed here. */
  saved: string;
  full: boolean;
  isSignedOut: boolean;
  version: 3 | 4;
  /** Version 3: CoValues marked as unconfirmed. */
  marks: string[];
  /** Stock content that is not taken over yet. */
  stock: Logs;
}

export interface Write {
  slot: Slot;
  log: string;
  owed: number;
  /** Beside: the debt is committed, the content not yet. */
  hasDebt?: boolean;
  /** A fork's copy of these pieces. */
  copies?: string;
  /** Moves what a fork displaced, after the copy. */
  displaces?: { slot: Slot; theirs: string; copy: Slot };
}

export interface Word {
  relay: number;
  generation: number;
  slot: Slot;
  count: number;
  durable: boolean;
}

export type Why = 'join' | 'last' | 'again' | 'debt' | 'probe' | 'named';
export type Up =
  | { is: 'content'; slot: Slot; log: string }
  | { is: 'ask'; of: string; counts: Counts; why: Why; names?: string[] }
  | { is: 'audit'; of: string; counts: Counts; key: number };
export type Down =
  | { is: 'content'; slot: Slot; log: string; why?: Why }
  | { is: 'known'; of: string; counts: Counts; why?: Why; names?: string[] }
  | { is: 'audited'; of: string; counts: Counts; want: Counts; key: number };

export interface Channel {
  epoch: number;
  durable: boolean;
  /** 0 until hello and the record have met. */
  generation: number;
  up: Up[];
  down: Down[];
  lastToCheck: [Slot, number][];
  /** What was settled when the channel began. */
  settled: Counts;
  suspected: Counts;
  openAudits: number;
  /** Sessions of this device whose history here is a beginning of ours. */
  compared: Slot[];
  /** The index of the replaced storage that it still reaches. */
  replaced: number | null;
}

export interface Tab {
  page: 'closed' | 'running' | 'frozen';
  /** Runs the code of version 3. */
  isOld: boolean;
  /** It closed the database for another tab's upgrade. */
  isShut?: boolean;
  device: number;
  session: string;
  memory: Logs;
  queue: Write[];
  view: Ledger | null;
  /** The deletions that the view knows. */
  viewDeleted: string[];
  /** The true ledger, where a failed read was taken for an empty one. */
  truth: Ledger | null;
  words: Word[];
  channels: (Channel | null)[];
  /** Replays were moved away from here, once. */
  replaced: string[];
  /** The session in which a CoValue is edited whose place was taken. */
  spare: Record<string, string>;
  lateLast?: [Slot, number][];
}

export interface Store {
  /** Commits in order; the latest log of a slot counts. */
  history: [Slot, string][];
  waiting: [Slot, string, number][];
  epoch: number;
  durable: boolean;
  losses: number;
}

export interface World {
  devices: Device[];
  tabs: Tab[];
  relays: Store[];
  replaced: Store[];
  budget: Partial<Record<Harm, number>>;
  nextEdit: number;
  nextSession: number;
  /** The slots for which our key signed each edit. */
  signedFor: Record<string, Slot[]>;
  lost: { relay: number; slot: Slot; log: string; losses: number }[];
  /** By device, relay and generation, the losses of the relay when it began. */
  lossesAt: Record<string, number>;
  signOutCheck?: boolean;
  broken?: string;
}

export interface Scenario {
  readonly coValues: string;
  /** The session of each tab. */
  readonly sessions: readonly string[];
  readonly devices?: readonly number[];
  readonly relays?: number;
  /** What each device has stored at the start. */
  readonly stored?: Logs;
  readonly atRelays?: readonly Logs[];
  /** Whether the device has records of the relays; with them, what is stored is settled. */
  readonly isKnown?: boolean;
  /** What is stored is owed. */
  readonly isOwed?: boolean;
  readonly budget: Partial<Record<Harm, number>>;
  readonly maxLast?: number;
  readonly maxLength?: number;
  /** CoValues that a new tab has in memory; default all. */
  readonly warm?: string;
  /** Steps taken before the search, by name. */
  readonly before?: readonly string[];
  readonly epochs?: readonly boolean[];
  /** Relays forward content to the other tabs. */
  readonly forwards?: boolean;
  /** Relays commit later than they forward. */
  readonly commitsLater?: boolean;
  readonly durable?: boolean;
  /** Debts are in a database beside the content. */
  readonly beside?: boolean;
  /** Debts speak of whole CoValues. */
  readonly named?: boolean;
  /** A tab that starts takes the id of the one before. */
  readonly reusesSessions?: boolean;
  /** Words on own sessions are compared by probes. */
  readonly probes?: boolean;
  /** This tab neither asks nor sends. */
  readonly idleTab?: number;
  readonly orphansTab?: number;
  /** Device databases start in version 3, with these tabs of the old code. */
  readonly oldTabs?: readonly number[];
  readonly marks?: string;
  readonly stock?: Logs;
  readonly signedFor?: Record<string, Slot>;
  /** Which states are also run to rest: every one, or one in so many. */
  readonly restEvery?: number;
  /** Only these tabs edit, and only these CoValues. */
  readonly editors?: readonly number[];
  readonly postsUnsaved?: boolean;
  /** Connecting sends nothing that is not pending. */
  readonly isUnfilled?: boolean;
  /** At rest, the disk is still full. */
  readonly staysFull?: boolean;
}

export interface Model {
  readonly scenario: Scenario;
  readonly fault?: Fault | undefined;
  has(rule: Rule): boolean;
  /** Nothing harms any more: only steps towards rest. */
  readonly isFair: boolean;
}

export interface Step {
  readonly name: string;
  /** Steps of a kind are taken together on the way to rest. */
  readonly kind: string;
  /** Returns false if the step is not possible. */
  run(world: World): void | false;
}

/** Sessions from here on are taken by tabs that start or that lost theirs to a fork. */
export const firstCopy = 5;

export const coValueOf = (slot: Slot): string => slot.charAt(0);
export const sessionOf = (slot: Slot): string => slot.slice(1);
export const isDeletion = (slot: Slot): boolean => slot.endsWith('$');
export const deletionOf = (coValue: string): Slot => `${coValue}$`;
export const slotsOf = (logs: Record<Slot, unknown>, coValue: string): Slot[] =>
  Object.keys(logs)
    .filter((slot) => coValueOf(slot) === coValue)
    .toSorted();
export const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
export const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The length of the common beginning. */
export function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

export function createTab(
  world: { devices: Device[] },
  { scenario }: { scenario: Scenario },
  index: number,
): Tab {
  const device = scenario.devices?.[index] ?? 0;
  const stored = world.devices[device]?.stored ?? {};
  const warm = scenario.warm ?? scenario.coValues;
  return {
    page: 'running',
    isOld: scenario.oldTabs?.includes(index) ?? false,
    device,
    session: scenario.sessions[index] ?? '1',
    memory: Object.fromEntries(Object.entries(stored).filter(([slot]) => warm.includes(coValueOf(slot)))),
    queue: [],
    view: null,
    viewDeleted: [],
    truth: null,
    words: [],
    channels: Array.from({ length: scenario.relays ?? 1 }, () => null),
    replaced: [],
    spare: {},
  };
}

export function createWorld(scenario: Scenario): World {
  const { stored = {}, isKnown = true, relays = 1, maxLast = 8, durable = false } = scenario;
  const slots = Object.entries(stored);
  const counts: [Slot, number][] = slots.map(([slot, log]) => [slot, log.length]);
  const createDevice = (): Device => ({
    stored: { ...stored },
    segments: slots.map(([slot], at) => [at + 1, slot]),
    nextKey: slots.length + 1,
    nextGeneration: 2,
    sessions: [...new Set([...scenario.sessions, ...slots.map(([slot]) => sessionOf(slot))])],
    ended: [],
    deleted: [],
    kept: {},
    aside: [],
    made: '',
    saved: '',
    full: false,
    isSignedOut: false,
    version: scenario.oldTabs ? 3 : 4,
    marks: [...(scenario.marks ?? '')],
    stock: { ...scenario.stock },
    owed: scenario.isOwed ? Object.fromEntries(counts) : {},
    owedAt: {},
    said: {},
    named: [],
    namedSaid: [],
    relays: Array.from({ length: relays }, () =>
      isKnown
        ? {
            generation: 1,
            epoch: 1,
            durable,
            audit: null,
            last: scenario.isOwed ? [] : counts.slice(-maxLast),
          }
        : null,
    ),
  });
  const world: World = {
    devices: Array.from({ length: Math.max(0, ...(scenario.devices ?? [])) + 1 }, createDevice),
    tabs: [],
    relays: Array.from({ length: relays }, (_, at) => ({
      history: Object.entries(scenario.atRelays?.[at] ?? (isKnown ? stored : {})),
      waiting: [],
      epoch: 1,
      durable,
      losses: 0,
    })),
    replaced: [],
    budget: { ...scenario.budget },
    nextEdit: 0,
    nextSession: firstCopy + 3,
    signedFor: Object.fromEntries(
      Object.entries(scenario.signedFor ?? {}).map(([letter, slot]) => [letter, slot.split(' ')]),
    ),
    lost: [],
    lossesAt: {},
  };
  for (const [slot, log] of [...slots, ...Object.entries(scenario.stock ?? {})])
    for (const letter of log) world.signedFor[letter] ??= [slot];
  world.tabs = scenario.sessions.map((_, index) => createTab(world, { scenario }, index));
  return world;
}

/** What a storage holds now. */
export function heldBy(store: Pick<Store, 'history'>): Logs {
  const logs: Logs = {};
  for (const [slot, log] of store.history) {
    if (!isDeletion(slot) && logs[deletionOf(coValueOf(slot))] !== undefined) continue;
    logs[slot] = log;
    if (isDeletion(slot) && log !== '')
      for (const other of slotsOf(logs, coValueOf(slot))) if (other !== slot) delete logs[other];
    if (log === '') delete logs[slot];
  }
  return logs;
}

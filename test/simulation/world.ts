import type { LocalNode, RawCoID, RawCoValue, SessionID } from 'cojson';
import type { PageEvent } from '../../src/platform/platform.ts';
import type { Serving } from '../../src/relay/serving/serving.ts';
import type { Genesis } from '../../src/session/account/genesis.ts';
import type { ConfirmedEdit, RememberedRelay } from '../../src/storage/remembered-relay.ts';
import type { SyncPeers } from '../../src/sync/sync-peers.ts';
import type { Promised } from '../history/history.ts';
import type { ConnectionFaults } from './connection-faults.ts';
import type { DeviceDisk } from './device-disk.ts';
import type { DiskStorage } from './disk-storage.ts';
import type { HttpDoor } from './http-door.ts';
import type { Connection } from './network.ts';
import type { Dice } from './random.ts';
import type { ServedTables } from './relay-tables.ts';
import type { RelayWords } from './relay-words.ts';
import type { SessionIDs } from './session-ids.ts';
import type { TabChannels } from './tab-channels.ts';
import type { TabLocks } from './tab-locks.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Everything that one run simulates. */
export interface World {
  /** No more faults. */
  isOver: boolean;
  readonly scenario: Scenario;
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly relays: readonly SimRelay[];
  readonly devices: readonly SimDevice[];
  /** The running tabs of all devices. */
  readonly tabs: readonly SimTab[];
  /** IDs of the CoValues that the app created. */
  readonly known: Set<RawCoID>;
  /** Those that somebody has deleted. */
  readonly removed: Set<RawCoID>;
  readonly ledger: Ledger;
  readonly history: HistoryRecorder;
  readonly faults: ConnectionFaults;
  readonly connectKills: ConnectKills;
  /** Undefined if WebSockets work. */
  readonly httpDice: Dice | undefined;
  /** What relays add, unless they are honest. */
  readonly hostileDice: Dice | undefined;
  /** Copies the profile of a device without pages to a new device of the same person. */
  copyDevice(device: SimDevice): SimDevice;
  readonly words: RelayWords;
  /** Undefined if the records of relays are read and written without faults. */
  readonly lateRecords: Dice | undefined;
  /** One line per event. */
  readonly trace: string[];
  /** A hash of the trace and of every frame received. */
  readonly hash: string;
  /** The number of frames received. */
  readonly frames: number;
  note(event: string): void;
  received(tab: string, relay: string, direction: 'up' | 'down', frame: string): void;
  nextTabName(device: SimDevice): string;
  end(): void;
}

/** What may happen in a run. */
export interface Scenario {
  /** Relays are restored to older states. */
  readonly restores: boolean;
  /** Some relays announce a restore with a new epoch. */
  readonly epochs: boolean;
  /** The largest number of tabs per device; each device draws its own limit. With 1, tabs do not listen to each other. */
  readonly tabs: number;
  /** Pages hold locks, which the other pages of their device can list. */
  readonly locks: boolean;
  /** The clocks of devices are set often, not only now and then. */
  readonly clockJumps: boolean;
  /** Pages have bad connections. */
  readonly faults: boolean;
  /** CoValues are deleted. */
  readonly deletions: boolean;
  /** What a device remembers of relays is read and written late, and sometimes not at all. */
  readonly lateRecords: boolean;
  /** Relays are restored more often, pages open less of what earlier ones wrote, and pages are killed just after they connect to a restored relay. */
  readonly connectKills: boolean;
  /** The addresses of relays turn into those of stock servers, and back. */
  readonly stock: boolean;
  /** Members of groups become readers, writers again, or are removed. */
  readonly roles: boolean;
  /** Pages create many CoValues at once, of which a device remembers only some as confirmed. */
  readonly manyCoValues: boolean;
  /** Pages reuse the session IDs of earlier ones that ended with everything saved. */
  readonly reusedIDs: boolean;
  /** Most WebSockets are refused or slow, so pages connect over HTTP. */
  readonly http: boolean;
  /** Browser profiles are copied to new devices, so two devices may write under one session ID. */
  readonly copies: boolean;
  /** Relays add sessions of accounts that do not exist to what they send over WebSockets. */
  readonly absentAuthors: boolean;
}

/** One person's device: its disk and its open tabs. */
export interface SimDevice {
  readonly name: string;
  readonly genesis: Genesis;
  readonly disk: DeviceDisk;
  /** What its tabs persisted about each relay. */
  readonly relays: Map<string, RememberedRelay>;
  readonly tabs: readonly SimTab[];
  readonly maxTabs: number;
  /** How far its clock is ahead. cojson stamps edits by the true time. */
  clockErrorMs: number;
  /** Connects its tabs; undefined if they do not communicate. */
  readonly channels: TabChannels | undefined;
  /** Undefined in a browser that has none. */
  readonly locks: TabLocks | undefined;
  /** Undefined if every page has a new one. */
  readonly sessionIDs: SessionIDs | undefined;
  /** How many pages have begun to open but are not in `tabs` yet. */
  starting: number;
  readonly isOnline: boolean;
  add(tab: SimTab): void;
  remove(tab: SimTab): void;
  /** Connects or disconnects the network and fires the browser's event. */
  setOnline(isOnline: boolean): void;
  onPage(event: PageEvent, listener: () => void): () => void;
}

/** A page with a session: the kernel's real node and sync, on the device's disk. */
export interface SimTab {
  readonly name: string;
  readonly device: SimDevice;
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly storage: DiskStorage;
  readonly sessionID: SessionID;
  /** Under which the page has last edited the CoValue: its own or a spare one. */
  sessionOf(id: RawCoID): SessionID;
  readonly links: ReadonlySet<Connection>;
  /** The CoValues that the page works on. */
  readonly opened: ReadonlyMap<RawCoID, RawCoValue>;
  /** False once closing begins. */
  readonly isOpen: boolean;
  /** It has lost its session ID, and has in memory what it wrote twice, until another session takes its place. */
  readonly isRetired: boolean;
  /** The account is loaded. */
  readonly isReady: boolean;
  /** Starts loading the CoValue; it is in `opened` once it is available. */
  open(id: RawCoID): void;
  created(coValue: RawCoValue): void;
  setVisible(isVisible: boolean): void;
  /** While true, none of its code runs. */
  readonly isFrozen: boolean;
  /** Its connections stall for this time, too. */
  freeze(ms: number): void;
  thaw(): void;
  /** Stops all code of the page at once. */
  kill(): void;
  /** Ends the session as `session.close()` does. */
  close(): Promise<void>;
}

/** A relay's machine: the real relay, which tests can kill, on a disk that they can read and restore. */
export interface SimRelay {
  readonly name: string;
  /** As devices record it. */
  readonly id: string;
  readonly url: string;
  /** Of the server that its address leads to now. */
  readonly tables: ServedTables;
  /** Of the server that the record names: what the device counts as confirmed has to be there. */
  tablesOf(record: RememberedRelay): ServedTables;
  /** Whether its process is serving. */
  readonly isUp: boolean;
  /** How often it was restored to an older state, or its address turned to another server. */
  readonly restores: number;
  readonly links: Set<Connection>;
  readonly excuses: Restores['excuses'];
  readonly hasLost: Restores['hasLost'];
  readonly hasGoneBack: Restores['hasGoneBack'];
  /** Call it when a page of the device connects. */
  connecting(device: SimDevice): void;
  /** Call it with each frame that the relay receives. */
  readonly received: Restores['received'];
  start(): Promise<void>;
  /** Ends the process at once. Clients notice now or by timeout. */
  kill(): void;
  /** Ends the process gracefully. */
  stop(): Promise<void>;
  takeBackup(): void;
  /** Replaces the disk, its epoch included, with an older backup. Returns false if there is none. */
  restoreBackup(devices: readonly SimDevice[]): boolean;
  /** Its address leads to a stock server with a database of its own from now on, or to our relay again. */
  turn(devices: readonly SimDevice[]): void;
  setFailing(isFailing: boolean): void;
  open(socket: Parameters<Serving['open']>[0], address: string): void;
  /** Of the process that serves now. A stock server has none. */
  readonly door: HttpDoor | undefined;
}

/** One edit of one tab, and what the kernel has claimed about it. */
export interface Edit {
  /** In the history; undefined if that does not follow it. */
  readonly name: string | undefined;
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** The session's number of transactions once it includes this edit. */
  readonly count: number;
  readonly tab: SimTab;
  isSaved: boolean;
  isConfirmed: boolean;
}

/** All edits, and the kernel's claims about them, each compared with what the disks really contain. */
export interface Ledger {
  readonly edits: readonly Edit[];
  /** Call it synchronously after the edit. `sessionID`: if it is not the tab's own, as for a deletion. */
  edited(tab: SimTab, id: RawCoID, name: string | undefined, sessionID?: SessionID): void;
  /** Checks the tab's sync state on every change from now on. */
  watch(tab: SimTab): void;
  /** The relay's disk was restored, or its address has turned: its earlier confirmations are void. */
  restored(relay: SimRelay): void;
  /** The kernel reported another writer under the tab's session. There is none. */
  forked(tab: SimTab): void;
  /** Checks all claims made so far. Throws `FalseClaim`. */
  check(): void;
}

/** Records what the pages of a run do and show. */
export interface HistoryRecorder {
  /** Records all that the page shows and that has changed. */
  read(tab: SimTab): void;
  /** Call it in the turn of the edit. Returns the edit's name: its value, or its place if it has none. Undefined if it is not followed. */
  edited(tab: SimTab, coValue: RawCoValue, key: string, value?: string): string | undefined;
  created(tab: SimTab, coValue: RawCoValue): string | undefined;
  deleted(tab: SimTab, coValue: RawCoValue): string;
  promised(type: Promised['type'], edit: Edit): void;
  restored(): void;
  /** The devices have the same profile, and so may use the same sessions. */
  copied(...devices: readonly SimDevice[]): void;
  ended(tab: SimTab, how: { readonly isClean: boolean }): void;
  /** Call it once the run has settled. Throws the first contradiction. */
  check(tabs: readonly SimTab[]): void;
}

/** Kills pages just after they connect to a restored relay, while they find out what it lacks. */
export interface ConnectKills {
  /** Call it when the page connects. */
  connected(world: World, tab: SimTab, relay: SimRelay): void;
}

/** A relay's restores to older states and turns to other servers, and which devices have to detect each of them. */
export interface Restores {
  readonly count: number;
  /** Call it with each replacement of the disk, before any device connects again. */
  happened(before: ServedTables, after: ServedTables, devices: readonly SimDevice[]): void;
  /** Call it when a page of the device connects. `tables`: what the relay has now. */
  connecting(device: SimDevice, tables: ServedTables): void;
  /** Call it with each frame that the relay receives. */
  received(device: SimDevice, frame: string): void;
  /** Whether a restore or a turn has lost the edit at any time. */
  hasLost(edit: ConfirmedEdit): boolean;
  /** Whether a restore has lost the edit at any time. */
  hasGoneBack(edit: ConfirmedEdit): boolean;
  /** Whether the device may wrongly take the edit as confirmed, because it could not detect the restore that lost it. */
  excuses(device: SimDevice, edit: ConfirmedEdit): boolean;
}

import type { JsonValue, LocalNode, RawGroup } from 'cojson';
import { attacker, crypto, idOf } from '../nodes.ts';
import type { Clock } from './clock.ts';
import type { Device } from './device.ts';
import type { Dice } from './dice.ts';
import type { Log, Piece } from './log.ts';
import type { GroupName, Model } from './model.ts';

export interface Attacker {
  readonly name: string;
  readonly id: string;
  readonly node: LocalNode;
  readonly sessionIDs: readonly string[];
}

export type Key = ReturnType<typeof crypto.newRandomKeySecret>;

export interface Value {
  readonly label: string;
  readonly id: string;
  readonly kind: 'map' | 'list' | 'stream' | 'text';
  readonly group: GroupName;
}

/** What somebody has written, by its text, which is unique. */
export interface Written {
  readonly by: string;
  readonly value: Value;
  readonly text: string;
  readonly atMs: number;
}

export interface HonestEdit extends Written {
  readonly key: string;
  readonly sessionID: string;
  readonly index: number;
  /** The last state of the model that the author's device had seen, and the one that was current. */
  readonly seen: number;
  readonly state: number;
  /** How much the author's device had of what the honest have done to the groups. Its key may be no older. */
  readonly had: readonly { readonly groupID: string; readonly sessionID: string; readonly count: number }[];
}

export type Change = readonly [key: string, value: JsonValue];

/** The place of a transaction. */
export interface Signed {
  readonly sessionID: string;
  readonly index: number;
}

/** A change of a group that an attacker has signed. */
export interface Move {
  readonly group: GroupName;
  readonly by: string;
  readonly change: Change;
  readonly signed: Signed;
}

export interface World {
  readonly dice: Dice;
  readonly clock: Clock;
  readonly log: Log;
  readonly model: Model;
  /** Of the attackers, who have everything at once. */
  readonly machine: LocalNode;
  /** Alice's first. */
  readonly devices: readonly [Device, ...Device[]];
  readonly attackers: Attacker[];
  readonly groupIDs: Readonly<Record<GroupName | 'side', string>>;
  readonly values: readonly Value[];
  readonly written: Map<string, Written>;
  readonly edits: HonestEdit[];
  /** That honest devices have made, with the states of the model of which the device had all and any. */
  readonly keys: {
    readonly group: GroupName;
    readonly key: Key;
    readonly state: number;
    readonly lastState: number;
  }[];
  /** That attackers have made. */
  readonly planted: Key[];
  /** Dated later than they were made. */
  readonly ahead: Move[];
  /** Honest sessions that are at their end. */
  readonly retired: { readonly pieces: readonly Piece[]; readonly author: string }[];
  readonly hasManager: boolean;
  readonly breaches: string[];
}

export const firstMs = 1_800_000_000_000;

/** What an attacker is in the upper or lower group, from the start. */
export const attackerRoles = ['reader', 'writer', 'writeOnly'] as const;

/** Without a piece of a session, the header alone. */
export function feed(
  node: LocalNode,
  log: Log,
  { id, sessionID, content }: Pick<Piece, 'id'> & Partial<Piece>,
): void {
  const header = log.headers.get(id);
  const sessions = sessionID === undefined ? {} : { [sessionID]: content };
  const message = { action: 'content', id, header, priority: 3, new: sessions };
  node.syncManager.handleNewContent(structuredClone(message) as never, 'import');
}

export function newAttacker(name: string, node = attacker()): Attacker {
  const id = idOf(node);
  return { name, id, node, sessionIDs: [1, 2].map(() => crypto.newRandomSessionID(id)) };
}

export function keyOf(group: RawGroup): Key {
  const { id, secret } = group.getCurrentReadKey();
  if (!secret) throw new Error('The owner does not have the key.');
  return { id, secret };
}

import type { JsonValue } from 'cojson';
import { isRecord } from '../../../src/base/record.ts';
import { drawMeta } from './meta.ts';
import type { Signed, Attacker, Key, World } from './world.ts';

interface Move {
  readonly id: string;
  readonly changes: unknown;
  readonly atMs: number;
  /** For a private transaction. */
  readonly key?: Key | undefined;
  readonly sessionID: string;
  readonly meta?: unknown;
}

/** Signs anything as the attacker. Undefined if not even that is possible. */
export function signMove(world: World, by: Attacker, move: Move): Signed | undefined {
  const { machine, log } = world;
  const { id, sessionID, key, atMs } = move;
  const verified = machine.getCoValue(id as 'co_z1').verified;
  // A kernel does not take what is malformed in plain sight from the wire.
  const isPlain = Array.isArray(move.changes) && (move.meta === undefined || isRecord(move.meta));
  if (!key && !isPlain) return undefined;
  if (!verified) throw new Error('The attackers lack a CoValue.');
  const session = sessionID as Parameters<typeof verified.makeNewTrustingTransaction>[0];
  const [agent, changes, meta] = [
    by.node.getCurrentAgent(),
    move.changes as JsonValue[],
    move.meta as undefined,
  ];
  try {
    if (key) verified.makeNewPrivateTransaction(session, agent, changes, key.id, key.secret, meta, atMs);
    else verified.makeNewTrustingTransaction(session, agent, changes, meta, atMs);
  } catch {
    return undefined;
  }
  log.take(machine, id, [sessionID]);
  return { sessionID, index: log.countOf(id, sessionID) - 1 };
}

/** With a session of the attacker, and a drawn meta. */
export function signAsDrawn(
  world: World,
  by: Attacker,
  move: Omit<Move, 'sessionID' | 'meta'>,
): Signed | undefined {
  const sessionID = world.dice.pick(by.sessionIDs);
  return signMove(world, by, { ...move, sessionID, meta: drawMeta(world, by, move.id, sessionID) });
}

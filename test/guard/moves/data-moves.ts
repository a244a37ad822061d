import type { JsonValue } from 'cojson';
import { drawKey } from './draw-keys.ts';
import { drawDate } from './meta.ts';
import { canRead } from './model.ts';
import { signAsDrawn, signMove } from './sign-move.ts';
import type { Attacker, Key, Value, World } from './world.ts';

/** An attacker signs an edit of a value. */
export function moveInValue(world: World, by: Attacker): void {
  const { dice, written } = world;
  const value = dice.pick(world.values);
  const atMs = drawDate(world);
  const text = `${by.name}|${value.label}|${written.size}x`;
  const changes = dice.chance(70) ? drawChanges(world, value, text) : drawMalformed(world, value, text);
  const signed = signAsDrawn(world, by, {
    id: value.id,
    changes,
    atMs,
    key: dice.chance(60) ? drawOwnKey(world, by, value) : undefined,
  });
  if (signed) written.set(text, { by: by.id, value, text, atMs });
}

/** Mostly the group's key, if the attacker may ever have it. */
function drawOwnKey(world: World, by: Attacker, { group }: Value): Key {
  const { dice, keys, model } = world;
  const known = keys
    .filter((one) => one.group === group && model.isEver(canRead, group, by.id, one.state))
    .map(({ key }) => key);
  return known.length > 0 && dice.chance(80) ? dice.pick(known) : drawKey(world);
}

/** Well-formed ones. */
function drawChanges(world: World, { kind, id }: Value, text: string): readonly JsonValue[] {
  const { dice, edits } = world;
  const honest = edits.filter(({ value }) => value.id === id);
  if (kind === 'stream') return [text];
  if (kind === 'map') {
    const key = honest.length > 0 && dice.chance(50) ? dice.pick(honest).key : text;
    return [dice.chance(85) ? { op: 'set', key, value: text } : { op: 'del', key }];
  }
  const item = honest.length > 0 ? dice.pick(honest) : undefined;
  const place = item && { sessionID: item.sessionID, txIndex: item.index, changeIdx: 0 };
  const value = kind === 'text' ? 'x' : text;
  return dice.pick<readonly JsonValue[]>([
    [{ op: 'app', value, after: place ?? 'start' }],
    [{ op: 'app', value, after: 'start' }],
    [{ op: 'pre', value, before: place ?? 'end' }],
    place ? [{ op: 'del', insertion: place }] : [],
  ]);
}

function drawMalformed(world: World, value: Value, text: string): unknown {
  const { dice } = world;
  const place = () => ({
    sessionID: dice.pick(['__proto__', 'x', 'co_z_session_z', 'constructor']),
    txIndex: dice.pick<JsonValue>([0, -1, 'polluted', 0.5, 99]),
    changeIdx: dice.pick<JsonValue>([0, 'x', '__proto__']),
  });
  return dice.pick<() => unknown>([
    () => dice.json(3),
    () => [dice.json(3)],
    () => [],
    () => [...drawChanges(world, value, text), dice.json()],
    () => [
      { op: 'set', key: dice.pick(['__proto__', 'constructor', 'toString', 'hasOwnProperty']), value: text },
    ],
    () => [
      {
        op: dice.pick(['app', 'pre', 'del', 'sort']),
        value: dice.json(),
        after: place(),
        before: place(),
        insertion: place(),
      },
    ],
    () => [{ op: 'del', insertion: place() }],
    () => [{ type: dice.pick(['start', 'chunk', 'end']), chunk: dice.json(), mimeType: dice.json() }],
    () => Array.from({ length: 30 }, () => dice.json(1)),
  ])();
}

/** An attacker deletes a value or a group, for good. */
export function moveToDelete(world: World, by: Attacker): void {
  const { dice, groupIDs, values } = world;
  const id = dice.pick([...values.map(({ id }) => id), groupIDs.top, groupIDs.low]);
  const sessionID = `${by.id}_session_d${dice.pick(['zabcdef', 'zabcdeg'])}$`;
  const meta = { deleted: dice.chance(85) ? id : dice.pick(world.log.ids()) };
  // The attackers' own machine has to go on.
  const isLast = world.log.countOf(id, sessionID) > 0;
  if (!isLast) signMove(world, by, { id, sessionID, meta, changes: [], atMs: drawDate(world) });
}

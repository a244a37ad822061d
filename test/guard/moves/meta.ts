import type { JsonValue } from 'cojson';
import type { Attacker, World } from './world.ts';

/** The date that an attacker gives to a transaction. */
export function drawDate({ dice, clock: { nowMs }, model }: World): number {
  const minuteMs = 60_000;
  const hourMs = 60 * minuteMs;
  const state = dice.pick(model.states);
  return dice.byWeight<() => number>([
    [8, () => nowMs],
    [5, () => nowMs - dice.between(1, 20_000)],
    [6, () => dice.pick([state.fromMs, state.untilMs]) + dice.between(-2, 1)],
    [1, () => nowMs + dice.between(1, 4) * minuteMs],
    [1, () => nowMs + dice.between(6, 60) * minuteMs],
    [2, () => nowMs + dice.pick([19, 21, 25]) * hourMs],
    [1, () => nowMs + 10 * 365 * 24 * hourMs],
    [1, () => dice.pick([0, 1, 1_000])],
  ])();
}

/** The meta that an attacker signs: mostly none, or forged marks. */
export function drawMeta(world: World, by: Attacker, id: string, sessionID: string): unknown {
  const { dice, log, devices } = world;
  const counts = () =>
    Object.fromEntries(
      allSessions(world, id).map((one) => [one, dice.pick([0, 0, 1, 5, log.countOf(id, one)])]),
    );
  const source = () => ({
    s: dice.pick([
      sessionID,
      dice.pick(by.sessionIDs),
      dice.pick(devices).node.currentSessionID,
      dice.json(0),
    ]),
    mi: dice.pick<JsonValue>([0, 1, 7, 77, dice.json(0)]),
    t: dice.pick<JsonValue>([0, 1, 1, 5_000, 5_000, 20_000, -1e13, 'x']),
    ...(dice.chance(40) && { b: dice.pick<JsonValue>([id, dice.pick(log.ids()), dice.json(0)]) }),
  });
  return dice.byWeight<() => unknown>([
    [12, () => undefined],
    [2, () => ({ at: `${id}/${sessionID}` })],
    [2, () => ({ at: `${dice.pick(log.ids())}/${dice.pick(devices).node.currentSessionID}` })],
    [2, () => ({ heads: dice.chance(50) ? {} : dice.chance(80) ? counts() : dice.json() })],
    [2, () => ({ ahead: dice.chance(80) ? counts() : dice.json() })],
    [9, source],
    [1, () => ({ fww: dice.pick<JsonValue>(['init', 'alice-0', dice.json()]) })],
    [
      4,
      () => ({
        branch: dice.pick<JsonValue>(['draft', dice.json()]),
        ownerId: dice.pick<JsonValue>([...log.ids(), dice.json()]),
      }),
    ],
    [
      1,
      () => ({
        from: dice.chance(50) ? counts() : dice.json(),
        ...(dice.chance(50) && { merged: counts() }),
      }),
    ],
    [1, () => ({ merged: dice.chance(50) ? { [sessionID]: 1 } : dice.json() })],
    [2, () => dice.json()],
  ])();
}

function allSessions({ log }: World, id: string): readonly string[] {
  return [...log.piecesOf(id).keys()];
}

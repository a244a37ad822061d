import { need } from './need.ts';
import { courierSteps } from './courier.ts';
import { diskSteps } from './disk.ts';
import { findUnrest, findViolation } from './invariants.ts';
import { migrationSteps } from './migration.ts';
import { pageSteps } from './pages.ts';
import { relaySteps } from './relays.ts';
import type { Fault, Rule } from './rules.ts';
import { clone, createWorld, isEqual, type Model, type Scenario, type Step, type World } from './world.ts';

export interface Finding {
  readonly violation: string;
  readonly trace: readonly string[];
}
export interface Exploration {
  readonly finding?: Finding;
  readonly states: number;
  readonly depth: number;
  /** Not every state was reached. */
  readonly isCut: boolean;
}
export interface Limits {
  readonly maxStates: number;
}

export function createModel(scenario: Scenario, without: Rule | undefined, fault?: Fault): Model {
  return { scenario, fault, isFair: false, has: (rule) => rule !== without };
}

function* stepsOf(world: World, model: Model): Iterable<Step> {
  for (const index of world.tabs.keys()) {
    yield* pageSteps(world, model, index);
    yield* courierSteps(world, model, index);
  }
  for (const at of world.devices.keys()) {
    yield* diskSteps(world, model, at);
    yield* migrationSteps(world, model, at);
  }
  for (const relay of world.relays.keys()) yield* relaySteps(world, model, relay);
}

function follow(text: string, step: Step): World | undefined {
  const next = JSON.parse(text) as World;
  return step.run(next) === false ? undefined : next;
}

function findStep(world: World, model: Model, isWanted: (step: Step) => boolean): Step | undefined {
  for (const step of stepsOf(world, model)) if (isWanted(step)) return step;
  return undefined;
}

function startOf(model: Model): World {
  let world = createWorld(model.scenario);
  for (const name of model.scenario.before ?? []) {
    const step = findStep(world, model, (other) => other.name.startsWith(name));
    const next = step && follow(JSON.stringify(world), step);
    if (!next) throw new Error(`The scenario cannot begin with “${name}”.`);
    world = next;
  }
  return world;
}

/** Breadth first, so the first trace is a shortest one. */
export function explore(model: Model, { maxStates }: Limits): Exploration {
  const start = JSON.stringify(startOf(model));
  const seen = new Set([start]);
  const rested = new Set<string>();
  const from: number[] = [-1];
  const names: string[] = [''];
  const traceTo = (at: number): string[] => {
    const trace: string[] = [];
    for (let index = at; index > 0; index = need(from[index])) trace.unshift(need(names[index]));
    return trace;
  };
  let layer: [string, number][] = [[start, 0]];
  let depth = 0;
  const restEvery = model.scenario.restEvery;
  while (layer.length > 0) {
    const next: [string, number][] = [];
    depth++;
    for (const [text, at] of layer) {
      const world = JSON.parse(text) as World;
      for (const step of stepsOf(world, model)) {
        const reached = follow(text, step);
        if (!reached) continue;
        const key = JSON.stringify(reached);
        if (seen.has(key)) continue;
        const index = names.length;
        seen.add(key);
        from.push(at);
        names.push(step.name);
        const violation = findViolation(reached, model);
        if (violation)
          return { finding: { violation, trace: traceTo(index) }, states: index, depth, isCut: false };
        if (restEvery && (index < 2_000 || index % restEvery === 0)) {
          const unrest = rest(reached, model, rested);
          if (unrest) {
            const trace = [
              ...traceTo(index),
              '… then everything works until nothing changes',
              ...unrest.trace,
            ];
            return { finding: { violation: unrest.violation, trace }, states: index, depth, isCut: false };
          }
        }
        next.push([key, index]);
      }
      if (names.length > maxStates) return { states: names.length, depth, isCut: true };
    }
    layer = next;
  }
  return { states: names.length, depth, isCut: false };
}

const fairKinds = [
  'room', 'resume', 'shut', 'upgrade', 'start', 'commit', 'relay', 'hear', 'words', 'read', 'anew', 'connect', 'begin', 'ask', 'audit', 'aside', 'erase']; // prettier-ignore

/**
 * Lets everything work, and nothing harm, until nothing changes; then all must have arrived. `rested` holds the states
 * from which this is known, and gets those of this way to rest.
 */
export function rest(from: World, model: Model, rested = new Set<string>()): Finding | undefined {
  const fair: Model = { ...model, isFair: true };
  const world = clone(from);
  const passed: string[] = [];
  const trace: string[] = [];
  for (const tab of world.tabs)
    tab.channels = tab.channels.map((channel) => (channel?.replaced === null ? channel : null));
  const kinds = fairKinds.filter((kind) => kind !== 'room' || !model.scenario.staysFull);
  let before: unknown;
  // The steps that are possible, until one is taken.
  let steps = [...stepsOf(world, fair)];
  for (let round = 0; round < 200; round++) {
    const state = JSON.stringify(world);
    if (rested.has(state)) return addAll(rested, passed);
    passed.push(state);
    let hasMoved = false;
    for (const kind of kinds) {
      const isRepeated = kind === 'relay' || kind === 'hear' || kind === 'commit';
      for (let count = 0; count < (isRepeated ? 12 : 1); count++) {
        const step = steps.find((other) => other.kind === kind);
        // A step that is not possible after all changes nothing.
        if (!step || step.run(world) === false) break;
        steps = [...stepsOf(world, fair)];
        trace.push(step.name);
        hasMoved = true;
        const violation = findViolation(world, fair);
        if (violation) return { violation, trace };
      }
    }
    if (!hasMoved) break;
    if (round % 8 === 7) {
      const now = {
        devices: world.devices,
        relays: world.relays,
        memory: world.tabs.map(({ memory, words }) => [memory, words]),
      };
      if (isEqual(now, before)) break;
      before = clone(now);
    }
  }
  const violation = findUnrest(world, fair);
  return violation === undefined ? addAll(rested, passed) : { violation, trace: trace.slice(-12) };
}

function addAll(set: Set<string>, values: readonly string[]): undefined {
  for (const value of values) set.add(value);
}

/** A seeded walk, and then to rest. */
export function walk(model: Model, seed: number, length: number): Finding | undefined {
  let state = seed >>> 0 || 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
  let world = startOf(model);
  const trace: string[] = [];
  for (let count = 0; count < length; count++) {
    const steps = [...stepsOf(world, model)];
    if (steps.length === 0) break;
    const step = need(steps[Math.floor(random() * steps.length)]);
    const next = follow(JSON.stringify(world), step);
    if (!next) continue;
    world = next;
    trace.push(step.name);
    const violation = findViolation(world, model);
    if (violation) return { violation, trace };
  }
  const unrest = rest(world, model);
  return (
    unrest && {
      violation: unrest.violation,
      trace: [...trace, '… then everything works until nothing changes', ...unrest.trace],
    }
  );
}

/** Takes the named steps that are possible, skipping the others. */
function replay(model: Model, names: readonly string[]): { finding?: Finding; taken: string[] } {
  let world = startOf(model);
  const taken: string[] = [];
  for (const name of names) {
    const step = findStep(world, model, (other) => other.name === name);
    const next = step && follow(JSON.stringify(world), step);
    if (!next) continue;
    world = next;
    taken.push(name);
    const violation = findViolation(world, model);
    if (violation) return { finding: { violation, trace: taken }, taken };
  }
  const unrest = rest(world, model);
  return unrest ? { finding: { violation: unrest.violation, trace: taken }, taken } : { taken };
}

/** Leaves out steps of a trace as long as the same invariant still breaks. */
export function shrink(model: Model, finding: Finding): Finding {
  const kind = finding.violation.split(':')[0];
  let best = replay(
    model,
    finding.trace.filter((name) => !name.startsWith('…')),
  ).finding;
  if (!best) return finding;
  for (let size = Math.ceil(best.trace.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < best.trace.length;) {
      const shorter: string[] = [...best.trace.slice(0, at), ...best.trace.slice(at + size)];
      const found: Finding | undefined = replay(model, shorter).finding;
      if (found && found.violation.split(':')[0] === kind && found.trace.length < best.trace.length)
        best = found;
      else at += size;
    }
  return best;
}

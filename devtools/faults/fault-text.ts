import type { FaultCounts, Faults, FaultsNow } from '../../src/inspect/faults/faults.ts';
import type { FaultPlan, Span, WayFaults } from '../../src/inspect/faults/faults.ts';
import type { Relay } from '../../src/inspect/snapshot.ts';
import { bytesWords, countWords } from '../../src/inspect/shared/format.ts';

/** What a plan does, in the fewest words; empty where it does nothing. */
export function describePlan({ refuse = 0, lifeMs, up = {}, down = {} }: FaultPlan): string {
  const toRelay = wayWords(up);
  const fromRelay = wayWords(down);
  const parts = [
    refuse === 1 ? 'refuses each attempt' : refuse > 0 && `refuses ${percent(refuse)} of attempts`,
    lifeMs !== undefined && `breaks each connection after ${spanWords(lifeMs)}`,
    ...(toRelay === fromRelay
      ? [toRelay !== '' && `both ways: ${toRelay}`]
      : [toRelay !== '' && `to the relay: ${toRelay}`, fromRelay !== '' && `from the relay: ${fromRelay}`]),
  ];
  return parts.filter((part) => part !== false).join(' · ');
}

function wayWords(way: WayFaults): string {
  const { close = 0, stall, spells, delayMs, dropTail, duplicate = 0, reorder, charactersPerSecond } = way;
  const parts = [
    spells && `nothing passes for ${spanWords(spells.stillMs)} of each ${spanWords(spells.everyMs)}`,
    stall && `${percent(stall.chance)} stop it for ${spanWords(stall.ms)}`,
    delayMs !== undefined && `${spanWords(delayMs)} on the way`,
    charactersPerSecond !== undefined && `${bytesWords(charactersPerSecond)}/s`,
    dropTail && `${percent(dropTail.chance)} are lost, with all after them`,
    duplicate > 0 && `${percent(duplicate)} come twice`,
    reorder && `${percent(reorder.chance)} come late, with all after them`,
    close > 0 && `${percent(close)} break the connection`,
  ];
  return parts.filter((part) => typeof part === 'string').join(', ');
}

/** Whose faults these are, and how the same ones are had again. */
export function describeFaults({ name, plan, seed, relayIDs }: Faults, relays: readonly Relay[]): string {
  const hosts = relays.filter(({ id }) => relayIDs?.includes(id)).map(({ host }) => host);
  return [
    ...(name === undefined ? [] : [`“${name}”`]),
    ...(hosts.length > 0 ? [`on ${hosts.join(' and ')}`] : []),
    describePlan(plan) || 'changes nothing',
    `seed ${seed}`,
  ].join(' · ');
}

const doneWords: Readonly<Record<keyof FaultCounts, readonly [one: string, many: string]>> = {
  refused: ['attempt refused', 'attempts refused'],
  broken: ['connection broken', 'connections broken'],
  lost: ['frame lost', 'frames lost'],
  held: ['frame held up', 'frames held up'],
  repeated: ['frame came twice', 'frames came twice'],
  late: ['frame put off to the next connection', 'frames put off to the next connection'],
};
const kinds = ['refused', 'broken', 'lost', 'held', 'repeated', 'late'] as const;

/** What they have done so far. */
export function describeDone({ done }: FaultsNow): string {
  const parts = kinds
    .filter((kind) => done[kind] > 0)
    .map((kind) => countWords(done[kind], ...doneWords[kind]));
  return parts.length === 0 ? 'nothing yet' : parts.join(' · ');
}

/** "1:48": steady in its width, for where it counts down. */
export function countdown(endsAtMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((endsAtMs - nowMs) / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** "1 min 48 s". */
export function remaining(endsAtMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((endsAtMs - nowMs) / 1_000));
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}

function spanWords(span: Span): string {
  if (typeof span !== 'number' && span[0] !== span[1])
    return `${timeWords(span[0])} to ${timeWords(span[1])}`;
  return timeWords(typeof span === 'number' ? span : span[0]);
}

function timeWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return `${Math.round(ms / 60_000)} min`;
}

function percent(chance: number): string {
  return `${Math.round(chance * 1_000) / 10} %`;
}

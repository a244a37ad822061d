import type {
  FaultCounts,
  Faults,
  FaultsNow,
  FaultPlan,
  Span,
  WayFaults,
} from '../../src/inspect/snapshot/fault-facts.ts';
import type { Relay } from '../../src/inspect/snapshot/relay-facts.ts';
import { formatBytes, formatCount } from '../../src/inspect/shared/format.ts';

/** Summarizes a plan. Empty if the plan does nothing. */
export function describePlan({ refuse = 0, lifeMs, up = {}, down = {} }: FaultPlan): string {
  const toRelay = describeDirection(up);
  const fromRelay = describeDirection(down);
  const parts = [
    refuse === 1 ? 'refuses every attempt' : refuse > 0 && `refuses ${percent(refuse)} of attempts`,
    lifeMs !== undefined && `breaks each connection after ${formatRange(lifeMs)}`,
    ...(toRelay === fromRelay
      ? [toRelay !== '' && `both ways: ${toRelay}`]
      : [toRelay !== '' && `to the relay: ${toRelay}`, fromRelay !== '' && `from the relay: ${fromRelay}`]),
  ];
  return parts.filter((part) => part !== false).join(' · ');
}

function describeDirection(way: WayFaults): string {
  const { close = 0, stall, spells, delayMs, dropTail, duplicate = 0, reorder, charactersPerSecond } = way;
  const parts = [
    spells && `blocked for ${formatRange(spells.stillMs)} of every ${formatRange(spells.everyMs)}`,
    stall && `${percent(stall.chance)} of frames stall traffic for ${formatRange(stall.ms)}`,
    delayMs !== undefined && `${formatRange(delayMs)} delay`,
    charactersPerSecond !== undefined && `${formatBytes(charactersPerSecond)}/s`,
    dropTail && `${percent(dropTail.chance)} lost with all later frames`,
    duplicate > 0 && `${percent(duplicate)} duplicated`,
    reorder && `${percent(reorder.chance)} late with all later frames`,
    close > 0 && `${percent(close)} of frames break the connection`,
  ];
  return parts.filter((part) => typeof part === 'string').join(', ');
}

/** Names the faults with the plan and seed that reproduce them. */
export function describeFaults({ name, plan, seed, relayIDs }: Faults, relays: readonly Relay[]): string {
  const hosts = relays.filter(({ id }) => relayIDs?.includes(id)).map(({ host }) => host);
  return [
    ...(name === undefined ? [] : [`“${name}”`]),
    ...(hosts.length > 0 ? [`on ${hosts.join(' and ')}`] : []),
    describePlan(plan) || 'changes nothing',
    `seed ${seed}`,
  ].join(' · ');
}

const doneText: Readonly<Record<keyof FaultCounts, readonly [one: string, many: string]>> = {
  refused: ['attempt refused', 'attempts refused'],
  broken: ['connection broken', 'connections broken'],
  lost: ['frame lost', 'frames lost'],
  held: ['frame delayed', 'frames delayed'],
  repeated: ['frame duplicated', 'frames duplicated'],
  late: ['frame deferred to the next connection', 'frames deferred to the next connection'],
};
const kinds = ['refused', 'broken', 'lost', 'held', 'repeated', 'late'] as const;

/** Counts the faults injected so far. */
export function describeDone({ done }: FaultsNow): string {
  const parts = kinds
    .filter((kind) => done[kind] > 0)
    .map((kind) => formatCount(done[kind], ...doneText[kind]));
  return parts.length === 0 ? 'nothing yet' : parts.join(' · ');
}

/** For example "1:48", in a stable width for countdowns. */
export function countdown(endsAtMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((endsAtMs - nowMs) / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** For example "1 min 48 s". */
export function remaining(endsAtMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((endsAtMs - nowMs) / 1_000));
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}

function formatRange(span: Span): string {
  if (typeof span !== 'number' && span[0] !== span[1])
    return `${formatTime(span[0])} to ${formatTime(span[1])}`;
  return formatTime(typeof span === 'number' ? span : span[0]);
}

function formatTime(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return `${Math.round(ms / 60_000)} min`;
}

function percent(chance: number): string {
  return `${Math.round(chance * 1_000) / 10} %`;
}

/**
 * Whether one more line of this kind is to be written, and how many like it were left out before. Lines are written
 * before anything goes on, so a client that brings about one with each message would hold up everybody.
 */
export type LogLimit = (message: string) => { readonly isWritten: boolean; readonly leftOut: number };

export const linesPerPeriod = 20;
export const periodMs = 10_000;
/** Messages differ in ids and names behind their first words. */
const kindLength = 24;
const maxKinds = 1_000;

export function createLogLimit(nowMs: () => number = Date.now): LogLimit {
  const kinds = new Map<string, { readonly untilMs: number; count: number }>();
  return (message) => {
    const key = message.slice(0, kindLength);
    const kind = kinds.get(key);
    if (kind && nowMs() < kind.untilMs) {
      kind.count++;
      return { isWritten: kind.count <= linesPerPeriod, leftOut: 0 };
    }
    if (kinds.size >= maxKinds) kinds.clear();
    kinds.set(key, { untilMs: nowMs() + periodMs, count: 1 });
    return { isWritten: true, leftOut: Math.max(0, (kind?.count ?? 0) - linesPerPeriod) };
  };
}

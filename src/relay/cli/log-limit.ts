/** Limits similar lines: logging is synchronous, so a client that triggers many would block all clients. */
export type LogLimit = (message: string) => { readonly isWritten: boolean; readonly leftOut: number };

export const linesPerPeriod = 20;
export const periodMs = 10_000;
/** Messages of one kind differ only in the IDs and names after their first words. */
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

export const rungs = ['saved', 'sent', 'confirmed', 'durable'] as const;
export type RungName = (typeof rungs)[number];

/** The rungs that the ladder counts. `durable` is derived: confirmed by a relay that promises durability. */
export const countedRungs = ['saved', 'sent', 'confirmed'] as const;
export type CountedRung = (typeof countedRungs)[number];

/** JavaScript callers may name a rung that does not exist; then nothing is closed. */
export function assertCountedRung(rung: CountedRung | undefined): void {
  if (rung === undefined || countedRungs.includes(rung)) return;
  throw new TypeError(
    `Cannot wait until edits are ${JSON.stringify(rung)}: pass 'saved', 'sent' or 'confirmed' as \`until\`.`,
  );
}

export const rungs = ['saved', 'sent', 'confirmed', 'durable'] as const;
export type RungName = (typeof rungs)[number];

/** The rungs that the ladder counts. `durable` is derived: confirmed by a relay that promises durability. */
export const countedRungs = ['saved', 'sent', 'confirmed'] as const;
export type CountedRung = (typeof countedRungs)[number];

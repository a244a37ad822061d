import type { Edit, History } from './history.ts';

/** An edit, and the edits of its CoValue that its tab had shown when it was made. */
export interface MadeEdit extends Edit {
  /** The index of its event. */
  readonly at: number;
  readonly causes: ReadonlySet<string>;
  /** Those that had been confirmed by then. */
  readonly confirmedCauses: ReadonlySet<string>;
}

export type MadeEdits = ReadonlyMap<string, MadeEdit>;

/** Follows each tab's own events, so the order of events of different tabs does not matter. */
export function findCauses(history: History): MadeEdits {
  const made = new Map<string, MadeEdit>();
  const seen = new Map<string, Set<string>>();
  const confirmedAtAttempt = new Map<string, ReadonlySet<string>>();
  let confirmed = new Set<string>();
  for (const [at, event] of history.entries()) {
    if (event.type === 'confirmed') confirmed.add(event.edit);
    if (event.type === 'restored') confirmed = new Set();
    if (event.type === 'attempt') confirmedAtAttempt.set(event.edit, new Set(confirmed));
    if (event.type !== 'edit' && event.type !== 'read') continue;
    const place = `${event.tab} ${event.coValue}`;
    const edits = seen.get(place) ?? new Set();
    seen.set(place, edits);
    if (event.type === 'read') for (const edit of event.edits) edits.add(edit);
    else {
      const { name } = event;
      if (made.has(name)) throw new Error(`Two edits are named ${name}.`);
      const had = confirmedAtAttempt.get(name) ?? confirmed;
      const confirmedCauses = new Set([...edits].filter((cause) => had.has(cause)));
      made.set(name, { ...event, at, causes: new Set(edits), confirmedCauses });
      edits.add(name);
    }
  }
  return made;
}

/**
 * Whether every tab of the device must show `cause`, which the author of `effect` had seen, with `effect`. `restoredAt` is
 * the index of the last restore of a relay, after which devices fill it again in any order.
 *
 * cojson guarantees it within a session of a CoValue: a signed hash chain, which is only extended without gaps. Between
 * sessions, even of one CoValue, it guarantees nothing: no transaction names those of others that its author had. A
 * relay passes an edit on before its commit, so it may lose one that was seen elsewhere, and receive the answer first.
 * But once an edit is confirmed, every relay has it before the answer, and channels keep their order. That says nothing
 * of the author's own device, whose tabs pass each other their edits.
 *
 * Between CoValues cojson guarantees only that an edit is shown with what gave its author the right: `Edit.rights`.
 */
export function isGuaranteed(
  cause: MadeEdit,
  effect: MadeEdit,
  { device, restoredAt }: { readonly device: string; readonly restoredAt: number },
): boolean {
  if (cause.session === effect.session) return true;
  return effect.confirmedCauses.has(cause.name) && effect.device !== device && effect.at > restoredAt;
}

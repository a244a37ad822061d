import { isGuaranteed, type MadeEdit, type MadeEdits } from './causes.ts';
import type { Edit, Finding, History, Read, Rule } from './history.ts';

/** What a tab has shown of one CoValue so far. */
interface Shown {
  edits: ReadonlySet<string>;
  shown: Readonly<Record<string, string>>;
  isDeleted: boolean;
  /** Edits that a key has shown and no longer does. */
  readonly replaced: Set<string>;
}

type Found = (rule: Rule, text: string, ...edits: readonly string[]) => void;

/** Checks what each tab shows against what it and the authors had shown before. */
export function checkReads(history: History, made: MadeEdits): readonly Finding[] {
  const findings: Finding[] = [];
  const shownByPlace = new Map<string, Shown>();
  const notCounted = new Set(history.flatMap((event) => (event.type === 'notCounted' ? event.edit : [])));

  /** The index of the last restore so far. */
  let restoredAt = -1;

  function shownBy(tab: string, coValue: string): Shown {
    const place = `${tab} ${coValue}`;
    const shown = shownByPlace.get(place) ?? {
      edits: new Set(),
      shown: {},
      isDeleted: false,
      replaced: new Set(),
    };
    shownByPlace.set(place, shown);
    return shown;
  }

  /** A tab shows its own edit from the call on. */
  function addEdit({ tab, coValue, name, key, isDeletion = false }: Edit): void {
    const before = shownBy(tab, coValue);
    before.edits = new Set(before.edits).add(name);
    before.isDeleted ||= isDeletion;
    if (key !== undefined) replace(before, { ...before.shown, [key]: name });
  }

  function replace(before: Shown, shown: Shown['shown']): void {
    for (const [key, edit] of Object.entries(before.shown))
      if (shown[key] !== edit) before.replaced.add(edit);
    before.shown = shown;
  }

  function check(read: Read, at: number): void {
    const { tab, coValue, isDeleted = false } = read;
    const found: Found = (rule, text, ...edits) =>
      void findings.push({ rule, at, coValue, tabs: [tab], edits, text: `${tab} ${text} (${coValue})` });
    const before = shownBy(tab, coValue);
    if (before.isDeleted && !isDeleted)
      found('went back', 'shows a CoValue again that it had shown as deleted');
    before.isDeleted = isDeleted;
    if (isDeleted) return;
    const edits = new Set(read.edits);
    if (edits.size < read.edits.length) found('unknown or doubled', 'shows an edit twice');

    const gone = new Set([...before.edits].filter((edit) => !edits.has(edit)));
    for (const edit of gone) if (!mayGo(edit, tab)) found('went back', `no longer has ${edit}`, edit);
    for (const [key, edit] of Object.entries(read.shown)) {
      if (!edits.has(edit)) found('unknown or doubled', `shows ${edit}, which is not in its history`, edit);
      const instead = before.shown[key];
      if (instead !== edit && before.replaced.has(edit) && !gone.has(instead ?? ''))
        found('went back', `shows ${edit} again, after it had shown ${instead} instead`, edit);
    }
    for (const name of edits) {
      const edit = made.get(name);
      if (edit?.coValue !== coValue)
        found('unknown or doubled', `shows ${name}, which was never made there`, name);
      else {
        checkOverwriting(edit, read, found);
        // What was there before has been checked before.
        if (!before.edits.has(name)) checkCauses(edit, read, edits, found);
      }
    }
    replace(before, read.shown);
    // If it counts after all, it can come back.
    for (const edit of gone) before.replaced.delete(edit);
    before.edits = edits;
  }

  /** It counts nowhere at the end, or the tab may have judged it by other edits of the group than its author knew. */
  function mayGo(name: string, tab: string): boolean {
    if (notCounted.has(name)) return true;
    const rights = made.get(name)?.rights;
    if (!rights) return false;
    const keys = new Set(rights.edits.map((right) => made.get(right)?.key));
    const known = [...shownBy(tab, rights.group).edits].filter((edit) => keys.has(made.get(edit)?.key));
    return known.length !== rights.edits.length || known.some((edit) => !rights.edits.includes(edit));
  }

  function checkOverwriting({ name, key, causes }: MadeEdit, { shown }: Read, found: Found): void {
    const instead = key === undefined ? name : shown[key];
    if (instead === undefined || (instead !== name && causes.has(instead)))
      found('overwritten shown', `shows ${instead ?? 'nothing'} instead of the later ${name}`, name);
  }

  function checkCauses(
    edit: MadeEdit,
    { tab, device }: Read,
    edits: ReadonlySet<string>,
    found: Found,
  ): void {
    const { name, causes, rights } = edit;
    for (const cause of causes) {
      const earlier = made.get(cause);
      if (!earlier || edits.has(cause) || mayGo(cause, tab)) continue;
      if (isGuaranteed(earlier, edit, { device, restoredAt }))
        found('effect before cause', `shows ${name} without ${cause}`, name, cause);
    }
    if (!rights) return;
    const had = shownBy(tab, rights.group).edits;
    if (!rights.edits.some((right) => had.has(right)))
      found(
        'effect before cause',
        `shows ${name} without ${rights.edits.join(' or ')}`,
        name,
        ...rights.edits,
      );
  }

  for (const [at, event] of history.entries()) {
    if (event.type === 'restored') restoredAt = at;
    if (event.type === 'edit') addEdit(event);
    if (event.type === 'read') check(event, at);
  }
  return findings;
}

import type { CoValueCore } from 'cojson';

/** Whether only managers and admins may delete from a list. cojson leaves out everybody else's edits that delete. */
export function restrictsDeletions({ verified }: Pick<CoValueCore, 'verified'>): boolean {
  const ruleset = verified?.header.ruleset;
  return ruleset?.type === 'ownedByGroup' && ruleset.restrictDeletion === true;
}

export function mayDelete(role: string | undefined): boolean {
  return role === 'admin' || role === 'manager';
}

export function isDeletion(changes: readonly unknown[]): boolean {
  return changes.some((change) => (change as { readonly op?: unknown } | null)?.op === 'del');
}
